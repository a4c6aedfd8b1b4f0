//! Nobody can have a network of honest nodes send somebody more than he has sent himself.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use metainfo::InfoHash;
use rand::RngExt;

use super::hostile::{Habit, Hostile, encode};
use super::joining::{NODES, joined};
use super::network::{Actor, Network};
use crate::krpc::{AnnouncePeer, Ask, Body, GetPeers, Query, Response, Want};
use crate::{Family, Id, Search};

/// A question or an answer in somebody else's name.
fn forged(network: &mut Network) -> Vec<u8> {
    let rng = &mut network.rng;
    let id = Id::random(rng);
    let info_hash = InfoHash(rng.random());
    let ask = match rng.random_range(0..6) {
        0 => Ask::Ping,
        1 => Ask::FindNode {
            target: id,
            want: Want { v4: true, v6: true },
        },
        2 => Ask::Unknown,
        3 => Ask::AnnouncePeer(AnnouncePeer {
            info_hash,
            port: 80,
            implied_port: true,
            token: rng.random::<[u8; 4]>().to_vec(),
            seed: false,
        }),
        4 => {
            let body = Body::Response(Response::of(id));
            return encode(rng.random::<[u8; 4]>().to_vec(), body);
        }
        _ => Ask::GetPeers(GetPeers {
            scrape: rng.random(),
            ..GetPeers::of(info_hash)
        }),
    };
    encode(b"t".to_vec(), Body::Query(Query { id, ask }))
}

/// Sends datagrams in the names of the victims to everybody for some time. What that cost, a victim.
fn attack(network: &mut Network, victims: &[SocketAddr], rounds: usize) -> BTreeMap<IpAddr, u64> {
    let mut spent: BTreeMap<IpAddr, u64> = BTreeMap::new();
    for _ in 0..rounds {
        for index in 0..NODES {
            let victim = victims[network.rng.random_range(0..victims.len())];
            let bytes = forged(network);
            *spent.entry(victim.ip()).or_default() += bytes.len() as u64;
            let to = network.addr(index);
            network.carry(victim, to, bytes);
        }
        network.run_for(Duration::from_millis(700));
    }
    network.run_for(Duration::from_secs(60));
    spent
}

#[test]
fn in_a_victims_name_no_more_is_sent_to_it_than_was_spent() {
    let mut network = joined(3, 0);
    let victims: Vec<SocketAddr> = (0..4).map(|_| network.free_address()).collect();
    let spent = attack(&mut network, &victims, 60);
    for victim in victims {
        let got = network
            .sent_to
            .get(&victim.ip())
            .copied()
            .unwrap_or_default();
        let spent = spent[&victim.ip()];
        println!("{victim}: {got} bytes for {spent}");
        assert!(got > 0, "the attack does reach it");
        assert!(got <= spent, "{victim}: {got} bytes for {spent}");
    }
}

#[test]
fn whom_the_hostile_name_gets_no_more_than_they_spent_on_naming_it() {
    let mut network = joined(4, 0);
    // So many that a lookup, which asks each host once, is not kept from asking by that.
    let victims: Vec<SocketAddr> = (0..400).map(|_| network.free_address()).collect();
    // Thirty come who name the victims whenever they are asked, and make themselves known.
    let mut hostile = Vec::new();
    for n in 0..30 {
        let addr = network.free_address();
        let id = Id::for_address(addr.ip(), &mut network.rng);
        let mut pointing = Hostile::new(id, Habit::Points, n);
        pointing.victims.clone_from(&victims);
        hostile.push(network.add(addr, Actor::Hostile(Box::new(pointing))));
        for index in 0..NODES {
            let query = Query {
                id,
                ask: Ask::FindNode {
                    target: id,
                    want: Want::default(),
                },
            };
            let to = network.addr(index);
            network.carry(addr, to, encode(b"hi".to_vec(), Body::Query(query)));
        }
    }
    network.run_for(Duration::from_secs(30));
    for n in 0..200u8 {
        let seeker = network.rng.random_range(0..NODES);
        let info_hash = InfoHash([n; 20]);
        let search = Search::of(info_hash, Family::V4);
        let lookup = network
            .with(seeker, |node, now| node.search(search, now))
            .unwrap();
        network.finish(seeker, lookup);
    }
    network.run_for(Duration::from_secs(20 * 60));
    let mut got_in_all = 0;
    for victim in victims {
        let got = network.sent_to.get(&victim.ip()).copied();
        let got = got.unwrap_or_default();
        let spent: u64 = hostile
            .iter()
            .map(|&n| network.spent_on(n, victim.ip()))
            .sum();
        assert!(got <= spent, "{victim}: {got} bytes for {spent}");
        got_in_all += got;
    }
    let spent = hostile.iter().map(|&n| network.spent_on_all(n));
    let spent: u64 = spent.sum();
    println!("{got_in_all} bytes for {spent}");
    assert!(got_in_all > 0, "the hostile are believed sometimes");
    assert!(got_in_all <= spent, "{got_in_all} bytes for {spent}");
}
