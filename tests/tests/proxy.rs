//! Downloads and seeders behind a SOCKS5 proxy: everything goes through it, or nothing goes at all.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::Process;
use kostorrent_tests::socks::Socks;
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{json, kostorrent, temp, wait};
use pretty_assertions::assert_eq;

/// A peer that nobody can reach but through the proxy: nothing is at these addresses (RFC 5737).
const PEER: &str = "192.0.2.1:6881";

/// And a tracker, whose name no server knows (RFC 6761).
const TRACKER: &str = "tracker.invalid:80";

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Where an HTTP tracker really listens.
fn place(tracker: &Tracker) -> SocketAddr {
    let url = tracker.url();
    let place = url.trim_start_matches("http://").split('/').next().unwrap();
    addr(place)
}

#[test]
fn peers_and_trackers_are_reached_through_the_proxy_alone() {
    let (payload, folder) = (Payload::single("proxied.bin", 2_000_000), temp());
    let described = payload.torrent(65_536, &[]);
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    // The tracker names one that can be reached, and one that the proxy refuses.
    let tracker = Tracker::naming(&[addr(PEER), addr("192.0.2.9:1")]);
    let by_udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    by_udp.set_nonblocking(true).unwrap();
    let udp = format!("udp://{}/announce", by_udp.local_addr().unwrap());
    let torrent = folder.path().join("the.torrent");
    let http = format!("http://{TRACKER}/announce");
    payload
        .torrent(65_536, &[&[&udp], &[&http]])
        .write(&torrent);
    let proxy = Socks::start([(PEER, seeder.address()), (TRACKER, place(&tracker))]);
    // Another one, which is not asked.
    let named = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    named.set_nonblocking(true).unwrap();
    let other = format!("http://{}", named.local_addr().unwrap());

    let mut command = kostorrent::download(&torrent, folder.path());
    command.args(["--proxy", &proxy.url()]);
    command.env("http_proxy", other);
    let finished = Process::run("kostorrent download", &mut command);
    finished.expect_code(0);
    payload.assert_in(folder.path());

    let asked = proxy.asked();
    let count = |whom: &str| asked.iter().filter(|asked| *asked == whom).count();
    assert_eq!(count(PEER), seeder.seen().connections as usize);
    assert!(count(TRACKER) >= 1);
    assert!(asked.iter().any(|whom| whom == "192.0.2.9:1"), "{asked:?}");
    assert!(by_udp.recv_from(&mut [0; 2_000]).is_err(), "a datagram");
    assert!(named.accept().is_err(), "a call past the proxy");
    let start = json::lines(&finished.stdout);
    let start = start.iter().find(|line| line["event"] == "start").unwrap();
    assert_eq!(start["listening"], "0.0.0.0:0");
    // Who cannot be called says so with a port at which nobody listens.
    assert!(
        tracker
            .announces()
            .iter()
            .all(|announce| announce.port == 1)
    );
}

#[test]
fn without_its_proxy_a_download_calls_nobody() {
    let (payload, folder) = (Payload::single("alone.bin", 100_000), temp());
    let described = payload.torrent(65_536, &[]);
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    let tracker = Tracker::naming(&[seeder.address()]);
    let torrent = folder.path().join("the.torrent");
    payload
        .torrent(65_536, &[&[&tracker.url()]])
        .write(&torrent);
    // Both can be reached directly, and neither is. The proxy wants another password, or is not there.
    let proxy = Socks::start([]);
    let wrong = proxy.url().replace("secret", "guess");
    let dead = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        format!("socks5://{}", listener.local_addr().unwrap())
    };
    for (url, cause) in [(wrong, "by the proxy"), (dead, "refused")] {
        let mut command = kostorrent::download(&torrent, folder.path());
        let peer = seeder.address().to_string();
        command.args(["--proxy", &url, "--peer", &peer]);
        command.args(["--log", "kostorrent::node=debug"]);
        let download = Process::start("kostorrent download", &mut command);
        wait::until_true("a second try", || {
            let log = download.stderr();
            log.matches("no connection").count() >= 2 && log.contains("no answer of use")
        });
        let log = download.stderr();
        assert!(log.contains(cause), "{log}");
        drop(download);
    }
    assert_eq!(proxy.asked(), Vec::<String>::new());
    assert_eq!(seeder.seen().connections, 0);
    assert_eq!(tracker.announces().len(), 0);
}

#[test]
fn the_name_of_a_peer_is_not_looked_up_where_others_could_see_it() {
    let (payload, folder) = (Payload::single("named.bin", 100_000), temp());
    let torrent = folder.path().join("the.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let proxy = Socks::start([]);
    let mut command = kostorrent::download(&torrent, folder.path());
    command.args(["--proxy", &proxy.url(), "--peer", "peer.invalid:6881"]);
    let finished = Process::run("kostorrent download", &mut command);
    finished.expect_code(1);
    assert!(
        finished
            .stderr
            .contains("with --proxy no name of a peer is looked up")
    );
    assert!(proxy.asked().is_empty());
}
