//! No path leaves the folder, none is wanted twice.

use std::path::PathBuf;

use pretty_assertions::assert_eq;

use crate::{Kind, Layout, LayoutError};

const FILE: Kind = Kind::Regular { executable: false };

fn layout(paths: &[&str]) -> Result<Layout, LayoutError> {
    Layout::new(
        paths.iter().map(|path| (PathBuf::from(path), 1, FILE)),
        16384,
    )
}

#[test]
fn a_path_that_could_leave_the_folder_is_refused() {
    for path in [
        "",
        "/",
        "/etc/passwd",
        "..",
        "../x",
        "t/../../x",
        "t/..",
        ".",
        "./x",
        "t/nul\0byte",
    ] {
        match layout(&["t/good", path]) {
            Err(LayoutError::UnsafePath {
                file: 1,
                path: refused,
            }) => assert_eq!(refused, PathBuf::from(path)),
            other => panic!("{path:?}: {other:?}"),
        }
    }
}

#[cfg(windows)]
#[test]
fn drives_and_shares_are_refused() {
    for path in ["C:", "C:x", "C:\\x", "\\\\server\\share\\x", "\\x"] {
        assert!(
            matches!(layout(&[path]), Err(LayoutError::UnsafePath { .. })),
            "{path}"
        );
    }
}

#[test]
fn a_link_that_points_out_of_the_folder_is_refused() {
    for target in ["", "..", "../x", "/etc", "t/../../x"] {
        let link = (
            PathBuf::from("t/link"),
            0,
            Kind::Symlink {
                target: target.into(),
            },
        );
        let error = Layout::new([link], 16384).unwrap_err();
        assert!(
            matches!(error, LayoutError::UnsafePath { file: 0, .. }),
            "{target}: {error:?}"
        );
    }
}

#[test]
fn two_files_at_one_place_are_refused() {
    let error = layout(&["t/a", "t/b", "t/a"]).unwrap_err();
    assert_eq!(error, LayoutError::Conflict { path: "t/a".into() });
}

/// "t/a!" sorts between "t/a" and "t/a/b" when paths are compared as text.
#[test]
fn a_file_where_another_needs_a_folder_is_refused() {
    let error = layout(&["t/a/b", "t/a!", "t/a"]).unwrap_err();
    assert_eq!(error, LayoutError::Conflict { path: "t/a".into() });
}

#[test]
fn a_file_behind_a_link_is_refused() {
    let link = (
        PathBuf::from("t/link"),
        0,
        Kind::Symlink {
            target: "t/folder".into(),
        },
    );
    let behind = (PathBuf::from("t/link/file"), 1, FILE);
    let error = Layout::new([link, behind], 16384).unwrap_err();
    assert_eq!(
        error,
        LayoutError::Conflict {
            path: "t/link".into()
        }
    );
}

#[test]
fn padding_is_on_no_disk_so_it_is_in_nobodys_way() {
    let pad = || (PathBuf::from("../.pad"), 1, Kind::Padding);
    assert!(
        Layout::new(
            [
                ("t/a".into(), 1, FILE),
                pad(),
                ("t/b".into(), 1, FILE),
                pad()
            ],
            2
        )
        .is_ok()
    );
}

#[test]
fn names_that_only_look_odd_are_fine() {
    assert!(layout(&["t/...", "t/..a", "t/a..", "t/ ", "t/-", "t/~", "t/é"]).is_ok());
}
