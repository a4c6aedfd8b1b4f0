//! What a tracker, and whoever pretends to be one, may cost us.

use std::time::Duration;

/// How long the first datagram of a request is waited for. Each time that it has been sent again the
/// wait is twice as long (BEP 15: 15 · 2^n seconds).
pub const FIRST_WAIT: Duration = Duration::from_secs(15);

/// How often the wait is doubled at most (BEP 15: n up to 8, which is 3840 seconds).
pub const MAX_DOUBLINGS: u32 = 8;

/// After so long a tracker that has not answered would have been sent all that BEP 15 asks for: the
/// sum of all waits, a little over two hours. Whoever has another tracker to ask waits less.
pub const WHOLE_PATIENCE: Duration = Duration::from_secs(7665);

/// How long we use a connection id after it came (BEP 15: one minute).
pub const CONNECTION_LIFE: Duration = Duration::from_secs(60);

/// How long a tracker takes a connection id after it gave it out, at least (BEP 15: two minutes).
pub const CONNECTION_TAKEN: Duration = Duration::from_secs(120);

/// How many requests may be under way at a time, with all trackers together.
pub const MAX_REQUESTS: usize = 1_024;

/// How many torrents one scrape asks about (BEP 15: "up to about 74"). With more than 72 of them the
/// datagram is longer than a frame of Ethernet, and goes in two parts.
pub const MAX_SCRAPED: usize = 74;

/// The longest path and query of a tracker's URL, in bytes, that goes into an announce: so much fits
/// into one datagram of any line.
pub const MAX_URL_DATA: usize = 1_024;

/// The longest datagram that a tracker of ours sends, in bytes: what IPv6 promises to carry in one
/// piece, 1280, without the 48 bytes of the headers of IP and UDP.
pub const MAX_DATAGRAM: usize = 1_232;

/// How many peers our tracker gives to who does not say how many he wants, if they fit.
pub const DEFAULT_WANTED: u32 = 50;
