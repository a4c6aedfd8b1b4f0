use std::fs::File;
use std::time::{Duration, SystemTime};

use pretty_assertions::assert_eq;

use super::*;

/// A file that nobody has changed for an hour.
fn old_file(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    set_old(path);
}

fn set_old(path: &Path) {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(then).unwrap();
}

fn options() -> Options {
    Options {
        name: "name".to_owned(),
        ..Options::default()
    }
}

#[test]
fn the_size_is_known_before_the_hashing() {
    let dir = tempfile::tempdir().unwrap();
    old_file(&dir.path().join("a"), &[7; 100_000]);
    old_file(&dir.path().join("b"), &[8; 3]);
    let plan = Plan::new(dir.path(), options()).unwrap();
    let size = plan.size();
    assert_eq!(plan.make(|_, _| ()).unwrap().bytes.len() as u64, size);
}

#[test]
fn a_file_that_changes_while_it_is_hashed_is_noticed_also_at_equal_length() {
    let change = |change: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        old_file(&path, &[7; 100_000]);
        let plan = Plan::new(&path, options()).unwrap();
        let mut changed = false;
        plan.make(|_, _| {
            if !std::mem::replace(&mut changed, true) {
                change(&path);
            }
        })
    };
    assert!(change(&|_| ()).is_ok());
    let same_length = |path: &Path| fs::write(path, [8; 100_000]).unwrap();
    let longer = |path: &Path| fs::write(path, [7; 100_001]).unwrap();
    let gone = |path: &Path| fs::remove_file(path).unwrap();
    let changes: [&dyn Fn(&Path); 3] = [&same_length, &longer, &gone];
    for how in changes {
        let error = change(how).unwrap_err();
        assert!(matches!(error, CreateError::Changed(_)), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn another_file_of_the_same_length_and_time_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    old_file(&path, &[7; 100_000]);
    let plan = Plan::new(&path, options()).unwrap();
    let other = dir.path().join("b");
    old_file(&other, &[8; 100_000]);
    fs::rename(other, &path).unwrap();
    let error = plan.make(|_, _| ()).unwrap_err();
    assert!(matches!(error, CreateError::Changed(_)), "{error}");
}

#[cfg(unix)] // Elsewhere a hole takes space.
#[test]
fn too_many_pieces_are_told_before_the_hashing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge");
    // A hole: it takes no space.
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let with = |piece_length| Options {
        piece_length: Some(piece_length),
        ..options()
    };
    let error = Plan::new(&path, with(16 << 10)).unwrap_err().to_string();
    assert!(error.contains("67,108,864 pieces"), "{error}");
    assert!(error.contains("--piece-length 512K would do"), "{error}");
    assert!(Plan::new(&path, with(512 << 10)).is_ok());
    assert!(matches!(
        too_many_pieces(u64::MAX, 1),
        CreateError::TooManyPieces { least: None, .. }
    ));
}
