//! A pause, and a disk that has a fault for a while.

use std::time::Duration;

use engine::*;
use messages::{Bitfield, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::{Disk, TRACKER, World};
use tracker::AnnounceEvent;

use crate::by_hand::{ByHand, asked, at, block};
use crate::*;

const PIECES: u32 = 40;

fn pause(world: &mut World, node: usize) {
    world.tell(node, Event::Command(Command::Pause));
}

fn resume(world: &mut World, node: usize) {
    world.tell(node, Event::Command(Command::Resume));
}

/// A seeder, and a leecher that has some pieces by now.
fn swarm() -> (World, usize, usize) {
    let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
    let seeder = world.seeder();
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(60), |w| have(w, leecher) > 5);
    (world, seeder, leecher)
}

fn have(world: &World, node: usize) -> u32 {
    world.nodes[node].engine.have().unwrap().count()
}

fn told(world: &World, node: usize) -> Vec<Option<AnnounceEvent>> {
    world.nodes[node]
        .announces
        .iter()
        .map(|told| told.event)
        .collect()
}

#[test]
fn nothing_comes_during_a_pause_and_all_comes_after_it() {
    let (mut world, seeder, leecher) = swarm();
    pause(&mut world, leecher);
    world.run_to(30);
    // What was at the disk was still written.
    let before = (have(&world, leecher), world.nodes[seeder].sent);
    world.run_to(50);
    assert_eq!((have(&world, leecher), world.nodes[seeder].sent), before);
    assert!(before.0 < PIECES);
    resume(&mut world, leecher);
    world.run_to(200);
    assert!(world.is_complete(leecher));
    assert_eq!(world.nodes[leecher].held(), 0);
}

#[test]
fn connections_are_kept_for_a_minute_and_a_long_pause_costs_nothing() {
    let (mut world, _, leecher) = swarm();
    pause(&mut world, leecher);
    world.run_until(Duration::from_secs(50), |_| false);
    assert_eq!(world.nodes[leecher].engine.stats(world.now).peers, 1);
    world.run_to(200);
    assert_eq!(world.nodes[leecher].engine.stats(world.now).peers, 0);
    // It sleeps, but that the tracker's counts are asked for each half hour.
    let next = |world: &World| world.nodes[leecher].engine.poll_timeout().unwrap();
    assert!(next(&world) > at(1_800));
    // Whoever calls is sent away, and nobody is called.
    world.run_to(4_000);
    assert_eq!(world.nodes[leecher].engine.stats(world.now).peers, 0);
    assert!(next(&world) > at(5_400));
    assert!(world.nodes[leecher].outcome.is_none());
    resume(&mut world, leecher);
    world.run_to(5_000);
    assert!(world.is_complete(leecher));
}

#[test]
fn trackers_are_told_that_we_are_away_and_that_we_are_back() {
    use AnnounceEvent::*;
    let (mut world, _, leecher) = swarm();
    pause(&mut world, leecher);
    world.run_to(10_000);
    assert_eq!(told(&world, leecher), [Some(Started), Some(Stopped)]);
    resume(&mut world, leecher);
    world.run_to(10_300);
    let all = [Some(Started), Some(Stopped), Some(Started), Some(Completed)];
    assert_eq!(told(&world, leecher)[..4], all);
}

#[test]
fn a_tracker_that_answers_during_a_pause_is_told_then() {
    let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
    world.tracker(TRACKER).takes = Duration::from_secs(5);
    let leecher = world.leecher();
    world.run_until(Duration::from_secs(1), |_| false);
    pause(&mut world, leecher);
    pause(&mut world, leecher);
    world.run_to(60);
    let told = told(&world, leecher);
    assert_eq!(
        told,
        [Some(AnnounceEvent::Started), Some(AnnounceEvent::Stopped)]
    );
    assert_eq!(world.nodes[leecher].reports.len(), 1, "it is said once");
}

#[test]
fn a_pause_that_is_over_before_the_tracker_has_answered_ends_with_started() {
    let (mut world, _, leecher) = swarm();
    world.tracker(TRACKER).takes = Duration::from_secs(5);
    pause(&mut world, leecher);
    let soon = world.now.since_start() + Duration::from_secs(1);
    world.run_until(soon, |_| false);
    resume(&mut world, leecher);
    let then = soon + Duration::from_secs(30);
    world.run_until(then, |_| false);
    let told = told(&world, leecher);
    assert_eq!(
        told[1..3],
        [Some(AnnounceEvent::Stopped), Some(AnnounceEvent::Started)]
    );
}

#[test]
fn who_stops_during_a_pause_has_nothing_more_to_say() {
    let (mut world, _, leecher) = swarm();
    pause(&mut world, leecher);
    world.run_until(Duration::from_secs(50), |_| false);
    world.tell(leecher, Event::Command(Command::Stop));
    world.run_to(60);
    assert_eq!(told(&world, leecher).len(), 2);
    let outcome = world.nodes[leecher].outcome.as_ref().map(|(_, how)| how);
    assert_eq!(outcome, Some(&Outcome::Stopped));
}

#[test]
fn everybody_is_choked_and_what_was_asked_is_taken_back() {
    let world = World::new(geometry(10, 64 * 1024));
    let mut have = Bitfield::new(10);
    have.set(3);
    let mut hand = ByHand::new(world.having(have));
    let peer = PeerKey(0);
    hand.called_by(0);
    hand.room(peer, 500_000);
    let mut has = Bitfield::full(10);
    has.clear(3);
    hand.say(peer, Message::Bitfield(has.to_bytes()));
    hand.say(peer, Message::Interested);
    let asked = hand.say(peer, Message::Unchoke);
    let asked = asked
        .iter()
        .filter(|a| sends(a, |m| matches!(m, Message::Request(_))));
    let asked = asked.count();
    assert!(asked > 0);
    let mut actions = hand.tell(Event::Command(Command::Pause));
    assert_eq!(
        actions
            .iter()
            .filter(|a| sends(a, |m| *m == Message::Choke))
            .count(),
        1
    );
    // What is on its way has three seconds.
    assert!(hand.pass_until(at(2)).is_empty());
    actions.extend(hand.pass_until(at(3)).into_iter().map(|(_, action)| action));
    let said = |wanted: fn(&Message) -> bool| actions.iter().filter(|a| sends(a, wanted)).count();
    assert_eq!(said(|m| matches!(m, Message::Cancel(_))), asked);
    assert_eq!(said(|m| *m == Message::Choke), 1);
    assert_eq!(said(|m| *m == Message::NotInterested), 1);
    // What comes all the same, and what others want, changes nothing.
    assert!(hand.say(peer, Message::Request(block(3, 0))).is_empty());
    let nothing = hand.pass_until(at(40));
    let nothing: Vec<_> = nothing
        .iter()
        .filter(|(_, action)| sends(action, |m| *m != Message::KeepAlive))
        .collect();
    assert!(nothing.is_empty(), "{nothing:?}");
    let actions = hand.tell(Event::Command(Command::Resume));
    assert!(
        actions
            .iter()
            .any(|a| sends(a, |m| *m == Message::Interested))
    );
    assert!(
        actions
            .iter()
            .any(|a| sends(a, |m| matches!(m, Message::Request(_))))
    );
    assert!(actions.iter().any(|a| sends(a, |m| *m == Message::Unchoke)));
}

fn sends(action: &Action, wanted: impl Fn(&Message) -> bool) -> bool {
    matches!(action, Action::Send { message, .. } if wanted(message))
}

/// What a node said about its disk.
fn said(world: &World, node: usize) -> Vec<String> {
    let reports = world.nodes[node].reports.iter();
    let said = reports.filter_map(|(_, report)| match report {
        Report::DiskFault { why } => Some(why.clone()),
        Report::DiskWell => Some("well".to_owned()),
        _ => None,
    });
    said.collect()
}

#[test]
fn a_download_waits_while_the_disk_is_full_and_goes_on_when_it_is_not() {
    for slow in [None, Some(300_000)] {
        let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
        let seeder = world.seeder();
        let leecher = world.leecher();
        let full = Disk {
            takes: Some(7),
            rate: slow,
            ..Disk::default()
        };
        world.nodes[leecher].disk = Some(full);
        world.run_to(300);
        assert_eq!(have(&world, leecher), 7);
        assert_eq!(
            said(&world, leecher),
            ["the disk is full"],
            "it is said once"
        );
        assert!(world.nodes[leecher].outcome.is_none());
        let stats = world.nodes[leecher].engine.stats(world.now);
        assert!(stats.disk_fault && stats.peers == 1 && stats.requests == 0);
        let sent = world.nodes[seeder].sent;
        world.run_to(600);
        assert_eq!(
            world.nodes[seeder].sent, sent,
            "nothing is asked for in vain"
        );
        // There is room for two, then for all.
        world.nodes[leecher].disk = Some(Disk {
            takes: Some(9),
            ..full
        });
        world.run_to(620);
        assert_eq!(have(&world, leecher), 9);
        world.nodes[leecher].disk = None;
        world.run_to(900);
        assert!(world.is_complete(leecher));
        assert_eq!(said(&world, leecher).last().unwrap(), "well");
        // What was whole in memory was not fetched again.
        let all = u64::from(PIECES) * 64 * 1024;
        assert!(
            world.nodes[seeder].sent < all + 4 * 16_384,
            "{}",
            world.nodes[seeder].sent
        );
    }
}

#[test]
fn what_is_there_is_given_while_the_disk_is_full() {
    let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
    let seeder = world.seeder();
    let leecher = world.leecher();
    world.nodes[leecher].disk = Some(Disk {
        takes: Some(20),
        ..Disk::default()
    });
    world.run_to(120);
    world.kill(seeder);
    let other = world.leecher();
    world.run_to(400);
    assert_eq!(have(&world, other), 20);
}

#[test]
fn a_stop_does_not_wait_for_a_disk_with_a_fault() {
    let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
    world.seeder();
    let leecher = world.leecher();
    world.nodes[leecher].disk = Some(Disk {
        takes: Some(3),
        ..Disk::default()
    });
    world.run_to(60);
    world.tell(leecher, Event::Command(Command::Stop));
    world.run_to(62);
    let outcome = world.nodes[leecher].outcome.as_ref().map(|(_, how)| how);
    assert_eq!(outcome, Some(&Outcome::Stopped));
}

#[test]
fn who_wants_to_go_on_has_the_disk_tried_at_once() {
    let mut hand = ByHand::new(World::new(geometry(4, 64 * 1024)).having(Bitfield::new(4)));
    let why = "no".to_owned();
    let actions = hand.tell(Event::DiskFailed { why: why.clone() });
    assert!(actions.contains(&Action::Report(Report::DiskFault { why })));
    hand.now = at(1);
    let actions = hand.tell(Event::Command(Command::Resume));
    assert!(actions.contains(&Action::Look), "{actions:?}");
    let actions = hand.tell(Event::DiskWell);
    assert!(actions.contains(&Action::Report(Report::DiskWell)));
    assert!(
        !hand
            .tell(Event::DiskWell)
            .contains(&Action::Report(Report::DiskWell))
    );
}

#[test]
fn a_download_that_could_not_be_settled_is_settled_when_the_disk_is_well() {
    let world = World::new(geometry(4, 64 * 1024));
    let mut hand = ByHand::new(world.having(Bitfield::full(4)));
    let why = "no".to_owned();
    hand.tell(Event::DiskFailed { why });
    let later = hand.pass_until(at(6));
    assert!(later.iter().any(|(_, action)| *action == Action::Settle));
    let actions = hand.tell(Event::Settled);
    assert!(actions.contains(&Action::Report(Report::DiskWell)));
    assert!(actions.contains(&Action::Report(Report::Complete)));
}

#[test]
fn what_would_cost_somebody_a_file_is_refused_for_good() {
    let world = World::new(geometry(1, 16 * 1024));
    let mut hand = ByHand::new(world.having(Bitfield::new(1)));
    let peer = PeerKey(0);
    hand.called_by(0);
    hand.say(peer, Message::Bitfield(Bitfield::full(1).to_bytes()));
    let actions = hand.say(peer, Message::Unchoke);
    let (block, buf) = (asked(&actions)[0], BufKey(0));
    let actions = hand.tell(Event::Block { peer, block, buf });
    assert!(actions.iter().any(|a| matches!(a, Action::Store { .. })));
    let result = Stored::Refused("mine".to_owned());
    hand.tell(Event::Stored { piece: 0, result });
    let said = hand.pass_until(at(10));
    let end = said.last().map(|(_, action)| action);
    let why = Failure::Disk("mine".to_owned());
    assert_eq!(end, Some(&Action::Finished(Outcome::Failed(why))));
}

#[test]
fn whoever_has_what_it_chose_says_so_with_every_announce() {
    use AnnounceEvent::*;
    let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
    world.seeder();
    let mut config = Config {
        keep_seeding: true,
        ..world.config()
    };
    let mut wanted = Bitfield::new(PIECES);
    (3..20).for_each(|piece| {
        wanted.set(piece);
    });
    config.content.as_mut().unwrap().wanted = wanted;
    let partial = world.add(config);
    world.run_to(8_000);
    assert_eq!(have(&world, partial), 17);
    let told = told(&world, partial);
    assert_eq!(told[..3], [Some(Started), Some(Paused), Some(Paused)]);
    // Others get from it what it has.
    world.kill(0);
    let other = world.leecher();
    world.run_to(9_000);
    assert_eq!(have(&world, other), 17);
}

#[test]
fn a_disk_that_is_gone_ends_it_though_pieces_are_at_it() {
    let mut world = world(geometry(PIECES, 64 * 1024), 200_000);
    world.seeder();
    let leecher = world.leecher();
    let slow = Disk {
        rate: Some(1),
        ..Disk::default()
    };
    world.nodes[leecher].disk = Some(slow);
    world.run_to(20);
    let why = "the thread has ended".to_owned();
    world.tell(leecher, Event::DiskGone { why: why.clone() });
    world.run_to(25);
    let outcome = world.nodes[leecher].outcome.as_ref().map(|(_, how)| how);
    assert_eq!(outcome, Some(&Outcome::Failed(Failure::Disk(why))));
}

#[test]
fn what_cannot_be_settled_is_said_once_and_tried_again() {
    let world = World::new(geometry(4, 64 * 1024));
    let mut hand = ByHand::new(world.having(Bitfield::full(4)));
    let why = || "a link is in the way".to_owned();
    let mut said = hand.tell(Event::DiskFailed { why: why() });
    let count = |said: &[Action], wanted: &Action| said.iter().filter(|a| *a == wanted).count();
    let mut settles = 0;
    for seconds in 1..60 {
        for (_, action) in hand.pass_until(at(seconds)) {
            if action == Action::Settle {
                settles += 1;
                said.extend(hand.tell(Event::DiskFailed { why: why() }));
            }
            said.push(action);
        }
    }
    assert!((10..13).contains(&settles), "{settles}");
    assert_eq!(
        count(&said, &Action::Report(Report::DiskFault { why: why() })),
        1
    );
    assert_eq!(count(&said, &Action::Report(Report::DiskWell)), 0);
}

#[test]
fn a_limit_lets_nothing_be_asked_for_during_a_pause() {
    let mut world = world(geometry(PIECES, 64 * 1024), 2_000_000);
    world.records = true;
    world.seeder();
    let leecher = world.add(Config {
        limit_down: Some(100_000),
        ..world.config()
    });
    world.run_to(5);
    pause(&mut world, leecher);
    let paused = world.now;
    world.run_to(15);
    let recording = world.nodes[leecher].recording.as_ref().unwrap();
    let asked = recording
        .timed_actions()
        .filter(|(at, action)| *at > paused && sends(action, |m| matches!(m, Message::Request(_))));
    assert_eq!(asked.count(), 0);
    resume(&mut world, leecher);
    world.run_to(100);
    assert!(world.is_complete(leecher));
}
