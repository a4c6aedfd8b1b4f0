//! Peers for the tests, on loopback, that do what a script says.

#[path = "../../../step09-file-layout/tests/support/hang_up.rs"]
mod hang_up;

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use handshake::{Handshake, LEN};
use hang_up::hang_up;
use messages::{Bitfield, BlockRequest, Decoder, Item, Message, piece_header};
use metainfo::Metainfo;
use metainfo::create::Create;
use peer_id::PeerId;

/// A torrent of one file, and all its bytes.
#[derive(Clone)]
pub struct Torrent {
    pub bytes: Vec<u8>,
    pub metainfo: Metainfo,
    pub data: Vec<u8>,
}

/// Something that happens once, and that another peer may wait for.
#[derive(Clone, Default)]
pub struct Moment(Arc<AtomicBool>);

impl Moment {
    fn come(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn has_come(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What a peer has and does.
#[derive(Clone)]
pub struct Script {
    pub has: Bitfield,
    /// It hangs up after so many blocks.
    pub most: usize,
    /// It sends no more than so many blocks that we have not said we have.
    pub ahead: usize,
    /// It unchokes us when this has come.
    pub unchokes_at: Option<Moment>,
    /// Every block it sends is wrong.
    pub lies: bool,
    /// It takes requests, and does not answer.
    pub stalls: bool,
    /// Comes when we are interested in it.
    pub met: Moment,
    /// Comes when it is first asked for something.
    pub asked: Moment,
    /// Comes when it hangs up.
    pub gone: Moment,
}

impl Torrent {
    /// So many pieces of `piece_length` bytes, without a pattern.
    pub fn new(pieces: u32, piece_length: u64) -> Torrent {
        let length = u64::from(pieces) * piece_length;
        let data: Vec<u8> = (0..length).map(|at| (at * at / 11 + at) as u8).collect();
        let hashes: Vec<[u8; 20]> = data
            .chunks(piece_length as usize)
            .map(|piece| hashing::digest(&[piece]))
            .collect();
        let create = Create::single("a.bin", length, piece_length);
        let bytes = create.to_bytes(&hashes).unwrap();
        let metainfo = Metainfo::parse(&bytes).unwrap();
        Torrent {
            bytes,
            metainfo,
            data,
        }
    }

    /// Writes the torrent file.
    pub fn save(&self, folder: &Path) -> PathBuf {
        let path = folder.join("a.torrent");
        std::fs::write(&path, &self.bytes).unwrap();
        path
    }

    /// A peer that has these pieces and behaves.
    pub fn having(&self, pieces: impl IntoIterator<Item = u32>) -> Script {
        let mut has = Bitfield::new(self.metainfo.piece_count());
        for piece in pieces {
            has.set(piece);
        }
        Script {
            has,
            most: usize::MAX,
            ahead: usize::MAX,
            unchokes_at: None,
            lies: false,
            stalls: false,
            met: Moment::default(),
            asked: Moment::default(),
            gone: Moment::default(),
        }
    }

    /// A peer that has everything and behaves.
    pub fn seed(&self) -> Script {
        self.having(0..self.metainfo.piece_count())
    }

    /// Starts a peer; each of its callers is served by the script.
    pub fn start(&self, script: Script) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let torrent = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (torrent, script, stream) = (torrent.clone(), script.clone(), stream.unwrap());
                thread::spawn(move || {
                    let mut peer = Peer::new(torrent, script, stream);
                    // The end of the connection is the end of the conversation.
                    let _ = peer.run();
                    peer.script.gone.come();
                    hang_up(&mut peer.stream);
                });
            }
        });
        addr
    }

    fn block(&self, block: BlockRequest) -> Vec<u8> {
        let from = u64::from(block.piece) * self.metainfo.piece_length + u64::from(block.offset);
        self.data[from as usize..from as usize + block.len as usize].to_vec()
    }
}

/// One connection of a scripted peer.
struct Peer {
    torrent: Torrent,
    script: Script,
    stream: TcpStream,
    choking: bool,
    waiting: VecDeque<BlockRequest>,
    sent: usize,
    /// How many pieces we have said we have.
    haves: usize,
}

impl Peer {
    fn new(torrent: Torrent, script: Script, stream: TcpStream) -> Peer {
        Peer {
            torrent,
            script,
            stream,
            choking: true,
            waiting: VecDeque::new(),
            sent: 0,
            haves: 0,
        }
    }

    fn run(&mut self) -> io::Result<()> {
        let mut bytes = [0; LEN];
        self.stream.read_exact(&mut bytes)?;
        let theirs = Handshake::parse(&bytes).unwrap();
        let ours = Handshake {
            peer_id: PeerId(*b"-TR4060-0123456789ab"),
            ..theirs
        };
        self.stream.write_all(&ours.to_bytes())?;
        let bitfield = Message::Bitfield(self.script.has.to_bytes());
        self.say(&bitfield)?;
        // It looks up from reading, for what it waits for may have come.
        self.stream
            .set_read_timeout(Some(Duration::from_millis(5)))?;
        let mut decoder = Decoder::new(self.script.has.len());
        let (mut unread, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let unchokes = match &self.script.unchokes_at {
                Some(moment) => moment.has_come(),
                None => true,
            };
            if self.choking && unchokes {
                self.choking = false;
                self.say(&Message::Unchoke)?;
            }
            if !self.answer()? {
                return Ok(());
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => unread.extend(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                Err(error) => return Err(error),
            }
            loop {
                let (used, item) = decoder.next(&unread).unwrap();
                unread.drain(..used);
                match item {
                    Some(Item::Message(message)) => self.hear(&message),
                    Some(Item::Block(_)) => panic!("nobody asked for a block"),
                    None if used == 0 => break,
                    None => {}
                }
            }
        }
    }

    fn hear(&mut self, message: &Message) {
        match message {
            Message::Interested => self.script.met.come(),
            Message::Have(_) => self.haves += 1,
            Message::Request(block) => {
                assert!(self.script.has.get(block.piece), "it has no {block:?}");
                assert!(!self.choking, "it chokes us");
                self.script.asked.come();
                self.waiting.push_back(*block);
            }
            Message::Cancel(block) => self.waiting.retain(|waiting| waiting != block),
            _ => {}
        }
    }

    /// Sends what it was asked for; whether it goes on.
    fn answer(&mut self) -> io::Result<bool> {
        while !self.script.stalls
            && self.sent < self.haves.saturating_add(self.script.ahead)
            && let Some(block) = self.waiting.pop_front()
        {
            if self.sent == self.script.most {
                return Ok(false);
            }
            let mut data = self.torrent.block(block);
            if self.script.lies {
                data[0] ^= 1;
            }
            let header = piece_header(block.piece, block.offset, block.len);
            self.stream.write_all(&header)?;
            self.stream.write_all(&data)?;
            self.sent += 1;
        }
        Ok(true)
    }

    fn say(&mut self, message: &Message) -> io::Result<()> {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        self.stream.write_all(&bytes)
    }
}
