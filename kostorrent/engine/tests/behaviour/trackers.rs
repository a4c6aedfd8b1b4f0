//! Several trackers.

use std::time::Duration;

use engine::*;
use pretty_assertions::assert_eq;
use sim::{TRACKER, World};

use crate::*;

const OTHER: &str = "http://other.example/announce";

#[test]
fn a_tracker_that_knows_nobody_does_not_hide_the_next_tier() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.seeder();
    world.tracker(OTHER).ignorant = true;
    let config = Config {
        tiers: vec![vec![OTHER.to_owned()], vec![TRACKER.to_owned()]],
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let announces = world.nodes[leecher].announces.iter();
    let asked: Vec<&str> = announces.map(|told| told.tracker.as_str()).collect();
    assert_eq!(asked[..2], [OTHER, TRACKER]);
}

#[test]
fn while_nobody_has_what_we_need_all_trackers_are_asked_in_turn_and_not_too_often() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let trackers: Vec<String> = (0..3).map(|n| format!("http://{n}.example/")).collect();
    for tracker in &trackers {
        world.tracker(tracker).ignorant = true;
    }
    let config = Config {
        tiers: trackers.iter().map(|url| vec![url.clone()]).collect(),
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_to(1000);
    for tracker in &trackers {
        let asked: Vec<u64> = world.nodes[leecher]
            .announces
            .iter()
            .filter(|told| told.tracker == *tracker)
            .map(|told| told.at.since_start().as_secs())
            .collect();
        assert_eq!(asked.len(), 9, "{tracker}: {asked:?}");
        assert!(asked.is_sorted_by(|a, b| b - a >= 120), "{asked:?}");
    }
}
