//! The end: goodbyes, and no longer than five seconds of them.

use std::time::Duration;

use engine::*;
use pretty_assertions::assert_eq;
use sim::{TRACKER, World};

use crate::*;

#[test]
fn stop_tells_the_tracker_and_keeps_what_is_written() {
    let mut world = world(geometry(60, 64 * 1024), 300_000);
    world.seeder();
    let leecher = world.leecher();
    world.run_to(5);
    world.tell(leecher, Event::Command(Command::Stop));
    world.run_to(10);
    let node = &world.nodes[leecher];
    assert_eq!(
        node.outcome.as_ref().map(|(_, o)| o),
        Some(&Outcome::Stopped)
    );
    assert_eq!(
        node.announces.last().unwrap().event,
        Some(tracker::AnnounceEvent::Stopped)
    );
    assert!(node.engine.have().is_some_and(|have| have.count() > 0));
}

#[test]
fn a_tracker_that_is_silent_holds_nobody_up_for_more_than_a_second() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let leecher = world.leecher();
    world.run_to(5);
    world.tracker(TRACKER).silent = true;
    world.tell(leecher, Event::Command(Command::Stop));
    world.run_to(60);
    let (at, outcome) = world.nodes[leecher].outcome.clone().unwrap();
    assert_eq!(outcome, Outcome::Stopped);
    assert!(at.since_start() <= Duration::from_secs(6));
}

#[test]
fn a_download_that_goes_on_seeding_tells_of_its_completion_once() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.seeder();
    let config = Config {
        keep_seeding: true,
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_to(4000);
    let told = told(&world, leecher);
    use tracker::AnnounceEvent::{Completed, Started};
    assert_eq!(told[..2], [Some(Started), Some(Completed)]);
    assert!(
        told[2..].iter().all(Option::is_none) && told.len() > 2,
        "{told:?}"
    );
    assert_eq!(world.nodes[leecher].outcome, None);
}

#[test]
fn a_tracker_that_is_silent_about_the_completion_still_hears_the_goodbye() {
    let mut world = world(geometry(60, 64 * 1024), 1_000_000);
    world.seeder();
    let leecher = world.leecher();
    world.run_to(1);
    world.tracker(TRACKER).silent = true;
    world.run_to(60);
    let node = &world.nodes[leecher];
    let (at, outcome) = node.outcome.clone().unwrap();
    assert_eq!(outcome, Outcome::Complete);
    use tracker::AnnounceEvent::{Completed, Started, Stopped};
    assert_eq!(
        told(&world, leecher),
        [Some(Started), Some(Completed), Some(Stopped)]
    );
    assert!(at.since(node.announces[1].at) <= Duration::from_secs(5));
}

#[test]
fn a_download_that_ends_before_its_first_answer_tells_of_its_completion() {
    let mut world = World::new(geometry(4, 64 * 1024));
    let seeder = world.seeder();
    let config = Config {
        peers: vec![World::addr(seeder)],
        ..world.config()
    };
    world.tracker(TRACKER).takes = Duration::from_millis(800);
    let leecher = world.add(config);
    world.run_to(60);
    assert!(world.is_complete(leecher));
    use tracker::AnnounceEvent::{Completed, Started, Stopped};
    assert_eq!(
        told(&world, leecher),
        [Some(Started), Some(Completed), Some(Stopped)]
    );
}

#[test]
fn pieces_that_are_at_the_disk_when_the_user_stops_are_written_and_counted() {
    let mut world = World::new(geometry(60, 64 * 1024));
    world.records = true;
    world.line.up = Some(5_000_000);
    world.disk.latency = Duration::from_millis(100);
    world.seeder();
    let leecher = world.leecher();
    let stores = |world: &World| {
        let recording = world.nodes[leecher].recording.as_ref().unwrap();
        let actions = recording.actions.iter();
        let stores = actions.filter(|action| matches!(action, Action::Store { .. }));
        stores.count()
    };
    let stored = |world: &World| {
        let recording = world.nodes[leecher].recording.as_ref().unwrap();
        let events = recording.events.iter();
        let stored = events.filter(|(_, event)| matches!(event, Event::Stored { .. }));
        stored.count()
    };
    world.run_until(Duration::from_secs(60), |w| stores(w) >= stored(w) + 5);
    assert!(stores(&world) >= stored(&world) + 5);
    let wanted = stores(&world);

    world.tell(leecher, Event::Command(Command::Stop));
    world.run_to(60);
    let node = &world.nodes[leecher];
    let outcome = node.outcome.clone().map(|(_, outcome)| outcome);
    assert_eq!(outcome, Some(Outcome::Stopped));
    assert_eq!(
        node.engine.have().map(|have| have.count() as usize),
        Some(wanted)
    );
    assert_eq!(node.held(), 0, "every kept block was forgotten");
}
