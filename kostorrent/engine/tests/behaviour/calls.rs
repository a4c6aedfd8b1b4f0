//! Whom the engine calls, and whom it does not.

use std::time::Duration;

use engine::*;
use messages::{Bitfield, Message};
use pretty_assertions::assert_eq;
use sim::{Line, TRACKER, World};

use crate::*;

/// When a node called this address.
fn calls(world: &World, node: usize, to: usize) -> Vec<Time> {
    let to = World::addr(to);
    let recording = world.nodes[node].recording.as_ref().unwrap();
    let calls = recording
        .timed_actions()
        .filter(|(_, action)| matches!(action, Action::Connect { addr, .. } if *addr == to));
    calls.map(|(at, _)| at).collect()
}

#[test]
fn a_peer_that_called_us_is_not_called_again_and_again_while_its_connection_stands() {
    // It takes a quarter of an hour.
    let mut world = world(geometry(100, 64 * 1024), 7_000);
    world.records = true;
    world.tracker(TRACKER).interval = Duration::from_secs(60);
    let leecher = world.leecher();
    world.run_to(5);
    let seeder = world.seeder();
    world.run_to(600);
    let peers = |world: &mut World, node: usize| world.nodes[node].engine.stats(world.now).peers;
    assert_eq!(peers(&mut world, leecher), 1);
    assert!(
        calls(&world, seeder, leecher).len() == 1,
        "the seeder has called"
    );
    // Nobody can know that a caller is the one whom the tracker names, before it was called once.
    let told = calls(&world, leecher, seeder);
    assert!(told.len() <= 1, "{told:?}");

    // The connection has ended: its address is as good as any that was of use.
    world.kill(seeder);
    world.run_to(660);
    let again = calls(&world, leecher, seeder).len() - told.len();
    assert!(again > 0, "it is called when its connection has ended");
}

#[test]
fn every_address_of_a_peer_that_is_known_by_name_is_called() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.records = true;
    let seeder = world.seeder();
    let nobody = World::addr(77);
    let addrs = vec![nobody, World::addr(seeder)];
    world.names.insert("seedbox.example".to_owned(), addrs);
    let leecher = world.add(Config {
        tiers: Vec::new(),
        names: vec![("seedbox.example".to_owned(), 6881)],
        ..world.config()
    });
    world.run_to(10);
    assert!(world.is_complete(leecher));
    assert_eq!(calls(&world, leecher, 77).len(), 1);
}

#[test]
fn a_name_that_leads_nowhere_is_told_and_ends_a_download_that_has_nobody_else() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let nobody = || vec![("nobody.example".to_owned(), 6881)];
    let alone = world.add(Config {
        tiers: Vec::new(),
        names: nobody(),
        ..world.config()
    });
    world.seeder();
    let with_tracker = world.add(Config {
        names: nobody(),
        ..world.config()
    });
    world.run_to(10);
    match &world.nodes[alone].outcome {
        Some((_, Outcome::Failed(why))) => {
            assert!(why.to_string().contains("nobody.example"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert!(world.is_complete(with_tracker));
    for node in [alone, with_tracker] {
        let reports = world.nodes[node].reports.iter();
        let told = reports.filter(|(_, report)| matches!(report, Report::NameFailed { .. }));
        assert_eq!(told.count(), 1);
    }
}

#[test]
fn a_name_that_leads_nowhere_is_looked_up_again() {
    for seeding in [false, true] {
        let mut world = World::new(geometry(10, 64 * 1024));
        let named = |config: Config| Config {
            names: vec![("late.example".to_owned(), 6881)],
            ..config
        };
        // The tracker knows the leecher alone.
        let silent = |config: Config| Config {
            tiers: Vec::new(),
            ..config
        };
        let (config, seeds) = (world.config(), world.seeding());
        let (seeder, leecher) = match seeding {
            true => (world.add(named(silent(seeds))), world.add(config)),
            false => (world.add(silent(seeds)), world.add(named(config))),
        };
        world.run_to(100);
        assert!(!world.is_complete(leecher));
        let other = if seeding { leecher } else { seeder };
        let addrs = vec![World::addr(other)];
        world.names.insert("late.example".to_owned(), addrs);
        world.run_to(600);
        assert!(world.is_complete(leecher), "seeding: {seeding}");
        let who = if seeding { seeder } else { leecher };
        let reports = world.nodes[who].reports.iter();
        let told = reports.filter(|(_, report)| matches!(report, Report::NameFailed { .. }));
        assert_eq!(told.count(), 1, "it is told once");
    }
}

/// What a node said, in order, to all.
fn said(world: &World, node: usize) -> Vec<Message> {
    let recording = world.nodes[node].recording.as_ref().unwrap();
    let said = recording
        .timed_actions()
        .filter_map(|(_, action)| match action {
            Action::Send { message, .. } => Some(message.clone()),
            _ => None,
        });
    said.collect()
}

/// Whether a node said at once, when it called this address, that it is interested.
fn greeted(world: &World, node: usize, to: usize) -> Vec<bool> {
    let to = World::addr(to);
    let recording = world.nodes[node].recording.as_ref().unwrap();
    let calls = recording
        .timed_actions()
        .filter_map(|(_, action)| match action {
            Action::Connect { addr, interested } if *addr == to => Some(*interested),
            _ => None,
        });
    calls.collect()
}

#[test]
fn who_has_nothing_says_with_its_handshake_that_it_is_interested() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.records = true;
    let seeder = world.seeder();
    let leecher = world.leecher();
    world.run_to(10);
    assert!(world.is_complete(leecher));
    assert_eq!(greeted(&world, leecher, seeder), [true]);
    assert!(!said(&world, leecher).contains(&Message::Interested));
}

#[test]
fn who_has_something_says_first_what_that_is() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.records = true;
    let seeder = world.seeder();
    let mut have = Bitfield::new(10);
    have.set(3);
    let leecher = world.add(world.having(have.clone()));
    world.run_to(10);
    assert!(world.is_complete(leecher));
    assert_eq!(greeted(&world, leecher, seeder), [false]);
    let begins = [Message::Bitfield(have.to_bytes()), Message::Interested];
    assert_eq!(said(&world, leecher)[..2], begins);
}

#[test]
fn who_turns_out_to_have_nothing_is_told_that_we_are_not_interested() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.records = true;
    let first = world.leecher();
    world.run_to(1);
    let second = world.leecher();
    world.run_to(10);
    assert_eq!(greeted(&world, second, first), [true]);
    assert_eq!(said(&world, second)[0], Message::NotInterested);
}

#[test]
fn after_an_early_interested_it_is_too_late_for_a_bitfield() {
    let mut world = World::new(geometry(50, 64 * 1024));
    world.records = true;
    let far = world.seeder();
    world.nodes[far].line = Some(Line {
        latency: Duration::from_millis(400),
        ..line(100_000)
    });
    let near = world.seeder();
    world.nodes[near].line = Some(line(1_000_000));
    let leecher = world.leecher();
    world.run_to(60);
    assert!(world.is_complete(leecher));
    assert_eq!(greeted(&world, leecher, far), [true]);
    let said = said(&world, leecher);
    let is_bitfield = |message: &&Message| matches!(message, Message::Bitfield(_));
    assert_eq!(said.iter().find(is_bitfield), None);
    // Seeders need not be told, but nobody knows yet that it is one.
    assert!(matches!(said[0], Message::Have(_)), "{:?}", said[0]);
}
