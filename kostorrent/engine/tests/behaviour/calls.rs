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
