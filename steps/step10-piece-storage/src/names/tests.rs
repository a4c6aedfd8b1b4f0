//! The choice on the disk we have.

use std::fs;
use std::path::PathBuf;

use layout::Kind;
use pretty_assertions::assert_eq;
use tempfile::tempdir;

use super::*;

fn layout(paths: &[&str]) -> Layout {
    let kind = Kind::Regular { executable: false };
    let files = paths.iter().map(|path| (path.into(), 1, kind.clone()));
    Layout::new(files, 16_384).unwrap()
}

const OWN: [&str; 3] = ["R.E.M./aux.c", "R.E.M./Read.me", "R.E.M./read.ME"];
const PORTABLE: [&str; 3] = ["R.E.M_/_aux.c", "R.E.M_/Read.me", "R.E.M_/read (2).ME"];

fn names() -> Names {
    Names::new(layout(&OWN), Some(layout(&PORTABLE)))
}

fn paths(layout: &Layout) -> Vec<&str> {
    let files = layout.files().iter();
    files.map(|file| file.path.to_str().unwrap()).collect()
}

/// All files below a folder.
fn on_disk(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(root).unwrap().to_path_buf()),
            }
        }
    }
    files.sort();
    files
}

#[cfg(not(target_vendor = "apple"))]
#[test]
fn what_is_new_has_its_own_name() {
    let dir = tempdir().unwrap();
    let root = dir.path().join("not/yet/there");
    assert_eq!(paths(&names().found(&root)), OWN);
    assert!(!root.exists(), "who looks makes nothing");
    assert_eq!(paths(&names().made(&root, || false)), OWN);
    let mut own: Vec<PathBuf> = OWN.iter().map(PathBuf::from).collect();
    own.sort();
    assert_eq!(on_disk(&root), own);
    assert_eq!(paths(&names().found(&root)), OWN);
}

#[cfg(not(target_vendor = "apple"))]
#[test]
fn of_what_nobody_wants_nothing_is_left() {
    let dir = tempdir().unwrap();
    let made = |wanted: &[usize]| {
        let layout = names().made_for(dir.path(), |file| wanted.contains(&file), || false);
        assert_eq!(paths(&layout), OWN);
        on_disk(dir.path())
    };
    assert_eq!(made(&[]), [] as [PathBuf; 0]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "no folder");
    assert_eq!(made(&[1]), [PathBuf::from(OWN[1])]);
    // What was there before stays.
    assert_eq!(made(&[2]).len(), 2);
    assert_eq!(made(&[]).len(), 2);
}

#[test]
fn what_has_portable_names_keeps_them() {
    let dir = tempdir().unwrap();
    for path in PORTABLE {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let before = on_disk(dir.path());
    assert_eq!(paths(&names().found(dir.path())), PORTABLE);
    assert_eq!(paths(&names().made(dir.path(), || false)), PORTABLE);
    assert_eq!(on_disk(dir.path()), before);
}

#[test]
fn a_torrent_without_other_names_is_left_alone() {
    let dir = tempdir().unwrap();
    let names = Names::new(layout(&["t/a"]), None);
    assert!(Arc::ptr_eq(&names.made(dir.path(), || false), names.own()));
    assert_eq!(on_disk(dir.path()).len(), 0);
}

#[test]
fn two_names_of_one_file_are_two_files() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("R.E.M.")).unwrap();
    fs::write(dir.path().join(OWN[1]), "x").unwrap();
    // Where case is no difference they are one name already.
    let linked = fs::hard_link(dir.path().join(OWN[1]), dir.path().join(OWN[2]));
    let found = names().found(dir.path());
    assert_eq!(paths(&found)[2] == OWN[2], linked.is_ok());
}

#[test]
fn nothing_is_made_through_a_link() {
    let (dir, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
    std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("R.E.M.")).unwrap();
    let made = names().made(dir.path(), || false);
    assert_eq!(
        paths(&made)[1],
        OWN[1],
        "what is behind the link would be found"
    );
    assert_eq!(on_disk(elsewhere.path()).len(), 0);
}

#[test]
fn who_asks_to_stop_is_heard() {
    let dir = tempdir().unwrap();
    names().made(dir.path(), || true);
    assert_eq!(on_disk(dir.path()).len(), 0);
}
