//! Seeds for the tests, on loopback.

mod hang_up;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use handshake::{Handshake, LEN};
use hang_up::hang_up;
use messages::{Bitfield, Decoder, Item, Message, piece_header};
use metainfo::Metainfo;
use metainfo::create::Create;
use peer_id::PeerId;

/// A torrent and all its bytes.
#[derive(Clone)]
pub struct Torrent {
    pub bytes: Vec<u8>,
    pub metainfo: Metainfo,
    pub data: Vec<u8>,
}

impl Torrent {
    /// Puts data of no pattern into the files that `create` describes, zeros into padding.
    pub fn new(create: &Create) -> Torrent {
        let mut data = Vec::new();
        for file in &create.files {
            let byte = |i: u64| {
                if file.padding {
                    0
                } else {
                    (i * i / 11 + file.length) as u8
                }
            };
            data.extend((0..file.length).map(byte));
        }
        let pieces: Vec<[u8; 20]> = data
            .chunks(create.piece_length as usize)
            .map(|piece| hashing::digest(&[piece]))
            .collect();
        let bytes = create.to_bytes(&pieces).unwrap();
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

    /// A seed that hangs up after so many blocks.
    pub fn seed(&self, blocks: usize) -> SocketAddr {
        self.peer(Bitfield::full(self.metainfo.piece_count()), blocks)
    }

    /// A peer that has these pieces.
    pub fn partial(&self, pieces: impl IntoIterator<Item = u32>) -> SocketAddr {
        let mut has = Bitfield::new(self.metainfo.piece_count());
        for piece in pieces {
            has.set(piece);
        }
        self.peer(has, usize::MAX)
    }

    fn peer(&self, has: Bitfield, blocks: usize) -> SocketAddr {
        let torrent = self.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // The end of the connection is the end of the conversation.
                let _ = torrent.serve(&mut stream, &has, blocks);
                hang_up(&mut stream);
            }
        });
        addr
    }

    fn serve(
        &self,
        stream: &mut TcpStream,
        has: &Bitfield,
        mut blocks: usize,
    ) -> std::io::Result<()> {
        let mut bytes = [0; LEN];
        stream.read_exact(&mut bytes)?;
        let theirs = Handshake::parse(&bytes).unwrap();
        let ours = Handshake {
            peer_id: PeerId(*b"-TR4060-0123456789ab"),
            ..theirs
        };
        stream.write_all(&ours.to_bytes())?;
        let pieces = self.metainfo.piece_count();
        let mut out = Vec::new();
        Message::Bitfield(has.to_bytes()).encode(&mut out);
        Message::Unchoke.encode(&mut out);
        stream.write_all(&out)?;
        let mut decoder = Decoder::new(pieces);
        let mut unread = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let (used, item) = decoder.next(&unread).unwrap();
            unread.drain(..used);
            if let Some(Item::Message(Message::Request(request))) = item {
                if blocks == 0 || !has.get(request.piece) {
                    return Ok(());
                }
                blocks -= 1;
                let from = u64::from(request.piece) * self.metainfo.piece_length
                    + u64::from(request.offset);
                stream.write_all(&piece_header(request.piece, request.offset, request.len))?;
                stream
                    .write_all(&self.data[from as usize..from as usize + request.len as usize])?;
            } else if used == 0 {
                match stream.read(&mut buffer)? {
                    0 => return Ok(()),
                    count => unread.extend(&buffer[..count]),
                }
            }
        }
    }
}

/// A tracker that names these peers to whoever asks. It has to listen before the torrent can name it.
pub fn track(listener: TcpListener, peers: &[SocketAddr]) {
    let mut body = format!("d8:intervali1800e5:peers{}:", 6 * peers.len()).into_bytes();
    for peer in peers {
        let SocketAddr::V4(peer) = peer else {
            panic!("{peer} has no six bytes");
        };
        body.extend(peer.ip().octets());
        body.extend(peer.port().to_be_bytes());
    }
    body.push(b'e');
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
    let answer = [head.as_bytes(), b"Connection: close\r\n\r\n", &body].concat();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.extend(byte);
            }
            stream.write_all(&answer).unwrap();
        }
    });
}
