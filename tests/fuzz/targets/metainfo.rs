//! A torrent that is taken keeps its promises: safe paths, lengths that add up, an info-hash over the bytes as they
//! came; and its layout covers each piece exactly.
#![no_main]

use std::collections::HashSet;
use std::path::Component;

use layout::Layout;
use libfuzzer_sys::fuzz_target;
use metainfo::path::{is_portable, is_safe};
use metainfo::{InfoHash, Metainfo};

/// Names that are safe, and no two files of one path.
fn check_names(torrent: &Metainfo, is_good: fn(&str) -> bool) {
    let mut paths = HashSet::new();
    for file in &torrent.files {
        assert!(!file.path.is_empty());
        for element in file.path.iter().chain(file.symlink.iter().flatten()) {
            assert!(is_good(element), "{element:?}");
            assert!(!matches!(element.as_str(), "" | "." | ".."));
            assert!(element.len() <= 255 && !element.contains(['/', '\\', '\0']));
        }
        if torrent.multi_file {
            assert_eq!(file.path[0], torrent.name);
        }
        assert!(file.padding || paths.insert(&file.path), "{:?}", file.path);
    }
}

fuzz_target!(|input: &[u8]| {
    let torrent = match Metainfo::parse(input) {
        Ok(torrent) => torrent,
        Err(error) => {
            assert!(error.to_string().len() < 8000);
            return;
        }
    };
    assert!(torrent.piece_length > 0);
    assert!(!torrent.files.is_empty());
    let total: u64 = torrent.files.iter().map(|file| file.length).sum();
    assert_eq!(torrent.total_length, total);
    check_names(&torrent, is_safe);
    let portable = torrent.clone().into_portable();
    check_names(&portable, is_portable);
    let document = bencode::decode_lenient(input).expect("a torrent is bencode");
    let info = document
        .root()
        .get("info")
        .expect("a torrent has an info dictionary");
    if let Some(hash) = torrent.info_hash_v1 {
        assert_eq!(hash, InfoHash::of(info.raw()));
        assert_eq!(
            torrent.pieces.len() as u64,
            total.div_ceil(torrent.piece_length)
        );
    }

    let Ok(layout) = Layout::from_metainfo(&torrent) else {
        return;
    };
    match Layout::portable(&torrent).expect("portable names are in nobody's way") {
        Some(layout) => assert_eq!(
            layout.files(),
            Layout::from_metainfo(&portable).unwrap().files()
        ),
        None => assert_eq!(portable.files, torrent.files),
    }
    for entry in layout.files() {
        assert!(
            entry
                .path
                .components()
                .all(|part| matches!(part, Component::Normal(_))),
            "{:?}",
            entry.path
        );
    }
    let geometry = layout.geometry();
    let last = geometry.pieces().saturating_sub(1);
    for piece in (0..geometry.pieces().min(4)).chain([last]) {
        let spans: Vec<_> = layout.piece_spans(piece).collect();
        assert_eq!(
            spans.iter().map(|span| span.len).sum::<u64>(),
            u64::from(geometry.piece_len(piece))
        );
        for span in &spans {
            let file = &layout.files()[span.file];
            assert!(span.len > 0 && span.offset + span.len <= file.length);
        }
        assert!(
            spans
                .windows(2)
                .all(|pair| pair[0].file < pair[1].file && pair[1].offset == 0)
        );
    }
});
