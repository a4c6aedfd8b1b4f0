//! What a torrent file may claim at most. Real torrents stay far below; the limits keep a hostile
//! one from filling the memory.

use std::io::{self, Read};

// ANCHOR: limits
/// The largest torrent file that is read, in bytes.
pub const MAX_TORRENT_SIZE: usize = 64 * 1024 * 1024;

/// The most files a torrent may list, padding files included.
pub const MAX_FILES: usize = 250_000;

/// The most elements a path may have, the torrent's name included.
pub const MAX_PATH_DEPTH: usize = 100;

/// The most bytes a path may have; the number of a name that is there twice comes on top. Linux
/// takes 4,096, and the folder that receives the torrent needs its share.
pub const MAX_PATH_LENGTH: usize = 3_500;

/// The most path elements all files may have together.
pub const MAX_PATH_ELEMENTS: usize = 1_500_000;

/// The most bytes of a comment and its like that are kept.
pub(crate) const MAX_TEXT: usize = 16 * 1024;

/// The longest URL that is kept, in bytes.
pub(crate) const MAX_URL: usize = 4 * 1024;

/// The most trackers that are kept, and the most web seeds.
pub(crate) const MAX_URLS: usize = 1_000;
// ANCHOR_END: limits

/// The bytes of a torrent file, but no more than [`MAX_TORRENT_SIZE`] and one, by which
/// [`Metainfo::parse`](crate::Metainfo::parse) sees that there are too many.
///
/// # Errors
///
/// Those of reading.
pub fn read_limited(file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_TORRENT_SIZE as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
