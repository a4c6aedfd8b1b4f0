//! Every byte of every piece is in exactly one place.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn regular() -> Kind {
    Kind::Regular { executable: false }
}

fn file(path: &str, length: u64) -> (PathBuf, u64, Kind) {
    (path.into(), length, regular())
}

fn spans(layout: &Layout, piece: u32) -> Vec<(usize, u64, u64)> {
    layout
        .piece_spans(piece)
        .map(|span| (span.file, span.offset, span.len))
        .collect()
}

#[test]
fn a_single_file_is_cut_at_the_pieces() {
    let layout = Layout::new([file("one", 25)], 10).unwrap();
    assert_eq!(layout.geometry().pieces(), 3);
    assert_eq!(spans(&layout, 0), [(0, 0, 10)]);
    assert_eq!(spans(&layout, 2), [(0, 20, 5)]);
    assert_eq!(spans(&layout, 3), []);
}

#[test]
fn files_share_a_piece() {
    let layout = Layout::new([file("t/a", 4), file("t/b", 3), file("t/c", 13)], 10).unwrap();
    assert_eq!(spans(&layout, 0), [(0, 0, 4), (1, 0, 3), (2, 0, 3)]);
    assert_eq!(spans(&layout, 1), [(2, 3, 10)]);
    assert_eq!(layout.files()[2].offset, 7);
}

#[test]
fn empty_files_are_in_no_piece() {
    let files = [
        file("t/a", 0),
        file("t/b", 10),
        file("t/c", 0),
        file("t/d", 0),
        file("t/e", 10),
        file("t/f", 0),
    ];
    let layout = Layout::new(files, 15).unwrap();
    assert_eq!(spans(&layout, 0), [(1, 0, 10), (4, 0, 5)]);
    assert_eq!(spans(&layout, 1), [(4, 5, 5)]);
}

#[test]
fn a_torrent_of_empty_files_has_no_pieces() {
    let layout = Layout::new([file("t/a", 0), file("t/b", 0)], 16384).unwrap();
    assert_eq!(layout.geometry().pieces(), 0);
    assert_eq!(layout.spans(0, 100).count(), 0);
}

#[test]
fn padding_has_spans_and_says_that_it_is_padding() {
    let files = [
        file("t/a", 6),
        (".pad/4".into(), 4, Kind::Padding),
        file("t/b", 10),
    ];
    let layout = Layout::new(files, 10).unwrap();
    assert_eq!(spans(&layout, 0), [(0, 0, 6), (1, 0, 4)]);
    assert_eq!(spans(&layout, 1), [(2, 0, 10)]);
    assert_eq!(layout.files()[1].kind, Kind::Padding);
}

#[test]
fn a_request_may_begin_and_end_anywhere() {
    let layout = Layout::new([file("t/a", 4), file("t/b", 3), file("t/c", 13)], 10).unwrap();
    let found: Vec<Span> = layout.spans(5, 3).collect();
    assert_eq!(
        found,
        [
            Span {
                file: 1,
                offset: 1,
                len: 2
            },
            Span {
                file: 2,
                offset: 0,
                len: 1
            }
        ]
    );
    assert_eq!(layout.spans(5, 0).count(), 0);
    assert_eq!(
        layout.spans(18, u64::MAX).map(|span| span.len).sum::<u64>(),
        2
    );
    assert_eq!(layout.spans(20, 1).count(), 0);
    assert_eq!(layout.spans(u64::MAX, u64::MAX).count(), 0);
}

#[test]
fn lengths_that_overflow_are_refused() {
    let result = Layout::new([file("t/a", u64::MAX), file("t/b", 1)], 1 << 31);
    assert_eq!(result.unwrap_err(), LayoutError::TooLong);
    assert!(matches!(
        Layout::new([file("a", 1)], 0).unwrap_err(),
        LayoutError::Geometry(_)
    ));
}

/// What the torrent says of its files is what the layout has.
#[test]
fn a_torrent_is_laid_out_as_it_says() {
    let names = |path: &[&str]| path.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let file = |path: &[&str], length| metainfo::File {
        path: names(path),
        length,
        padding: false,
        executable: false,
        hidden: false,
        symlink: None,
    };
    let torrent = Metainfo {
        info_hash_v1: Some(metainfo::InfoHash([1; 20])),
        info_hash_v2: None,
        name: "t".into(),
        portable: metainfo::Portable::default(),
        multi_file: true,
        piece_length: 32768,
        pieces: vec![[0; 20]; 2],
        files: vec![
            metainfo::File {
                executable: true,
                ..file(&["t", "bin", "run"], 40000)
            },
            metainfo::File {
                padding: true,
                ..file(&["t", ".pad", "25536"], 25536)
            },
            metainfo::File {
                symlink: Some(names(&["t", "bin", "run"])),
                ..file(&["t", "link"], 0)
            },
            file(&["t", "empty"], 0),
        ],
        total_length: 65536,
        private: false,
        announce: vec![],
        web_seeds: vec![],
        comment: None,
        created_by: None,
        source: None,
        creation_date: None,
        warnings: vec![],
    };
    let layout = Layout::from_metainfo(&torrent).unwrap();
    let kinds: Vec<&Kind> = layout.files().iter().map(|file| &file.kind).collect();
    let target = ["t", "bin", "run"].iter().collect();
    let expected = [
        &Kind::Regular { executable: true },
        &Kind::Padding,
        &Kind::Symlink { target },
        &regular(),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(
        layout.files()[0].path,
        ["t", "bin", "run"].iter().collect::<PathBuf>()
    );
    assert_eq!(layout.geometry().pieces(), 2);
    assert!(Layout::portable(&torrent).unwrap().is_none());

    let portable = metainfo::Names {
        path: names(&["t", "_link"]),
        symlink: Some(names(&["t", "bin", "_run"])),
    };
    let torrent = Metainfo {
        portable: metainfo::Portable {
            name: None,
            files: [(2, portable)].into(),
        },
        ..torrent
    };
    let portable = Layout::portable(&torrent).unwrap().unwrap();
    let mut expected = layout.files().to_vec();
    expected[2].path = ["t", "_link"].iter().collect();
    expected[2].kind = Kind::Symlink {
        target: ["t", "bin", "_run"].iter().collect(),
    };
    assert_eq!(portable.files(), expected);
}

#[test]
fn a_file_lies_in_the_pieces_that_its_bytes_touch() {
    let files = [("a", 10_000), ("empty", 0), ("b", 90_000)];
    let files = files.map(|(path, length)| file(path, length));
    let layout = Layout::new(files, 40_000).unwrap();
    let all = [0, 1, 2].map(|file| layout.all_pieces_of(file));
    assert_eq!(all, [0..1, 0..0, 0..3]);
    assert_eq!(layout.pieces_of(2, 30_000..30_001), 1..2);
    assert_eq!(layout.pieces_of(2, 29_999..30_001), 0..2);
}

proptest! {
    #[test]
    fn every_byte_is_in_one_place(
        lengths in proptest::collection::vec(prop_oneof![Just(0), 0..50_u64], 0..20),
        piece_length in 1..40_u64,
    ) {
        let files = lengths.iter().enumerate().map(|(i, length)| file(&format!("t/{i}"), *length));
        let layout = Layout::new(files, piece_length).unwrap();
        // The same bytes in the simplest way: one (file, offset) for each byte of the torrent.
        let bytes: Vec<(usize, u64)> =
            lengths.iter().enumerate().flat_map(|(i, length)| (0..*length).map(move |at| (i, at))).collect();
        let mut found = Vec::new();
        for piece in 0..layout.geometry().pieces() {
            for span in layout.piece_spans(piece) {
                prop_assert!(span.len > 0);
                found.extend((span.offset..span.offset + span.len).map(|at| (span.file, at)));
            }
            prop_assert_eq!(found.len() as u64, (u64::from(piece + 1) * piece_length).min(bytes.len() as u64));
        }
        prop_assert_eq!(found, bytes);
    }

    #[test]
    fn any_range_is_the_bytes_it_names(
        lengths in proptest::collection::vec(0..50_u64, 1..20), offset in 0..600_u64, len in 0..600_u64,
    ) {
        let files = lengths.iter().enumerate().map(|(i, length)| file(&format!("t/{i}"), *length));
        let layout = Layout::new(files, 16).unwrap();
        let total: u64 = lengths.iter().sum();
        let mut at = offset;
        for span in layout.spans(offset, len) {
            prop_assert_eq!(layout.files()[span.file].offset + span.offset, at);
            prop_assert!(span.offset + span.len <= lengths[span.file]);
            at += span.len;
        }
        prop_assert_eq!(at, (offset + len).min(total.max(offset)));
    }
}
