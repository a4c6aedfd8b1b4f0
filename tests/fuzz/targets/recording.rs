//! Whatever stands in a recording: it is replayed as far as it makes sense, and told in lines that no terminal obeys.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|recording: &[u8]| {
    for json in [false, true] {
        let mut out = Vec::new();
        let damage = kostorrent::fuzzing::replayed(recording, json, &mut out);
        let damage = damage.expect("memory takes all");
        assert!(damage.is_none_or(|damage| !damage.is_empty()));
        let out = String::from_utf8(out).expect("text");
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
    }
});
