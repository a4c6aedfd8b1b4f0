//! Peers and trackers for the tests, on loopback, that do as their script says.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use handshake::{Handshake, LEN, Reserved};
use peer_id::PeerId;

/// A peer that does this with every connection.
pub fn peer(script: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            script(stream.unwrap());
        }
    });
    addr
}

/// Reads the caller's handshake.
pub fn hear(stream: &mut TcpStream) -> Handshake {
    let mut bytes = [0; LEN];
    stream.read_exact(&mut bytes).unwrap();
    Handshake::parse(&bytes).unwrap()
}

/// What a libtorrent peer answers to this handshake.
pub fn answer_to(heard: &Handshake) -> Handshake {
    Handshake {
        reserved: Reserved([0, 0, 0, 0, 0, 0x10, 0, 0x05]),
        peer_id: PeerId(*b"-LT20B0-0123456789ab"),
        ..*heard
    }
}

/// A peer that shakes hands as it should, one byte after the other, and waits.
pub fn good_peer() -> SocketAddr {
    peer(|mut stream| {
        let heard = hear(&mut stream);
        stream.set_nodelay(true).unwrap();
        for byte in answer_to(&heard).to_bytes() {
            stream.write_all(&[byte]).unwrap();
        }
        let _ = stream.read(&mut [0]);
    })
}

/// A tracker that names these peers, in compact form.
pub fn tracker(peers: &[SocketAddr]) -> String {
    let mut body = format!("d8:intervali1800e5:peers{}:", 6 * peers.len()).into_bytes();
    for peer in peers {
        body.extend([127, 0, 0, 1]);
        body.extend(peer.port().to_be_bytes());
    }
    body.push(b'e');
    let addr = peer(move |mut stream| {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        lines
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .for_each(drop);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    });
    format!("http://{addr}/announce")
}

/// An address of this machine at which nobody listens.
pub fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A folder for one test, gone when the test is over.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let name = format!("step05-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A torrent of one small file, with this tracker.
    pub fn torrent(&self, tracker: &str) -> PathBuf {
        let mut bytes = format!("d8:announce{}:{tracker}4:info", tracker.len()).into_bytes();
        bytes.extend(
            b"d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
        );
        let path = self.0.join("a.torrent");
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A path as an argument.
pub fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}
