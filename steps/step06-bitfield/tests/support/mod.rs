//! Peers for the tests, on loopback, that do as their script says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use handshake::{Handshake, LEN};
use peer_id::PeerId;

/// A peer that answers the handshake and then does this.
pub fn peer(script: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
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
        script(stream);
    });
    addr
}

/// A folder for one test, gone when the test is over.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let name = format!("step06-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A torrent of ten pieces.
    pub fn torrent(&self) -> PathBuf {
        let mut bytes = b"d8:announce21:udp://127.0.0.1:9/ann4:infod6:lengthi163840e4:name5:a.txt\
                          12:piece lengthi16384e6:pieces200:"
            .to_vec();
        bytes.extend([b'a'; 200]);
        bytes.extend(b"ee");
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
