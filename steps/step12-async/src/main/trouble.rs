//! Why the download does not go on.

use blocks::blocking::PATIENCE;
use thiserror::Error;

/// Why the download does not go on.
#[derive(Debug, Error)]
pub enum Trouble {
    /// There were peers, and there are none any more.
    #[error("{missing} pieces are missing, and no peer is left; the last said: {last}")]
    AllGone { missing: u32, last: String },
    /// Those who are here do not have them.
    #[error("{missing} pieces are missing, and none of the peers that are here has any of them")]
    NobodyHas { missing: u32 },
    /// They may have them.
    #[error(
        "{missing} pieces are missing, and no block has come for {} seconds",
        PATIENCE.as_secs()
    )]
    Nothing { missing: u32 },
    /// The disk's thread has ended.
    #[error("the thread of the disk has ended without a word")]
    NoDisk,
}
