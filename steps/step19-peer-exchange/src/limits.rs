//! What peers, and strangers on the local network, may cost us.

use std::time::Duration;

/// The time between two messages to one peer (BEP 11: "no more than 1 PEX message per minute").
pub const INTERVAL: Duration = Duration::from_secs(60);

/// How many peers a message of ours adds, and how many it drops, of both families together (BEP 11).
pub const MAX_TOLD: usize = 50;

/// How many peers are believed of one message; the rest of them is not looked at.
pub const MAX_ADDED: usize = 50;

/// The same for a peer's first message, which tells of all its connections at once (BEP 11 sets no
/// bound to it; libtorrent sends up to 100).
pub const MAX_FIRST: usize = 100;

/// How many peers of one peer are believed at a time: as many as its first message brings. More are
/// taken when it drops some.
pub const MAX_FROM_ONE: usize = 100;

/// The longest message that is read, in bytes. One that adds and drops 100 peers of each family has
/// some 5,000; libtorrent drops as many as it had.
pub const MAX_MESSAGE: usize = 16 * 1024;

/// How many messages of one peer may come at once: a slow line keeps them and brings them together
/// (libtorrent allows six).
pub const MAX_AT_ONCE: u32 = 6;

/// After so many messages in a row that came too soon, the peer floods us. One that is a little too
/// quick loses a message now and then, and no more.
pub const MAX_TOO_SOON: u32 = 10;

/// The time between two announces of one torrent on the local network (BEP 14).
pub const LOCAL_INTERVAL: Duration = Duration::from_secs(300);

/// The time between two datagrams of ours on the local network (BEP 14: "no more than 1 announce per
/// minute").
pub const LOCAL_PAUSE: Duration = Duration::from_secs(60);

/// How many torrents a datagram of ours names at most: so it has less than 1,400 bytes (BEP 14).
pub const MAX_NAMED: usize = 25;

/// How many torrents of a datagram are looked at.
pub const MAX_LOOKED_AT: usize = 30;

/// The longest datagram that is read, in bytes: what goes over Ethernet in one piece.
pub const MAX_DATAGRAM: usize = 1_500;

/// How many datagrams of others are read in a minute. Each client sends one at most.
pub const MAX_HEARD: u32 = 300;

/// How much of a cookie is compared, in characters.
pub const MAX_COOKIE: usize = 64;
