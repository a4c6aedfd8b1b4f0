//! A peer that speaks the extension protocol (BEP 10), the fast extension (BEP 6) and of its DHT node, as a test tells it
//! to, and remembers what it was told. Its messages are written by hand, one thread for each connection.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::bencode::{self, Value};
use crate::torrent::Torrent;

/// What such a peer does. The default has everything, gives it away, and says nothing of anybody.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Where it listens.
    pub ip: Ipv4Addr,
    /// What it gives away of what it is asked for.
    pub blocks: Blocks,
    /// What it says of the length of the metadata.
    pub metadata_size: Size,
    /// What it answers who asks for metadata.
    pub metadata: Metadata,
    /// Whom it tells of by peer exchange, once or without end.
    pub tells: Tells,
    /// Where its node of the DHT is, if it says that it has one.
    pub node: Option<u16>,
    /// Bytes a second for each connection; `None` for no limit.
    pub rate: Option<u64>,
}

/// What becomes of requests for blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// They are answered.
    Given,
    /// They are rejected (BEP 6), each.
    Rejected,
}

/// What it says of the length of the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The truth.
    True,
    /// This.
    Said(i64),
    /// Nothing.
    Unsaid,
}

/// What becomes of requests for metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// They are answered.
    Right,
    /// They are answered with other bytes.
    Rubbish,
    /// They are rejected.
    Rejected,
    /// Nothing.
    Silence,
}

/// Whom it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tells {
    /// Of these, once.
    Once(Vec<SocketAddr>),
    /// Of these, as often as it can.
    Flood(Vec<SocketAddr>),
}

impl Default for Manner {
    fn default() -> Manner {
        Manner {
            ip: Ipv4Addr::LOCALHOST,
            blocks: Blocks::Given,
            metadata_size: Size::True,
            metadata: Metadata::Right,
            tells: Tells::Once(Vec::new()),
            node: None,
            rate: None,
        }
    }
}

/// What it has seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Connections with a good handshake.
    pub connections: u32,
    /// Connections that the other side has ended.
    pub ended: u32,
    /// Requests for blocks.
    pub requests: u32,
    /// Requests for metadata.
    pub metadata_requests: u32,
    /// Messages of peer exchange that were sent.
    pub told: u32,
    /// What others call their extensions, the last who said.
    pub extensions: Vec<u8>,
    /// The bodies of peer exchange that have come.
    pub exchanged: Vec<Vec<u8>>,
    /// The ports of nodes of the DHT that were told.
    pub nodes: Vec<u16>,
}

/// A peer, for as long as this lives.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    torrent: Torrent,
    info: Vec<u8>,
    bytes: Arc<[u8]>,
    manner: Manner,
    number: u16,
    seen: Mutex<Seen>,
    stop: Mutex<bool>,
    lines: Mutex<Vec<Arc<Line>>>,
}

/// A connection.
#[derive(Debug)]
struct Line {
    stream: Mutex<TcpStream>,
    ids: Mutex<Ids>,
}

/// Under which numbers the other side wants to hear of peers, and of metadata.
#[derive(Clone, Copy, Debug, Default)]
struct Ids {
    pex: Option<u8>,
    metadata: Option<u8>,
}

const UNCHOKE: u8 = 1;
const INTERESTED: u8 = 2;
const REQUEST: u8 = 6;
const PIECE: u8 = 7;
const PORT: u8 = 9;
const HAVE_ALL: u8 = 14;
const REJECT: u8 = 16;
const EXTENDED: u8 = 20;

/// Under which numbers we hear of peers, and of metadata. Who has no number for us gets the first one all the same.
const PEX: u8 = 1;
const METADATA: u8 = 3;

/// How many bytes a block of metadata has (BEP 9).
const BLOCK: usize = 16_384;

impl Peer {
    /// Starts one that has this torrent.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    #[must_use]
    pub fn start(torrent: &Torrent, bytes: Arc<[u8]>, manner: Manner) -> Peer {
        let listener = TcpListener::bind((manner.ip, 0)).expect("a port for the peer");
        let address = listener.local_addr().expect("the peer's address");
        let file = torrent.encode();
        let info = bencode::entry(&file, "info").expect("an info dictionary");
        let shared = Arc::new(Shared {
            torrent: torrent.clone(),
            info: file[info].to_vec(),
            bytes,
            manner,
            number: address.port(),
            seen: Mutex::default(),
            stop: Mutex::default(),
            lines: Mutex::default(),
        });
        let peer = Peer {
            address,
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for (number, stream) in (0..).zip(listener.incoming().flatten()) {
                if *shared.stop.lock().expect("the peer's state") {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    // An error is the other side going away.
                    let _ = shared.serve(number, stream);
                    shared.see(|seen| seen.ended += 1);
                });
            }
        });
        peer
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.see(|seen| seen.clone())
    }

    /// Tells all to whom it is connected of these, by peer exchange.
    pub fn tell(&self, contacts: &[SocketAddr]) {
        for line in self.lines() {
            let _ = self.shared.tell(&line, contacts);
        }
    }

    /// Says to all to whom it is connected that its node is at this port.
    pub fn say_node(&self, port: u16) {
        for line in self.lines() {
            let _ = line.write(PORT, &port.to_be_bytes());
        }
    }

    fn lines(&self) -> Vec<Arc<Line>> {
        self.shared.lines.lock().expect("the lines").clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        *self.shared.stop.lock().expect("the peer's state") = true;
        let _ = TcpStream::connect(self.address); // wakes the listener, which then ends
    }
}

impl Line {
    fn write(&self, id: u8, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 1).expect("a short message");
        let message = [&length.to_be_bytes()[..], &[id], body].concat();
        self.stream.lock().expect("the line").write_all(&message)
    }

    fn ids(&self) -> Ids {
        *self.ids.lock().expect("the numbers")
    }
}

impl Shared {
    fn see<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().expect("what the peer saw"))
    }

    fn serve(self: &Arc<Shared>, number: u32, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut theirs = [0; 68];
        stream.read_exact(&mut theirs)?;
        let hash = self.torrent.info_hash();
        if theirs[..20] != *b"\x13BitTorrent protocol" || theirs[28..48] != hash {
            return Ok(());
        }
        let id = format!("-XX0001-{:05}-{number:06}", self.number);
        // The extension protocol, the fast extension, the DHT.
        let reserved = [0, 0, 0, 0, 0, 0x10, 0, 0x04 | 0x01];
        let ours = [&theirs[..20], &reserved, &hash[..], id.as_bytes()].concat();
        stream.write_all(&ours)?;
        let line = Arc::new(Line {
            stream: Mutex::new(stream.try_clone()?),
            ids: Mutex::default(),
        });
        self.lines
            .lock()
            .expect("the lines")
            .push(Arc::clone(&line));
        self.see(|seen| seen.connections += 1);
        line.write(HAVE_ALL, &[])?;
        line.write(EXTENDED, &[&[0][..], &self.hello()].concat())?;
        if let Some(port) = self.manner.node {
            line.write(PORT, &port.to_be_bytes())?;
        }
        let mut has_told = false;
        loop {
            let Some((id, body)) = read(&mut stream)? else {
                continue;
            };
            match (id, &body[..]) {
                (INTERESTED, _) => line.write(UNCHOKE, &[])?,
                (REQUEST, &[..]) if body.len() == 12 => self.asked(&line, &body)?,
                (PORT, &[high, low]) => {
                    let port = u16::from_be_bytes([high, low]);
                    self.see(|seen| seen.nodes.push(port));
                }
                (EXTENDED, [0, hello @ ..]) => {
                    self.greeted(&line, hello);
                    if !has_told {
                        has_told = true;
                        self.begin_to_tell(&line)?;
                    }
                }
                (EXTENDED, [METADATA, question @ ..]) => {
                    self.asked_for_metadata(&line, question)?
                }
                (EXTENDED, [PEX, message @ ..]) => {
                    self.see(|seen| seen.exchanged.push(message.to_vec()));
                }
                _ => {}
            }
        }
    }

    /// Our extension handshake.
    fn hello(&self) -> Vec<u8> {
        let number = |id: u8| Value::Int(id.into());
        let names = [("ut_metadata", number(METADATA)), ("ut_pex", number(PEX))];
        let mut hello = Value::dict([("m", Value::dict(names))]);
        match self.manner.metadata_size {
            Size::True => hello.set("metadata_size", self.info.len() as u64),
            Size::Said(size) => hello.set("metadata_size", Value::Int(size)),
            Size::Unsaid => {}
        }
        hello.encode()
    }

    /// Their extension handshake has come.
    fn greeted(&self, line: &Line, hello: &[u8]) {
        let names = bencode::entry(hello, "m").map_or(&[][..], |at| &hello[at]);
        self.see(|seen| seen.extensions = names.to_vec());
        let id = |name: &str| -> Option<u8> {
            let number = &names[bencode::entry(names, name)?];
            let digits = std::str::from_utf8(number.get(1..number.len() - 1)?).ok()?;
            digits.parse().ok().filter(|&id| id > 0)
        };
        *line.ids.lock().expect("the numbers") = Ids {
            pex: id("ut_pex"),
            metadata: id("ut_metadata"),
        };
    }

    /// A block is wanted.
    fn asked(&self, line: &Line, body: &[u8]) -> io::Result<()> {
        self.see(|seen| seen.requests += 1);
        let number =
            |at: usize| u32::from_be_bytes([body[at], body[at + 1], body[at + 2], body[at + 3]]);
        let start = u64::from(number(0)) * self.torrent.piece_length + u64::from(number(4));
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(number(8) as usize);
        let block = self.bytes.get(start..end);
        let Some(block) = block.filter(|_| self.manner.blocks == Blocks::Given) else {
            return line.write(REJECT, body);
        };
        line.write(PIECE, &[&body[..8], block].concat())?;
        if let Some(rate) = self.manner.rate {
            thread::sleep(Duration::from_secs_f64(block.len() as f64 / rate as f64));
        }
        Ok(())
    }

    /// Metadata are wanted, or something else is said of them.
    fn asked_for_metadata(&self, line: &Line, question: &[u8]) -> io::Result<()> {
        let number = |key: &str| -> Option<usize> {
            let value = &question[bencode::entry(question, key)?];
            std::str::from_utf8(&value[1..value.len() - 1])
                .ok()?
                .parse()
                .ok()
        };
        let (Some(0), Some(piece), Some(id)) =
            (number("msg_type"), number("piece"), line.ids().metadata)
        else {
            return Ok(());
        };
        self.see(|seen| seen.metadata_requests += 1);
        let kind =
            |kind: u64| Value::dict([("msg_type", kind.into()), ("piece", (piece as u64).into())]);
        let size = match self.manner.metadata_size {
            Size::Said(size) => usize::try_from(size).unwrap_or(0),
            Size::True | Size::Unsaid => self.info.len(),
        };
        let start = piece.saturating_mul(BLOCK).min(size);
        let length = (size - start).min(BLOCK);
        let mut block = vec![0xaa; length];
        match self.manner.metadata {
            Metadata::Silence => return Ok(()),
            Metadata::Rejected => {
                return line.write(EXTENDED, &[&[id][..], &kind(2).encode()].concat());
            }
            Metadata::Rubbish => {}
            Metadata::Right => {
                let right = self.info.get(start..).unwrap_or_default();
                let right = &right[..right.len().min(length)];
                block[..right.len()].copy_from_slice(right);
            }
        }
        let mut head = kind(1);
        head.set("total_size", size as u64);
        line.write(EXTENDED, &[&[id][..], &head.encode(), &block].concat())
    }

    /// Tells of others, as it is to.
    fn begin_to_tell(self: &Arc<Shared>, line: &Arc<Line>) -> io::Result<()> {
        match &self.manner.tells {
            Tells::Once(contacts) if contacts.is_empty() => Ok(()),
            Tells::Once(contacts) => self.tell(line, contacts),
            Tells::Flood(_) => {
                let (shared, line) = (Arc::clone(self), Arc::clone(line));
                thread::spawn(move || {
                    let Tells::Flood(contacts) = &shared.manner.tells else {
                        return;
                    };
                    while shared.tell(&line, contacts).is_ok() {
                        thread::sleep(Duration::from_millis(20));
                    }
                });
                Ok(())
            }
        }
    }

    /// Who has no number for peer exchange is told all the same, under the one that many have.
    fn tell(&self, line: &Line, contacts: &[SocketAddr]) -> io::Result<()> {
        let compact = contacts.iter().flat_map(|contact| match contact.ip() {
            IpAddr::V4(ip) => [&ip.octets()[..], &contact.port().to_be_bytes()].concat(),
            IpAddr::V6(_) => Vec::new(),
        });
        let compact: Vec<u8> = compact.collect();
        let message = Value::dict([
            ("added.f", Value::Bytes(vec![0; compact.len() / 6])),
            ("added", Value::Bytes(compact)),
        ]);
        let id = line.ids().pex.unwrap_or(PEX);
        line.write(EXTENDED, &[&[id][..], &message.encode()].concat())?;
        self.see(|seen| seen.told += 1);
        Ok(())
    }
}

/// One message; `None` for a keep-alive.
fn read(stream: &mut TcpStream) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > 1 << 20 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message)?;
    Ok((length > 0).then(|| (message[0], message.split_off(1))))
}
