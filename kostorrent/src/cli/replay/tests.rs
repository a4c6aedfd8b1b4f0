use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A recording of a bug.
const RECORDING: &[u8] = include_bytes!("../../../tests/recordings/have_of_no_pieces.jsonl");

fn told(recording: &[u8], json: bool) -> String {
    let args = Replay {
        recording: PathBuf::new(),
        at: None,
        peer: None,
        piece: None,
        until: None,
        json,
    };
    let mut out = Vec::new();
    replay(&args, recording, &mut out).expect("memory takes all");
    String::from_utf8(out).expect("text")
}

#[test]
fn there_is_something_to_tell() {
    assert!(told(RECORDING, false).lines().count() > 3);
}

proptest! {
    /// No terminal obeys what stands in a recording, whoever wrote it.
    #[test]
    fn a_damaged_recording_is_told_in_plain_lines(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        json: bool,
    ) {
        let mut recording = RECORDING.to_vec();
        for (at, byte) in damage {
            let at = at.index(recording.len());
            recording[at] = byte;
        }
        let out = told(&recording, json);
        prop_assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
    }

    #[test]
    fn words_of_others_are_told_in_plain_lines(words in any::<String>(), json: bool) {
        let mut recording = RECORDING.to_vec();
        let event = serde_json::json!({"at": u64::MAX >> 2, "event": {"DiskFailed": {"why": words}}});
        recording.extend_from_slice(format!("{event}\n").as_bytes());
        let out = told(&recording, json);
        prop_assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
        prop_assert!(out.contains("disk-failed") || !json);
    }
}
