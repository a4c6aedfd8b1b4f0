//! What is said of a piece is what is on disk.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::PieceState::{Bad, Good, Missing};
use super::*;
use crate::testing::{Torrent, padding, regular};
use crate::{Doing, Storage};

fn checker(root: &Path, torrent: &Torrent) -> Checker {
    Checker::new(root, torrent.layout.clone(), torrent.hashes.clone())
}

fn check(root: &Path, torrent: &Torrent) -> Vec<PieceState> {
    let mut states = Vec::new();
    let pieces = torrent.layout.geometry().pieces();
    let on_piece = |piece, state| {
        assert_eq!(piece as usize, states.len(), "pieces come in order");
        states.push(state);
    };
    checker(root, torrent).check(0..pieces, on_piece).unwrap();
    states
}

/// The torrent's files on disk, with the given pieces written.
fn with_pieces(torrent: &Torrent, pieces: impl IntoIterator<Item = u32>) -> TempDir {
    let dir = tempdir().unwrap();
    let mut storage =
        Storage::create(dir.path(), torrent.layout.clone(), torrent.hashes.clone()).unwrap();
    for piece in pieces {
        storage.write(piece, &torrent.blocks(piece)).unwrap();
    }
    dir
}

/// 20 pieces of 40,000 bytes over a few files.
fn torrent() -> Torrent {
    let files = vec![
        regular("t/a", 250_000),
        regular("t/b", 10),
        padding(29_990),
        regular("t/empty", 0),
        regular("t/c", 500_000),
    ];
    Torrent::new(files, 40_000)
}

#[test]
fn what_is_complete_is_good() {
    let torrent = torrent();
    let dir = with_pieces(&torrent, 0..20);
    assert_eq!(check(dir.path(), &torrent), [Good; 20]);
}

#[test]
fn one_flipped_bit_is_found() {
    let torrent = torrent();
    let dir = with_pieces(&torrent, 0..20);
    let mut bytes = torrent.file(4).to_vec();
    bytes[400_000] ^= 0x10;
    fs::write(dir.path().join("t/c"), bytes).unwrap();
    let mut expected = [Good; 20];
    expected[(280_000 + 400_000) / 40_000] = Bad;
    assert_eq!(check(dir.path(), &torrent), expected);
}

#[test]
fn pieces_of_a_missing_or_short_file_are_missing() {
    let torrent = torrent();
    let dir = with_pieces(&torrent, 0..20);
    fs::remove_file(dir.path().join("t/b")).unwrap();
    File::options()
        .write(true)
        .open(dir.path().join("t/c"))
        .unwrap()
        .set_len(480_001)
        .unwrap();
    let mut expected = [Good; 20];
    expected[6] = Missing;
    expected[19] = Missing;
    assert_eq!(check(dir.path(), &torrent), expected);
}

#[test]
fn with_nothing_on_disk_all_is_missing() {
    let torrent = torrent();
    let dir = tempdir().unwrap();
    assert_eq!(check(dir.path(), &torrent), [Missing; 20]);
    assert_eq!(check(&dir.path().join("none"), &torrent), [Missing; 20]);
}

#[test]
fn a_longer_file_is_as_good_as_its_beginning() {
    let torrent = torrent();
    let dir = with_pieces(&torrent, 0..20);
    File::options()
        .append(true)
        .open(dir.path().join("t/c"))
        .unwrap()
        .write_all(b"more")
        .unwrap();
    assert_eq!(check(dir.path(), &torrent), [Good; 20]);
}

#[cfg(target_os = "linux")]
#[test]
fn holes_are_missing_without_being_read() {
    let torrent = torrent();
    let dir = with_pieces(&torrent, [10]);
    let mut checker = checker(dir.path(), &torrent);
    for piece in [0, 5, 15, 19] {
        assert_eq!(checker.without_reading(piece).unwrap(), Some(Missing));
    }
    assert_eq!(checker.without_reading(10).unwrap(), None);
    assert_eq!(check(dir.path(), &torrent)[10], Good);
}

#[test]
fn zeros_are_good_where_the_torrent_has_zeros() {
    let mut data = vec![0; 200_000];
    data[70_000..80_000].fill(1);
    let torrent = Torrent::with_data(vec![regular("z", 200_000)], 30_000, data);
    let dir = with_pieces(&torrent, [2]);
    assert_eq!(check(dir.path(), &torrent), [Good; 7]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terabyte_of_holes_takes_no_time() {
    let files = vec![regular("huge", 1 << 40)];
    let layout = Arc::new(Layout::new(files, 16 << 20).unwrap());
    let hashes = Hashes::from(&vec![[0; 20]; 1 << 16][..]);
    let dir = tempdir().unwrap();
    Storage::create(dir.path(), layout.clone(), hashes.clone()).unwrap();
    let mut missing = 0;
    Checker::new(dir.path(), layout, hashes)
        .check(0..1 << 16, |_, state| {
            missing += u32::from(state == Missing)
        })
        .unwrap();
    assert_eq!(missing, 1 << 16);
}

#[test]
fn a_folder_in_place_of_a_file_is_an_error() {
    let torrent = torrent();
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join("t/a")).unwrap();
    let error = checker(dir.path(), &torrent)
        .check(0..20, |_, _| {})
        .unwrap_err();
    assert_eq!(
        (error.doing(), error.path()),
        (Doing::Open, &*dir.path().join("t/a"))
    );
}

#[test]
fn ranges_can_be_checked_one_by_one() {
    let torrent = torrent();
    let dir = with_pieces(&torrent, 0..20);
    let mut checker = checker(dir.path(), &torrent);
    let mut pieces = Vec::new();
    for range in [15..20, 0..0, 0..1, 1..15] {
        checker
            .check(range, |piece, state| pieces.push((piece, state)))
            .unwrap();
    }
    pieces.sort_unstable_by_key(|(piece, _)| *piece);
    assert_eq!(
        pieces,
        (0..20).map(|piece| (piece, Good)).collect::<Vec<_>>()
    );
}

#[test]
fn pieces_larger_than_the_stretch_read_ahead() {
    let torrent = Torrent::new(
        vec![regular("large", 9 << 20), regular("next", 100)],
        3 << 20,
    );
    let dir = with_pieces(&torrent, 0..4);
    assert_eq!(check(dir.path(), &torrent), [Good; 4]);
}

/// What a crash, a careless person or another program may leave behind.
#[derive(Clone, Debug)]
enum Damage {
    Remove(usize),
    Cut(usize, u64),
    Overwrite(usize, u64),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (0..6_usize).prop_map(Damage::Remove),
        (0..6_usize, 0..70_000_u64).prop_map(|(file, at)| Damage::Cut(file, at)),
        (0..6_usize, 0..70_000_u64).prop_map(|(file, at)| Damage::Overwrite(file, at)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A piece is good when and only when all its bytes are there.
    #[test]
    fn no_piece_is_called_good_that_is_not(
        lengths in proptest::collection::vec(prop_oneof![Just(0), 1..70_000_u64], 6),
        piece_length in 5_000..50_000_u64,
        written in proptest::collection::vec(any::<bool>(), 90),
        damages in proptest::collection::vec(any_damage(), 0..4),
    ) {
        let files = lengths.iter().enumerate().map(|(i, length)| regular(&format!("t/{i}"), *length)).collect();
        let torrent = Torrent::new(files, piece_length);
        let geometry = torrent.layout.geometry();
        let dir = with_pieces(&torrent, (0..geometry.pieces()).filter(|p| written[*p as usize]));
        let place = |file: usize| dir.path().join(format!("t/{file}"));
        for damage in &damages {
            match *damage {
                Damage::Remove(file) => drop(fs::remove_file(place(file))),
                Damage::Cut(file, at) => {
                    if let Ok(file) = File::options().write(true).open(place(file)) {
                        let len = file.metadata().unwrap().len();
                        file.set_len(at.min(len)).unwrap();
                    }
                }
                Damage::Overwrite(file, at) => {
                    if let Ok(mut file) = File::options().write(true).open(place(file)) {
                        file.seek(SeekFrom::Start(at)).unwrap();
                        file.write_all(b"?").unwrap();
                    }
                }
            }
        }
        for (piece, state) in (0..).zip(check(dir.path(), &torrent)) {
            let mut there = true;
            let mut bytes = Vec::new();
            for span in torrent.layout.piece_spans(piece) {
                let file = fs::read(place(span.file)).unwrap_or_default();
                match file.get(span.offset as usize..(span.offset + span.len) as usize) {
                    Some(part) => bytes.extend_from_slice(part),
                    None => there = false,
                }
            }
            let good = there && bytes == torrent.piece(piece);
            prop_assert_eq!(state == Good, good, "piece {} is {:?}", piece, state);
            prop_assert!(there || state == Missing, "piece {} is {:?}", piece, state);
            prop_assert!(state != Bad || there);
        }
    }
}
