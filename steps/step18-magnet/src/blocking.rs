//! Fetching metadata over connections, and giving them away: what the step's program uses.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use handshake::blocking::{Meeting, meet};
pub use handshake::blocking::{PeerAddr, finish, read_torrent};
use handshake::{Handshake, Reserved};
use metainfo::InfoHash;
use peer_id::PeerId;
use picker::PeerKey;
use thiserror::Error;

use crate::{
    ExtendedHandshake, Extensions, FetchAction, Heard, LeaveReason, Lie, MetadataFetch,
    MetadataMessage, UT_METADATA,
};

mod find;
mod line;
mod serve;
mod wire;

pub use find::{FindError, find};
pub use serve::{Manner, serve};
pub use wire::{read_extended, to_wire};

use line::{Line, MAX_REFUSED};

/// How many peers are called at once.
pub const MAX_CALLS: usize = 30;

/// The number under which we want to hear about metadata.
pub const OUR_ID: u8 = 1;

/// A peer that says nothing at all for so long is gone: BEP 3 has it say something every two minutes.
const GONE: Duration = Duration::from_secs(150);

/// How much of what peers have told may wait to be heard. A message has up to 64 KiB; whoever sends more
/// of them than can be heard waits, and keeps the rest himself.
const MAX_WAITING: usize = MAX_CALLS;

/// The handshake of somebody who speaks the extension protocol, for this torrent.
pub fn introduce(info_hash: InfoHash) -> Handshake {
    Handshake {
        reserved: Reserved::none().with_extension_protocol(),
        info_hash,
        peer_id: PeerId::generate(&mut rand::rng()),
    }
}

/// Something that happened, for whoever watches.
#[derive(Clone, Debug)]
pub enum Moment<'a> {
    /// A peer could not be met.
    NotMet {
        /// Why, with its address.
        why: &'a str,
    },
    /// A peer has shaken hands.
    Met {
        /// Where it is.
        addr: SocketAddr,
        /// What it said.
        theirs: &'a Handshake,
    },
    /// We have sent an `extended` message.
    Sent {
        /// To whom.
        addr: SocketAddr,
        /// Its body.
        body: &'a [u8],
    },
    /// An `extended` message has come.
    Heard {
        /// From whom.
        addr: SocketAddr,
        /// Its body.
        body: &'a [u8],
    },
    /// A peer has hung up.
    Gone {
        /// Which one.
        addr: SocketAddr,
    },
    /// A peer has no metadata for us.
    Left {
        /// Which one.
        addr: SocketAddr,
        /// Why.
        why: &'a LeaveReason,
    },
    /// A peer lied.
    Lied {
        /// Which one.
        addr: SocketAddr,
        /// How.
        why: &'a Lie,
    },
}

/// Why there are no metadata.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    /// There is nobody to ask.
    #[error(
        "there is no peer to ask: name one with --peer ADDR, or take a link with more trackers"
    )]
    NoPeers,
    /// All have been asked.
    #[error("no peer gave the metadata, of {peers} that were called; the last: {last}")]
    Nobody {
        /// How many were called.
        peers: usize,
        /// What is known of the last one.
        last: String,
    },
    /// The time is over.
    #[error(
        "after {} s the metadata have not come: wait longer with --patience SECONDS, name another peer \
         with --peer ADDR, or take a link with more trackers",
        patience.as_secs()
    )]
    TooLate {
        /// How long we waited.
        patience: Duration,
    },
}

/// What a peer's thread tells.
enum News {
    Met(Box<Meeting>),
    NotMet(String),
    Heard(Vec<u8>),
    Gone,
}

/// A fetch under way.
struct Fetching<'w> {
    fetch: MetadataFetch,
    lines: BTreeMap<PeerKey, Line>,
    watch: &'w mut dyn FnMut(Moment<'_>),
    begun: Instant,
    /// The last thing that went wrong.
    last: String,
    info: Option<Vec<u8>>,
}

// ANCHOR: fetch
/// Calls peers, [`MAX_CALLS`] at most and all at once, and fetches the metadata of the torrent that
/// `ours` is about. A thread for each peer waits for what it says; one place decides.
///
/// # Errors
///
/// When all have been asked in vain, or `patience` is over.
pub fn fetch(
    ours: &Handshake,
    peers: &[SocketAddr],
    patience: Duration,
    watch: &mut dyn FnMut(Moment<'_>),
) -> Result<Vec<u8>, FetchError> {
    let peers = &peers[..peers.len().min(MAX_CALLS)];
    let (sender, news) = sync_channel(MAX_WAITING);
    for (number, &addr) in (0..).zip(peers) {
        let (ours, sender) = (*ours, sender.clone());
        thread::spawn(move || attend(PeerKey(number), addr, &ours, &sender));
    }
    drop(sender);
    let mut fetching = Fetching {
        fetch: MetadataFetch::new(ours.info_hash),
        lines: BTreeMap::new(),
        watch,
        begun: Instant::now(),
        last: String::new(),
        info: None,
    };
    let is_over = fetching.run(&news, patience);
    for line in fetching.lines.values() {
        line.hang_up();
    }
    match fetching.info {
        Some(info) => Ok(info),
        None if peers.is_empty() => Err(FetchError::NoPeers),
        None if is_over => Err(FetchError::TooLate { patience }),
        None => Err(FetchError::Nobody {
            peers: peers.len(),
            last: fetching.last,
        }),
    }
}
// ANCHOR_END: fetch

/// A peer's thread: shakes hands, and passes on what the peer says.
fn attend(key: PeerKey, addr: SocketAddr, ours: &Handshake, sender: &SyncSender<(PeerKey, News)>) {
    let met = meet(addr, ours).map_err(|error| error.to_string());
    let mut stream = match met.and_then(|met| with_extensions(met, addr)) {
        Ok((met, stream)) => {
            let _ = sender.send((key, News::Met(Box::new(met))));
            stream
        }
        Err(why) => {
            let _ = sender.send((key, News::NotMet(why)));
            return;
        }
    };
    while let Ok(body) = read_extended(&mut stream) {
        if sender.send((key, News::Heard(body))).is_err() {
            return;
        }
    }
    let _ = sender.send((key, News::Gone));
}

/// A peer that speaks the extension protocol, and its stream once more, to read from.
fn with_extensions(met: Meeting, addr: SocketAddr) -> Result<(Meeting, TcpStream), String> {
    if !met.theirs.reserved.extension_protocol() {
        return Err(format!(
            "{addr}: the peer does not speak the extension protocol (BEP 10)"
        ));
    }
    let stream = met.stream.try_clone();
    let stream = stream.map_err(|error| format!("{addr}: {error}"))?;
    let _ = stream.set_read_timeout(Some(GONE));
    Ok((met, stream))
}

impl Fetching<'_> {
    /// Until the metadata are here or nobody is left; returns whether the time is over.
    fn run(&mut self, news: &Receiver<(PeerKey, News)>, patience: Duration) -> bool {
        loop {
            self.act();
            let now = self.begun.elapsed();
            if self.info.is_some() || now >= patience {
                return now >= patience;
            }
            let due = self.fetch.poll_timeout().unwrap_or(patience);
            let wait = due.min(patience).saturating_sub(now);
            match news.recv_timeout(wait.max(Duration::from_millis(1))) {
                Ok((key, news)) => self.hear(key, news),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
            // Also when there is always news: a peer that never stops must not stop the clock.
            let now = self.begun.elapsed();
            if self.fetch.poll_timeout().is_some_and(|due| due <= now) {
                self.fetch.handle_timeout(now);
            }
        }
    }

    fn hear(&mut self, key: PeerKey, news: News) {
        let now = self.begun.elapsed();
        match news {
            News::NotMet(why) => {
                (self.watch)(Moment::NotMet { why: &why });
                self.last = why;
            }
            News::Met(met) => self.greet(key, *met),
            News::Heard(body) => self.hear_body(key, &body),
            News::Gone => {
                self.fetch.left(key, now);
                if let Some(line) = self.lines.remove(&key) {
                    (self.watch)(Moment::Gone { addr: line.addr });
                    self.last = format!("{}: the peer hung up", line.addr);
                }
            }
        }
    }

    /// Tells a peer what we can do.
    fn greet(&mut self, key: PeerKey, met: Meeting) {
        let Meeting {
            addr,
            stream,
            theirs,
        } = met;
        let theirs = &theirs;
        (self.watch)(Moment::Met { addr, theirs });
        let extensions = Extensions::new([(UT_METADATA, OUR_ID)]);
        let hello = extensions.hello(ExtendedHandshake {
            client: Some(concat!("kostorrent/", env!("CARGO_PKG_VERSION")).to_owned()),
            ..ExtendedHandshake::default()
        });
        match Line::new(addr, extensions, stream) {
            Ok(line) => {
                self.lines.insert(key, line);
                self.send(key, &hello.to_body());
            }
            Err(error) => self.last = format!("{addr}: the connection broke: {error}"),
        }
    }

    fn hear_body(&mut self, key: PeerKey, body: &[u8]) {
        let now = self.begun.elapsed();
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        let addr = line.addr;
        (self.watch)(Moment::Heard { addr, body });
        match line.extensions.hear(body) {
            Ok(Heard::Handshake(_)) => {
                let size = line
                    .extensions
                    .theirs()
                    .and_then(|theirs| theirs.metadata_size);
                match line.extensions.id(UT_METADATA) {
                    Some(_) => self.fetch.joined(key, size, now),
                    None => self.close(key, "the peer gives no metadata away"),
                }
            }
            Ok(Heard::Message { payload, .. }) => match MetadataMessage::decode(payload) {
                Ok(MetadataMessage::Request { piece }) => self.refuse(key, piece),
                Ok(message) => self.fetch.handle(key, message, now),
                Err(error) => self.fetch.handle_broken(key, error, now),
            },
            Ok(Heard::Unknown { .. }) => {}
            Err(error) => self.close(key, &error.to_string()),
        }
    }

    /// Tells a peer that asks us that we have nothing.
    fn refuse(&mut self, key: PeerKey, piece: u32) {
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        if !line.may_refuse() {
            let why = format!("the peer was refused {MAX_REFUSED} times and asks us still");
            return self.close(key, &why);
        }
        if let Some(id) = line.extensions.id(UT_METADATA) {
            self.send(key, &MetadataMessage::Reject { piece }.to_body(id));
        }
    }

    /// Does what is to be done.
    fn act(&mut self) {
        while let Some(action) = self.fetch.poll_action() {
            match action {
                FetchAction::Request { peer, piece } => {
                    let line = self.lines.get(&peer);
                    if let Some(id) = line.and_then(|line| line.extensions.id(UT_METADATA)) {
                        self.send(peer, &MetadataMessage::Request { piece }.to_body(id));
                    }
                }
                FetchAction::Finished { info } => self.info = Some(info),
                FetchAction::Leave { peer, why } => {
                    if let Some(line) = self.lines.get(&peer) {
                        let addr = line.addr;
                        (self.watch)(Moment::Left { addr, why: &why });
                    }
                    self.close(peer, &why.to_string());
                }
                FetchAction::Ban { peer, why } => {
                    if let Some(line) = self.lines.get(&peer) {
                        let addr = line.addr;
                        (self.watch)(Moment::Lied { addr, why: &why });
                    }
                    self.close(peer, &why.to_string());
                }
            }
        }
    }

    /// Sends an `extended` message.
    fn send(&mut self, key: PeerKey, body: &[u8]) {
        let Some(line) = self.lines.get_mut(&key) else {
            return;
        };
        let addr = line.addr;
        (self.watch)(Moment::Sent { addr, body });
        if let Err(why) = line.send(body) {
            self.close(key, &why);
        }
    }

    /// Ends a connection.
    fn close(&mut self, key: PeerKey, why: &str) {
        self.fetch.left(key, self.begun.elapsed());
        if let Some(line) = self.lines.remove(&key) {
            line.hang_up();
            self.last = format!("{}: {why}", line.addr);
        }
    }
}

#[cfg(test)]
mod tests;
