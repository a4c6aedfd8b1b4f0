//! Whom the engine calls, and whom it does not.

use std::time::Duration;

use engine::*;
use pretty_assertions::assert_eq;
use sim::{TRACKER, World};

use crate::*;

/// When a node called this address.
fn calls(world: &World, node: usize, to: usize) -> Vec<Time> {
    let to = World::addr(to);
    let recording = world.nodes[node].recording.as_ref().unwrap();
    let calls = recording
        .timed_actions()
        .filter(|(_, action)| matches!(action, Action::Connect { addr } if *addr == to));
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
