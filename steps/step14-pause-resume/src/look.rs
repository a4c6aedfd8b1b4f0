//! The torrent's files as the system describes them.

use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use layout::{Kind, Layout};

use crate::Stamp;

/// How a file of the torrent is now; `None` if there is none, and of what is never a file.
///
/// # Errors
///
/// When the system cannot say: the file may well be there.
pub fn look(root: &Path, layout: &Layout, file: usize) -> io::Result<Option<Stamp>> {
    let entry = &layout.files()[file];
    match entry.kind {
        Kind::Regular { .. } => match root.join(&entry.path).metadata() {
            Ok(found) => Ok(Stamp::of(&found)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(None),
                _ => Err(error),
            },
        },
        Kind::Padding | Kind::Symlink { .. } => Ok(None),
    }
}

/// A folder by its one name: absolute, without links and `..`. It may not be there yet.
///
/// # Errors
///
/// When there is no folder that we are in.
pub fn one_name(folder: &Path) -> io::Result<PathBuf> {
    let mut name = PathBuf::new();
    for part in std::path::absolute(folder)?.components() {
        match part {
            // What is above has no links in it, so this leads where it seems to.
            Component::ParentDir => drop(name.pop()),
            _ => {
                name.push(part);
                // What is there has one name; what is made will have the name that it is given.
                if let Ok(found) = name.canonicalize() {
                    name = found;
                }
            }
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_folder_has_one_name_before_it_is_made_and_after() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let folder = root.join("a/b");
        assert_eq!(one_name(&folder).unwrap(), folder);
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(one_name(&folder).unwrap(), folder);
        assert_eq!(one_name(&root.join("a/./b/")).unwrap(), folder);
        assert_eq!(one_name(&root.join("a/b/../b")).unwrap(), folder);
    }

    #[test]
    fn a_folder_that_is_left_again_has_one_name_before_it_is_made_and_after() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let roundabout = root.join("a/x/../b");
        assert_eq!(one_name(&roundabout).unwrap(), root.join("a/b"));
        fs::create_dir_all(&roundabout).unwrap();
        assert_eq!(one_name(&roundabout).unwrap(), root.join("a/b"));
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_one_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir(root.join("a")).unwrap();
        std::os::unix::fs::symlink("a", root.join("link")).unwrap();
        assert_eq!(
            one_name(&root.join("link/b/c")).unwrap(),
            root.join("a/b/c")
        );
        // Out of what is not there yet into what a link leads to; and from that to what is above it.
        fs::create_dir(root.join("a/in")).unwrap();
        std::os::unix::fs::symlink("a/in", root.join("deep")).unwrap();
        assert_eq!(
            one_name(&root.join("x/../link/c")).unwrap(),
            root.join("a/c")
        );
        assert_eq!(one_name(&root.join("deep/../c")).unwrap(), root.join("a/c"));
    }
}
