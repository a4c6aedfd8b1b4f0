//! What the engine does, told by whole swarms of engines in virtual time, and by single ones that are
//! driven by hand.

mod allowed;
mod bans;
mod bounds;
mod by_hand;
mod calls;
mod counts;
mod crowds;
mod downloads;
mod fast;
mod files;
mod leaving;
mod limits;
mod magnets;
mod offline;
mod pausing;
mod ranks;
mod reasons;
mod sources;
mod super_seeding;
mod suspects;
mod trackers;
mod trouble;
mod uploads;
mod wanting;

use blocks::Geometry;
use engine::Report;
use sim::{Line, Vice, World};

/// A torrent whose last piece is shorter, and the last block of that is no whole block.
fn geometry(pieces: u32, piece_length: u32) -> Geometry {
    let total = u64::from(pieces) * u64::from(piece_length) - u64::from(piece_length / 3);
    Geometry::new(total, piece_length.into()).unwrap()
}

/// A world where messages take 20 milliseconds, and everybody sends so many bytes a second.
fn world(geometry: Geometry, rate: u64) -> World {
    let mut world = World::new(geometry);
    world.line.up = Some(rate);
    world
}

/// A line over which so many bytes a second can be sent.
fn line(rate: u64) -> Line {
    Line {
        up: Some(rate),
        ..Line::default()
    }
}

/// Adds a seeder for each of these vices.
fn seeders<const N: usize>(world: &mut World, vices: [Vice; N]) -> [usize; N] {
    vices.map(|vice| {
        let seeder = world.seeder();
        world.nodes[seeder].vice = vice;
        seeder
    })
}

/// Adds a leecher whose chances are others.
fn leecher_with(world: &mut World, seed: u64) -> usize {
    let config = engine::Config {
        seed,
        ..world.config()
    };
    world.add(config)
}

/// What a node told its trackers, in order.
fn told(world: &World, node: usize) -> Vec<Option<tracker::AnnounceEvent>> {
    let announces = world.nodes[node].announces.iter();
    announces.map(|announced| announced.event).collect()
}

/// How many pieces a node got that were wrong.
fn failed_pieces(world: &World, node: usize) -> usize {
    let reports = world.nodes[node].reports.iter();
    let failed = reports.filter(|(_, report)| matches!(report, Report::PieceFailed { .. }));
    failed.count()
}
