//! Several trackers.

use std::time::Duration;

use engine::*;
use pretty_assertions::assert_eq;
use sim::{TRACKER, World};
use tracker::{AnnounceError, AnnounceEvent, Retry};

use crate::*;

const OTHER: &str = "http://other.example/announce";

/// So many trackers that answer nothing, each in a tier of its own.
fn silent(world: &mut World, count: usize) -> Vec<String> {
    let urls = (0..count).map(|n| format!("http://silent{n}.example/"));
    urls.inspect(|url| world.tracker(url).silent = true)
        .collect()
}

/// A tier for each.
fn tiers(trackers: &[String]) -> Vec<Vec<String>> {
    trackers.iter().map(|url| vec![url.clone()]).collect()
}

/// When, in milliseconds, a node told which tracker what; each by the beginning of its host.
fn timetable(world: &World, node: usize) -> Vec<(u128, &str, Option<AnnounceEvent>)> {
    let announces = world.nodes[node].announces.iter();
    let told = announces.map(|told| {
        let host = told.tracker.trim_start_matches("http://");
        let host = host.split('.').next().unwrap();
        (told.at.since_start().as_millis(), host, told.event)
    });
    told.collect()
}

const STARTED: Option<AnnounceEvent> = Some(AnnounceEvent::Started);
const STOPPED: Option<AnnounceEvent> = Some(AnnounceEvent::Stopped);
const COMPLETED: Option<AnnounceEvent> = Some(AnnounceEvent::Completed);

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
fn trackers_by_udp_have_their_place_in_the_tiers() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let udp = "udp://first.example:80/announce".to_owned();
    world.tracker(&udp).silent = true;
    let config = Config {
        tiers: vec![
            vec!["wss://none.example/".to_owned()],
            vec![udp.clone()],
            vec![OTHER.to_owned()],
        ],
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_to(5);
    let announces = world.nodes[leecher].announces.iter();
    let asked: Vec<&str> = announces.map(|told| told.tracker.as_str()).collect();
    assert_eq!(asked, [&udp, OTHER]);
}

#[test]
fn while_nobody_has_what_we_need_all_trackers_are_asked_in_turn_and_not_too_often() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let trackers: Vec<String> = (0..3).map(|n| format!("http://{n}.example/")).collect();
    for tracker in &trackers {
        world.tracker(tracker).ignorant = true;
        world.tracker(tracker).min_interval = Some(Duration::from_secs(60));
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

#[test]
fn behind_four_silent_trackers_the_fifth_is_asked_after_twelve_seconds() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.seeder();
    let mut trackers = silent(&mut world, 4);
    trackers.push(TRACKER.to_owned());
    let config = Config {
        tiers: tiers(&trackers),
        ..world.config()
    };
    let leecher = world.add(config);
    world.run_until(Duration::from_secs(15), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let table = timetable(&world, leecher);
    let expected = [
        (0, "silent0", STARTED),
        (3_000, "silent1", STARTED),
        (6_000, "silent2", STARTED),
        (9_000, "silent3", STARTED),
        (12_000, "tracker", STARTED),
    ];
    assert_eq!(table[..5], expected);
    // Who never answered does not know us, and nobody waits for it in the end.
    assert_eq!(
        table[5..].iter().map(|told| told.1).collect::<Vec<_>>(),
        ["tracker"; 2]
    );
    assert_eq!([table[5].2, table[6].2], [COMPLETED, STOPPED]);
    let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
    assert!(at.since(world.nodes[leecher].announces[6].at) < Duration::from_millis(100));
}

#[test]
fn of_many_silent_trackers_six_are_asked_at_a_time() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let config = Config {
        tiers: tiers(&silent(&mut world, 9)),
        ..world.config()
    };
    let leecher = world.add(config);
    // The last is asked at 26 seconds, and has had its time at 46. Ten seconds later all begins anew.
    world.run_to(59);
    let asked: Vec<u128> = timetable(&world, leecher)
        .iter()
        .map(|told| told.0)
        .collect();
    let seconds = [0, 3, 6, 9, 12, 15, 20, 23, 26, 56, 59];
    assert_eq!(asked, seconds.map(|second| second * 1_000));
    let reports = world.nodes[leecher].reports.iter();
    let failed = reports.filter(|(_, report)| matches!(report, Report::TrackerFailed { .. }));
    assert_eq!(failed.count(), 9);
}

/// Two trackers in a tier each, of which the first takes this long to answer.
fn slow_and_quick(world: &mut World, slow: Duration) -> Vec<Vec<String>> {
    let trackers = ["slow", "quick"].map(|name| format!("http://{name}.example/"));
    world.tracker(&trackers[0]).takes = slow;
    tiers(&trackers)
}

#[test]
fn a_tracker_that_refuses_gives_way_at_once_and_a_slow_one_is_no_failure() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let mut trackers = slow_and_quick(&mut world, Duration::from_secs(5));
    world.tracker(&trackers[0][0]).interval = Duration::from_secs(900);
    let refusing = "http://no.example/";
    world.tracker(refusing).refuses = Some(AnnounceError::Status {
        host: "no.example".to_owned(),
        status: 404,
        retry: None,
    });
    trackers.insert(1, vec![refusing.to_owned()]);
    let seeder = world.add(Config {
        tiers: trackers,
        ..world.seeding()
    });
    world.run_to(1_000);
    let expected = [
        (0, "slow", STARTED),
        (3_000, "no", STARTED),
        (3_040, "quick", STARTED),
        // The slow one stands first in order: its answer came at 5 seconds, and decides.
        (905_000, "slow", None),
        (908_000, "no", STARTED),
        (908_040, "quick", None),
    ];
    assert_eq!(timetable(&world, seeder), expected);
}

#[test]
fn a_tracker_that_answered_late_has_named_peers_and_hears_the_goodbye() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let trackers = slow_and_quick(&mut world, Duration::from_secs(5));
    world.tracker(&trackers[1][0]).ignorant = true;
    world.add(Config {
        tiers: vec![trackers[0].clone()],
        ..world.seeding()
    });
    let leecher = world.add(Config {
        tiers: trackers,
        ..world.config()
    });
    world.run_to(30);
    assert!(world.is_complete(leecher));
    let told = timetable(&world, leecher);
    let told = |name: &str| {
        let told = told.iter().filter(|told| told.1 == name);
        told.map(|told| told.2).collect::<Vec<_>>()
    };
    assert_eq!(told("slow"), [STARTED, COMPLETED, STOPPED]);
    assert_eq!(told("quick"), [STARTED, STOPPED]);
}

#[test]
fn who_answers_while_we_leave_hears_the_goodbye_and_who_was_silent_before_holds_nobody_up() {
    for (slow, expected) in [
        (
            3_500,
            vec![(3_500, "slow", STOPPED), (3_800, "quick", STOPPED)],
        ),
        (9_000, vec![(3_800, "quick", STOPPED)]),
    ] {
        let mut world = World::new(geometry(10, 64 * 1024));
        let trackers = slow_and_quick(&mut world, Duration::from_millis(slow));
        world.tracker(&trackers[1][0]).takes = Duration::from_millis(800);
        let leecher = world.add(Config {
            tiers: trackers,
            ..world.config()
        });
        world.run_until(Duration::from_millis(3_400), |_| false);
        world.tell(leecher, Event::Command(Command::Stop));
        world.run_to(60);
        let table = timetable(&world, leecher);
        assert_eq!(
            table[..2],
            [(0, "slow", STARTED), (3_000, "quick", STARTED)]
        );
        assert_eq!(table[2..], expected);
        let (at, _) = world.nodes[leecher].outcome.clone().unwrap();
        assert_eq!(
            at.since_start(),
            Duration::from_millis(4_400),
            "a second after the command"
        );
    }
}

#[test]
fn out_of_turn_too_silent_trackers_are_not_waited_for_alone() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.seeder();
    world.tracker(OTHER).ignorant = true;
    let mut trackers = vec![OTHER.to_owned()];
    trackers.extend(silent(&mut world, 3));
    trackers.push(TRACKER.to_owned());
    let leecher = world.add(Config {
        tiers: tiers(&trackers),
        ..world.config()
    });
    world.run_until(Duration::from_secs(15), |w| w.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let hosts: Vec<&str> = timetable(&world, leecher)
        .iter()
        .map(|told| told.1)
        .collect();
    assert_eq!(
        hosts[..5],
        ["other", "silent0", "silent1", "silent2", "tracker"]
    );
}

#[test]
fn a_download_that_is_alone_keeps_to_the_interval_of_a_tracker_without_a_minimum() {
    let mut world = World::new(geometry(10, 64 * 1024));
    for (interval, min, expected) in [
        (1_800, None, 1),
        (600, None, 3),
        (1_800, Some(400), 5),
        (1_800, Some(30), 15),
        (90, Some(30), 20),
        (60, Some(600), 3),
    ] {
        let url = format!("http://every{interval}.example/{}", min.unwrap_or_default());
        let tracker = world.tracker(&url);
        tracker.ignorant = true;
        tracker.interval = Duration::from_secs(interval);
        tracker.min_interval = min.map(Duration::from_secs);
        let begun = world.now;
        let leecher = world.add(Config {
            tiers: vec![vec![url.clone()]],
            ..world.config()
        });
        world.run_to(begun.since_start().as_secs() + 1_790);
        let asked = world.nodes[leecher].announces.len();
        assert_eq!(asked, expected, "{url}: {:?}", timetable(&world, leecher));
        world.kill(leecher);
    }
}

/// A tracker that refuses with this wish.
fn refusing(world: &mut World, url: &str, retry: Retry) {
    world.tracker(url).refuses = Some(AnnounceError::Status {
        host: "busy.example".to_owned(),
        status: 503,
        retry: Some(retry),
    });
}

#[test]
fn a_tracker_that_wants_to_be_left_alone_is() {
    let mut world = World::new(geometry(10, 64 * 1024));
    let busy = "http://busy.example/";
    refusing(&mut world, busy, Retry::After(Duration::from_secs(500)));
    let alone = world.add(Config {
        tiers: vec![vec![busy.to_owned()]],
        ..world.config()
    });
    // Beside one that answers and knows nobody, and is asked every two minutes.
    world.tracker(OTHER).ignorant = true;
    world.tracker(OTHER).min_interval = Some(Duration::from_secs(60));
    let both = world.add(Config {
        tiers: vec![vec![busy.to_owned()], vec![OTHER.to_owned()]],
        ..world.config()
    });
    world.run_to(1_400);
    for node in [alone, both] {
        let asked = timetable(&world, node).into_iter();
        let busy = asked.filter(|told| told.1 == "busy");
        let seconds: Vec<u128> = busy.map(|told| told.0 / 1_000).collect();
        assert_eq!(seconds, [0, 500, 1_000]);
    }
    // It may be asked again, and answers now.
    world.tracker(busy).refuses = None;
    world.seeder();
    world.add(Config {
        tiers: vec![vec![busy.to_owned()]],
        ..world.seeding()
    });
    world.run_to(1_600);
    assert!(world.is_complete(alone));
}

#[test]
fn a_tracker_that_never_wants_to_be_asked_again_is_not_and_when_all_are_so_it_ends() {
    let mut world = World::new(geometry(10, 64 * 1024));
    world.tracker(OTHER).ignorant = true;
    let gone = "http://gone.example/";
    refusing(&mut world, gone, Retry::Never);
    let alone = world.add(Config {
        tiers: vec![vec![gone.to_owned()]],
        ..world.config()
    });
    let both = world.add(Config {
        tiers: vec![vec![gone.to_owned()], vec![OTHER.to_owned()]],
        ..world.config()
    });
    world.run_to(10_000);
    assert_eq!(timetable(&world, alone), [(0, "gone", STARTED)]);
    match &world.nodes[alone].outcome {
        Some((at, Outcome::Failed(why))) => {
            assert!(at.since_start() < Duration::from_secs(1));
            let why = why.to_string();
            assert!(why.contains("it does not want to be asked again"), "{why}");
            assert!(why.contains("--peer"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.nodes[both].outcome, None);
    let asked = timetable(&world, both).into_iter();
    assert_eq!(asked.filter(|told| told.1 == "gone").count(), 1);
}
