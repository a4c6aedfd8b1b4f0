//! An endpoint's node among those of a lab.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;

use pretty_assertions::assert_eq;
use tokio::task::{LocalSet, spawn_local};

use super::super::udp::Udp;
use super::*;
use crate::lab::dht::Nodes;

const HERE: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
const TORRENT: InfoHash = InfoHash([7; 20]);

fn options(router: Option<SocketAddr>, state: Option<&Path>) -> DhtOptions {
    let routers = router.map(|addr| (addr.ip().to_string(), addr.port()));
    DhtOptions {
        routers: Routers::Named(routers.into_iter().collect()),
        state: state.map(Path::to_owned),
    }
}

/// An endpoint's socket at work, and what is done with its DHT. When this is over, so is the socket's
/// end.
async fn with_dht<T>(options: DhtOptions, work: impl AsyncFnOnce(&Dht, &Udp) -> T) -> T {
    let (udp, task) = Udp::open(HERE.into(), Some(options), &Default::default());
    let task = spawn_local(task.unwrap().run());
    let dht = udp.dht().unwrap();
    let result = work(&dht, &udp).await;
    drop((dht, udp));
    task.await.unwrap();
    result
}

/// Searches to the end: the peers, and how it ended.
async fn search(dht: &Dht, announce: Option<u16>) -> (Vec<SocketAddr>, Searched) {
    let announce = announce.map(|port| Announcing {
        port,
        implied_port: false,
        seed: false,
    });
    let mut finds = dht.search(TORRENT, announce);
    let mut all = Vec::new();
    while let Some(found) = finds.recv().await {
        match found {
            Found::Peers(peers) => all.extend(peers),
            Found::Ended(searched) => {
                assert_eq!(finds.recv().await, None, "that was the last word");
                return (all, searched);
            }
        }
    }
    panic!("a search without an end");
}

fn at(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

async fn locally(work: impl Future<Output = ()>) {
    LocalSet::new().run_until(work).await;
}

#[tokio::test]
async fn what_one_endpoint_announces_another_finds() {
    locally(async {
        let nodes = Nodes::start().await.unwrap();
        nodes.announce(TORRENT, 4_001, 0).await;
        with_dht(options(Some(nodes.first()), None), async |ours, _| {
            let (peers, searched) = search(ours, Some(4_002)).await;
            assert_eq!(peers, [at(4_001)]);
            assert!(searched.answered >= 8, "{searched:?}");
            assert_eq!((searched.peers, searched.announced), (1, 8));
        })
        .await;
        with_dht(options(Some(nodes.first()), None), async |other, _| {
            let (mut peers, searched) = search(other, None).await;
            peers.sort();
            assert_eq!(peers, [at(4_001), at(4_002)]);
            assert_eq!(searched.announced, 0);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn whom_it_knew_is_kept_for_the_next_start() {
    locally(async {
        let nodes = Nodes::start().await.unwrap();
        nodes.announce(TORRENT, 4_001, 0).await;
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("not there yet");
        let first = options(Some(nodes.first()), Some(&state));
        with_dht(first, async |dht, _| {
            search(dht, None).await;
        })
        .await;
        let file = state.join("dht.dat");
        let kept = fs::read(&file).unwrap();
        assert!(dht::Saved::decode(&kept).unwrap().nodes.len() >= 8);

        let next = options(None, Some(&state));
        with_dht(next.clone(), async |dht, _| {
            // A second program at the same time keeps nothing, and begins from there, too.
            with_dht(next, async |second, _| {
                assert_eq!(search(second, None).await.0, [at(4_001)]);
            })
            .await;
            assert_eq!(search(dht, None).await.0, [at(4_001)]);
        })
        .await;
        assert!(dht::Saved::decode(&fs::read(&file).unwrap()).is_ok());
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_and_damaged_is_as_if_it_were_not_there() {
    locally(async {
        let nodes = Nodes::start().await.unwrap();
        nodes.announce(TORRENT, 4_001, 0).await;
        let folder = tempfile::tempdir().unwrap();
        for damaged in [&b""[..], b"notes", b"d6:formati1e", &[b'x'; 100_000]] {
            let file = folder.path().join("dht.dat");
            fs::write(&file, damaged).unwrap();
            with_dht(options(None, Some(folder.path())), async |dht, _| {
                assert_eq!(search(dht, None).await, (vec![], Searched::default()));
            })
            .await;
            assert_eq!(
                fs::read(&file).unwrap(),
                damaged,
                "who knows nobody keeps nobody"
            );
            let router = options(Some(nodes.first()), Some(folder.path()));
            with_dht(router, async |dht, _| {
                assert_eq!(search(dht, None).await.0, [at(4_001)]);
            })
            .await;
            assert!(dht::Saved::decode(&fs::read(&file).unwrap()).is_ok());
        }
    })
    .await;
}

#[tokio::test]
async fn when_those_of_the_last_run_are_gone_the_routers_are_asked() {
    locally(async {
        let nodes = Nodes::start().await.unwrap();
        nodes.announce(TORRENT, 4_001, 0).await;
        let folder = tempfile::tempdir().unwrap();
        // It holds the port and answers nothing.
        let gone = UdpSocket::bind(HERE).unwrap();
        let saved = dht::Saved {
            nodes: vec![dht::Contact {
                id: dht::Id([1; 20]),
                addr: gone.local_addr().unwrap(),
            }],
            ..dht::Saved::default()
        };
        fs::write(folder.path().join("dht.dat"), saved.encode()).unwrap();
        let first = nodes.first();
        let last_resort = DhtOptions {
            routers: Routers::LastResort(vec![(first.ip().to_string(), first.port())]),
            state: Some(folder.path().to_owned()),
        };
        with_dht(last_resort, async |dht, _| {
            let (peers, searched) = search(dht, None).await;
            assert_eq!(peers, [at(4_001)]);
            assert!(searched.asked > searched.answered, "{searched:?}");
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_torrent_may_name_where_to_begin() {
    locally(async {
        let nodes = Nodes::start().await.unwrap();
        nodes.announce(TORRENT, 4_001, 0).await;
        with_dht(options(None, None), async |dht, _| {
            assert_eq!(search(dht, None).await, (vec![], Searched::default()));
            let name = ("localhost".to_owned(), nodes.first().port());
            dht.add_names(vec![("nobody.invalid".to_owned(), 1), name]);
            assert_eq!(search(dht, None).await.0, [at(4_001)]);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_before_somebody_has_asked() {
    locally(async {
        let watcher = UdpSocket::bind(HERE).unwrap();
        watcher.set_nonblocking(true).unwrap();
        let addr = watcher.local_addr().unwrap();
        with_dht(options(Some(addr), None), async |dht, udp| {
            dht.add_node(addr);
            dht.add_names(vec![(addr.ip().to_string(), addr.port())]);
            // What is sent later has gone out: so the node is past all that.
            let other = tokio::net::UdpSocket::bind(HERE).await.unwrap();
            let mut buffer = [0; 100];
            let asking = spawn_local(ask(udp.clone(), other.local_addr().unwrap()));
            other.recv_from(&mut buffer).await.unwrap();
            assert!(
                watcher.recv_from(&mut buffer).is_err(),
                "something was sent"
            );
            asking.abort();
            let _ = asking.await;

            let finds = dht.search(TORRENT, None);
            let watcher = tokio::net::UdpSocket::from_std(watcher).unwrap();
            let (len, _) = watcher.recv_from(&mut buffer).await.unwrap();
            assert!(buffer[..len].starts_with(b"d1:ad2:id20:"));
            drop(finds);
        })
        .await;
    })
    .await;
}

/// A question to a tracker that does not answer.
async fn ask(udp: Udp, tracker: SocketAddr) {
    let request = tracker::AnnounceRequest {
        info_hash: TORRENT,
        peer_id: peer_id::PeerId([0; 20]),
        port: 1,
        uploaded: 0,
        downloaded: 0,
        left: 0,
        event: None,
        numwant: None,
        key: 0,
        tracker_id: None,
    };
    let url_data = None;
    let announce = udp_tracker::Announce { request, url_data };
    let _ = udp.ask(tracker, udp_tracker::Ask::Announce(announce)).await;
}

#[test]
fn what_listens_on_loopback_alone_begins_from_nobody_elsewhere() {
    let usual = DhtOptions::default();
    let addr = |text: &str| -> SocketAddr { text.parse().unwrap() };
    for here in ["127.0.0.1:1", "[::1]:1"] {
        assert_eq!(usual.routers(addr(here)), []);
        assert!(usual.is_local(addr(here)));
    }
    for anywhere in ["0.0.0.0:1", "[::]:1"] {
        assert_eq!(usual.routers(addr(anywhere)).len(), ROUTERS.len());
        assert!(!usual.is_local(addr(anywhere)));
        for router in ["127.0.0.1", "localhost", "192.168.1.7"] {
            let named = DhtOptions {
                routers: Routers::Named(vec![(router.to_owned(), 1)]),
                state: None,
            };
            assert!(named.is_local(addr(anywhere)), "{router}");
        }
    }
}
