//! A folder that is gone when the lab is.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

/// A new folder of our own below the system's folder for such things.
#[derive(Debug)]
pub(super) struct TempFolder(PathBuf);

impl TempFolder {
    /// The name is `prefix` and a random number. On Unix nobody else can look into it.
    pub(super) fn new(prefix: &str) -> io::Result<TempFolder> {
        let path = std::env::temp_dir().join(format!("{prefix}-{:016x}", rand::random::<u64>()));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Fails when it exists already, so it is ours.
        builder.create(&path)?;
        Ok(TempFolder(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // What cannot be removed the system will remove some day.
        let _ = fs::remove_dir_all(&self.0);
    }
}
