//! Real clients that take no connection but an encrypted one: called by the step's program, and calling us.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use encryption::{Answer, Method, Opening, Policy, Responder, Secured, SkeyIndex};
use handshake::Handshake;
use kostorrent_tests::clients::{aria2, libtorrent, transmission};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{programs, temp, wait};
use metainfo::InfoHash;
use pretty_assertions::assert_eq;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

/// How long we wait for a client to say something more.
const PATIENCE: Duration = Duration::from_secs(30);

/// A torrent with a tracker that names these peers, and the file beside it if `full`.
struct Torrent {
    folder: TempDir,
    path: PathBuf,
    info_hash: InfoHash,
    _tracker: Tracker,
}

impl Torrent {
    fn new(name: &str, peers: &[SocketAddr], full: bool) -> Torrent {
        let payload = Payload::single(name, 100_000);
        let tracker = Tracker::naming(peers);
        let folder = temp();
        let path = folder.path().join("the.torrent");
        let described = payload.torrent(32_768, &[&[&tracker.url()]]);
        described.write(&path);
        if full {
            payload.write(folder.path());
        }
        Torrent {
            folder,
            path,
            info_hash: InfoHash(described.info_hash()),
            _tracker: tracker,
        }
    }

    /// Runs the step's program until the peer has checked its file and takes calls.
    fn call(&self, peer: SocketAddr, offer: &str) -> Finished {
        wait::until("the peer to take a call", || {
            let mut command = process::command(programs::step("step22-encryption"));
            command.arg(&self.path).arg("--peer").arg(peer.to_string());
            let finished = Process::run("step22-encryption", command.args(["--offer", offer]));
            (finished.code() == Some(0)).then_some(finished)
        })
    }

    /// A peer that requires encryption hangs up on plain text, and then goes on in RC4, whatever else it may choose.
    fn expect_rc4(&self, peer: SocketAddr) {
        for offer in ["both", "rc4"] {
            let said = self.call(peer, offer).stdout;
            for part in [
                "\nthe peer hung up after 0 of 68 bytes",
                "it chooses RC4\n",
                "goes on in RC4.\n",
                "The same torrent, and not ourselves: messages may follow.\n",
            ] {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
    }
}

#[test]
fn libtorrent_that_requires_encryption_is_called() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let torrent = Torrent::new("libtorrent.bin", &[], true);
    let peer = libtorrent::seed_encrypted(&python, &torrent.path, torrent.folder.path());
    torrent.expect_rc4(peer.address);
}

#[test]
fn transmission_that_requires_encryption_is_called() {
    let Some(()) = transmission::available() else {
        return;
    };
    let torrent = Torrent::new("transmission.bin", &[], true);
    let peer = transmission::start_encrypted(&torrent.path, torrent.folder.path());
    torrent.expect_rc4(peer.address);
}

#[test]
fn aria2_that_requires_encryption_is_called() {
    let Some(()) = aria2::available() else { return };
    let torrent = Torrent::new("aria2.bin", &[], true);
    let peer = aria2::seed_encrypted(&torrent.path, torrent.folder.path());
    torrent.expect_rc4(peer.address);
}

#[test]
fn aria2_that_allows_encryption_chooses_plain_text_if_it_may() {
    let Some(()) = aria2::available() else { return };
    let torrent = Torrent::new("allows.bin", &[], true);
    let peer = aria2::seed(&torrent.path, torrent.folder.path());
    let said = torrent.call(peer.address, "both").stdout;
    assert!(said.contains("goes on in plain text.\n"), "{said}");
    let said = torrent.call(peer.address, "rc4").stdout;
    assert!(said.contains("goes on in RC4.\n"), "{said}");
}

/// Somebody who takes encrypted calls only, and the handshake that comes in the first one.
fn be_called(info_hash: InfoHash) -> (SocketAddr, thread::JoinHandle<Handshake>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let torrents: SkeyIndex = [info_hash].into_iter().collect();
    let heard = thread::spawn(move || {
        let mut streams = listener.incoming();
        streams
            .find_map(|stream| take_call(stream.unwrap(), &torrents))
            .expect("a caller that encrypts")
    });
    (address, heard)
}

fn take_call(mut stream: TcpStream, torrents: &SkeyIndex) -> Option<Handshake> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    loop {
        bytes.extend(read(&mut stream)?);
        match Policy::Require.answer(Opening::of(&bytes)) {
            Answer::Wait => {}
            Answer::Encrypted => break,
            Answer::Plain | Answer::Refuse(_) => return None,
        }
    }
    let mut responder =
        Responder::new(Policy::Require.methods(), &mut ChaCha8Rng::seed_from_u64(1));
    let mut secured = loop {
        let secured = responder.handle(&bytes, |hash| torrents.find(hash));
        let secured = secured.expect("a caller that has our torrent");
        while let Some(bytes) = responder.poll_transmit() {
            stream.write_all(&bytes).unwrap();
        }
        match secured {
            Some(secured) => break secured,
            None => bytes = read(&mut stream)?,
        }
    };
    assert_eq!(secured.method, Method::Rc4);
    // aria2 sends its handshake after the exchange, libtorrent some of it within.
    while secured.early.len() < handshake::LEN {
        let Secured {
            read: cipher,
            early,
            ..
        } = &mut secured;
        let mut bytes = read(&mut stream)?;
        cipher.apply(&mut bytes);
        early.extend(bytes);
    }
    let handshake = secured.early.first_chunk().expect("68 bytes");
    Some(Handshake::parse(handshake).expect("a handshake"))
}

/// What comes next; none at the end.
fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut buffer = [0; 1_024];
    let count = stream.read(&mut buffer).ok()?;
    (count > 0).then(|| buffer[..count].to_vec())
}

/// A client that requires encryption calls us: its handshake is the one of this torrent.
fn expect_call<T>(name: &str, download: impl FnOnce(&Path, &Path) -> T) {
    let info_hash = Torrent::new(name, &[], false).info_hash;
    let (address, heard) = be_called(info_hash);
    let torrent = Torrent::new(name, &[address], false);
    let _client = download(&torrent.path, torrent.folder.path());
    assert_eq!(heard.join().unwrap().info_hash, torrent.info_hash);
}

#[test]
fn libtorrent_calls_us_encrypted() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    expect_call("called.bin", |torrent, folder| {
        libtorrent::download_encrypted(&python, torrent, folder)
    });
}

#[test]
fn aria2_calls_us_encrypted() {
    let Some(()) = aria2::available() else { return };
    expect_call("called.bin", aria2::download_encrypted);
}
