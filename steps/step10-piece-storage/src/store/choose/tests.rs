//! Files that nobody wants are not there, and what is needed of them is.

use std::fs;
use std::path::{Path, PathBuf};

use blocks::BlockRequest;
use pretty_assertions::assert_eq;
use tempfile::tempdir;

use super::*;
use crate::testing::{Torrent, padding, regular};
use crate::transfer;
use crate::{Changed, Checker, FileUse, Parts, PieceState, Setup, part_file_name};

mod hazards;
mod model;

const HASH: [u8; 20] = [0xab; 20];

/// Six files and padding over pieces of 40,000 bytes: 0 (a b), 1 (b), 2 (b c d), 3 (d, padding),
/// 4 (f).
fn torrent() -> Torrent {
    let files = vec![
        regular("t/a", 30_000),
        regular("t/b", 60_000),
        regular("t/in/c", 20_000),
        regular("t/in/d", 40_000),
        padding(10_000),
        regular("t/empty", 0),
        regular("t/f", 35_000),
    ];
    Torrent::new(files, 40_000)
}

/// Lays out a torrent of which these files are wanted. What is there of others is the torrent's.
fn lay_out(root: &Path, torrent: &Torrent, wanted: &[usize]) -> Storage {
    lay_out_as(root, torrent, wanted, Allocate::Sparse)
}

fn lay_out_as(root: &Path, torrent: &Torrent, wanted: &[usize], allocate: Allocate) -> Storage {
    let used = |file| match wanted.contains(&file) {
        true => FileUse::Write,
        false => FileUse::UnwantedOurs,
    };
    let setup = Setup {
        made: &|_| true,
        allocate,
        ..Setup::new(HASH, &used)
    };
    set_up(root, torrent, &setup)
}

fn set_up(root: &Path, torrent: &Torrent, setup: &Setup<'_>) -> Storage {
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    Storage::lay_out(root, layout, hashes, setup).unwrap()
}

/// An earlier run: these files were wanted, and these pieces have come.
fn earlier(
    root: &Path,
    torrent: &Torrent,
    wanted: &[usize],
    pieces: impl IntoIterator<Item = u32>,
) {
    write_all(&mut lay_out(root, torrent, wanted), torrent, pieces);
}

/// It was killed when `c` was made, and nothing was copied yet.
fn make_c(root: &Path) {
    fs::create_dir_all(root.join("t/in")).unwrap();
    let c = fs::File::create(root.join("t/in/c")).unwrap();
    c.set_len(20_000).unwrap();
}

/// A seed of what is there.
fn seed(root: &Path, torrent: &Torrent) -> Storage {
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let seed = Storage::open(root, layout, hashes, None).unwrap();
    seed.with_parts(&HASH).unwrap()
}

fn write(storage: &mut Storage, torrent: &Torrent, piece: u32) -> Vec<Changed> {
    storage.write(piece, &torrent.blocks(piece)).unwrap()
}

fn write_all(storage: &mut Storage, torrent: &Torrent, pieces: impl IntoIterator<Item = u32>) {
    for piece in pieces {
        write(storage, torrent, piece);
    }
}

/// These files are wanted too.
fn want(storage: &mut Storage, files: &[usize]) -> Result<Chosen, DiskError> {
    let mut wanted = wanted(storage);
    wanted.extend(files);
    storage.choose(&wanted)
}

/// These files are not wanted any more.
fn unwant(storage: &mut Storage, files: &[usize]) -> Result<Chosen, DiskError> {
    let mut wanted = wanted(storage);
    wanted.retain(|file| !files.contains(file));
    storage.choose(&wanted)
}

fn wanted(storage: &Storage) -> BTreeSet<usize> {
    let files = 0..storage.known.len();
    files
        .filter(|&file| !storage.known[file].unwanted)
        .collect()
}

/// The files of the torrent that are there, by their numbers, and whether the part file is.
fn there(root: &Path, torrent: &Torrent) -> (Vec<usize>, bool) {
    let files = torrent.layout.files();
    let there = (0..files.len()).filter(|&file| root.join(&files[file].path).exists());
    (there.collect(), part_file(root).exists())
}

fn part_file(root: &Path) -> PathBuf {
    root.join(part_file_name(&HASH))
}

/// A checker that knows the part file, and which files nobody wants.
fn checker(root: &Path, torrent: &Torrent, unwanted: &[bool]) -> Checker {
    let parts = Parts::open(root, &HASH, &torrent.layout).unwrap();
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    Checker::new(root, layout, hashes).parts(parts, unwanted.to_vec())
}

/// Which of these pieces a checker finds good.
fn good_of(checker: &mut Checker, pieces: std::ops::Range<u32>) -> Vec<u32> {
    let mut good = Vec::new();
    let on_piece = |piece, state| good.extend((state == PieceState::Good).then_some(piece));
    checker.check(pieces, on_piece).unwrap();
    good
}

/// The pieces that a checker finds good that does not know what is wanted.
fn good(root: &Path, torrent: &Torrent) -> Vec<u32> {
    let pieces = 0..torrent.layout.geometry().pieces();
    good_of(&mut checker(root, torrent, &[]), pieces)
}

fn read(storage: &mut Storage, torrent: &Torrent, piece: u32) -> Vec<u8> {
    let len = torrent.layout.geometry().piece_len(piece);
    let mut bytes = vec![0xee; len as usize];
    let block = BlockRequest {
        piece,
        offset: 0,
        len,
    };
    storage.read(&block, &mut bytes).unwrap();
    bytes
}

/// A piece is read as it is to be, and a check says so too.
#[track_caller]
fn assert_good(storage: &mut Storage, torrent: &Torrent, piece: u32) {
    assert_eq!(read(storage, torrent, piece), torrent.piece(piece));
    assert_eq!(storage.check(piece).unwrap(), PieceState::Good);
}

#[test]
fn a_file_that_nobody_wants_is_not_made_and_its_bytes_are_kept() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut storage = lay_out(root, &torrent, &[1]);
    assert_eq!(there(root, &torrent), (vec![1], false));
    assert!(!root.join("t/in").exists());
    for piece in 0..3 {
        assert_eq!(write(&mut storage, &torrent, piece), []);
    }
    assert_eq!(there(root, &torrent), (vec![1], true));
    assert_eq!(fs::read(root.join("t/b")).unwrap(), torrent.file(1));
    for piece in 0..3 {
        assert_good(&mut storage, &torrent, piece);
    }
    storage.sync().unwrap();
    let settled = storage.settle().unwrap();
    assert_eq!((settled.changed, settled.lost), (vec![], vec![]));
    assert_eq!(good(root, &torrent), [0, 1, 2]);
    // And the next run finds it as it was.
    let mut storage = lay_out(root, &torrent, &[1]);
    assert_eq!(read(&mut storage, &torrent, 2), torrent.piece(2));
}

#[test]
fn bytes_of_the_part_file_go_to_the_file_that_is_wanted_later() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut storage = lay_out(root, &torrent, &[1]);
    write_all(&mut storage, &torrent, 0..3);
    assert_eq!(want(&mut storage, &[0, 1, 99]).unwrap().moved, [0]);
    assert_eq!(fs::read(root.join("t/a")).unwrap(), torrent.file(0));
    assert_eq!(there(root, &torrent), (vec![0, 1], true));
    let moved = Chosen {
        moved: vec![2],
        ..Chosen::default()
    };
    assert_eq!(want(&mut storage, &[2]).unwrap(), moved);
    assert_eq!(fs::read(root.join("t/in/c")).unwrap(), torrent.file(2));
    // Piece 2 has bytes of `d` too, which is still unwanted.
    assert_eq!(there(root, &torrent), (vec![0, 1, 2], true));
    want(&mut storage, &[3, 5]).unwrap();
    assert_eq!(there(root, &torrent), (vec![0, 1, 2, 3, 5], false));
    assert_eq!(storage.check(2).unwrap(), PieceState::Good);
    assert_eq!(good(root, &torrent), [0, 1, 2]);
    storage.sync().unwrap();
}

#[test]
fn a_later_run_takes_over_what_is_wanted_then() {
    for allocate in [Allocate::Sparse, Allocate::Full, Allocate::None] {
        let (torrent, dir) = (torrent(), tempdir().unwrap());
        let root = dir.path();
        let mut storage = lay_out_as(root, &torrent, &[1], allocate);
        write_all(&mut storage, &torrent, 0..3);
        drop(storage);
        // It is taken for what it is.
        make_c(root);
        assert_eq!(good(root, &torrent), [0, 1, 2]);
        let mut storage = lay_out_as(root, &torrent, &[0, 1, 2, 3], allocate);
        assert_eq!(there(root, &torrent), (vec![0, 1, 2, 3], false));
        assert_eq!(good(root, &torrent), [0, 1, 2]);
        write(&mut storage, &torrent, 3);
        assert_eq!(fs::read(root.join("t/in/d")).unwrap(), torrent.file(3));
        assert_eq!(storage.settle().unwrap(), crate::Settled::default());
    }
}

#[test]
fn a_file_that_nobody_wants_any_more_goes_if_there_is_nothing_in_it() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut storage = lay_out(root, &torrent, &[0, 1, 2, 3, 5]);
    write_all(&mut storage, &torrent, 0..3);
    // Of `d` there is the end of a piece that others need, of `empty` nothing.
    assert_eq!(unwant(&mut storage, &[3, 5]).unwrap().moved, [3, 5]);
    assert_eq!(there(root, &torrent), (vec![0, 1, 2], true));
    assert_eq!(read(&mut storage, &torrent, 2), torrent.piece(2));
    // `b` has a piece of its own.
    assert_eq!(unwant(&mut storage, &[1]).unwrap().moved, [] as [usize; 0]);
    assert_eq!(there(root, &torrent), (vec![0, 1, 2], true));
    assert_eq!(read(&mut storage, &torrent, 1), torrent.piece(1));
    storage.sync().unwrap();
    assert_eq!(storage.settle().unwrap(), crate::Settled::default());
    assert_eq!(good(root, &torrent), [0, 1, 2]);
    drop(storage);
    let storage = lay_out(root, &torrent, &[0, 1]);
    assert_eq!(there(root, &torrent).0, [0, 1, 2], "`c` is complete");
    drop(storage);
    fs::remove_dir_all(root.join("t/in")).unwrap();
    let mut storage = lay_out(root, &torrent, &[0, 1]);
    // The folder that was made for it alone goes with it.
    want(&mut storage, &[3]).unwrap();
    unwant(&mut storage, &[3]).unwrap();
    assert!(!root.join("t/in").exists());
    storage.sync().unwrap();
}

#[test]
fn what_is_in_an_unwanted_file_stays_and_is_written_on() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[0, 1, 2, 3], [1]);
    let mut storage = lay_out(root, &torrent, &[0]);
    assert_eq!(
        there(root, &torrent),
        (vec![0, 1], false),
        "empty ones went"
    );
    write(&mut storage, &torrent, 0);
    assert_eq!(there(root, &torrent), (vec![0, 1], false));
    let b = fs::read(root.join("t/b")).unwrap();
    assert!(b[..50_000] == torrent.file(1)[..50_000]);
    // Deleted, it is not made again, and what comes along of it goes to the part file.
    fs::remove_file(root.join("t/b")).unwrap();
    assert_eq!(storage.settle().unwrap().lost, [0, 1, 2]);
    write(&mut storage, &torrent, 0);
    assert_eq!(there(root, &torrent), (vec![0], true));
    assert_eq!(read(&mut storage, &torrent, 0), torrent.piece(0));
}

#[test]
fn a_strangers_file_in_the_place_of_an_unwanted_one_is_not_touched() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    fs::create_dir(root.join("t")).unwrap();
    fs::write(root.join("t/b"), vec![9; 60_000]).unwrap();
    let setup = Setup::new(HASH, &|file| match file {
        0 => FileUse::Write,
        _ => FileUse::Unwanted,
    });
    let mut storage = set_up(root, &torrent, &setup);
    write(&mut storage, &torrent, 0);
    assert_good(&mut storage, &torrent, 0);
    assert_eq!(fs::read(root.join("t/b")).unwrap(), [9; 60_000]);
    assert_eq!(good(root, &torrent), [0]);
    let mut checker = checker(root, &torrent, &[false, true]);
    assert_eq!(checker.files_aside(0).unwrap(), [1]);
    assert_eq!(good_of(&mut checker, 0..1), [0]);
    // Wanted later, it is compared with what is to be written.
    assert_eq!(want(&mut storage, &[1]).unwrap().lost, [0]);
    let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(fs::read(root.join("t/b")).unwrap(), [9; 60_000]);
    // One that is longer cannot be it.
    fs::write(root.join("t/f"), vec![9; 60_000]).unwrap();
    let error = want(&mut storage, &[2, 6]).unwrap_err();
    assert_eq!(error.path(), root.join("t/f"));
    assert!(
        !root.join("t/in/c").exists(),
        "nothing is left of a choice that failed"
    );
}

#[test]
fn a_part_file_that_vanishes_is_missed() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut storage = lay_out(root, &torrent, &[1]);
    write_all(&mut storage, &torrent, 0..3);
    fs::remove_file(part_file(root)).unwrap();
    assert_eq!(storage.settle().unwrap().lost, [0, 2]);
    write(&mut storage, &torrent, 0);
    assert_eq!(storage.settle().unwrap().lost, [2]);
    assert_eq!(good(root, &torrent), [0, 1]);
    // Cut, it is no better, and another one in its place is looked at like any.
    let mut cut = fs::read(part_file(root)).unwrap();
    cut.truncate(1500);
    fs::write(part_file(root), &cut).unwrap();
    assert_eq!(storage.check(0).unwrap(), PieceState::Missing);
    write(&mut storage, &torrent, 2);
    write(&mut storage, &torrent, 0);
    assert_eq!(good(root, &torrent), [0, 1, 2]);
}

#[test]
fn what_has_the_part_files_name_and_is_none_is_left_alone() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    fs::write(part_file(root), "a diary of some length").unwrap();
    let mut storage = lay_out(root, &torrent, &[1]);
    let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
    assert_eq!(error.path(), part_file(root));
    assert!(error.to_string().contains("move that away"), "{error}");
    storage.settle().unwrap();
    let there = fs::read(part_file(root)).unwrap();
    assert_eq!(there, b"a diary of some length");
}

#[cfg(unix)]
#[test]
fn a_link_that_has_the_part_files_name_leads_nowhere() {
    let (torrent, dir, outside) = (torrent(), tempdir().unwrap(), tempdir().unwrap());
    let victim = outside.path().join("victim");
    fs::write(&victim, "").unwrap();
    let mut storage = lay_out(dir.path(), &torrent, &[1]);
    std::os::unix::fs::symlink(&victim, part_file(dir.path())).unwrap();
    let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    assert_eq!(fs::read(&victim).unwrap(), b"");
}

#[cfg(unix)]
#[test]
fn a_link_is_made_when_it_is_wanted() {
    let link = Kind::Symlink {
        target: "t/a".into(),
    };
    let files = vec![regular("t/a", 3), ("l".into(), 0, link), regular("t/b", 3)];
    let (torrent, dir) = (Torrent::new(files, 16_384), tempdir().unwrap());
    let mut storage = lay_out(dir.path(), &torrent, &[2]);
    storage.settle().unwrap();
    assert!(dir.path().join("l").symlink_metadata().is_err());
    want(&mut storage, &[0, 1]).unwrap();
    assert!(dir.path().join("l").exists());
}

#[test]
fn a_seed_reads_from_the_part_file_too() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    earlier(dir.path(), &torrent, &[1], 0..3);
    let mut seed = seed(dir.path(), &torrent);
    for piece in 0..3 {
        assert_eq!(read(&mut seed, &torrent, piece), torrent.piece(piece));
    }
}

#[test]
fn a_choice_is_a_job_like_any() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let mut disk = crate::Disk::new();
    disk.add(7, lay_out(dir.path(), &torrent, &[1]));
    let job = crate::Job::Choose {
        wanted: BTreeSet::from([0]),
    };
    let Some(crate::Done::Chosen(Ok(chosen))) = disk.ask(7, job) else {
        panic!("a choice");
    };
    assert_eq!(chosen.moved, [0, 1]);
    assert_eq!(there(dir.path(), &torrent), (vec![0], false));
}
