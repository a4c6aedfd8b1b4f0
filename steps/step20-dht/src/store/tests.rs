use std::net::Ipv4Addr;

use pretty_assertions::assert_eq;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

const OWN: Id = Id([0; 20]);
const ZERO: Duration = Duration::ZERO;

fn peer(n: u32) -> SocketAddr {
    (Ipv4Addr::from_bits(0x2000_0000 + n), 6881).into()
}

fn torrent(n: u32) -> InfoHash {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    InfoHash(bytes)
}

fn all(store: &Store, info_hash: InfoHash) -> Vec<SocketAddr> {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut all = store.some(info_hash, peer(0), false, 10_000, rng);
    all.sort_unstable();
    all
}

#[test]
fn who_announces_is_named_for_half_an_hour() {
    let mut store = Store::default();
    assert!(store.insert(torrent(1), peer(1), false, OWN, ZERO));
    let later = Duration::from_secs(1_000);
    assert!(store.insert(torrent(1), peer(2), false, OWN, later));
    assert_eq!(all(&store, torrent(1)), [peer(1), peer(2)]);
    assert_eq!(all(&store, torrent(2)), []);
    store.expire_of(torrent(2), PEER_LIFE);
    store.expire_of(torrent(1), PEER_LIFE);
    assert_eq!(all(&store, torrent(1)), [peer(2)]);
    store.expire(PEER_LIFE + later);
    assert_eq!(store.len(), (0, 0));
    assert!(store.of_host.is_empty());
}

#[test]
fn a_host_is_there_once_with_its_newest_port() {
    let mut store = Store::default();
    let mut addr = peer(1);
    for port in 1..100 {
        addr.set_port(port);
        store.insert(torrent(1), addr, false, OWN, ZERO);
    }
    assert_eq!(all(&store, torrent(1)), [addr]);
}

#[test]
fn a_torrent_has_so_many_peers_and_no_more() {
    let mut store = Store::default();
    for n in 0..2_000 {
        store.insert(torrent(1), peer(n), false, OWN, ZERO);
    }
    assert_eq!(store.len(), (1, MAX_PEERS));
    assert!(store.is_full(torrent(1), peer(5_000)));
    assert!(!store.is_full(torrent(1), peer(1)), "it is among them");
    assert!(!store.is_full(torrent(2), peer(5_000)));
    assert!(
        store.insert(torrent(1), peer(1), true, OWN, ZERO),
        "who is there may come again"
    );
}

#[test]
fn when_there_are_too_many_torrents_the_nearest_stay() {
    let mut store = Store::default();
    // From the farthest to the nearest.
    for n in (0..5_000).rev() {
        store.insert(torrent(n), peer(n), false, OWN, ZERO);
    }
    assert_eq!(store.len(), (MAX_TORRENTS, MAX_TORRENTS));
    assert_eq!(all(&store, torrent(0)), [peer(0)]);
    assert!(!store.insert(torrent(4_000), peer(1), false, OWN, ZERO));
    assert_eq!(store.of_host.len(), MAX_TORRENTS);
}

#[test]
fn all_together_there_are_so_many_peers() {
    let mut store = Store::default();
    for n in 0..100 {
        for host in 0..400 {
            store.insert(torrent(n), peer(400 * n + host), false, OWN, ZERO);
        }
    }
    assert_eq!(store.len().1, MAX_ALL_PEERS);
}

#[test]
fn one_host_cannot_fill_it() {
    let mut store = Store::default();
    for n in 0..1_000 {
        store.insert(torrent(n), peer(1), false, OWN, ZERO);
    }
    assert_eq!(store.len(), (MAX_TORRENTS_OF_HOST, MAX_TORRENTS_OF_HOST));
}

#[test]
fn a_family_is_told_its_own_and_the_world_nothing_of_our_home() {
    let mut store = Store::default();
    let (home, v6): (SocketAddr, SocketAddr) = (
        "192.168.1.2:1".parse().unwrap(),
        "[2001:db8::1]:1".parse().unwrap(),
    );
    for addr in [peer(1), home, v6] {
        assert!(store.insert(torrent(1), addr, false, OWN, ZERO));
    }
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut some = |asker: SocketAddr| {
        let mut some = store.some(torrent(1), asker, false, 10, rng);
        some.sort_unstable();
        some
    };
    assert_eq!(some(peer(9)), [peer(1)]);
    assert_eq!(some("192.168.1.9:1".parse().unwrap()), [peer(1), home]);
    assert_eq!(some(v6), [v6]);
}

#[test]
fn seeds_are_counted_apart_and_left_out_if_nobody_wants_them() {
    let mut store = Store::default();
    for n in 0..30 {
        store.insert(torrent(1), peer(n), n < 10, OWN, ZERO);
    }
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    assert_eq!(store.some(torrent(1), peer(99), true, 100, rng).len(), 20);
    assert_eq!(store.some(torrent(1), peer(99), false, 7, rng).len(), 7);
    let counts = store.counts(torrent(1)).unwrap();
    assert!((counts.seeds.estimate() - 10.0).abs() < 1.0);
    assert!((counts.peers.estimate() - 20.0).abs() < 1.0);
    assert_eq!(store.counts(torrent(2)), None);
}
