//! What limits the speed, in swarms where one thing does.

use std::time::Duration;

use engine::*;
use messages::Bitfield;
use pretty_assertions::assert_eq;
use sim::{Disk, World};

use crate::*;

const PIECES: u32 = 60;

fn bound(world: &World, node: usize) -> Bound {
    world.nodes[node].engine.bound(world.now)
}

/// The first that fits, in the next minutes.
fn first(world: &mut World, node: usize, fits: impl Fn(&Bound) -> bool) -> Bound {
    let until = world.now.since_start() + Duration::from_secs(600);
    world.run_until(until, |world| fits(&bound(world, node)));
    bound(world, node)
}

/// Peers that send 20 KB a second each, and one that has nothing.
fn swarm(seeders: usize) -> (World, Vec<usize>, usize) {
    let mut world = world(geometry(PIECES, 32 * 1024), 20_000);
    let seeders = (0..seeders).map(|_| world.seeder()).collect();
    let leecher = world.leecher();
    (world, seeders, leecher)
}

#[test]
fn a_few_peers_give_what_they_can() {
    for seeders in [1, 2, 3] {
        let (mut world, _, leecher) = swarm(seeders);
        world.run_to(10);
        let Bound::FewPeers { serving, rate } = bound(&world, leecher) else {
            panic!("{}", bound(&world, leecher));
        };
        assert_eq!(serving, seeders);
        let expected = 20_000 * seeders as u64;
        assert!(rate > expected / 2 && rate < expected * 3 / 2, "{rate}");
    }
}

#[test]
fn many_peers_give_what_their_lines_carry() {
    let (mut world, _, leecher) = swarm(8);
    let now = first(&mut world, leecher, |bound| {
        matches!(bound, Bound::Lines { .. })
    });
    let many = world.now < engine::Time::after_start(Duration::from_secs(10));
    assert!(many, "it is seen while much is missing");
    assert!(matches!(now, Bound::Lines { serving: 4..=8, .. }), "{now}");
}

#[test]
fn those_who_choke_are_counted() {
    let (mut world, seeders, leecher) = swarm(4);
    world.run_to(5);
    for &seeder in &seeders[..3] {
        world.choke_everybody(seeder);
    }
    world.run_to(20);
    let Bound::Choked {
        choking,
        offering,
        rate,
    } = bound(&world, leecher)
    else {
        panic!("{}", bound(&world, leecher));
    };
    assert_eq!((choking, offering), (3, 4));
    assert!(rate > 0);
    world.choke_everybody(seeders[3]);
    world.run_to(40);
    let stall = Bound::Stalled(Stall::AllChoke {
        connected: 4,
        offering: 4,
    });
    assert_eq!(bound(&world, leecher), stall);
}

#[test]
fn a_limit_is_named_in_both_directions() {
    let mut world = world(geometry(PIECES, 32 * 1024), 1_000_000);
    let seeder = world.seeder();
    let config = Config {
        limit_down: Some(50_000),
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_to(10);
    assert_eq!(bound(&world, leecher), Bound::LimitDown { limit: 50_000 });
    let no_limit = Event::Command(Command::Limits {
        down: None,
        up: None,
    });
    world.tell(leecher, no_limit);
    let limits = Event::Command(Command::Limits {
        down: None,
        up: Some(30_000),
    });
    world.tell(seeder, limits);
    world.run_to(20);
    assert_eq!(bound(&world, seeder), Bound::LimitUp { limit: 30_000 });
    assert!(matches!(
        bound(&world, leecher),
        Bound::FewPeers { serving: 1, .. }
    ));
}

#[test]
fn a_slow_disk_is_seen_when_the_memory_is_full_of_what_waits_for_it() {
    let (mut world, _, _) = swarm(2);
    world.line.up = Some(1_000_000);
    let config = Config {
        memory: 8 * 32 * 1024,
        ..world.config()
    };
    let leecher = world.add(config);
    world.nodes[leecher].disk = Some(Disk {
        rate: Some(30_000),
        ..Disk::default()
    });
    world.run_to(15);
    let Bound::DiskBehind { pieces } = bound(&world, leecher) else {
        panic!("{}", bound(&world, leecher));
    };
    assert!((4..=8).contains(&pieces), "{pieces}");
}

#[test]
fn peers_that_have_nothing_for_us_are_counted() {
    let mut world = world(geometry(PIECES, 32 * 1024), 20_000);
    let mut have = Bitfield::new(PIECES);
    for piece in 0..10 {
        have.set(piece);
    }
    world.seeder();
    // They have what we have, and nobody gives them more.
    for _ in 0..4 {
        let other = Config {
            limit_down: Some(1),
            ..world.having(have.clone())
        };
        world.add(other);
    }
    let us = world.add(world.having(have));
    let poor = first(&mut world, us, |bound| matches!(bound, Bound::Poor { .. }));
    let Bound::Poor {
        without, connected, ..
    } = poor
    else {
        panic!("{poor}");
    };
    assert!(without >= 3 && connected == 5, "{poor}");
}

#[test]
fn peers_that_could_send_more_are_seen_while_slower_ones_hold_the_memory() {
    let mut world = world(geometry(PIECES, 256 * 1024), 4_000);
    for rate in [4_000, 4_000, 1_000_000, 1_000_000] {
        let seeder = world.seeder();
        world.nodes[seeder].line = Some(line(rate));
    }
    let config = Config {
        memory: 2 * 256 * 1024,
        ..world.config()
    };
    let leecher = world.add(config);
    let starved = first(&mut world, leecher, |b| matches!(b, Bound::Starved { .. }));
    assert!(
        matches!(starved, Bound::Starved { serving: 4, .. }),
        "{starved}"
    );
}

#[test]
fn without_peers_it_says_why() {
    let mut world = world(geometry(PIECES, 32 * 1024), 20_000);
    let leecher = world.leecher();
    world.run_to(10);
    let why = Stall::NoPeer {
        trackers: TrackerWord::Addresses(1),
        banned: 0,
    };
    assert_eq!(bound(&world, leecher), Bound::Stalled(why));
}

#[test]
fn a_pause_and_a_fault_of_the_disk_come_before_everything_else() {
    let (mut world, _, leecher) = swarm(2);
    world.run_to(5);
    world.tell(leecher, Event::Command(Command::Pause));
    assert_eq!(bound(&world, leecher), Bound::Paused);
    world.tell(leecher, Event::Command(Command::Resume));
    let why = "the disk is full".to_owned();
    world.tell(leecher, Event::DiskFailed { why });
    assert_eq!(bound(&world, leecher), Bound::DiskFault);
    world.tell(leecher, Event::Command(Command::Stop));
    assert_eq!(bound(&world, leecher), Bound::Leaving);
}

#[test]
fn the_end_of_a_download_and_what_comes_after_it() {
    let (mut world, seeders, _) = swarm(1);
    let keeps = Config {
        keep_seeding: true,
        ..world.config()
    };
    let leecher = world.add(keeps);
    let kinds = std::cell::RefCell::new(Vec::new());
    world.run_until(Duration::from_secs(600), |world| {
        let (kind, mut kinds) = (bound(world, leecher).kind(), kinds.borrow_mut());
        if kinds.last() != Some(&kind) {
            kinds.push(kind);
        }
        kind == "nobody_wants"
    });
    let kinds = kinds.into_inner();
    let at = |kind| kinds.iter().rposition(|&other| other == kind);
    let order = ["few_peers", "last_blocks", "checking", "nobody_wants"].map(at);
    assert!(order.is_sorted() && order[0].is_some(), "{kinds:?}");
    assert!(matches!(
        bound(&world, seeders[0]),
        Bound::Giving { .. } | Bound::NobodyWants { .. }
    ));
}

#[test]
fn details_say_where_each_piece_stands_and_what_each_peer_does() {
    let (mut world, seeders, leecher) = swarm(2);
    world.run_to(10);
    let details = world.nodes[leecher].engine.details(world.now);
    assert_eq!(details.bound, bound(&world, leecher));
    let have = world.nodes[leecher].engine.have().unwrap();
    let here = details
        .pieces
        .iter()
        .filter(|&&piece| piece == progress::Piece::Here);
    assert_eq!(here.count() as u32, have.count());
    let open = details
        .pieces
        .iter()
        .filter(|&&piece| piece == progress::Piece::InFlight);
    assert_eq!(open.count(), details.open.len());
    assert!(
        details
            .open
            .iter()
            .all(|open| open.here as u32 <= open.blocks)
    );
    assert_eq!(details.peers.len(), 2);
    for peer in &details.peers {
        assert!(matches!(peer.doing, Doing::Sends { .. }), "{}", peer.doing);
        assert!(peer.down_rate > 0 && peer.has == PIECES);
    }
    assert_eq!(details.trackers[0].word, Some(TrackerWord::Addresses(3)));
    let seen = world.nodes[seeders[0]].engine.details(world.now);
    assert!(matches!(seen.peers[0].doing, Doing::Takes { .. }));
    assert!(seen.peers[0].reason.is_some());
}
