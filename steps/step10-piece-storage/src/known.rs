//! What is known of each file.

use std::path::Path;

use crate::error::{DiskError, Doing};
use crate::seen::{Seen, look};
use crate::setup::FileUse;

/// What is known of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// How it was at the last look; `None` if it was not there.
    pub seen: Option<Seen>,
    pub role: Role,
    /// Nobody wants it.
    pub unwanted: bool,
    /// There was none before we made it, now or in an earlier run: nobody else misses it.
    pub made: bool,
    /// Somebody has written to it since the last look.
    pub touched: bool,
}

/// What a file is to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It is ours to write to.
    #[default]
    Ours,
    /// It may be somebody else's: what is in it is compared before it is written over.
    Unproven,
    /// It is complete, so it is only read, whatever leads to it.
    Complete,
    /// Somebody has put it in the place of ours: it is not written to, unless a piece in it turns
    /// out good.
    Stranger,
    /// Nobody wants it, and it is not there, or not ours to write to. Its bytes are in the part
    /// file.
    Aside,
}

impl Known {
    /// What is known of a file that is only read.
    pub fn only_read(place: &Path) -> Result<Known, DiskError> {
        let seen = look(place).map_err(|e| DiskError::new(Doing::Open, place, e))?;
        Ok(Known {
            seen,
            role: Role::Complete,
            ..Known::default()
        })
    }

    /// What is known of a file that nobody wants, and that is not there for us.
    pub fn aside() -> Known {
        Known {
            role: Role::Aside,
            unwanted: true,
            ..Known::default()
        }
    }

    /// What is known of a file that is used in another way than being written to.
    pub fn not_written(place: &Path, used: FileUse) -> Result<Known, DiskError> {
        if used == FileUse::Unwanted {
            return Ok(Known::aside());
        }
        let there = Known::only_read(place)?;
        Ok(match (used, there.seen) {
            (FileUse::UnwantedOurs, None) => Known::aside(),
            _ => Known {
                unwanted: !used.is_wanted(),
                ..there
            },
        })
    }

    /// How long it was at the last look, in bytes.
    pub fn length(&self) -> u64 {
        self.seen.map_or(0, |seen| seen.length)
    }
}

impl Role {
    /// Whether it is certain that the file is ours to write to.
    pub fn is_ours(self) -> bool {
        self == Role::Ours
    }

    /// Whether it is certain that what is in the file is the torrent's.
    pub fn is_the_torrents(self) -> bool {
        matches!(self, Role::Ours | Role::Complete)
    }
}
