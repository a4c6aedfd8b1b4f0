//! Space is there when it is asked for, and given back when it is not enough.

use std::fs;
use std::path::PathBuf;

use pretty_assertions::assert_eq;
use tempfile::tempdir;

use super::*;
use crate::testing::{Torrent, regular};
use crate::{Changed, FileUse, Settled, Setup, Storage};

fn setup(allocate: Allocate) -> Setup<'static> {
    Setup {
        files: &|_| FileUse::Write,
        info_hash: [7; 20],
        before: None,
        allocate,
        stop: &|| false,
    }
}

fn lay_out(root: &Path, torrent: &Torrent, allocate: Allocate) -> Result<Storage, DiskError> {
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    Storage::lay_out(root, layout, hashes, &setup(allocate))
}

fn torrent() -> Torrent {
    let files = vec![
        regular("t/a", 300_000),
        regular("t/b", 0),
        regular("t/c", 100_000),
    ];
    Torrent::new(files, 40_000)
}

fn length(root: &Path, name: &str) -> u64 {
    fs::metadata(root.join(name)).unwrap().len()
}

#[cfg(unix)]
fn space(root: &Path, name: &str) -> u64 {
    space_of(&fs::metadata(root.join(name)).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn full_takes_the_space_at_once_where_the_file_system_can() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let storage = lay_out(dir.path(), &torrent, Allocate::Sparse).unwrap();
    assert_eq!(storage.allocated(), Allocated::All);
    let before = space(dir.path(), "t/a");
    let mut storage = lay_out(dir.path(), &torrent, Allocate::Full).unwrap();
    assert_eq!(length(dir.path(), "t/a"), 300_000);
    match storage.allocated() {
        Allocated::All => assert!(space(dir.path(), "t/a") >= 300_000),
        Allocated::Unsupported => assert_eq!(space(dir.path(), "t/a"), before),
    }
    for piece in 0..10 {
        storage.write(piece, &torrent.blocks(piece)).unwrap();
    }
    assert_eq!(storage.settle().unwrap(), Settled::default());
    // What is in the files stays in them.
    lay_out(dir.path(), &torrent, Allocate::Full).unwrap();
    assert_eq!(fs::read(dir.path().join("t/a")).unwrap(), torrent.file(0));
}

#[test]
fn that_there_is_no_room_shows_before_the_first_byte() {
    let dir = tempdir().unwrap();
    // More than any disk of a test has; the layout has no hashes, which nobody asks for.
    let files: Vec<(PathBuf, u64, Kind)> =
        vec![regular("t/small", 4096), regular("t/big", 1 << 42)];
    let layout = std::sync::Arc::new(Layout::new(files, 1 << 24).unwrap());
    let hashes = crate::Hashes::V1(std::sync::Arc::new([]));
    match Storage::lay_out(dir.path(), layout, hashes, &setup(Allocate::Full)) {
        Ok(storage) => assert_eq!(storage.allocated(), Allocated::Unsupported),
        // Some file systems take no file of this length at all.
        Err(error) if error.doing() == Doing::SetLength => {}
        Err(error) => {
            assert_eq!(
                (error.doing(), error.kind()),
                (Doing::Allocate, ErrorKind::StorageFull)
            );
            assert!(error.to_string().contains("free some space"), "{error}");
            #[cfg(unix)]
            assert_eq!(space(dir.path(), "t/small"), 0);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_an_attempt_took_is_given_back_and_no_byte_with_it() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let mut storage = lay_out(dir.path(), &torrent, Allocate::Sparse).unwrap();
    storage.write(3, &torrent.blocks(3)).unwrap();
    let before = (space(dir.path(), "t/a"), space(dir.path(), "t/c"));
    let mut folder = Folder::new(dir.path()).unwrap();
    let mut given = Vec::new();
    for index in [0, 2] {
        let entry = &torrent.layout.files()[index];
        let file = folder.open(&entry.path).unwrap();
        let holes = holes(&file, entry.length).unwrap();
        if fill(&file, entry.length).unwrap() == Allocated::Unsupported {
            return;
        }
        given.push((index, holes));
    }
    let a = fs::read(dir.path().join("t/a")).unwrap();
    give_back(&mut folder, &torrent.layout, given);
    assert_eq!((space(dir.path(), "t/a"), space(dir.path(), "t/c")), before);
    assert!(fs::read(dir.path().join("t/a")).unwrap() == a);
    assert!(a[120_000..160_000] == *torrent.piece(3));
}

#[test]
fn a_file_that_grows_is_as_long_as_what_was_written_and_is_not_called_cut() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut storage = lay_out(root, &torrent, Allocate::None).unwrap();
    assert_eq!((length(root, "t/a"), length(root, "t/b")), (0, 0));
    for (piece, long) in [(2, 120_000), (0, 120_000), (7, 300_000)] {
        assert_eq!(storage.write(piece, &torrent.blocks(piece)).unwrap(), []);
        assert_eq!(length(root, "t/a"), long);
        assert_eq!(storage.look(0..3).unwrap(), []);
        assert_eq!(storage.check(piece).unwrap(), crate::PieceState::Good);
    }
    assert_eq!(length(root, "t/c"), 20_000);
    assert_eq!(storage.check(9).unwrap(), crate::PieceState::Missing);
    assert_eq!(storage.settle().unwrap(), Settled::default());
    // It goes on where it was.
    let mut storage = lay_out(root, &torrent, Allocate::None).unwrap();
    assert_eq!(length(root, "t/c"), 20_000);
    // What somebody else cuts off is cut all the same.
    fs::File::options()
        .write(true)
        .open(root.join("t/a"))
        .unwrap()
        .set_len(50_000)
        .unwrap();
    let cut = Changed {
        file: 0,
        change: crate::Change::Cut(50_000),
    };
    let settled = storage.settle().unwrap();
    assert_eq!(
        (settled.changed, settled.lost),
        (vec![cut], (1..8).collect())
    );
    for piece in 0..10 {
        assert_eq!(storage.write(piece, &torrent.blocks(piece)).unwrap(), []);
    }
    assert_eq!(storage.settle().unwrap(), Settled::default());
    for (index, entry) in torrent.layout.files().iter().enumerate() {
        assert_eq!(
            fs::read(root.join(&entry.path)).unwrap(),
            torrent.file(index)
        );
    }
}

#[test]
fn what_grows_is_compared_as_far_as_it_goes() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    fs::create_dir(dir.path().join("t")).unwrap();
    let a = dir.path().join("t/a");
    fs::write(&a, &torrent.data[..5_000]).unwrap();
    let mut storage = lay_out(dir.path(), &torrent, Allocate::None).unwrap();
    storage.compare_first(std::collections::BTreeSet::from([0]));
    storage.write(0, &torrent.blocks(0)).unwrap();
    fs::write(&a, "somebody's own notes").unwrap();
    let mut storage = lay_out(dir.path(), &torrent, Allocate::None).unwrap();
    storage.compare_first(std::collections::BTreeSet::from([0]));
    let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
}
