//! Several trackers.

use std::time::Duration;

use pretty_assertions::assert_eq;

use super::world::{TRACKER, World, geometry};
use crate::*;

const OTHER: &str = "http://other.example/announce";

#[test]
fn a_tracker_that_knows_nobody_does_not_hide_the_next_tier() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.seeder();
    world.ignorant.insert(OTHER.to_owned());
    let config = Config {
        tiers: vec![vec![OTHER.to_owned()], vec![TRACKER.to_owned()]],
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_until(Duration::from_secs(60), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let asked = world.nodes[leecher].asked.iter();
    let asked: Vec<&str> = asked.map(|(_, tracker)| tracker.as_str()).collect();
    assert_eq!(asked[..2], [OTHER, TRACKER]);
}

#[test]
fn while_nobody_has_what_we_need_all_trackers_are_asked_in_turn_and_not_too_often() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let trackers: Vec<String> = (0..3).map(|n| format!("http://{n}.example/")).collect();
    world.ignorant.extend(trackers.clone());
    let config = Config {
        tiers: trackers.iter().map(|url| vec![url.clone()]).collect(),
        ..world.config()
    };
    let leecher = world.add(config);
    world.run(1000);
    for tracker in &trackers {
        let asked: Vec<u64> = world.nodes[leecher]
            .asked
            .iter()
            .filter(|(_, asked)| asked == tracker)
            .map(|(at, _)| at.since_start().as_secs())
            .collect();
        assert_eq!(asked.len(), 9, "{tracker}: {asked:?}");
        assert!(asked.is_sorted_by(|a, b| b - a >= 120), "{asked:?}");
    }
}
