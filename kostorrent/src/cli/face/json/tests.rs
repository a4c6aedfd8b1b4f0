//! The schema in the module's table is what is printed.

use std::collections::{BTreeMap, BTreeSet};

use pretty_assertions::assert_eq;
use serde_json::Value;

use super::*;

/// One event of each kind.
fn samples() -> Vec<Value> {
    let reports = [
        Report::PieceFailed { piece: 3, from: 2 },
        Report::PeerBanned {
            addr: ([127, 0, 0, 1], 4).into(),
            piece: 3,
        },
        Report::MetadataLiar {
            addr: ([127, 0, 0, 1], 4).into(),
            why: magnet::Lie::WrongBlock,
        },
        Report::PeerDoubted {
            addr: ([127, 0, 0, 1], 4).into(),
            piece: 3,
        },
        Report::BansLifted { peers: 1 },
        Report::NameFailed {
            name: "a.example".into(),
            why: "no such name".into(),
        },
        Report::TrackerFailed {
            tracker: "http://t/".into(),
            why: tracker::AnnounceError::Redirects { host: "t".into() },
        },
        Report::TrackerWarning {
            tracker: "http://t/".into(),
            warning: "slow".into(),
        },
        Report::NoWayForward {
            why: engine::Stall::NobodyHas { connected: 1 },
        },
        Report::DiskFault { why: "full".into() },
        Report::DiskWell,
        Report::InterfaceGone {
            interface: "tun0".into(),
        },
        Report::InterfaceBack {
            interface: "tun0".into(),
        },
        Report::SuperSeeded,
        Report::Paused,
        Report::Resumed,
    ];
    let notices = reports.map(Notice::Torrent).into_iter();
    let file_failed = Notice::FileFailed {
        path: "a".into(),
        why: "gone".into(),
    };
    let file_back = Notice::FileBack { path: "a".into() };
    let not_allocated = Notice::NotAllocated { path: "a".into() };
    let not_remembered = Notice::NotRemembered { why: "full".into() };
    let not_trusted = Notice::NotTrusted {
        path: "a".into(),
        why: "odd".into(),
    };
    let low_space = Notice::LowSpace {
        path: "a".into(),
        needed: 2,
        free: 1,
    };
    let file = layout::Kind::Regular { executable: false };
    let layout = layout::Layout::new(vec![("a".into(), 1, file)], 16_384).unwrap();
    let selection = selection::Selection::all(&selection::Files::new(&layout));
    let chosen = Notice::Chosen { selection };
    let notices: Vec<_> = notices
        .chain([file_failed, file_back, low_space, not_allocated])
        .chain([not_remembered, not_trusted, chosen])
        .collect();
    let snapshot = |state| Snapshot {
        state,
        ..Snapshot::default()
    };
    let mut events = vec![
        JsonLine::Warning { message: "odd" },
        JsonLine::Start {
            name: "a",
            info_hash: "00",
            total_length: 1,
            pieces: 1,
            path: "a".into(),
            listening: "[::]:1".into(),
        },
        JsonLine::Magnet {
            name: "a",
            info_hash: "00",
            listening: "[::]:1".into(),
        },
        figures(&snapshot(TorrentState::Metadata), 0),
        bound(&Bound::Paused),
        figures(&snapshot(TorrentState::Checking), 1),
        figures(&snapshot(TorrentState::Downloading), 1),
        JsonLine::Complete {
            name: "a",
            path: "a".into(),
            total_length: 1,
            downloaded: 1,
            uploaded: 1,
            seconds: 0.5,
        },
        JsonLine::GivenEnough { message: "enough" },
        JsonLine::Stopping,
        JsonLine::Stopped {
            pieces_have: 0,
            pieces: 1,
            left: 1,
        },
        JsonLine::Failed { message: "no" },
        JsonLine::Error { message: "no" },
    ];
    events.extend(notices.iter().filter_map(event));
    events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap())
        .collect()
}

/// The table in this module's documentation: the fields of each event.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut table = BTreeMap::new();
    let source = include_str!("../json.rs");
    for row in source
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
    {
        let cells: Vec<_> = row.split(" | ").collect();
        let quoted = |cell: &str| -> BTreeSet<String> {
            // What stands in brackets explains a field.
            let mut plain = String::new();
            let mut depth = 0;
            for c in cell.chars() {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    c if depth == 0 => plain.push(c),
                    _ => {}
                }
            }
            plain
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        for event in quoted(&format!("`{}", cells[0])) {
            table.insert(event, quoted(cells[1]));
        }
    }
    table
}

#[test]
fn every_event_has_the_documented_fields() {
    let mut printed = BTreeMap::new();
    for sample in samples() {
        let mut fields: BTreeSet<String> = sample.as_object().unwrap().keys().cloned().collect();
        assert!(fields.remove("event"));
        printed.insert(sample["event"].as_str().unwrap().to_owned(), fields);
    }
    assert_eq!(printed, documented());
}

#[test]
fn values_have_their_types() {
    for sample in samples() {
        for (name, value) in sample.as_object().unwrap() {
            let text = matches!(
                name.as_str(),
                "event"
                    | "name"
                    | "info_hash"
                    | "path"
                    | "listening"
                    | "phase"
                    | "kind"
                    | "addr"
                    | "message"
                    | "files"
                    | "tracker"
                    | "interface"
            );
            assert_eq!(value.is_string(), text, "{name}");
            let may_be_unknown =
                matches!(name.as_str(), "eta" | "known_seeders" | "known_leechers");
            assert!(
                text || value.is_number() || (may_be_unknown && value.is_null()),
                "{name}"
            );
        }
    }
}

#[test]
fn an_event_of_one_of_several_torrents_names_it() {
    let event = &JsonLine::Stopped {
        pieces_have: 1,
        pieces: 2,
        left: 3,
    };
    let torrent = "a";
    assert_eq!(
        serde_json::to_string(&Named { event, torrent }).unwrap(),
        r#"{"event":"stopped","pieces_have":1,"pieces":2,"left":3,"torrent":"a"}"#
    );
    let event = &JsonLine::Stopping;
    assert_eq!(
        serde_json::to_string(&Named { event, torrent }).unwrap(),
        r#"{"event":"stopping","torrent":"a"}"#
    );
}
