//! Peers for the tests, on loopback, that do as their script says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use handshake::{Handshake, LEN};
use messages::{BlockRequest, Decoder, Item, Message, piece_header};
use metainfo::create::Create;
use peer_id::PeerId;
use sha1::{Digest, Sha1};

/// Three pieces of three and a half blocks, the last of one and a bit.
pub const PIECE: usize = 57_344;
const TOTAL: usize = 2 * PIECE + 20_000;

/// The torrent's content.
pub fn content() -> Vec<u8> {
    (0..TOTAL).map(|at| (at * at / 7) as u8).collect()
}

/// A peer's side of a connection.
pub struct Remote {
    stream: TcpStream,
    decoder: Decoder,
    unread: Vec<u8>,
    content: Vec<u8>,
}

impl Remote {
    pub fn send(&mut self, messages: &[Message]) {
        let mut bytes = Vec::new();
        for message in messages {
            message.encode(&mut bytes);
        }
        self.stream.write_all(&bytes).unwrap();
    }

    /// The next message that is heard, or `None` at the end.
    pub fn next(&mut self) -> Option<Message> {
        loop {
            let (used, item) = self.decoder.next(&self.unread).unwrap();
            self.unread.drain(..used);
            match item {
                Some(Item::Message(message)) => return Some(message),
                Some(Item::Block(header)) => panic!("{header:?} from one who has nothing"),
                None => {}
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.unread.extend(&buffer[..count]),
            }
        }
    }

    /// The next `count` requests.
    pub fn requests(&mut self, count: usize) -> Vec<BlockRequest> {
        let mut requests = Vec::new();
        while requests.len() < count {
            match self.next() {
                Some(Message::Request(block)) => requests.push(block),
                Some(_) => {}
                None => panic!("{count} requests were to come, not {requests:?}"),
            }
        }
        requests
    }

    /// Sends so many bytes of a piece from an offset on.
    pub fn send_bytes(&mut self, piece: u32, offset: usize, len: usize) {
        let begin = piece as usize * PIECE + offset;
        let payload = self.content[begin..begin + len].to_vec();
        let header = piece_header(piece, offset as u32, len as u32);
        self.stream.write_all(&header).unwrap();
        self.stream.write_all(&payload).unwrap();
    }

    /// Sends blocks as they were asked for.
    pub fn answer(&mut self, requests: &[BlockRequest]) {
        for block in requests {
            self.send_bytes(block.piece, block.offset as usize, block.len as usize);
        }
    }

    /// Says what a seed says, up to the unchoke.
    pub fn greet(&mut self) {
        self.send(&[Message::Bitfield(vec![0b1110_0000])]);
        assert_eq!(self.next(), Some(Message::Interested));
        self.send(&[Message::Unchoke]);
    }

    /// Changes a byte of what this peer sends.
    pub fn spoil(&mut self, at: usize) {
        self.content[at] ^= 1;
    }
}

/// A peer that answers the handshake and then does this.
pub fn peer(script: impl FnOnce(Remote) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; LEN];
        stream.read_exact(&mut bytes).unwrap();
        let answer = Handshake {
            peer_id: PeerId(*b"-TR4060-0123456789ab"),
            ..Handshake::parse(&bytes).unwrap()
        };
        stream.write_all(&answer.to_bytes()).unwrap();
        script(Remote {
            stream,
            decoder: Decoder::new(3),
            unread: Vec::new(),
            content: content(),
        });
    });
    addr
}

/// A folder for one test, gone when the test is over.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let name = format!("step07-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// The torrent of [`content`].
    pub fn torrent(&self) -> PathBuf {
        self.write(
            &Create::single("a.bin", TOTAL as u64, PIECE as u64),
            &content(),
        )
    }

    /// A torrent of other content.
    pub fn write(&self, create: &Create, content: &[u8]) -> PathBuf {
        let pieces = content.chunks(create.piece_length as usize);
        let hashes: Vec<[u8; 20]> = pieces.map(|piece| Sha1::digest(piece).into()).collect();
        let path = self.0.join("a.torrent");
        std::fs::write(&path, create.to_bytes(&hashes).unwrap()).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
