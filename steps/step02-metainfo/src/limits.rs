//! What a torrent file may claim at most. Real torrents stay far below; the limits keep a hostile
//! one from filling the memory.

// ANCHOR: limits
/// The largest torrent file that is read, in bytes.
pub const MAX_TORRENT_SIZE: usize = 80 * 1024 * 1024;

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
