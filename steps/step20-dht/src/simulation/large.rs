//! Large networks, which have been there for long: of dead and hostile nodes among the others, and of
//! nodes whose ids do not fit their addresses.

use std::net::SocketAddr;
use std::time::Duration;

use metainfo::InfoHash;
use rand::RngExt;

use super::hostile::{HABITS, Habit, Hostile};
use super::network::{Actor, Ids, Network, Told};
use crate::limits::K;
use crate::{Announcing, Config, Contact, Family, Id, Node, Search};

/// The torrents that are announced and looked for.
const TORRENTS: usize = 16;

fn torrent(n: usize) -> InfoHash {
    // Spread over all ids.
    InfoHash(std::array::from_fn(|i| (n * 37 + i * 101 + 11) as u8))
}

/// What a network is made of.
struct Plan {
    seed: u64,
    nodes: usize,
    /// Of ten nodes one is hostile; a third of those sit around the torrents.
    has_hostile: bool,
    /// Of a hundred honest nodes so many have chosen their ids freely.
    unfit: u32,
}

struct World {
    network: Network,
    honest: Vec<usize>,
    hostile: Vec<usize>,
    victims: Vec<SocketAddr>,
}

impl Plan {
    /// What a hostile node does, if this is one.
    fn habit(&self, n: usize) -> Option<Habit> {
        (self.has_hostile && n.is_multiple_of(10)).then(|| HABITS[n / 30 % HABITS.len()])
    }

    fn id(&self, n: usize, addr: SocketAddr, network: &mut Network) -> Id {
        let is_hostile = self.habit(n).is_some();
        if is_hostile && n.is_multiple_of(30) {
            let torrent = torrent(n / 30 / HABITS.len() % TORRENTS);
            return Id::from(torrent).random_beside(40, &mut network.rng);
        }
        match network.rng.random_range(0..100) < self.unfit {
            true => Id::random(&mut network.rng),
            false => Id::for_address(addr.ip(), &mut network.rng),
        }
    }

    /// Each node knows some of each of its buckets, the dead and the hostile as well.
    fn build(&self) -> World {
        let mut network = Network::new(self.seed, 2);
        let mut contacts = Vec::new();
        for n in 0..self.nodes {
            let addr = network.free_address();
            let id = self.id(n, addr, &mut network);
            contacts.push(Contact { id, addr });
            // So that nobody else gets the address; who is there is said below.
            network.add(addr, Actor::Dead);
        }
        let victims: Vec<SocketAddr> = (0..5).map(|_| network.free_address()).collect();
        let ids = Ids::new(contacts.clone());
        let (mut honest, mut hostile) = (Vec::new(), Vec::new());
        for (n, contact) in contacts.iter().enumerate() {
            if let Some(habit) = self.habit(n) {
                let mut actor = Hostile::new(contact.id, habit, n as u64);
                let friends = contacts.iter().step_by(10).skip(n / 20).take(20);
                actor.friends = friends.map(|friend| friend.addr).collect();
                actor.victims.clone_from(&victims);
                network.replace(n, Actor::Hostile(Box::new(actor)));
                hostile.push(n);
            } else if n % 5 != 1 {
                let table = ids.table_of(contact.id, K, &mut network.rng);
                let mut node = Node::new(Config::PUBLIC, network.now, &mut network.rng);
                node.set_id(Family::V4, contact.id, network.now);
                node.settle(&table, network.now);
                network.replace(n, Actor::Honest(Box::new(node)));
                honest.push(n);
            }
        }
        World {
            network,
            honest,
            hostile,
            victims,
        }
    }
}

impl World {
    fn some(&mut self) -> usize {
        self.honest[self.network.rng.random_range(0..self.honest.len())]
    }

    fn search(&mut self, node: usize, search: Search) -> &Told {
        let lookup = self
            .network
            .with(node, |node, now| node.search(search, now));
        self.network.finish(node, lookup.unwrap())
    }

    /// How many announces the honest have taken.
    fn kept(&self) -> usize {
        let honest = self.honest.iter();
        let nodes = honest.filter_map(|&index| self.network.node(index));
        nodes.map(|node| node.stored().1).sum()
    }

    /// Has somebody announce each torrent, and somebody else look for it. The most hops that it took.
    fn all_are_found(&mut self) -> u32 {
        let (mut farthest, mut asked, mut longest) = (0, 0, Duration::ZERO);
        for n in 0..TORRENTS {
            let (seeder, leecher) = (self.some(), self.some());
            let announce = Announcing {
                port: 2_000 + n as u16,
                implied_port: false,
                seed: true,
            };
            let search = Search {
                announce: Some(announce),
                ..Search::of(torrent(n), Family::V4)
            };
            let kept = self.kept();
            self.search(seeder, search);
            // The hostile say that they take it, too.
            let kept = self.kept() - kept;
            assert!(kept >= 4, "{n}: {kept} honest nodes have taken it");

            let begun = self.network.now;
            let peer = SocketAddr::new(self.network.addr(seeder).ip(), announce.port);
            let told = self.search(leecher, Search::of(torrent(n), Family::V4));
            let Some(&hops) = told.peers.get(&peer) else {
                panic!("{n}: {:?}", told.summary);
            };
            let questions = told.summary.as_ref().map_or(0, |summary| summary.asked);
            assert!(questions <= 100, "{n}: {:?}", told.summary);
            // 0: it was announced to the one who looks for it.
            farthest = farthest.max(hops);
            asked += questions;
            longest = longest.max(self.network.now - begun);
        }
        let mean = asked / TORRENTS;
        println!("at most {farthest} hops, {mean} questions each, at most {longest:?}");
        farthest
    }
}

#[test]
fn a_lookup_among_10_000_finds_the_peers_whatever_the_hostile_and_the_dead_do() {
    let plan = Plan {
        seed: 20,
        nodes: 10_000,
        has_hostile: true,
        unfit: 0,
    };
    let mut world = plan.build();
    assert_eq!((world.honest.len(), world.hostile.len()), (7_000, 1_000));
    // Each step halves the distance at least three times, for a bucket has eight to choose from; half of
    // log2 leaves room for those who are dead.
    assert!(world.all_are_found() <= plan.nodes.ilog2().div_ceil(2));
    let network = &world.network;
    let victims = world.victims.iter();
    let got = victims.filter_map(|victim| network.sent_to.get(&victim.ip()));
    let got: u64 = got.sum();
    let hostile = world.hostile.iter();
    let spent: u64 = hostile.map(|&n| network.spent_on_all(n)).sum();
    assert!(got <= spent, "{got} bytes for {spent}");
}

/// Many programs do not know BEP 42.
#[test]
fn a_network_in_which_most_ids_do_not_fit_their_addresses_works_all_the_same() {
    for unfit in [70, 100] {
        let plan = Plan {
            seed: 21,
            nodes: 3_000,
            has_hostile: false,
            unfit,
        };
        assert!(plan.build().all_are_found() <= plan.nodes.ilog2().div_ceil(2));
    }
}
