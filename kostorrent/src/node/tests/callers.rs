//! Those who call us.

use pretty_assertions::assert_eq;

use super::*;

#[tokio::test]
async fn silent_callers_do_not_close_the_door() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let call = |_| std::net::TcpStream::connect(seeder.addr()).unwrap();
    let silent: Vec<_> = (0..60).map(call).collect();
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&metainfo, to.path(), DOWNLOAD)
    });
    let ended = tokio::time::timeout(Duration::from_secs(8), leecher.wait()).await;
    assert_eq!(ended.ok(), Some(Outcome::Complete));
    drop(silent);
    seeder.stop().await;
}

#[tokio::test]
async fn a_host_full_of_silent_callers_does_not_push_out_a_slow_one() {
    use std::io::{Read, Write};

    let from = tempfile::tempdir().unwrap();
    let metainfo = torrent(from.path(), 32 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let addr = seeder.addr();
    let hello = handshake::Handshake {
        reserved: handshake::Reserved::none(),
        info_hash: metainfo.info_hash_v1.unwrap(),
        peer_id: PeerId([7; 20]),
    };
    let slow = move || {
        let mut slow = std::net::TcpStream::connect(addr).unwrap();
        slow.write_all(&hello.to_bytes()[..30]).unwrap();
        // Another address of the same machine, where it has several.
        let silent = (0..200).map(|_| call_from([127, 0, 0, 2], addr));
        let silent: Vec<_> = silent.collect();
        // The last of them was taken, and so were all before it.
        slow.write_all(&hello.to_bytes()[30..]).unwrap();
        let mut heard = [0; handshake::LEN];
        slow.read_exact(&mut heard).unwrap();
        drop(silent);
        handshake::Handshake::parse(&heard).unwrap().info_hash
    };
    if cfg!(target_os = "linux") {
        let heard = tokio::task::spawn_blocking(slow).await.unwrap();
        assert_eq!(Some(heard), metainfo.info_hash_v1);
    }
    seeder.stop().await;
}

/// A call from an address of one's own choice.
fn call_from(ip: [u8; 4], to: SocketAddr) -> socket2::Socket {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((ip, 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket
}
