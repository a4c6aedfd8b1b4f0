//! The lab's tracker, over a real socket.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use kostorrent::lab::tracker::{Serves, Swarms, Tracker};
use metainfo::InfoHash;
use peer_id::PeerId;
use tracker::{AnnounceEvent, AnnounceRequest, announce_url, parse_reply};

const TORRENT: InfoHash = InfoHash([0xab; 20]);

async fn start(serves: Serves) -> Tracker {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Tracker::start(addr, Swarms::new(serves, Duration::from_secs(60)), 1)
        .await
        .unwrap()
        .0
}

fn request(port: u16, event: Option<AnnounceEvent>) -> AnnounceRequest {
    AnnounceRequest {
        info_hash: TORRENT,
        peer_id: PeerId(*b"-KT0100-abcdefghijkl"),
        port,
        uploaded: 0,
        downloaded: 0,
        left: 9,
        event,
        numwant: None,
        key: 1,
        tracker_id: None,
    }
}

/// Sends raw bytes and reads to the end, off the runtime's thread.
async fn exchange(addr: SocketAddr, bytes: Vec<u8>) -> Vec<u8> {
    let talk = move || {
        let mut socket = TcpStream::connect(addr).unwrap();
        socket.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        answer
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

/// The status line and the body of the answer to a GET.
async fn get(addr: SocketAddr, target: &str) -> (String, Vec<u8>) {
    let answer = exchange(
        addr,
        format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").into(),
    )
    .await;
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (
        head.lines().next().unwrap().to_owned(),
        answer[end + 4..].to_vec(),
    )
}

async fn announce(tracker: &Tracker, request: &AnnounceRequest) -> Vec<u8> {
    let url = announce_url(&tracker.announce_url(), request).unwrap();
    let target = url.split_once(&tracker.addr().to_string()).unwrap().1;
    let (status, body) = get(tracker.addr(), target).await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    body
}

#[tokio::test]
async fn what_our_client_sends_it_understands() {
    let tracker = start(Serves::Only(vec![TORRENT])).await;
    tracker.introduce(TORRENT, ([127, 0, 0, 1], 4000).into());
    let other = AnnounceRequest {
        peer_id: PeerId(*b"-KT0100-bbbbbbbbbbbb"),
        left: 0,
        ..request(4001, Some(AnnounceEvent::Started))
    };
    let body = announce(&tracker, &other).await;
    assert_eq!(parse_reply(&body).unwrap().peers, []);

    let body = announce(&tracker, &request(5000, Some(AnnounceEvent::Started))).await;
    let mut reply = parse_reply(&body).unwrap();
    reply.peers.sort();
    let expected: [SocketAddr; 2] = [([127, 0, 0, 1], 4000).into(), ([127, 0, 0, 1], 4001).into()];
    assert_eq!(reply.peers, expected);
    assert_eq!((reply.complete, reply.incomplete), (Some(2), Some(1)));

    let query: String = TORRENT
        .0
        .iter()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    let (_, scraped) = get(tracker.addr(), &format!("/scrape?info_hash={query}")).await;
    let tail = b"d8:completei2e10:downloadedi0e10:incompletei1eeee";
    assert!(
        scraped.ends_with(tail),
        "{}",
        String::from_utf8_lossy(&scraped)
    );
}

#[tokio::test]
async fn refusals_come_as_failure_reasons() {
    let tracker = start(Serves::Only(vec![InfoHash([1; 20])])).await;
    let error = parse_reply(&announce(&tracker, &request(5000, None)).await).unwrap_err();
    assert!(error.to_string().contains("does not know"), "{error}");
    let (status, body) = get(tracker.addr(), "/announce?port=1").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(body.starts_with(b"d14:failure reason"));
}

#[tokio::test]
async fn a_tracker_open_to_all_takes_any_torrent() {
    let tracker = start(Serves::Any).await;
    assert!(parse_reply(&announce(&tracker, &request(5000, None)).await).is_ok());
}

#[tokio::test]
async fn what_is_no_announce_gets_an_http_error() {
    let tracker = start(Serves::Any).await;
    assert!(get(tracker.addr(), "/").await.0.contains("404"));
    let start =
        |answer: Vec<u8>| String::from_utf8_lossy(&answer[..12.min(answer.len())]).into_owned();
    let post = exchange(tracker.addr(), b"POST /announce HTTP/1.1\r\n\r\n".to_vec()).await;
    assert_eq!(start(post), "HTTP/1.1 405");
    let torrent = exchange(tracker.addr(), b"\x13BitTorrent protocol".to_vec()).await;
    assert_eq!(start(torrent), "HTTP/1.1 400");
    let long = [b"GET /".to_vec(), vec![b'a'; 100_000]].concat();
    // The rest of the request may be lost with the connection, and the answer with it.
    let answer = start(exchange(tracker.addr(), long).await);
    assert!(answer.is_empty() || answer == "HTTP/1.1 431", "{answer}");
}
