//! The recording of a session: everything a torrent's engine was told, and what it wanted, so that it
//! can be told the same again.
//!
//! A recording is text, one JSON object a line, in UTF-8:
//!
//! 1. The [`Header`]: the format's number, the version of kostorrent that wrote it, and what the engine
//!    began with.
//! 2. Then, in the order in which they happened, events as `{"at":NANOSECONDS,"event":EVENT}`, counted
//!    from the start, each followed by what the engine wanted because of it, as `{"action":ACTION}`.
//!    Actions right after the header are those it began with. EVENT and ACTION are
//!    [`engine::Event`] and [`engine::Action`] as serde writes them.
//!
//! There is no payload in it: an event names the block that has come, not its bytes. What follows from
//! the other actions is left out ([`is_recorded`]): where buffers go, and metadata that have come. In an anonymous recording
//! addresses, peer ids, info-hash, URLs, names and the system's words are made up, the same for the
//! same; and actions that tell a user something, or call an address, are left out.
//!
//! A recording that breaks off, because the program was killed, is good up to there.

mod mask;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use blocks::Geometry;
use engine::{Action, Config, ContentConfig, Outcome, Sources};
use handshake::Reserved;
use messages::Bitfield;
use metainfo::InfoHash;
use serde::{Deserialize, Serialize};

pub use read::{Damage, Reader, Step};
pub use write::{Recorder, Target};

/// The number of this format. Another number is another format.
pub const FORMAT: u32 = 1;

/// More connections than there are ports to call from nobody has.
const MOST_PEERS: usize = 65_536;

/// The first line of a recording: what the engine began with.
///
/// These are the fields of [`Config`] once more, and not that itself: there are files in this format,
/// and a name that changes in the engine must not change it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The number of the format: [`FORMAT`].
    pub kostorrent_recording: u32,
    /// The version of kostorrent that wrote it.
    pub version: String,
    /// Whether addresses and names are made up.
    pub anonymous: bool,
    /// The info-hash in hex, where nothing else was known of the torrent; the next four fields are empty
    /// then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info_hash: Option<String>,
    /// Bytes of the torrent.
    pub total_length: u64,
    /// Bytes of a piece.
    pub piece_length: u64,
    /// The pieces that were there, as a bitfield (BEP 3), in hex.
    pub have: String,
    /// The pieces that were wanted, likewise.
    pub wanted: String,
    /// Classes of pieces that were fetched before others, likewise; none where all were equal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<String>,
    /// The bytes of the `info` dictionary, in hex, if it was given to those who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Who was asked for peers beside the trackers.
    #[serde(default, skip_serializing_if = "is_trackers_alone")]
    pub sources: Sources,
    /// The trackers, tier by tier.
    pub tiers: Vec<Vec<String>>,
    /// Addresses that the user named.
    pub peers: Vec<SocketAddr>,
    /// Hosts that the user named, and their ports.
    pub names: Vec<(String, u16)>,
    /// Whether it was to seed in the end.
    pub keep_seeding: bool,
    /// Whether it was to super-seed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub super_seed: bool,
    /// Connections at most.
    pub max_peers: usize,
    /// Peers that might download at a time.
    pub upload_slots: usize,
    /// Payload bytes a second that might come in; null is no limit.
    pub limit_down: Option<u64>,
    /// Payload bytes a second that might go out; null is no limit.
    pub limit_up: Option<u64>,
    /// Bytes of memory for open pieces.
    pub memory: u64,
    /// Our own peer id, in hex.
    pub peer_id: String,
    /// What we called ourselves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client: String,
    /// The port of our node of the DHT.
    #[serde(default, skip_serializing_if = "is_no_port")]
    pub dht_port: u16,
    /// The port at which we could be called.
    #[serde(default, skip_serializing_if = "is_no_port")]
    pub port: u16,
    /// The eight reserved bytes of our handshake, in hex; none were set in recordings without them.
    #[serde(default = "no_extensions", skip_serializing_if = "is_no_extensions")]
    pub reserved: String,
    /// Whether pieces were granted to choked peers and asked for while choked (BEP 6).
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub allows_fast: bool,
    /// Whether the canonical priority of peers decided anything (BEP 40).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ranks_peers: bool,
    /// The seed of every chance decision.
    pub seed: u64,
}

impl Header {
    /// The header for an engine that begins with this; `None` for an anonymous one of which nothing but
    /// the info-hash is known: all that follows would tell what it is.
    pub fn of(config: &Config, anonymous: bool) -> Option<Header> {
        // Each by its name: one that is new in the engine is not to be forgotten here.
        let Config {
            content,
            info_hash,
            metadata,
            sources,
            tiers,
            peers,
            names,
            keep_seeding,
            super_seed,
            max_peers,
            upload_slots,
            limit_down,
            limit_up,
            memory,
            peer_id,
            client,
            port,
            dht_port,
            reserved,
            allows_fast,
            ranks_peers,
            seed,
            explain: _,
        } = config;
        if anonymous && content.is_none() {
            return None;
        }
        let unknown = info_hash.filter(|_| content.is_none());
        let geometry = content.as_ref().map(|content| content.geometry);
        let pieces = |which: fn(&ContentConfig) -> &Bitfield| {
            let content = content.as_ref();
            content.map_or_else(String::new, |content| {
                hex::encode(which(content).to_bytes())
            })
        };
        let first = content.iter().flat_map(|content| &content.first);
        let metadata = metadata.as_ref().filter(|_| !anonymous);
        Some(Header {
            kostorrent_recording: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            anonymous,
            info_hash: unknown.map(|info_hash| info_hash.to_string()),
            total_length: geometry.map_or(0, |geometry| geometry.total_length()),
            piece_length: geometry.map_or(0, |geometry| geometry.piece_length().into()),
            have: pieces(|content| &content.have),
            wanted: pieces(|content| &content.wanted),
            first: first.map(|class| hex::encode(class.to_bytes())).collect(),
            metadata: metadata.map(hex::encode),
            sources: *sources,
            tiers: tiers.clone(),
            peers: peers.clone(),
            names: names.clone(),
            keep_seeding: *keep_seeding,
            super_seed: *super_seed,
            max_peers: *max_peers,
            upload_slots: *upload_slots,
            limit_down: *limit_down,
            limit_up: *limit_up,
            memory: *memory,
            peer_id: hex::encode(peer_id),
            client: client.clone(),
            port: *port,
            dht_port: *dht_port,
            reserved: hex::encode(reserved.0),
            allows_fast: *allows_fast,
            ranks_peers: *ranks_peers,
            seed: *seed,
        })
    }

    /// What an engine is to begin with.
    ///
    /// # Errors
    ///
    /// Which field says what cannot be.
    pub fn config(&self) -> Result<Config, String> {
        if self.limit_down == Some(0) || self.limit_up == Some(0) {
            return Err("a limit of 0 bytes a second".to_owned());
        }
        for (name, number) in [
            ("max_peers", self.max_peers),
            ("upload_slots", self.upload_slots),
        ] {
            if number > MOST_PEERS {
                return Err(format!("`{name}`: {number} are more than {MOST_PEERS}"));
            }
        }
        let mut peer_id = [0; 20];
        hex::decode_to_slice(&self.peer_id, &mut peer_id)
            .map_err(|error| format!("`peer_id`: {error}"))?;
        let mut reserved = Reserved::none();
        hex::decode_to_slice(&self.reserved, &mut reserved.0)
            .map_err(|error| format!("`reserved`: {error}"))?;
        let bytes = |name: &str, text: &str| {
            hex::decode(text).map_err(|error| format!("`{name}`: {error}"))
        };
        let info_hash = match &self.info_hash {
            None => None,
            Some(text) => {
                let info_hash = bytes("info_hash", text)?.try_into();
                Some(InfoHash(
                    info_hash.map_err(|_| "`info_hash`: it has 20 bytes".to_owned())?,
                ))
            }
        };
        let metadata = self.metadata.as_ref();
        let metadata = metadata.map(|text| bytes("metadata", text)).transpose()?;
        let content = match info_hash {
            Some(_) => None,
            None => Some(self.content()?),
        };
        Ok(Config {
            content,
            info_hash,
            metadata: metadata.map(Into::into),
            sources: self.sources,
            tiers: self.tiers.clone(),
            peers: self.peers.clone(),
            names: self.names.clone(),
            keep_seeding: self.keep_seeding,
            super_seed: self.super_seed,
            max_peers: self.max_peers,
            upload_slots: self.upload_slots,
            limit_down: self.limit_down,
            limit_up: self.limit_up,
            memory: self.memory,
            peer_id,
            client: self.client.clone(),
            port: self.port,
            dht_port: self.dht_port,
            reserved,
            allows_fast: self.allows_fast,
            ranks_peers: self.ranks_peers,
            seed: self.seed,
            explain: false,
        })
    }

    /// What the torrent consisted of, and what of it was there and wanted.
    fn content(&self) -> Result<ContentConfig, String> {
        let geometry = Geometry::new(self.total_length, self.piece_length);
        let geometry = geometry.map_err(|error| error.to_string())?;
        let pieces = |name: &str, text: &str| {
            let bytes = hex::decode(text).map_err(|error| format!("`{name}`: {error}"))?;
            Bitfield::from_bytes(geometry.pieces(), &bytes)
                .map_err(|error| format!("`{name}`: {error}"))
        };
        let first = self.first.iter();
        Ok(ContentConfig {
            geometry,
            have: pieces("have", &self.have)?,
            wanted: pieces("wanted", &self.wanted)?,
            first: first
                .map(|class| pieces("first", class))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn is_trackers_alone(sources: &Sources) -> bool {
    *sources == Sources::none()
}

fn is_no_port(port: &u16) -> bool {
    *port == 0
}

fn yes() -> bool {
    true
}

fn no_extensions() -> String {
    hex::encode(Reserved::none().0)
}

fn is_no_extensions(reserved: &str) -> bool {
    reserved == no_extensions()
}

/// Whether this action stands in a recording, and so can be compared when it is replayed.
pub fn is_recorded(action: &Action, anonymous: bool) -> bool {
    match action {
        Action::Keep { .. }
        | Action::Drop { .. }
        | Action::Forget { .. }
        | Action::Metadata { .. } => false,
        // They have addresses and words of others in them; and which of two addresses is called
        // first may depend on which is the smaller.
        Action::Connect { .. }
        | Action::LookUp { .. }
        | Action::DhtNode { .. }
        | Action::Report(_) => !anonymous,
        Action::Finished(Outcome::Failed(_)) => !anonymous,
        _ => true,
    }
}
