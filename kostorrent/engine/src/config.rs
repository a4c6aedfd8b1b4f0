//! What the engine begins with.

use std::net::SocketAddr;
use std::sync::Arc;

use blocks::Geometry;
use handshake::Reserved;
use messages::Bitfield;
use metainfo::InfoHash;

use crate::Sources;

/// Memory for pieces that are being fetched: the block buffers of all open pieces stay below this,
/// or are those of two pieces if these are larger.
pub const PIECE_MEMORY: u64 = 24 * 1024 * 1024;

/// What the engine is to work on, and within which bounds.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the torrent consists of; `None` while only its info-hash is known.
    pub content: Option<ContentConfig>,
    /// The torrent's info-hash. It is needed where the content is not known: the metadata are fetched by it.
    pub info_hash: Option<InfoHash>,
    /// The bytes of the `info` dictionary, for those who ask for it; `None` for a private torrent.
    pub metadata: Option<Arc<[u8]>>,
    /// The torrent's trackers, tier by tier (BEP 12).
    pub tiers: Vec<Vec<String>>,
    /// Who else is asked for peers, and told of us.
    pub sources: Sources,
    /// Addresses to call without asking a tracker.
    pub peers: Vec<SocketAddr>,
    /// Hosts to look up and call, by name and port.
    pub names: Vec<(String, u16)>,
    /// Whether to go on seeding when everything that is wanted is there.
    pub keep_seeding: bool,
    /// Whether to super-seed (BEP 16), if everything is there from the start, until everything has come
    /// out once.
    pub super_seed: bool,
    /// Connections at most.
    pub max_peers: usize,
    /// Peers that may download from us at a time, the optimistic one included; `usize::MAX` serves all
    /// that want something, whoever gives.
    pub upload_slots: usize,
    /// Payload bytes a second that may come in.
    pub limit_down: Option<u64>,
    /// Payload bytes a second that may go out.
    pub limit_up: Option<u64>,
    /// Bytes of memory that open pieces may take; two pieces may be open in any case.
    pub memory: u64,
    /// Our own peer id.
    pub peer_id: [u8; 20],
    /// Our name and version, for those who want to know whom they talk to; nothing if it is empty.
    pub client: String,
    /// The port at which we can be called; 0 if we cannot.
    pub port: u16,
    /// The port of our node of the DHT; 0 if there is none.
    pub dht_port: u16,
    /// The extensions that our handshake says we speak.
    pub reserved: Reserved,
    /// Whether pieces are granted to peers that are choked, and asked for that we were granted (BEP 6). Which
    /// they are tells who knows the torrent about addresses.
    pub allows_fast: bool,
    /// Whether the canonical priority (BEP 40) decides whom to call first and, where there are too many, whom
    /// to keep. It is reckoned from addresses; our own is known as soon as somebody says where he sees us.
    pub ranks_peers: bool,
    /// The seed of every chance decision.
    pub seed: u64,
    /// Whether to keep the reasons of actions: see [`Engine::poll_why`](crate::Engine::poll_why). It
    /// changes nothing that is done.
    pub explain: bool,
}

impl Config {
    /// A torrent with the usual bounds.
    pub fn new(content: Option<ContentConfig>) -> Config {
        Config {
            content,
            info_hash: None,
            metadata: None,
            tiers: Vec::new(),
            sources: Sources::none(),
            peers: Vec::new(),
            names: Vec::new(),
            keep_seeding: false,
            super_seed: false,
            max_peers: 200,
            upload_slots: 8,
            limit_down: None,
            limit_up: None,
            memory: PIECE_MEMORY,
            peer_id: [0; 20],
            client: String::new(),
            port: 0,
            dht_port: 0,
            reserved: Reserved::none(),
            allows_fast: true,
            ranks_peers: true,
            seed: 0,
            explain: false,
        }
    }
}

/// What a torrent consists of, and how much of it is there and wanted.
#[derive(Clone, Debug)]
pub struct ContentConfig {
    /// How the torrent is cut into pieces and blocks.
    pub geometry: Geometry,
    /// The pieces that are on disk and verified.
    pub have: Bitfield,
    /// The pieces that are to be there in the end.
    pub wanted: Bitfield,
    /// Classes of pieces, those of the first to be fetched before all others; what is in none comes
    /// last.
    pub first: Vec<Bitfield>,
}

impl ContentConfig {
    /// All of a torrent is wanted, and these pieces are there.
    pub fn all(geometry: Geometry, have: Bitfield) -> ContentConfig {
        ContentConfig {
            geometry,
            have,
            wanted: Bitfield::full(geometry.pieces()),
            first: Vec::new(),
        }
    }
}
