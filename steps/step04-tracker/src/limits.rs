//! What a tracker may cost us: time, memory, patience. A tracker is a stranger's web server.

use std::time::Duration;

/// The longest reply that is read, in bytes after decompression: 1 MiB. Two thousand peers take
/// 36 kB in compact form and some 150 kB as dictionaries.
pub const MAX_REPLY: usize = 1024 * 1024;

/// The time an announce may take, from the first packet to the last byte of the reply.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// A tracker that has been silent for so long is no longer waited for alone: the next one is asked
/// beside it. Most answer within a second, also over TLS and from the other side of the world.
pub const BESIDE: Duration = Duration::from_secs(3);

/// How many trackers of a torrent are asked at a time. As long as all are silent for [`TIMEOUT`],
/// that is one about every [`BESIDE`].
pub const MAX_AT_A_TIME: usize = 6;

/// The time for the goodbye. Nothing is left to be learned from its answer.
pub const GOODBYE: Duration = Duration::from_secs(2);

/// How many trackers the programs of the steps ask, before they give up.
pub const MAX_ASKED: usize = 10;

/// How many redirects are followed. Behind one from `http` to `https` they count anew.
pub const MAX_REDIRECTS: usize = 5;

/// How we introduce ourselves to web servers.
pub const USER_AGENT: &str = concat!("kostorrent/", env!("CARGO_PKG_VERSION"));

/// How many peers are taken from one reply; the others are dropped. The finished client asks for 100,
/// and connects to no more than 200.
pub const MAX_PEERS: usize = 2000;

/// The shortest time between two announces that a tracker can ask for.
pub const MIN_INTERVAL: Duration = Duration::from_secs(30);

/// The longest time between two announces that a tracker can ask for: 2 hours. A tracker that
/// says "in a year" would be one we never ask again.
pub const MAX_INTERVAL: Duration = Duration::from_secs(2 * 60 * 60);

/// The longest time for which a tracker that refuses can send us away: a day. `never` is for as long
/// as the program runs.
pub const MAX_RETRY: Duration = Duration::from_secs(24 * 60 * 60);

/// When a tracker does not say when to ask again: half an hour, which is what most of them say.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// The longest `tracker id` that is kept, in bytes. It goes back in every URL.
pub const MAX_TRACKER_ID: usize = 512;

/// The longest text of a tracker that is shown, in characters.
pub const MAX_TEXT: usize = 300;
