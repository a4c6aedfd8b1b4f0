//! What a resume file holds.

use layout::Layout;
use messages::Bitfield;
use metainfo::InfoHash;

use crate::{ResumeError, Stamp};

/// The format of the files that are written. One with a higher number is not read.
pub const FORMAT: u64 = 1;

// ANCHOR: resume
/// What a resume file holds: what is on disk of one torrent in one download folder, and can be
/// relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Which torrent.
    pub info_hash: InfoHash,
    /// The download folder, as [`folder_bytes`](crate::folder_bytes) of its absolute path.
    pub folder: Vec<u8>,
    /// The pieces that are verified, written *and* synced: those that the file vouches for.
    pub pieces: Bitfield,
    /// Of each file of the torrent, in its order, how it was when it was last looked at after a
    /// sync; `None` if it never was, and for what is never on disk.
    pub files: Vec<Option<Recorded>>,
    /// What was chosen of the torrent: one number for each file, in its order. What the numbers
    /// mean is for whoever writes them; here they are only kept. `None` if nothing was chosen.
    pub choice: Option<Vec<u8>>,
    /// What was counted, over all lives.
    pub counters: Counters,
    /// Whether the last life ended in order: everything that was written is vouched for, and nothing
    /// was written after this was saved.
    pub in_order: bool,
    /// When it was saved, by the clock on the wall: seconds since 1970-01-01 UTC.
    pub saved: i64,
}
// ANCHOR_END: resume

// ANCHOR: recorded
/// A file as it was after a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// How it was.
    pub stamp: Stamp,
    /// Whether the clock of the file had ticked between the stamp's first look and its last. If not,
    /// somebody may have written since, and the stamp would not show it.
    pub settled: bool,
}
// ANCHOR_END: recorded

/// What is counted over all lives of a download.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Payload bytes sent.
    pub uploaded: u64,
    /// Payload bytes received.
    pub downloaded: u64,
    /// Seconds at work, seeding included.
    pub active: u64,
    /// Seconds of them after everything wanted was there.
    pub seeding: u64,
}

impl Resume {
    /// Whether this is what was recorded of this torrent in this folder.
    ///
    /// # Errors
    ///
    /// [`ResumeError`] says what is another. Then nothing of it can be trusted.
    pub fn fits(
        &self,
        info_hash: InfoHash,
        folder: &[u8],
        layout: &Layout,
    ) -> Result<(), ResumeError> {
        if self.info_hash != info_hash {
            return Err(ResumeError::OtherTorrent {
                found: self.info_hash,
                expected: info_hash,
            });
        }
        if self.folder != folder {
            return Err(ResumeError::OtherFolder {
                found: String::from_utf8_lossy(&self.folder).into_owned(),
                expected: String::from_utf8_lossy(folder).into_owned(),
            });
        }
        self.fits_layout(layout)
    }

    /// Whether it has as many pieces and files as the torrent.
    pub(crate) fn fits_layout(&self, layout: &Layout) -> Result<(), ResumeError> {
        let (found, expected) = (self.pieces.len(), layout.geometry().pieces());
        if found != expected {
            return Err(ResumeError::OtherPieces { found, expected });
        }
        let (found, expected) = (self.files.len(), layout.files().len());
        if found != expected {
            return Err(ResumeError::OtherFiles { found, expected });
        }
        Ok(())
    }
}
