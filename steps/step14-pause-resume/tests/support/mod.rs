//! Peers for the tests, on loopback, that remember what they were asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use handshake::{Handshake, LEN};
use messages::{Bitfield, BlockRequest, Decoder, Item, Message, piece_header};
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
    /// Puts data of no pattern into the files that `create` describes.
    pub fn new(create: &Create) -> Torrent {
        let lengths = create.files.iter().map(|file| file.length);
        let bytes =
            lengths.flat_map(|length| (0..length).map(move |i| (i * i / 11 + length) as u8));
        let data: Vec<u8> = bytes.collect();
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
}

/// A seed.
#[derive(Clone)]
pub struct Seed {
    pub addr: SocketAddr,
    asked: Arc<Mutex<Vec<BlockRequest>>>,
    /// It does not answer the requests after so many, and keeps the connection.
    silent_after: Arc<AtomicUsize>,
}

impl Seed {
    pub fn of(torrent: &Torrent) -> Seed {
        let torrent = torrent.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let seed = Seed {
            addr: listener.local_addr().unwrap(),
            asked: Arc::default(),
            silent_after: Arc::new(AtomicUsize::new(usize::MAX)),
        };
        let serving = seed.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (torrent, seed) = (torrent.clone(), serving.clone());
                // The end of the connection is the end of the conversation.
                thread::spawn(move || drop(seed.serve(&torrent, stream.unwrap())));
            }
        });
        seed
    }

    /// From then on it says nothing more.
    pub fn be_silent_after(&self, requests: usize) {
        self.silent_after.store(requests, Ordering::SeqCst);
    }

    /// What it was asked since the last time, in order.
    pub fn asked(&self) -> Vec<BlockRequest> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn serve(&self, torrent: &Torrent, mut stream: TcpStream) -> std::io::Result<()> {
        let mut bytes = [0; LEN];
        stream.read_exact(&mut bytes)?;
        let theirs = Handshake::parse(&bytes).unwrap();
        let ours = Handshake {
            peer_id: PeerId(*b"-TR4060-0123456789ab"),
            ..theirs
        };
        stream.write_all(&ours.to_bytes())?;
        let pieces = torrent.metainfo.piece_count();
        let mut out = Vec::new();
        Message::Bitfield(Bitfield::full(pieces).to_bytes()).encode(&mut out);
        Message::Unchoke.encode(&mut out);
        stream.write_all(&out)?;
        let mut decoder = Decoder::new(pieces);
        let mut unread = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let (used, item) = decoder.next(&unread).unwrap();
            unread.drain(..used);
            if let Some(Item::Message(Message::Request(request))) = item {
                let count = {
                    let mut asked = self.asked.lock().unwrap();
                    asked.push(request);
                    asked.len()
                };
                if count > self.silent_after.load(Ordering::SeqCst) {
                    continue;
                }
                let from = u64::from(request.piece) * torrent.metainfo.piece_length
                    + u64::from(request.offset);
                let data = &torrent.data[from as usize..from as usize + request.len as usize];
                stream.write_all(&piece_header(request.piece, request.offset, request.len))?;
                stream.write_all(data)?;
            } else if used == 0 {
                match stream.read(&mut buffer)? {
                    0 => return Ok(()),
                    count => unread.extend(&buffer[..count]),
                }
            }
        }
    }
}
