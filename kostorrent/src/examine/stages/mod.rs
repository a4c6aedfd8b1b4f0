//! The stages, one file each.

pub mod blocks;
mod called;
pub mod dht;
pub mod encryption;
mod extended;
pub mod fast;
pub mod fast_seeding;
pub mod files;
pub mod handshake;
pub mod hashes;
pub mod inbound;
pub mod lasting;
pub mod magnet;
pub mod messages;
pub mod metadata;
pub mod metainfo;
pub mod peer_exchange;
pub mod peers;
pub mod seeding;
pub mod tracker;
pub mod udp_tracker;

use std::time::Duration;

/// A client that has hung up, and does not call again for so long, does not go on.
const GONE: Duration = Duration::from_secs(1);
/// What is said of a check that the client has not come far enough for.
const NOT_SO_FAR: &str = "it has not come so far: in an honest swarm it does not do it either";
