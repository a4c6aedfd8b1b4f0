//! What the system says of a file, so that it is noticed when somebody else changes it.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::SystemTime;

use layout::{Kind, Layout};

use crate::error::{DiskError, Doing};

/// How a file was when it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Device and inode: which file it is. `None` where the system has no such numbers.
    id: Option<(u64, u64)>,
    /// When it was made, if that is known: numbers are used again.
    born: Option<SystemTime>,
    /// Bytes.
    pub length: u64,
    /// When it was last written to; `None` while it is we who write.
    modified: Option<SystemTime>,
}

/// What became of a file between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is not there any more, or something that is no file is in its place.
    Gone,
    /// It was gone, and a file is there again.
    Back,
    /// Another file is in its place.
    Replaced,
    /// It was cut to so many bytes, which is less than the torrent has.
    Cut(u64),
    /// Somebody has written to it.
    Touched,
}

/// A file that somebody else has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its number in the layout.
    pub file: usize,
    /// What became of it. In the files of a download it is mended: what is gone is there again,
    /// empty, and what was cut has its length.
    pub change: Change,
}

/// How all files of a torrent were, so that it is noticed what has changed by the time that they are
/// opened: hours may lie between, in which they are checked.
#[derive(Debug)]
pub struct Looks(Vec<Option<Seen>>);

impl Looks {
    /// Looks at the files below `root`.
    ///
    /// # Errors
    ///
    /// [`DiskError`] where the system cannot say whether there is a file.
    pub fn new(root: &Path, layout: &Layout) -> Result<Looks, DiskError> {
        let look = |entry: &layout::Entry| match entry.kind {
            Kind::Regular { .. } => {
                let place = root.join(&entry.path);
                look(&place).map_err(|e| DiskError::new(Doing::Open, &place, e))
            }
            _ => Ok(None),
        };
        let looks: Result<Vec<_>, _> = layout.files().iter().map(look).collect();
        Ok(Looks(looks?))
    }

    /// How a file of the layout was; `None` if there was none.
    pub(crate) fn of(&self, file: usize) -> Option<Seen> {
        self.0[file]
    }

    /// What has become of a file of `length` bytes, if anything.
    pub(crate) fn changed(&self, file: usize, now: Option<Seen>, length: u64) -> Option<Changed> {
        let change = change(self.of(file), now, length)?;
        Some(Changed { file, change })
    }
}

impl Seen {
    /// What is said of a file that others may write to.
    pub fn of(found: &Metadata) -> Seen {
        Seen {
            id: identity(found),
            born: found.created().ok(),
            length: found.len(),
            modified: found.modified().ok(),
        }
    }

    /// What is said of a file that we write to.
    pub fn ours(found: &Metadata) -> Seen {
        Seen {
            modified: None,
            ..Seen::of(found)
        }
    }

    /// Whether it is the same file, whatever is in it.
    pub fn is_same_file(&self, other: &Seen) -> bool {
        (self.id, self.born) == (other.id, other.born)
    }
}

/// How the file at `place` is now, by whatever links lead there; `None` if there is no file. Where
/// the system cannot say, that is an error: the file may well be there.
pub fn look(place: &Path) -> io::Result<Option<Seen>> {
    match std::fs::metadata(place) {
        Ok(found) => Ok(found.is_file().then(|| Seen::of(&found))),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(None),
            _ => Err(error),
        },
    }
}

/// What has become of a file of `length` bytes; `None` if nothing that we know of.
pub fn change(before: Option<Seen>, now: Option<Seen>, length: u64) -> Option<Change> {
    let (before, now) = match (before, now) {
        (None, None) => return None,
        (Some(_), None) => return Some(Change::Gone),
        (None, Some(_)) => return Some(Change::Back),
        (Some(before), Some(now)) => (before, now),
    };
    if !before.is_same_file(&now) {
        Some(Change::Replaced)
    } else if now.length < length.min(before.length) {
        Some(Change::Cut(now.length))
    } else if now.length != before.length
        || before.modified.is_some_and(|at| now.modified != Some(at))
    {
        Some(Change::Touched)
    } else {
        None
    }
}

#[cfg(unix)]
fn identity(found: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_found: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;

    fn seen(inode: u64, length: u64, second: u64) -> Seen {
        Seen {
            id: Some((1, inode)),
            born: None,
            length,
            modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(second)),
        }
    }

    #[test]
    fn every_kind_of_change_has_its_name() {
        let change = |before, now| change(before, now, 100);
        let usual = Some(seen(7, 100, 5));
        let ours = Some(Seen {
            modified: None,
            ..seen(7, 100, 5)
        });
        assert_eq!(change(usual, usual), None);
        assert_eq!(change(None, None), None);
        assert_eq!(change(usual, None), Some(Change::Gone));
        assert_eq!(change(None, usual), Some(Change::Back));
        assert_eq!(change(usual, Some(seen(8, 100, 5))), Some(Change::Replaced));
        let other = Some(Seen {
            born: Some(SystemTime::UNIX_EPOCH),
            ..seen(7, 100, 5)
        });
        assert_eq!(change(usual, other), Some(Change::Replaced));
        assert_eq!(change(usual, Some(seen(7, 99, 6))), Some(Change::Cut(99)));
        assert_eq!(change(usual, Some(seen(7, 100, 6))), Some(Change::Touched));
        assert_eq!(change(usual, Some(seen(7, 101, 5))), Some(Change::Touched));
        assert_eq!(change(ours, Some(seen(7, 100, 6))), None, "we wrote to it");
        // What is short all along was not cut now.
        let short = Some(seen(7, 50, 5));
        assert_eq!(change(short, short), None);
        assert_eq!(change(short, Some(seen(7, 50, 6))), Some(Change::Touched));
        assert_eq!(change(short, Some(seen(7, 40, 6))), Some(Change::Cut(40)));
        assert_eq!(change(short, Some(seen(7, 100, 6))), Some(Change::Touched));
    }
}
