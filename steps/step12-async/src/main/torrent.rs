//! The task that decides. It has all that is known of the torrent, alone: no lock is needed.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use blocks::{BlockBuf, BlockRequest, Geometry};
use connection::{Heard, Order, Pool, Setup, Source, Stream, Terms};
use handshake::blocking::MeetError;
use messages::{Bitfield, Message};
use picker::{PeerKey, Picker};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::dial::Call;
use crate::disk::{Kept, Piece};
use crate::trace::{Trace, say};
use crate::trouble::Trouble;

/// How many requests are out at each peer.
pub const OUT: usize = 16;

/// Memory for open pieces, in bytes; but two pieces may be open in any case.
const MEMORY: u32 = 24 << 20;

/// Buffers that wait to be used again.
const BUFFERS: usize = 64;

/// How long we wait for somebody to get a piece that nobody has.
pub const NEWS: Duration = Duration::from_secs(5);

/// The ends of the channels that this task holds.
pub struct Channels {
    /// From the tasks that call.
    pub calls: Receiver<Call>,
    /// From the connections, and the end that they send into.
    pub heard: Receiver<(PeerKey, Heard)>,
    pub to_heard: Sender<(PeerKey, Heard)>,
    /// To the disk, and from it.
    pub pieces: Sender<Piece>,
    pub kept: Receiver<Kept>,
}

/// What has woken the task.
enum Woken {
    /// Somebody was called.
    Called(Call),
    /// Everybody was.
    AllCalled,
    /// A connection has something to tell.
    Heard(PeerKey, Heard),
    /// There is room at the disk, and this piece has gone there; so many places are taken then.
    Passed(u32, usize),
    /// There is nobody who would write it.
    NoDisk,
    /// The disk has looked at a piece.
    Kept(Kept),
    /// A second has passed.
    Second,
}

/// A connected peer.
pub struct Peer {
    pub orders: UnboundedSender<Order>,
    pub has: Bitfield,
    pub choked: bool,
    /// When it last sent a block, or was first asked for one again.
    pub since: Instant,
}

/// The task that decides.
pub struct Torrent<'a> {
    pub geometry: Geometry,
    pub picker: Picker,
    pub peers: BTreeMap<PeerKey, Peer>,
    pub addrs: &'a [SocketAddr],
    /// The blocks that are here of the open pieces.
    pub open: BTreeMap<u32, BTreeMap<u32, BlockBuf>>,
    /// Whole pieces that the disk has no room for. While there is one, nothing more is heard.
    pub whole: VecDeque<Piece>,
    pub pool: Pool,
    pub channels: Channels,
    /// Whether somebody is still being called.
    pub calling: bool,
    pub trace: Trace,
    pub not_met: Vec<MeetError>,
    pub last: Option<String>,
    /// When a piece last came, or a peer.
    pub since: Instant,
}

/// What is sent to others: nothing, for nobody is unchoked here.
struct Nothing;

impl Source for Nothing {
    fn read_now(&self, _: usize, _: u64, _: &mut [u8]) -> bool {
        false
    }

    fn read(&self, _: BlockRequest) -> oneshot::Receiver<BlockBuf> {
        oneshot::channel().1
    }
}

impl<'a> Torrent<'a> {
    pub fn new(
        geometry: Geometry,
        have: &Bitfield,
        addrs: &'a [SocketAddr],
        channels: Channels,
        trace: Trace,
    ) -> Torrent<'a> {
        let most = MEMORY / geometry.piece_length().max(1);
        let mut picker = Picker::new(geometry, most.max(2));
        have.iter_ones().for_each(|piece| picker.set_have(piece));
        Torrent {
            geometry,
            picker,
            peers: BTreeMap::new(),
            addrs,
            open: BTreeMap::new(),
            whole: VecDeque::new(),
            pool: Pool::new(BUFFERS),
            channels,
            calling: true,
            trace,
            not_met: Vec::new(),
            last: None,
            since: Instant::now(),
        }
    }

    /// Sleeps until somebody wakes it, does what there is to do, and sleeps again, until every piece
    /// is on disk.
    pub async fn work(mut self) -> Result<(), Box<dyn Error>> {
        let mut clock = interval(Duration::from_secs(1));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.picker.is_complete() {
            match self.sleep(&mut clock).await {
                Woken::Called(call) => self.called(call)?,
                Woken::AllCalled => self.calling = false,
                Woken::Heard(peer, heard) => self.hear(peer, heard)?,
                Woken::Passed(piece, used) => self.passed(piece, used)?,
                Woken::NoDisk => return Err(Trouble::NoDisk.into()),
                Woken::Kept(kept) => self.kept(kept)?,
                Woken::Second => self.look_around()?,
            }
            if !self.calling && self.peers.is_empty() && !self.picker.is_complete() {
                return Err(self.nobody_left());
            }
        }
        self.say_how_far()?;
        Ok(self.trace.summary()?)
    }

    // ANCHOR: sleep
    /// Sleeps until somebody wakes it; says who.
    async fn sleep(&mut self, clock: &mut Interval) -> Woken {
        let Channels {
            calls,
            heard,
            pieces,
            kept,
            ..
        } = &mut self.channels;
        tokio::select! {
            call = calls.recv(), if self.calling => match call {
                Some(call) => Woken::Called(call),
                None => Woken::AllCalled,
            },
            Some(kept) = kept.recv() => Woken::Kept(kept),
            // A place at the disk, if there is something for it. Until then nothing is heard: the
            // channel fills, the connections wait, and read no more.
            place = pieces.reserve(), if !self.whole.is_empty() => {
                let Ok(place) = place else {
                    return Woken::NoDisk;
                };
                let Some(whole) = self.whole.pop_front() else {
                    return Woken::NoDisk;
                };
                // The disk may take it at once: the places are counted before.
                let (piece, used) = (whole.piece, pieces.max_capacity() - pieces.capacity());
                place.send(whole);
                Woken::Passed(piece, used)
            }
            Some((peer, heard)) = heard.recv(), if self.whole.is_empty() => {
                Woken::Heard(peer, heard)
            }
            _ = clock.tick() => Woken::Second,
        }
    }
    // ANCHOR_END: sleep

    /// Somebody was called.
    fn called(&mut self, Call { key, result }: Call) -> io::Result<()> {
        match result {
            Ok((stream, id)) => {
                let client = id.client();
                let client = client.map_or("an unknown client".to_owned(), |c| c.to_string());
                say(&format!("peer {key} is {}: {client}", self.addr(key)))?;
                self.connected(key, stream)
            }
            Err(error) => {
                say(&error.to_string())?;
                self.not_met.push(error);
                Ok(())
            }
        }
    }

    /// A peer is there: its connection becomes a task.
    fn connected(&mut self, key: PeerKey, stream: TcpStream) -> io::Result<()> {
        let (orders, to_do) = unbounded_channel();
        spawn_local(connection::run(Setup {
            key,
            stream: Stream::Tcp(stream),
            early: Vec::new(),
            pieces: self.geometry.pieces(),
            terms: Terms::default(),
            pool: self.pool.clone(),
            source: Rc::new(Nothing),
            to: self.channels.to_heard.clone(),
            orders: to_do,
        }));
        let peer = Peer {
            orders,
            has: Bitfield::new(self.geometry.pieces()),
            choked: true,
            since: Instant::now(),
        };
        self.peers.insert(key, peer);
        self.since = Instant::now();
        self.send(key, Message::Interested)
    }

    pub fn keys(&self) -> Vec<PeerKey> {
        self.peers.keys().copied().collect()
    }

    pub fn addr(&self, PeerKey(key): PeerKey) -> SocketAddr {
        self.addrs[key as usize]
    }

    pub fn say_how_far(&self) -> io::Result<()> {
        let (have, all) = (self.picker.have().count(), self.picker.have().len());
        say(&format!(
            "{have} of {all} pieces, {} peers",
            self.peers.len()
        ))
    }

    /// Nobody is called any more, and nobody is here.
    fn nobody_left(self) -> Box<dyn Error> {
        let have = self.picker.have();
        let missing = have.len() - have.count();
        let errors = self.not_met;
        match self.last {
            Some(last) => Trouble::AllGone { missing, last }.into(),
            None => MeetError::AllFailed { errors }.into(),
        }
    }
}
