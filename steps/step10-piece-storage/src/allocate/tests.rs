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
        allocate,
        ..Setup::new([7; 20], &|_| FileUse::Write)
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
    space_of(&fs::metadata(root.join(name)).unwrap()).unwrap()
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
    let (mut given, files) = (Vec::new(), [0, 2]);
    let layout = &torrent.layout;
    let result = give(
        dir.path(),
        &mut folder,
        layout,
        &files,
        &|| false,
        &mut given,
    );
    if result.unwrap() == Allocated::Unsupported {
        return;
    }
    assert!(space(dir.path(), "t/c") >= 100_000);
    let a = fs::read(dir.path().join("t/a")).unwrap();
    give_back(&mut folder, layout, given);
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
    for allocate in [Allocate::None, Allocate::Sparse, Allocate::Full] {
        let lay_out = || {
            let setup = Setup {
                files: &|_| FileUse::Compare,
                ..setup(allocate)
            };
            let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
            Storage::lay_out(dir.path(), layout, hashes, &setup).unwrap()
        };
        fs::write(&a, &torrent.data[..5_000]).unwrap();
        let mut storage = lay_out();
        assert_eq!(length(dir.path(), "t/a"), 5_000);
        storage.write(0, &torrent.blocks(0)).unwrap();
        let whole = match allocate {
            Allocate::None => 40_000,
            _ => 300_000,
        };
        assert_eq!(length(dir.path(), "t/a"), whole);
        fs::write(&a, "somebody's own notes").unwrap();
        let mut storage = lay_out();
        let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
        assert!(error.to_string().contains("left alone"), "{error}");
        assert_eq!(fs::read(&a).unwrap(), b"somebody's own notes");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_taken_is_given_back_when_it_is_given_up() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    drop(lay_out(dir.path(), &torrent, Allocate::Sparse).unwrap());
    let space = || (space(dir.path(), "t/a"), space(dir.path(), "t/c"));
    let before = space();
    let mut folder = Folder::new(dir.path()).unwrap();
    let mut attempt =
        |stop: &dyn Fn() -> bool| allocate(dir.path(), &mut folder, &torrent.layout, &[0, 2], stop);
    let asked = std::cell::Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) == 1;
    if let Ok(Allocated::Unsupported) = attempt(&stop) {
        return;
    }
    assert_eq!(asked.get(), 2);
    assert_eq!(space(), before);
    // A file that is taken away meanwhile.
    let stop = || {
        asked.replace(asked.get() + 1) == 3 && {
            fs::remove_file(dir.path().join("t/c")).unwrap();
            false
        }
    };
    let error = attempt(&stop).unwrap_err();
    assert_eq!(error.path(), dir.path().join("t/c"));
    assert_eq!(super::tests::space(dir.path(), "t/a"), before.0);
}

#[cfg(target_os = "linux")]
#[test]
fn the_tail_of_a_longer_file_is_not_given_back() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    drop(lay_out(dir.path(), &torrent, Allocate::Sparse).unwrap());
    // Somebody has put bytes behind the end, which are his until a piece is written.
    let file = fs::File::options()
        .write(true)
        .open(dir.path().join("t/a"))
        .unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"tail", 310_000).unwrap();
    file.sync_all().unwrap();
    let before = fs::read(dir.path().join("t/a")).unwrap();
    let mut folder = Folder::new(dir.path()).unwrap();
    let (asked, files) = (std::cell::Cell::new(0), [0, 2]);
    let stop = || asked.replace(asked.get() + 1) == 1;
    let _ = allocate(dir.path(), &mut folder, &torrent.layout, &files, &stop);
    assert_eq!(fs::read(dir.path().join("t/a")).unwrap(), before);
}
