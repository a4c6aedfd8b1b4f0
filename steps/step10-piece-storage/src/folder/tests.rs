//! Both kinds of folder keep the same promises.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use tempfile::tempdir;

/// The tests that every `Folder` must pass.
macro_rules! promises {
    ($name:ident, $folder:ty) => {
        mod $name {
            use super::*;
            use pretty_assertions::assert_eq;

            type Folder = $folder;

            #[test]
            fn makes_the_folders_a_file_needs() {
                let dir = tempdir().unwrap();
                let mut folder = Folder::new(dir.path()).unwrap();
                for path in ["a/b/one", "a/b/two", "a/three", "four"] {
                    folder
                        .create(Path::new(path), false)
                        .unwrap()
                        .0
                        .write_all(path.as_bytes())
                        .unwrap();
                }
                for path in ["a/b/one", "a/b/two", "a/three", "four"] {
                    assert_eq!(fs::read_to_string(dir.path().join(path)).unwrap(), path);
                }
            }

            #[test]
            fn finds_a_folder_that_was_moved_no_more() {
                let dir = tempdir().unwrap();
                let root = dir.path().join("root");
                fs::create_dir(&root).unwrap();
                let mut folder = Folder::new(&root).unwrap();
                folder.create(Path::new("a/one"), false).unwrap();
                assert!(folder.is_at(&root));
                fs::rename(root.join("a"), root.join("b")).unwrap();
                folder.walk_anew();
                let found = folder.open(Path::new("a/one"));
                assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound);
                fs::rename(&root, dir.path().join("away")).unwrap();
                assert!(!folder.is_at(&root));
            }

            #[test]
            fn takes_away_a_file_or_an_empty_folder() {
                let dir = tempdir().unwrap();
                let mut folder = Folder::new(dir.path()).unwrap();
                for path in ["a/b/one", "two"] {
                    folder.create(Path::new(path), false).unwrap();
                }
                assert!(folder.remove(Path::new("a/b"), true).is_err());
                folder.remove(Path::new("a/b/one"), false).unwrap();
                folder.remove(Path::new("a/b"), true).unwrap();
                folder.remove(Path::new("two"), false).unwrap();
                assert!(folder.remove(Path::new("none/deep"), false).is_err());
                let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
                assert_eq!(left.len(), 1);
            }

            #[test]
            fn keeps_what_is_in_a_file() {
                let dir = tempdir().unwrap();
                fs::write(dir.path().join("old"), "kept").unwrap();
                let mut folder = Folder::new(dir.path()).unwrap();
                let mut text = String::new();
                let (mut file, is_new) = folder.create(Path::new("old"), false).unwrap();
                file.read_to_string(&mut text).unwrap();
                assert_eq!((text.as_str(), is_new), ("kept", false));
                assert!(folder.create(Path::new("new"), false).unwrap().1);
            }

            #[test]
            fn opens_only_what_exists() {
                let dir = tempdir().unwrap();
                let mut folder = Folder::new(dir.path()).unwrap();
                for path in ["none", "none/deeper"] {
                    let error = folder.open(Path::new(path)).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::NotFound);
                }
                assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
            }

            #[test]
            fn a_folder_is_no_file_and_a_file_no_folder() {
                let dir = tempdir().unwrap();
                fs::create_dir(dir.path().join("folder")).unwrap();
                fs::write(dir.path().join("file"), "").unwrap();
                let mut folder = Folder::new(dir.path()).unwrap();
                let error = folder.create(Path::new("folder"), false).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::IsADirectory);
                let error = folder.create(Path::new("file/inside"), false).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotADirectory);
            }

            #[cfg(unix)]
            #[test]
            fn goes_through_no_link() {
                let outside = tempdir().unwrap();
                fs::write(outside.path().join("victim"), "safe").unwrap();
                let dir = tempdir().unwrap();
                let link = |name: &str, to: &Path| {
                    std::os::unix::fs::symlink(to, dir.path().join(name)).unwrap()
                };
                fs::create_dir(dir.path().join("sub")).unwrap();
                link("folder", outside.path());
                link("sub/folder", outside.path());
                link("file", &outside.path().join("victim"));
                link("dangling", &outside.path().join("new"));
                link("inside", Path::new("sub"));
                let mut folder = Folder::new(dir.path()).unwrap();
                for path in [
                    "folder/new",
                    "folder/a/b",
                    "sub/folder/victim",
                    "file",
                    "dangling",
                    "inside/x",
                ] {
                    for result in [
                        folder.create(Path::new(path), false).map(|(file, _)| file),
                        folder.open(Path::new(path)),
                    ] {
                        let error = result.expect_err(path).to_string();
                        assert!(error.contains("symbolic link"), "{path}: {error}");
                    }
                }
                assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
                assert_eq!(
                    fs::read_to_string(outside.path().join("victim")).unwrap(),
                    "safe"
                );
            }
        }
    };
}

promises!(by_handle, super::super::Folder);
promises!(by_path, super::super::portable::Folder);

#[cfg(target_os = "linux")]
#[test]
fn a_named_pipe_is_refused_and_not_waited_for() {
    let dir = tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert!(
        super::open_to_read(&pipe)
            .unwrap_err()
            .to_string()
            .contains("no ordinary file")
    );
    let mut folder = super::Folder::new(dir.path()).unwrap();
    assert!(
        folder
            .create(Path::new("pipe"), false)
            .unwrap_err()
            .to_string()
            .contains("no ordinary file")
    );
}

#[cfg(unix)]
#[test]
fn the_same_link_may_be_there_already_but_no_other() {
    let dir = tempdir().unwrap();
    let mut folder = super::Folder::new(dir.path()).unwrap();
    let path = Path::new("a/link");
    folder.symlink(path, Path::new("../b")).unwrap();
    folder.symlink(path, Path::new("../b")).unwrap();
    folder.symlink(path, Path::new("./../a/../b")).unwrap();
    let error = folder.symlink(path, Path::new("../c")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(
        fs::read_link(dir.path().join(path)).unwrap(),
        Path::new("../b")
    );
}

#[test]
fn where_links_cannot_be_made_they_are_left_out() {
    let dir = tempdir().unwrap();
    let mut folder = super::portable::Folder::new(dir.path()).unwrap();
    folder
        .symlink(Path::new("link"), Path::new("target"))
        .unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
