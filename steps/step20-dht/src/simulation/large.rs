//! A network of 10,000 nodes, of which one in five has gone and one in ten is hostile.

use std::net::SocketAddr;
use std::time::Duration;

use metainfo::InfoHash;
use rand::RngExt;

use super::hostile::{HABITS, Habit, Hostile};
use super::network::{Actor, Ids, Network};
use crate::{Announcing, Config, Contact, Family, Id, Node, Search};

const NODES: usize = 10_000;

/// A path that halves the distance with each step has no more of them in a network of this size.
const LOG2: u32 = NODES.ilog2();

/// The torrents that are announced and looked for. Some hostile nodes have made up ids near to them.
const TORRENTS: usize = 16;

fn torrent(n: usize) -> InfoHash {
    // Spread over all ids.
    InfoHash(std::array::from_fn(|i| (n * 37 + i * 101 + 11) as u8))
}

/// The network, and which of its nodes are honest.
fn network(seed: u64) -> (Network, Vec<usize>) {
    let mut network = Network::new(seed, 2);
    let kinds = |n: usize| match n % 10 {
        0 => Some(HABITS[n / 10 % HABITS.len()]),
        _ => None,
    };
    let mut contacts = Vec::new();
    for n in 0..NODES {
        let addr = network.free_address();
        let id = Id::for_address(addr.ip(), &mut network.rng);
        let id = match kinds(n) {
            // A third of the hostile sit around the torrents.
            Some(_) if n % 30 == 0 => {
                Id::from(torrent(n / 30 % TORRENTS)).random_beside(40, &mut network.rng)
            }
            _ => id,
        };
        contacts.push(Contact { id, addr });
        // So that nobody else gets the address; who is there is said below.
        network.add(addr, Actor::Dead);
    }
    let friends: Vec<SocketAddr> = (0..NODES).step_by(10).map(|n| contacts[n].addr).collect();
    let victims: Vec<SocketAddr> = (0..5).map(|_| network.free_address()).collect();
    let ids = Ids::new(contacts.clone());
    let mut honest = Vec::new();
    for (n, contact) in contacts.iter().enumerate() {
        let actor = match (kinds(n), n % 5) {
            (Some(habit), _) => {
                let mut hostile = Hostile::new(contact.id, habit, n as u64);
                let first = network.rng.random_range(0..friends.len() - 20);
                hostile.friends = friends[first..first + 20].to_vec();
                hostile.victims.clone_from(&victims);
                Actor::Hostile(Box::new(hostile))
            }
            (None, 1) => Actor::Dead,
            (None, _) => {
                honest.push(n);
                let table = ids.table_of(contact.id, crate::limits::K, &mut network.rng);
                let mut node = Node::new(Config::PUBLIC, network.now, &mut network.rng);
                node.set_id(Family::V4, contact.id, network.now);
                node.settle(&table, network.now);
                Actor::Honest(Box::new(node))
            }
        };
        network.replace(n, actor);
    }
    (network, honest)
}

#[test]
fn a_lookup_among_10_000_finds_the_peers_whatever_the_hostile_and_the_dead_do() {
    let (mut network, honest) = network(20);
    assert_eq!(honest.len(), NODES * 7 / 10);
    assert_eq!(
        HABITS.len() - 1,
        HABITS.iter().position(|&h| h == Habit::Silent).unwrap()
    );
    let some = |network: &mut Network| honest[network.rng.random_range(0..honest.len())];
    let (mut farthest, mut asked, mut longest) = (0, 0, Duration::ZERO);
    for n in 0..TORRENTS {
        let seeder = some(&mut network);
        let port = 2_000 + n as u16;
        let announce = Announcing {
            port,
            implied_port: false,
            seed: true,
        };
        let search = Search {
            announce: Some(announce),
            ..Search::of(torrent(n), Family::V4)
        };
        let lookup = network
            .with(seeder, |node, now| node.search(search, now))
            .unwrap();
        let summary = network.finish(seeder, lookup).summary.clone().unwrap();
        assert!(summary.announced >= 6, "{n}: {summary:?}");

        let leecher = loop {
            let leecher = some(&mut network);
            if leecher != seeder {
                break leecher;
            }
        };
        let begun = network.now;
        let search = Search::of(torrent(n), Family::V4);
        let lookup = network
            .with(leecher, |node, now| node.search(search, now))
            .unwrap();
        let peer = SocketAddr::new(network.addr(seeder).ip(), port);
        let told = network.finish(leecher, lookup);
        let hops = told
            .peers
            .get(&peer)
            .unwrap_or_else(|| panic!("{n}: {:?}", told.summary));
        let summary = told.summary.as_ref().unwrap();
        // 0: it was announced to the one who looks for it.
        assert!((0..=LOG2).contains(hops), "{n}: {hops} hops");
        assert!(summary.asked <= 100, "{n}: {summary:?}");
        farthest = farthest.max(*hops);
        asked += summary.asked;
        longest = longest.max(network.now - begun);
    }
    println!(
        "at most {farthest} hops, {} questions each, {longest:?}",
        asked / TORRENTS
    );
    // What the flooders have sent is not more than was asked of them.
    for &n in &honest {
        let snapshot = network.node(n).unwrap().snapshot(network.now);
        assert!(snapshot.v4.unwrap().good <= 200);
    }
}
