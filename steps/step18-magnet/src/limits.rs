//! What a link, and what peers say of themselves and of the metadata, may cost us.

use std::time::Duration;

/// The longest magnet link that is read or written, in bytes: 64 KiB. Command lines and browsers take
/// less; links with thirty trackers have some 2 KiB.
pub const MAX_LINK: usize = 64 * 1024;

/// How many trackers, peers and web seeds of a link are kept, of each.
pub const MAX_SOURCES: usize = 100;

/// The longest URL in a link that is kept, in bytes, as in a torrent file.
pub const MAX_URL: usize = 4 * 1024;

/// The longest extension handshake that is read, in bytes, without the id: 64 KiB. Real ones have some
/// hundreds.
pub const MAX_HANDSHAKE: usize = 64 * 1024;

/// How many extensions of a peer are kept. Real clients name up to some ten.
pub const MAX_EXTENSIONS: usize = 64;

/// The longest name of an extension that is kept, in bytes.
pub const MAX_EXTENSION_NAME: usize = 64;

/// The bytes of a block of metadata, but for the last one (BEP 9).
pub const BLOCK: usize = 16 * 1024;

/// The longest metadata that are fetched, in bytes: 64 MiB, as the longest torrent file.
pub const MAX_METADATA: u64 = 64 << 20;
const _: () = assert!(MAX_METADATA == metainfo::MAX_TORRENT_SIZE as u64);

/// The longest message of the metadata exchange, in bytes, without the id: a block, and 1 KiB for the
/// dictionary before it, which takes some 50 bytes.
pub const MAX_MESSAGE: usize = 17 * 1024;
const _: () = assert!(MAX_MESSAGE == BLOCK + 1024);

/// How many peers metadata are fetched from at a time. As many connections as a torrent has.
pub const MAX_PEERS: usize = 256;

/// How many requests a new peer is sent at once. Each block that comes adds one, until there are
/// [`MAX_WINDOW`]; a refusal in between halves them.
pub const FIRST_WINDOW: usize = 4;

/// How many requests a peer may have unanswered. Transmission takes 64 and refuses what is above.
pub const MAX_WINDOW: usize = 32;

/// A peer that owes us an answer and says nothing for so long gets no more requests until it does, and
/// what it was asked for is asked of others too. Its answer still counts: slow is not silent.
pub const ASK_OTHERS: Duration = Duration::from_secs(3);

/// After so long without any of the answers that it owes, a peer counts as silent, and rests.
pub const SILENCE: Duration = Duration::from_secs(30);

/// For how long a peer is left alone that refused or was silent. Who had no metadata may have some now.
pub const REST: Duration = Duration::from_secs(60);

/// How many peers are asked for the same block at the end, when there is nothing else to ask for.
pub const MAX_ASKED: usize = 4;

/// The memory for the smallest sizes that peers claim, beside [`MAX_METADATA`] for those that most of
/// them claim, in bytes: 16 MiB. Most metadata have less than one.
pub const SMALL_SIZES: u64 = 16 * 1024 * 1024;

/// The memory for copies that come from one peer each, of one size, in bytes: 8 MiB; for one copy there
/// is always room.
pub const ALONE: u64 = 8 * 1024 * 1024;

/// How many such copies of one size are fetched side by side.
pub const MAX_ALONE: u64 = 8;

/// How long a peer has for a copy of its own while others wait for their turn; twice as long with each
/// turn that it has had.
pub const TURN: Duration = Duration::from_secs(10);

/// By how much each block prolongs that: whoever sends 64 KiB a second is not interrupted.
pub const TURN_BLOCK: Duration = Duration::from_millis(250);

/// How many copies of our metadata a peer may ask for in [`SERVE_PERIOD`].
pub const SERVE_COPIES: u32 = 2;

/// In how long a peer may ask for [`SERVE_COPIES`] copies again.
pub const SERVE_PERIOD: Duration = Duration::from_secs(60);

/// How many blocks a peer may ask for at least in [`SERVE_PERIOD`], however small the metadata are.
pub const MIN_SERVED: u32 = 16;

/// How many blocks may wait to be sent to one peer: half a mebibyte.
pub const MAX_UNSENT: u32 = 32;

/// How many refusals a peer gets in [`SERVE_PERIOD`]; after that its requests are not answered.
pub const MAX_REFUSALS: u32 = 64;

/// How many peers are served at a time.
pub const MAX_SERVED_PEERS: usize = 1_024;
