//! Nodes that take turns: the same story, told in another order.

use std::time::Duration;

use pretty_assertions::assert_eq;
use sim::scenario::{Group, Role, Scenario};
use sim::{Line, World};

/// A seeder and forty that come at once.
fn crowd(line: Line) -> Scenario {
    let group = |name: &str, role, count| Group {
        line,
        ..Group::new(name, role, count)
    };
    Scenario {
        name: "crowd".to_owned(),
        about: String::new(),
        size: 4 << 20,
        piece_length: 32 << 10,
        until: Duration::from_secs(600),
        groups: vec![
            group("seeder", Role::Seeder, 1),
            group("leecher", Role::Leecher, 40),
        ],
    }
}

fn line() -> Line {
    Line {
        latency: Duration::from_millis(20),
        up: Some(500_000),
        down: Some(2_000_000),
        ..Line::default()
    }
}

/// When each leecher had everything, and how much the seeder sent.
fn ends(mut world: World) -> (Vec<Duration>, u64) {
    let done = |world: &World| world.nodes[1..].iter().all(|node| node.completed.is_some());
    world.run_until(Duration::from_secs(600), done);
    let ends = world.nodes[1..].iter().map(|node| node.completed);
    let ends = ends.map(|at| at.expect("all have everything").since_start());
    (ends.collect(), world.nodes[0].sent)
}

#[test]
fn whoever_takes_turns_is_done_as_soon() {
    let scenario = crowd(line());
    let turns = || {
        let mut world = scenario.world(1);
        world.take_turns();
        ends(world)
    };
    let (exact, turned) = (ends(scenario.world(1)), turns());
    assert_eq!(turned, turns(), "the same each time");
    assert_ne!(turned, exact, "there were turns");
    let last = |ends: &[Duration]| ends.iter().max().unwrap().as_secs_f64();
    let part = last(&turned.0) / last(&exact.0);
    assert!((0.97..1.03).contains(&part), "{part} times as long");
    let sent = turned.1 as f64 / exact.1 as f64;
    assert!((0.9..1.1).contains(&sent), "{sent} times as much sent");
}

#[test]
fn where_somebody_could_notice_nobody_takes_turns() {
    let near = Line {
        latency: Duration::ZERO,
        ..line()
    };
    let shaky = Line {
        breaks: Some(Duration::from_secs(5)),
        ..line()
    };
    for line in [near, shaky] {
        let scenario = crowd(line);
        let mut world = scenario.world(1);
        world.take_turns();
        assert_eq!(ends(world), ends(scenario.world(1)));
    }
}

#[test]
#[should_panic(expected = "would hear of it within the turn")]
fn a_line_that_becomes_too_short_is_noticed() {
    let mut world = crowd(line()).world(1);
    world.take_turns();
    for node in &mut world.nodes {
        node.line = None;
    }
    world.line.latency = Duration::ZERO;
    world.run_to(600);
}

#[test]
fn the_clock_stops_at_the_end_of_a_turn() {
    let mut world = crowd(line()).world(1);
    world.take_turns();
    world.run_to(2);
    let beyond = world.now.since_start() - Duration::from_secs(2);
    assert!(beyond < Duration::from_millis(40), "{beyond:?}");
    let at = world.now;
    world.run_to(3);
    assert!(world.now > at);
}
