//! A network that comes into being by the protocol alone: 300 nodes, each of which has been told of one.

use std::net::SocketAddr;
use std::time::Duration;

use metainfo::InfoHash;
use rand::RngExt;

use super::network::{Actor, Ids, Network};
use crate::{Announcing, Config, Contact, Family, Node, Search};

pub(super) const NODES: usize = 300;

/// The nodes begin one after the other, a second apart.
pub(super) fn joined(seed: u64, loss: u32) -> Network {
    let mut network = Network::new(seed, loss);
    let mut first: Option<SocketAddr> = None;
    for _ in 0..NODES {
        let addr = network.free_address();
        let mut node = Node::new(Config::PUBLIC, network.now, &mut network.rng);
        let id = crate::Id::for_address(addr.ip(), &mut network.rng);
        node.set_id(Family::V4, id, network.now);
        if let Some(first) = first {
            node.add_seed(first, network.now);
        }
        first.get_or_insert(addr);
        network.add(addr, Actor::Honest(Box::new(node)));
        network.run_for(Duration::from_secs(1));
    }
    network.run_for(Duration::from_secs(5 * 60));
    network
}

fn contact(network: &Network, index: usize) -> Contact {
    let id = network.node(index).and_then(|node| node.id(Family::V4));
    Contact {
        id: id.expect("it is in it"),
        addr: network.addr(index),
    }
}

#[test]
fn from_one_address_300_nodes_get_to_know_each_other_and_find_what_they_announce() {
    let mut network = joined(1, 2);
    let all: Vec<Contact> = (0..NODES).map(|index| contact(&network, index)).collect();
    let ids = Ids::new(all.clone());
    let mut neighbours = 0;
    for (index, own) in all.iter().enumerate() {
        let node = network.node(index).unwrap();
        let place = node.snapshot(network.now).v4.unwrap();
        assert!(place.good >= 25, "{index}: {place:?}");
        // The nearest of all others are in its table.
        let known = node.closest(own.id, Family::V4, 8, network.now);
        let nearest = ids.closest(own.id, 5);
        neighbours += nearest[1..]
            .iter()
            .filter(|contact| known.contains(contact))
            .count();
    }
    assert!(
        neighbours >= NODES * 4 * 90 / 100,
        "{neighbours} of {}",
        NODES * 4
    );

    for n in 0..30u8 {
        let info_hash = InfoHash(std::array::from_fn(|i| {
            n.wrapping_mul(83) ^ (i as u8).wrapping_mul(29)
        }));
        let seeder = network.rng.random_range(0..NODES);
        let leecher = (seeder + network.rng.random_range(1..NODES)) % NODES;
        let announce = Announcing {
            port: 7_000,
            implied_port: n % 2 == 0,
            seed: n % 3 == 0,
        };
        let search = Search {
            announce: Some(announce),
            ..Search::of(info_hash, Family::V4)
        };
        let lookup = network
            .with(seeder, |node, now| node.search(search, now))
            .unwrap();
        let summary = network.finish(seeder, lookup).summary.clone().unwrap();
        assert!(summary.announced >= 4, "{n}: {summary:?}");
        let search = Search {
            scrape: true,
            ..Search::of(info_hash, Family::V4)
        };
        let lookup = network
            .with(leecher, |node, now| node.search(search, now))
            .unwrap();
        let mut peer = network.addr(seeder);
        if n % 2 == 1 {
            peer.set_port(7_000);
        }
        let told = network.finish(leecher, lookup);
        assert!(told.peers.contains_key(&peer), "{n}: {:?}", told.summary);
        let counts = told.summary.as_ref().unwrap().counts;
        let expected = if n % 3 == 0 { (1, 0) } else { (0, 1) };
        assert_eq!(counts, Some(expected), "{n}");
    }
    // When the trial is over, everybody has been called by somebody.
    network.run_for(Duration::from_secs(20 * 60));
    let is_read_only = |index: &usize| {
        let node = network.node(*index);
        node.is_some_and(|node| node.is_read_only(network.now))
    };
    assert_eq!((0..NODES).filter(is_read_only).count(), 0);
}

#[test]
fn half_of_a_network_may_go_and_the_rest_finds_together_again() {
    let mut network = joined(2, 2);
    for index in 1..NODES / 2 {
        network.replace(index, Actor::Dead);
    }
    network.run_for(Duration::from_secs(40 * 60));
    let mut dead = 0;
    for index in NODES / 2..NODES {
        let node = network.node(index).unwrap();
        let known = node.closest(node.id(Family::V4).unwrap(), Family::V4, 200, network.now);
        assert!(known.len() >= 10, "{index}: {}", known.len());
        let gone = known.iter().filter(|contact| network.is_dead(contact.addr));
        dead += gone.count();
    }
    assert_eq!(dead, 0, "nobody is named who has gone");
}
