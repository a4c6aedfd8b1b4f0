//! One run of the command: a swarm of its own, a folder of its own, and all that was seen.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handshake::{Handshake, Reserved};

use metainfo::InfoHash;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::caller::beside;
use super::command::Vitals;
use super::tape::{Tape, What};
use super::torrent::Torrent;
use super::{Ground, lock};
use crate::lab::peer::{Passed, Peer};
use crate::lab::trouble::{Content, peer_id};

mod cast;
mod play;

pub use play::{Over, Played};

/// Why an examination cannot go on: it is our fault, or the system's.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the stage {stage}: {cause}")]
pub struct SceneError {
    stage: String,
    cause: io::Error,
}

/// A run that is being prepared, is at work, or is over.
#[derive(Debug)]
pub struct Scene {
    pub(super) ground: Arc<Ground>,
    name: String,
    folder: PathBuf,
    /// What is shared.
    pub torrent: Torrent,
    /// What is shared beside it, with a command that takes several.
    pub more: Vec<Torrent>,
    /// What was seen.
    pub tape: Tape,
    /// What stands in the torrent as its tracker.
    pub announce: String,
    /// The link that the client is given in place of a torrent file.
    pub magnet: Option<String>,
    /// The node of the DHT from which the client is to begin; one that never answers, where there is none.
    pub router: Option<SocketAddr>,
    cast: Vec<Peer>,
    /// Those who speak in datagrams.
    speakers: JoinSet<()>,
    /// Places that are kept so that nobody else comes to listen there.
    kept: Vec<TcpSocket>,
    /// Those who call the client.
    callers: JoinSet<()>,
    /// The command that runs.
    vitals: Mutex<Option<Vitals>>,
}

/// What is on disk after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disk {
    /// Every file, and each is right.
    Whole,
    /// Something is missing, or not there yet: which.
    Part(String),
}

impl Scene {
    pub(super) fn new(ground: Arc<Ground>, name: String) -> Result<Scene, SceneError> {
        let folder = ground.folder.join(&name);
        let mut scene = Scene {
            ground,
            name,
            folder,
            torrent: Torrent::single("sample.bin", 150_000, 1),
            more: Vec::new(),
            tape: Tape::default(),
            announce: String::new(),
            magnet: None,
            router: None,
            cast: Vec::new(),
            speakers: JoinSet::new(),
            kept: Vec::new(),
            callers: JoinSet::new(),
            vitals: Mutex::new(None),
        };
        scene.torrent = scene.own(scene.torrent.clone());
        // The folder to download into is for the client to make.
        let made = fs::create_dir_all(scene.folder());
        made.map_err(|cause| scene.error(cause))?;
        Ok(scene)
    }

    /// Another run beside this one, for a check that compares.
    pub fn another(&self, name: &str) -> Result<Scene, SceneError> {
        Scene::new(self.ground.clone(), format!("{}-{name}", self.name))
    }

    /// The same torrent with other bytes than in any other run: clients find each other on the local network, by the info-hash, and
    /// each is to be alone.
    pub fn own(&self, torrent: Torrent) -> Torrent {
        let name = self.name.bytes().fold(self.ground.salt, |sum, byte| {
            // FNV-1a.
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        torrent.of(name)
    }

    pub(super) fn error(&self, cause: io::Error) -> SceneError {
        SceneError {
            stage: self.name.clone(),
            cause,
        }
    }

    /// The folder of this run; the client's own is in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder that the client is to download into.
    pub fn output(&self) -> PathBuf {
        self.folder.join("output")
    }

    /// The folder that holds what a seeder is to give.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Puts what is to be given there.
    pub fn fill_data(&self) -> Result<(), SceneError> {
        for (path, bytes) in self.torrent.on_disk() {
            let path = self.data().join(path);
            let parent = path.parent().unwrap_or(&path);
            let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes));
            written.map_err(|cause| self.error(cause))?;
        }
        Ok(())
    }

    /// The address at which trackers and peers are, and at which the client is called.
    pub fn host(&self) -> Ipv4Addr {
        self.ground.host
    }

    /// An address that differs from [`Scene::host`] in its last byte: some clients know one peer at each address. Where the system
    /// has no such addresses, everybody is at the same.
    pub fn host_of(&self, last: u8) -> Ipv4Addr {
        let own = beside(self.host(), last);
        match TcpListener::bind((own, 0)) {
            Ok(_) => own,
            Err(_) => self.host(),
        }
    }

    /// How long a run may take that should not take long.
    pub fn patience(&self) -> Duration {
        self.ground.patience
    }

    /// What scripted peers have.
    pub fn content(&self) -> Result<Arc<Content>, SceneError> {
        let content = self.torrent.content();
        let content = content.map(|content| content.with_info(self.torrent.info()));
        let none = || self.error(io::Error::other("the torrent has no content"));
        content.map(Arc::new).ok_or_else(none)
    }

    /// The handshake of a peer. Its id is that of no other: who meets an id twice hangs up.
    pub fn handshake(&self, name: &str) -> Handshake {
        let number = name.bytes().fold(0_u16, |number, byte| {
            number.wrapping_mul(31).wrapping_add(byte.into())
        });
        Handshake {
            reserved: Reserved::none(),
            info_hash: self.torrent.info_hash(),
            peer_id: peer_id(&name[..name.len().min(4)], number),
        }
    }

    /// The most memory that the command has had so far, in bytes.
    pub fn memory(&self) -> Option<u64> {
        (*lock(&self.vitals))?.memory()
    }

    /// The processor time that the command has had so far.
    pub fn processor(&self) -> Option<Duration> {
        (*lock(&self.vitals))?.processor()
    }

    /// What is on disk.
    pub fn disk(&self) -> Disk {
        for (path, bytes) in self.torrent.on_disk() {
            let name = path.display();
            match fs::read(self.output().join(&path)) {
                Ok(found) if found == bytes => {}
                Ok(found) if found.len() == bytes.len() => {
                    return Disk::Part(format!("{name} has other bytes"));
                }
                Ok(found) => {
                    let (is, should) = (found.len(), bytes.len());
                    return Disk::Part(format!("{name} has {is} bytes, not {should}"));
                }
                Err(_) => return Disk::Part(format!("{name} is not there")),
            }
        }
        Disk::Whole
    }

    /// Whether everything is on disk.
    pub fn is_whole(&self) -> bool {
        self.disk() == Disk::Whole
    }

    /// The info-hash that the client names, to a tracker or to a peer.
    pub fn named(&self) -> Option<InfoHash> {
        self.tape.notes().iter().find_map(|note| match &note.what {
            What::Asked(asked) => asked.info_hash(),
            What::Passed(Passed::Handshake(theirs)) => Some(theirs.info_hash),
            _ => None,
        })
    }

    /// Whether the client names this torrent, be it only in what it prints.
    pub fn names_torrent(&self, info_hash: InfoHash) -> bool {
        let printed = || {
            let text = self.printed().to_lowercase();
            text.contains(&hex::encode(info_hash.0))
        };
        self.named() == Some(info_hash) || printed()
    }

    /// Whether the client finds a peer: it calls it, or prints its address.
    pub fn finds(&self, name: &str, addr: SocketAddr) -> bool {
        self.tape.called(name) || self.printed().contains(&addr.to_string())
    }

    /// What the command printed.
    pub fn printed(&self) -> String {
        let text = fs::read(self.folder.join("output.txt")).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }
}
