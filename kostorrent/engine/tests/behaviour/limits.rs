//! Speed limits: exact over ten seconds, for few peers and many, and fair between them.

use std::time::Duration;

use blocks::BLOCK;
use engine::*;
use sim::World;

use crate::*;

/// The span over which a limit is to be exact.
const SPAN: u64 = 10;

/// The last second that is looked at.
const LAST: u64 = SPAN + 5;

const RATES: [u64; 3] = [50_000, 1_000_000, 100_000_000];

/// A torrent that is more than a limit lets through in the time of a test.
fn large_enough(rate: u64) -> Geometry {
    let length: u32 = match rate {
        0..10_000_000 => 256 * 1024,
        _ => 4 * 1024 * 1024,
    };
    let pieces = rate * (LAST + 5) / u64::from(length) + 10;
    geometry(u32::try_from(pieces).unwrap(), length)
}

/// What has passed at the end of each second.
fn each_second(world: &mut World, passed: impl Fn(&mut World) -> u64) -> Vec<u64> {
    let seconds = 0..=LAST;
    let each = seconds.map(|second| {
        world.run_to(second);
        passed(world)
    });
    each.collect()
}

/// Ten seconds, whenever they begin, are within two percent of the limit. Blocks pass whole, so a
/// block is allowed for where it is more than that.
#[track_caller]
fn assert_exact(passed: &[u64], rate: u64, what: &str) {
    let expected = (rate * SPAN) as f64;
    let most = (expected * 0.02).max(f64::from(BLOCK));
    for (from, window) in passed.windows(SPAN as usize + 1).enumerate() {
        let bytes = (window[SPAN as usize] - window[0]) as f64;
        // The first second has the calls and the handshakes in it: no more, then, but less.
        let least = if from == 0 {
            0.9 * expected
        } else {
            expected - most
        };
        assert!(
            (least..=expected + most).contains(&bytes),
            "{what}: {bytes} bytes in ten seconds from second {from} on, not {expected}"
        );
    }
}

fn downloading(rate: u64, seeders: usize) -> (World, usize) {
    let mut world = World::new(large_enough(rate));
    for _ in 0..seeders {
        world.seeder();
    }
    let config = Config {
        limit_down: Some(rate),
        ..world.config()
    };
    let leecher = world.add(config);
    (world, leecher)
}

/// A seeder with a slot for each of so many leechers, which know nobody else.
fn uploading(rate: u64, leechers: usize) -> (World, usize) {
    let mut world = World::new(large_enough(rate));
    let config = Config {
        limit_up: Some(rate),
        upload_slots: leechers,
        ..world.seeding()
    };
    let seeder = world.add(config);
    for _ in 0..leechers {
        let alone = Config {
            tiers: Vec::new(),
            peers: vec![World::addr(seeder)],
            ..world.config()
        };
        world.add(alone);
    }
    (world, seeder)
}

#[test]
fn ten_seconds_of_a_download_are_the_limit() {
    for rate in RATES {
        for seeders in [1, 50] {
            let (mut world, leecher) = downloading(rate, seeders);
            let passed = each_second(&mut world, |world| {
                let now = world.now;
                world.nodes[leecher].engine.stats(now).downloaded
            });
            assert_exact(&passed, rate, &format!("{rate} B/s from {seeders}"));
        }
    }
}

#[test]
fn ten_seconds_of_an_upload_are_the_limit() {
    for rate in RATES {
        for leechers in [1, 50] {
            let (mut world, seeder) = uploading(rate, leechers);
            let passed = each_second(&mut world, |world| world.nodes[seeder].sent);
            assert_exact(&passed, rate, &format!("{rate} B/s to {leechers}"));
        }
    }
}

/// Nobody is more than a tenth from the middle, or a block.
#[track_caller]
fn assert_fair(each: &[u64], rate: u64, what: &str) {
    let all: u64 = each.iter().sum();
    assert!(all > rate * SPAN, "{what}: {all} bytes");
    let middle = all as f64 / each.len() as f64;
    let most = (middle * 0.1).max(f64::from(BLOCK));
    for &bytes in each {
        let off = (bytes as f64 - middle).abs();
        assert!(off <= most, "{what}: {bytes} of {middle}: {each:?}");
    }
}

#[test]
fn equal_peers_have_equal_parts_of_a_download() {
    for (rate, seeders) in [
        (50_000, 3),
        (1_000_000, 10),
        (1_000_000, 50),
        (100_000_000, 50),
    ] {
        let (mut world, _) = downloading(rate, seeders);
        world.run_to(3);
        let before: Vec<u64> = world.nodes[..seeders].iter().map(|n| n.sent).collect();
        world.run_to(LAST);
        let after = world.nodes[..seeders].iter().map(|node| node.sent);
        let each: Vec<u64> = after.zip(before).map(|(now, then)| now - then).collect();
        assert_fair(&each, rate, &format!("{rate} B/s from {seeders}"));
    }
}

#[test]
fn equal_peers_have_equal_parts_of_an_upload() {
    for (rate, leechers) in [
        (50_000, 3),
        (1_000_000, 10),
        (1_000_000, 50),
        (100_000_000, 50),
    ] {
        let (mut world, _) = uploading(rate, leechers);
        let came = |world: &mut World| -> Vec<u64> {
            let now = world.now;
            let nodes = world.nodes[1..].iter_mut();
            nodes
                .map(|node| node.engine.stats(now).downloaded)
                .collect()
        };
        world.run_to(3);
        let before = came(&mut world);
        world.run_to(LAST);
        let after = came(&mut world).into_iter();
        let each: Vec<u64> = after.zip(before).map(|(now, then)| now - then).collect();
        assert_fair(&each, rate, &format!("{rate} B/s to {leechers}"));
    }
}

#[test]
fn what_was_saved_up_while_nobody_asked_is_within_the_limit_of_ten_seconds() {
    let (mut world, seeder) = uploading(1_000_000, 1);
    world.run_to(5);
    world.tell(seeder, Event::Command(Command::Pause));
    world.run_to(15);
    world.tell(seeder, Event::Command(Command::Resume));
    let before = world.nodes[seeder].sent;
    world.run_until(Duration::from_secs(25), |_| false);
    let bytes = world.nodes[seeder].sent - before;
    assert!(bytes <= 10_200_000, "{bytes}");
    assert!(bytes > 9_000_000, "{bytes}");
}
