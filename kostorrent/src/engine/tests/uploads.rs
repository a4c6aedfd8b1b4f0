//! Giving: limits and slots.

use std::time::Duration;

use super::world::{World, geometry};
use crate::engine::*;

#[test]
fn the_upload_limit_holds() {
    let mut world = World::new(geometry(20, 64 * 1024));
    let config = Config {
        have: messages::Bitfield::full(20),
        keep_seeding: true,
        limit_up: Some(100_000),
        ..world.config()
    };
    let seeder = world.add(config);
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
    let bytes: u64 = world.nodes[seeder]
        .sent
        .iter()
        .map(|(_, bytes)| bytes)
        .sum();
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
fn more_leechers_than_slots_are_all_served() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.bandwidth = Some(300_000);
    world.seeder();
    let leechers: Vec<_> = (0..20).map(|_| world.leecher()).collect();
    world.run_until(Duration::from_secs(900), |w| {
        leechers.iter().all(|&l| w.is_complete(l))
    });
    for leecher in leechers {
        assert!(world.is_complete(leecher), "leecher {leecher}");
    }
}
