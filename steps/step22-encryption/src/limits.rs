//! The numbers of the exchange, and what a peer may cost us with it.

use std::time::Duration;

/// The length of a public key and of the shared secret, in bytes: 768 bits, whatever their value.
pub const KEY_LEN: usize = 96;

/// The length of a private key in bytes. The specification asks for 160 bits and holds that more than
/// 180 bring nothing.
pub const PRIVATE_KEY_LEN: usize = 20;

/// The longest pad, in bytes: of each of the four, A to D.
pub const MAX_PAD: usize = 512;

/// The longest initial payload, in bytes: its length is written in two of them.
pub const MAX_INITIAL: usize = 65_535;

/// What initial payload other clients take, in bytes: one handshake. libtorrent and aria2 hang up on
/// anything longer.
pub const USUAL_INITIAL: usize = 68;

/// How much of a keystream is thrown away before the first byte is used: the beginning of RC4 tells
/// too much about its key.
pub const DISCARDED: usize = 1_024;

/// How long the other side may take for its part. The specification hangs up on who has not sent a
/// whole public key by then; the caller keeps the time.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// As many bytes may come before what the initiator looks for has to have come: a public key, a pad,
/// and eight encrypted zeros.
pub const INITIATOR_READS: usize = KEY_LEN + MAX_PAD + 8;

/// The same for the responder, who looks for a hash of 20 bytes.
pub const RESPONDER_READS: usize = KEY_LEN + MAX_PAD + 20;
