//! Giving: limits and slots.

use std::time::Duration;

use engine::*;
use messages::{BlockRequest, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, at, block, closed};
use crate::*;

#[test]
fn the_upload_limit_holds() {
    let mut world = World::new(geometry(20, 64 * 1024));
    let config = Config {
        limit_up: Some(100_000),
        ..world.seeding()
    };
    let seeder = world.add(config);
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
    let bytes = world.nodes[seeder].sent;
    let rate = bytes as f64 / at.since_start().as_secs_f64();
    assert!(
        (80_000.0..=110_000.0).contains(&rate),
        "{rate} bytes a second"
    );
}

#[test]
fn the_download_limit_holds() {
    let mut world = World::new(geometry(20, 64 * 1024));
    world.seeder();
    let config = Config {
        limit_down: Some(100_000),
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
    let rate = 20.0 * 65_536.0 / at.since_start().as_secs_f64();
    assert!(
        (80_000.0..=110_000.0).contains(&rate),
        "{rate} bytes a second"
    );
}

#[test]
fn an_upload_limit_is_shared_by_all() {
    let mut world = World::new(geometry(40, 64 * 1024));
    let config = Config {
        limit_up: Some(200_000),
        ..world.seeding()
    };
    world.add(config);
    let leechers: Vec<_> = (0..3)
        .map(|_| {
            let alone = Config {
                tiers: Vec::new(),
                peers: vec![World::addr(0)],
                ..world.config()
            };
            world.add(alone)
        })
        .collect();
    world.run_to(20);
    for leecher in leechers {
        let downloaded = world.nodes[leecher].engine.stats(world.now).downloaded;
        assert!(downloaded > 800_000, "leecher {leecher}: {downloaded}");
    }
}

#[test]
fn a_request_larger_than_a_burst_is_answered_under_a_limit() {
    let mut seeder = ByHand::new(Config {
        limit_up: Some(50_000),
        ..World::new(geometry(4, 256 * 1024)).seeding()
    });
    let peer = PeerKey(0);
    let large = BlockRequest {
        piece: 0,
        offset: 0,
        len: 128 * 1024,
    };
    seeder.called_by(0);
    seeder.room(peer, 512 * 1024);
    seeder.say(peer, Message::Interested);
    seeder.pass_until(at(0));
    let mut answered = Vec::new();
    answered.extend(seeder.say(peer, Message::Request(large)));
    let next = BlockRequest {
        offset: large.len,
        ..large
    };
    answered.extend(seeder.say(peer, Message::Request(next)));
    // The first goes as soon as the limit allows, and the next when the connection has sent it.
    let first = seeder.pass_until(at(30));
    answered.extend(first.into_iter().map(|(_, action)| action));
    answered.extend(seeder.room(peer, large.len.into()));
    let later = seeder.pass_until(at(60));
    answered.extend(later.into_iter().map(|(_, action)| action));
    answered.retain(|action| matches!(action, Action::Upload { .. }));
    assert_eq!(answered.len(), 2, "{answered:?}");
}

#[test]
fn a_download_limit_with_nothing_left_to_ask_for_is_no_endless_loop() {
    // One piece, all of it asked for or at the disk: the limit lets more through than there is.
    for pieces in [1, 2, 3] {
        let mut world = world(geometry(pieces, 4 * 1024 * 1024), 50_000_000);
        world.seeder();
        let config = Config {
            limit_down: Some(2_000_000),
            ..world.config()
        };
        let leecher = world.add(config);
        world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "{pieces} pieces");
    }
}

#[test]
fn more_leechers_than_slots_are_all_served() {
    let mut world = world(geometry(10, 64 * 1024), 300_000);
    world.seeder();
    let leechers: Vec<_> = (0..20).map(|_| world.leecher()).collect();
    world.run_until(Duration::from_secs(900), |w| {
        leechers.iter().all(|&l| w.is_complete(l))
    });
    for leecher in leechers {
        assert!(world.is_complete(leecher), "leecher {leecher}");
    }
}

/// An engine that has all of ten pieces.
fn seeding(max_peers: usize) -> ByHand {
    ByHand::new(Config {
        max_peers,
        ..World::new(geometry(10, 64 * 1024)).seeding()
    })
}

#[test]
fn callers_that_take_nothing_make_room_for_others() {
    let mut seeder = seeding(10);
    for number in 0..10 {
        seeder.called_by(number);
        seeder.say(PeerKey(number), Message::Interested);
    }
    seeder.now = at(100);
    assert_eq!(closed(&seeder.called_by(10)), [PeerKey(10)], "full");
    seeder.now = at(120);
    assert_eq!(closed(&seeder.called_by(11)), [PeerKey(0)], "of no use");
    seeder.now = at(121);
    assert_eq!(closed(&seeder.called_by(12)), [PeerKey(1)]);
}

#[test]
fn what_was_not_sent_is_not_counted() {
    let mut seeder = seeding(10);
    let peer = PeerKey(0);
    seeder.called_by(0);
    seeder.room(peer, 500_000);
    seeder.say(peer, Message::Interested);
    seeder.pass_until(at(1));
    let block = block(0, 0);
    let actions = seeder.say(peer, Message::Request(block));
    assert!(actions.contains(&Action::Upload { peer, block }));
    assert_eq!(seeder.engine.stats(at(1)).uploaded, 0);
    seeder.room(peer, 10_000);
    assert_eq!(seeder.engine.stats(at(1)).uploaded, 10_000);
    seeder.room(peer, 6_384);
    assert_eq!(seeder.engine.stats(at(1)).uploaded, 16_384);
}

#[test]
fn a_peer_that_changes_its_mind_all_the_time_brings_about_few_rounds() {
    let mut seeder = seeding(10);
    seeder.called_by(0);
    let mut answers = 0;
    for message in 0..1_000 {
        seeder.now = at(1) + Duration::from_millis(message);
        let message = match message % 2 {
            0 => Message::Interested,
            _ => Message::NotInterested,
        };
        let actions = seeder.say(PeerKey(0), message).into_iter();
        answers += actions
            .filter(|action| matches!(action, Action::Send { .. }))
            .count();
    }
    assert!((1..=12).contains(&answers), "{answers} in a second");
}

#[test]
fn what_is_cancelled_in_a_limited_end_game_is_given_back_to_the_limit() {
    let mut leecher = ByHand::new(Config {
        limit_down: Some(100_000),
        ..World::new(geometry(1, 192 * 1024)).config()
    });
    let (slow, fast) = (PeerKey(0), PeerKey(1));
    let asked = |actions: Vec<Action>| -> Vec<BlockRequest> {
        let asked = actions.into_iter().filter_map(|action| match action {
            Action::Send {
                peer,
                message: Message::Request(block),
            } if peer == fast => Some(block),
            _ => None,
        });
        asked.collect()
    };
    // Within five seconds the limit lets out a request for each of the eight blocks, and fills up
    // again. The slow one answers none.
    for number in [0, 1] {
        leecher.called_by(number);
        leecher.say(PeerKey(number), Message::Bitfield(vec![0x80]));
    }
    leecher.say(slow, Message::Unchoke);
    leecher.pass_until(at(5));
    assert_eq!(leecher.engine.stats(at(5)).requests, 8);

    // The fast one answers at once. Each block of its is one that the slow one will not send.
    let mut owes = asked(leecher.say(fast, Message::Unchoke));
    assert!(!owes.is_empty());
    let mut buf = 0;
    while let Some(block) = owes.pop() {
        buf += 1;
        let buf = BufKey(buf);
        let peer = fast;
        owes.extend(asked(leecher.tell(Event::Block { peer, block, buf })));
    }
    assert_eq!(buf, 8, "blocks have come without a wait");
}

/// How many connections a node has.
fn connections(world: &World, node: usize) -> usize {
    world.nodes[node].engine.details(world.now).peers.len()
}

#[test]
fn two_that_complete_at_the_same_time_let_go_of_each_other() {
    let mut world = world(geometry(40, 64 * 1024), 200_000);
    let seeder = world.seeder();
    let both = [0, 1].map(|_| {
        let config = Config {
            keep_seeding: true,
            ..world.config()
        };
        world.add(config)
    });
    let complete = |world: &World| both.iter().all(|&one| world.nodes[one].completed.is_some());
    world.run_until(Duration::from_secs(60), complete);
    assert!(complete(&world));
    let ended = world.now.since_start().as_secs();
    world.run_to(ended + 500);
    assert_eq!(
        both.map(|one| connections(&world, one)),
        [1, 1],
        "not at once"
    );
    world.run_to(ended + 620);
    assert_eq!(both.map(|one| connections(&world, one)), [0, 0]);
    assert_eq!(connections(&world, seeder), 0);
}

#[test]
fn a_seeder_lets_go_of_who_wants_nothing_and_of_nobody_else() {
    let world = World::new(geometry(4, 64 * 1024));
    let (idle, wants) = (PeerKey(1), PeerKey(2));
    let ended = |config: Config| {
        let mut node = ByHand::new(config);
        node.called_by(1);
        node.called_by(2);
        node.say(wants, Message::Interested);
        let mut ended = Vec::new();
        for second in (10..=1_000).step_by(10) {
            for (when, action) in node.pass_until(at(second)) {
                if let Action::Close { peer, why } = action {
                    ended.push((peer, when.since_start().as_secs() / 10, why));
                }
            }
            for peer in [idle, wants] {
                node.say(peer, Message::KeepAlive);
            }
        }
        ended
    };
    let limit = Duration::from_secs(600);
    assert_eq!(
        ended(world.seeding()),
        [(idle, 60, CloseReason::NoUse(limit))]
    );
    // It may have what we lack some day.
    assert_eq!(ended(world.config()), []);
}
