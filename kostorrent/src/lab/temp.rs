//! A folder that is gone when the lab is.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What all our folders' names begin with.
const PREFIX: &str = "kostorrent-lab-";
/// The file in each that its lab holds locked.
const LOCK: &str = "lock";
/// A folder that is younger may belong to a lab that is just starting.
const YOUNG: Duration = Duration::from_secs(60);

/// A new folder of our own below the system's folder for such things.
#[derive(Debug)]
pub(crate) struct TempFolder {
    path: PathBuf,
    /// Held as long as we live, however we die.
    _lock: File,
}

impl TempFolder {
    /// Makes one; first removes what labs have left that were killed. On Unix nobody else can look
    /// into it.
    pub(crate) fn new() -> io::Result<TempFolder> {
        let place = std::env::temp_dir();
        sweep(&place);
        let path = place.join(format!("{PREFIX}{:016x}", rand::random::<u64>()));
        #[cfg_attr(not(unix), expect(unused_mut))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Fails when it exists already, so it is ours.
        builder.create(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(TempFolder { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // What cannot be removed now, the next lab removes.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the folders of labs that live no more: those whose lock can be had.
fn sweep(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_left(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_left(folder: &Path) -> bool {
    let age = fs::symlink_metadata(folder).and_then(|metadata| metadata.modified());
    let old = age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > YOUNG));
    old && File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

// A folder's time can be set on Unix alone.
#[cfg(all(test, unix))]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn folder(place: &Path, name: &str, locked: bool, age: Duration) -> Option<File> {
        let path = place.join(name);
        fs::create_dir(&path).unwrap();
        let lock = File::create(path.join(LOCK)).unwrap();
        // The folder's own time: a change inside would set it anew.
        let when = SystemTime::now() - age;
        File::open(&path).unwrap().set_modified(when).unwrap();
        locked.then(|| {
            lock.lock().unwrap();
            lock
        })
    }

    #[test]
    fn only_what_a_killed_lab_left_is_swept() {
        let place = tempfile::tempdir().unwrap();
        let (old, young) = (2 * YOUNG, Duration::ZERO);
        let _alive = folder(place.path(), "kostorrent-lab-alive", true, old);
        folder(place.path(), "kostorrent-lab-killed", false, old);
        folder(place.path(), "kostorrent-lab-young", false, young);
        folder(place.path(), "something-else", false, old);
        fs::create_dir(place.path().join("kostorrent-lab-unlocked")).unwrap();
        sweep(place.path());
        let mut left: Vec<_> = fs::read_dir(place.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        let expected = [
            "kostorrent-lab-alive",
            "kostorrent-lab-unlocked",
            "kostorrent-lab-young",
            "something-else",
        ];
        assert_eq!(left, expected);
    }
}
