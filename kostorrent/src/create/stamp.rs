//! Whether a file is still the one that was chosen.

use std::fs::Metadata;
use std::time::SystemTime;

/// What changes when somebody writes to a file, or puts another in its place. Somebody who sets
/// the time of a file back does not hide from Unix, which keeps a time that nobody can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    unix: UnixStamp,
}

/// The file system, the file's number in it, and the seconds and nanoseconds of its last change of
/// any kind.
#[cfg(unix)]
type UnixStamp = (u64, u64, i64, i64);

impl Stamp {
    pub fn of(metadata: &Metadata) -> Stamp {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Stamp {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            unix: (
                metadata.dev(),
                metadata.ino(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ),
        }
    }
}
