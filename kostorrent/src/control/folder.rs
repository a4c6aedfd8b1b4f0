//! Where the sockets are: a folder that is its user's alone.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::ControlError;

/// How a socket's name ends, once it is listened at.
pub(super) const ENDING: &str = "sock";

/// More sockets than that are not looked at.
const MOST_SOCKETS: usize = 1_000;

/// Where sockets may be, the best place first: the runtime folder that the system gives its user, or
/// one with the user's number among the temporary files.
pub(super) fn places() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|path| path.is_absolute());
    let user = rustix::process::geteuid().as_raw();
    let temporary = std::env::temp_dir().join(format!("kostorrent-{user}"));
    let runtime = runtime.map(|path| path.join("kostorrent"));
    runtime.into_iter().chain([temporary]).collect()
}

/// Makes the folder, if it is not there, and sees that it is ours alone.
pub(super) fn make(path: &Path) -> Result<(), ControlError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(ControlError::System {
            path: path.to_owned(),
            cause,
        }),
        _ => check(path),
    }
}

// ANCHOR: check
/// Sees that it is a folder, not a link to one, that it is this user's, and that nobody else may
/// open it. Others can make what they like among the temporary files.
pub(super) fn check(path: &Path) -> Result<(), ControlError> {
    let found = path
        .symlink_metadata()
        .map_err(|cause| ControlError::System {
            path: path.to_owned(),
            cause,
        })?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    match found.is_dir() && ours && found.mode() & 0o077 == 0 {
        true => Ok(()),
        false => Err(ControlError::Folder(path.to_owned())),
    }
}
// ANCHOR_END: check

/// The sockets in a folder that is ours; none where there is no such folder.
pub(super) fn sockets(folder: &Path) -> Vec<PathBuf> {
    if check(folder).is_err() {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let sockets = paths.filter(|path| path.extension().is_some_and(|end| end == ENDING));
    let mut sockets: Vec<PathBuf> = sockets.take(MOST_SOCKETS).collect();
    sockets.sort();
    sockets
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_folder_that_is_made_is_ours_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("kostorrent");
        make(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        make(&folder).unwrap();
    }

    #[test]
    fn a_link_a_file_and_a_folder_that_others_may_open_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let ours = dir.path().join("ours");
        make(&ours).unwrap();
        let link = dir.path().join("link");
        symlink(&ours, &link).unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let open = dir.path().join("open");
        make(&open).unwrap();
        fs::write(open.join("1.sock"), "").unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o750)).unwrap();
        for path in [&link, &file, &open] {
            assert!(matches!(make(path), Err(ControlError::Folder(_))));
            assert!(sockets(path).is_empty());
        }
        assert!(sockets(&dir.path().join("nowhere")).is_empty());
    }
}
