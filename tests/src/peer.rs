//! A seeder that behaves as a test tells it to, and remembers what it was asked for.
//!
//! It knows the base protocol (BEP 3) and nothing else: no extensions, one thread for each connection, messages
//! written by hand.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::torrent::Torrent;

/// How a scripted seeder behaves. The default is an honest one, as fast as it can be.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Bytes a second for each connection; `None` for no limit.
    pub rate: Option<u64>,
    /// Flip a bit in every block sent.
    pub lies: bool,
    /// Flip a bit in this one of all blocks sent, counted from 0.
    pub spoils: Option<u32>,
    /// Take requests and never answer, after so many blocks in all connections together.
    pub silent_after: Option<u32>,
    /// Announce only pieces for which this holds (by index); `None` for all of them.
    pub only: Option<fn(u32) -> bool>,
    /// Say what it has by `have` messages, not by a bitfield.
    pub have_messages: bool,
    /// Answer with blocks of this many bytes, whatever was asked for: smaller cuts come one after the other.
    pub cut: Option<u32>,
    /// Choke after so many blocks, drop what was asked, and unchoke again at once.
    pub choke_every: Option<u32>,
    /// Close the connection after so many blocks.
    pub close_after: Option<u32>,
    /// Send the bitfield again before every so many blocks, as aria2 does in place of many `have`s.
    pub bitfield_every: Option<u32>,
}

/// What a scripted seeder saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Connections with a good handshake.
    pub connections: u32,
    /// Requests: piece, offset, length.
    pub requests: Vec<(u32, u32, u32)>,
    /// Blocks sent.
    pub blocks: u32,
    /// From the start of the seeder to the first request.
    pub first_request: Option<Duration>,
    /// Connections that the other side has ended.
    pub ended: u32,
}

impl Seen {
    /// Which pieces were asked for, each once, in order.
    #[must_use]
    pub fn pieces(&self) -> Vec<u32> {
        let mut pieces: Vec<u32> = self.requests.iter().map(|(piece, ..)| *piece).collect();
        pieces.sort_unstable();
        pieces.dedup();
        pieces
    }
}

/// A seeder on loopback, for as long as this lives.
#[derive(Debug)]
pub struct Seeder {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    torrent: Torrent,
    /// The bytes of the torrent; beyond their end everything is zero (for torrents larger than any memory).
    bytes: Arc<[u8]>,
    manner: Manner,
    start: Instant,
    seen: Mutex<Seen>,
    stop: Mutex<bool>,
    next_id: AtomicU32,
}

impl Seeder {
    /// Starts a seeder.
    ///
    /// # Panics
    ///
    /// When loopback has no port left.
    #[must_use]
    pub fn start(torrent: &Torrent, bytes: Arc<[u8]>, manner: Manner) -> Seeder {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for the seeder");
        let address = listener.local_addr().expect("the seeder's address");
        let shared = Arc::new(Shared {
            torrent: torrent.clone(),
            bytes,
            manner,
            start: Instant::now(),
            seen: Mutex::default(),
            stop: Mutex::new(false),
            next_id: AtomicU32::new(u32::from(address.port()) << 16),
        });
        let seeder = Seeder {
            address,
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if *shared.stop.lock().expect("the seeder's state") {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    // An error is the other side going away: nothing to do about it here.
                    let _ = Connection {
                        shared: &shared,
                        stream,
                        sent: 0,
                    }
                    .serve();
                    shared.seen(|seen| seen.ended += 1);
                });
            }
        });
        seeder
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.seen(|seen| seen.clone())
    }
}

impl Drop for Seeder {
    fn drop(&mut self) {
        *self.shared.stop.lock().expect("the seeder's state") = true;
        let _ = TcpStream::connect(self.address); // wakes the listener, which then ends
    }
}

impl Shared {
    fn seen<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        change(&mut self.seen.lock().expect("what the seeder saw"))
    }
}

const CHOKE: u8 = 0;
const UNCHOKE: u8 = 1;
const INTERESTED: u8 = 2;
const HAVE: u8 = 4;
const BITFIELD: u8 = 5;
const REQUEST: u8 = 6;
const PIECE: u8 = 7;

struct Connection<'a> {
    shared: &'a Shared,
    stream: TcpStream,
    /// Blocks sent on this connection.
    sent: u32,
}

impl Connection<'_> {
    fn serve(&mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        let mut theirs = [0; 68];
        self.stream.read_exact(&mut theirs)?;
        if theirs[..20] != *b"\x13BitTorrent protocol"
            || theirs[28..48] != self.shared.torrent.info_hash()
        {
            return Ok(());
        }
        let id = format!(
            "-XX0001-{:012}",
            self.shared.next_id.fetch_add(1, Ordering::Relaxed)
        );
        let ours = [&theirs[..20], &[0; 8], &theirs[28..48], id.as_bytes()].concat();
        self.stream.write_all(&ours)?;
        self.shared.seen(|seen| seen.connections += 1);
        self.say_what_we_have()?;
        loop {
            let Some((id, body)) = self.read()? else {
                continue;
            };
            match id {
                INTERESTED => self.write(UNCHOKE, &[])?,
                REQUEST if body.len() == 12 => {
                    let number = |i: usize| {
                        u32::from_be_bytes([body[i], body[i + 1], body[i + 2], body[i + 3]])
                    };
                    let (piece, offset, len) = (number(0), number(4), number(8));
                    self.shared.seen(|seen| {
                        seen.first_request
                            .get_or_insert_with(|| self.shared.start.elapsed());
                        seen.requests.push((piece, offset, len));
                    });
                    self.answer(piece, offset, len)?;
                }
                _ => {}
            }
        }
    }

    fn say_what_we_have(&mut self) -> io::Result<()> {
        let count = u32::try_from(self.shared.torrent.pieces.len()).expect("a number of pieces");
        let has = |piece: u32| self.shared.manner.only.is_none_or(|only| only(piece));
        if self.shared.manner.have_messages {
            for piece in (0..count).filter(|&piece| has(piece)) {
                self.write(HAVE, &piece.to_be_bytes())?;
            }
            return Ok(());
        }
        let mut bits = vec![0; self.shared.torrent.pieces.len().div_ceil(8)];
        for piece in (0..count).filter(|&piece| has(piece)) {
            bits[piece as usize / 8] |= 0x80 >> (piece % 8);
        }
        self.write(BITFIELD, &bits)
    }

    fn answer(&mut self, piece: u32, offset: u32, len: u32) -> io::Result<()> {
        let manner = &self.shared.manner;
        let before = self.shared.seen(|seen| seen.blocks);
        if manner.silent_after.is_some_and(|most| before >= most) {
            return Ok(());
        }
        if manner.close_after.is_some_and(|most| self.sent >= most) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if manner
            .choke_every
            .is_some_and(|every| self.sent > 0 && self.sent.is_multiple_of(every))
        {
            self.sent += 1;
            self.write(CHOKE, &[])?; // without the fast extension this drops the request, silently
            return self.write(UNCHOKE, &[]);
        }

        if manner
            .bitfield_every
            .is_some_and(|every| self.sent % every == every / 2)
        {
            self.say_what_we_have()?;
        }

        let start = u64::from(piece) * self.shared.torrent.piece_length + u64::from(offset);
        let len = u64::from(len).min(self.shared.torrent.total().saturating_sub(start)) as usize;
        let mut block = vec![0; len];
        if let Some(known) = usize::try_from(start)
            .ok()
            .and_then(|start| self.shared.bytes.get(start..))
        {
            let n = len.min(known.len());
            block[..n].copy_from_slice(&known[..n]);
        }
        if manner.lies || manner.spoils == Some(before) {
            block[len / 2] ^= 0x10;
        }
        let cut = manner.cut.map_or(len, |cut| cut as usize).max(1);
        for (i, part) in block.chunks(cut).enumerate() {
            let at = offset + u32::try_from(i * cut).expect("an offset in a piece");
            self.write(
                PIECE,
                &[&piece.to_be_bytes(), &at.to_be_bytes(), part].concat(),
            )?;
        }
        self.sent += 1;
        self.shared.seen(|seen| seen.blocks += 1);
        if let Some(rate) = manner.rate {
            thread::sleep(Duration::from_secs_f64(len as f64 / rate as f64));
        }
        Ok(())
    }

    /// One message; `None` for a keep-alive.
    fn read(&mut self) -> io::Result<Option<(u8, Vec<u8>)>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > 1 << 20 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message)?;
        Ok((length > 0).then(|| (message[0], message.split_off(1))))
    }

    fn write(&mut self, id: u8, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 1).expect("a short message");
        self.stream
            .write_all(&[&length.to_be_bytes()[..], &[id], body].concat())
    }
}

/// Downloads everything from one peer by asking for all of it before reading any answer, in blocks of `len` bytes (which
/// divides the piece length). Returns the bytes in the order of the torrent.
///
/// # Errors
///
/// When the peer hangs up, or says nothing for a minute.
///
/// # Panics
///
/// When the peer is no BitTorrent peer, or sends what was not asked for.
pub fn fetch_at_once(address: SocketAddr, torrent: &Torrent, len: u32) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let hello = [
        b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0",
        &torrent.info_hash()[..],
        b"-XX0001-all at once!",
    ]
    .concat();
    stream.write_all(&hello)?;
    let mut theirs = [0; 68];
    stream.read_exact(&mut theirs)?;
    stream.write_all(&[0, 0, 0, 1, INTERESTED])?;
    let read = |stream: &mut TcpStream| -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut message)?;
        Ok(message)
    };
    while read(&mut stream)?.first() != Some(&UNCHOKE) {}

    let total = torrent.total();
    let starts = (0..total).step_by(len as usize);
    let mut requests = Vec::new();
    for start in starts.clone() {
        let number = |n: u64| u32::try_from(n).expect("a small torrent").to_be_bytes();
        let (piece, offset) = (start / torrent.piece_length, start % torrent.piece_length);
        requests.extend([0, 0, 0, 13, REQUEST]);
        requests.extend(
            [
                number(piece),
                number(offset),
                number((total - start).min(len.into())),
            ]
            .concat(),
        );
    }
    let mut writer = stream.try_clone()?;
    let writing = thread::spawn(move || writer.write_all(&requests));

    let mut bytes = vec![0; usize::try_from(total).expect("a small torrent")];
    let mut missing = starts.count();
    while missing > 0 {
        let message = read(&mut stream)?;
        if message.first() == Some(&PIECE) {
            let number = |i: usize| {
                u32::from_be_bytes([message[i], message[i + 1], message[i + 2], message[i + 3]])
            };
            let start = u64::from(number(1)) * torrent.piece_length + u64::from(number(5));
            let start = usize::try_from(start).expect("a small torrent");
            bytes[start..start + message.len() - 9].copy_from_slice(&message[9..]);
            missing -= 1;
        }
    }
    writing.join().expect("the requests are written")?;
    Ok(bytes)
}
