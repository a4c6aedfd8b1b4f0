//! The end: goodbyes, and no longer than five seconds of them.

use std::time::Duration;

use blocks::Geometry;
use engine::*;
use messages::{Bitfield, Message};
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::{TRACKER, World};
use tracker::AnnounceEvent::{self, Completed, Started, Stopped};

use crate::by_hand::{ByHand, block};
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
    assert_eq!(node.announces.last().unwrap().event, Some(Stopped));
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

/// What a complete download tells a tracker that always takes so long, and when it ends: in
/// milliseconds since `completed`.
fn goodbye(takes: u64) -> (Vec<(u128, Option<AnnounceEvent>)>, u128) {
    let mut world = world(geometry(60, 64 * 1024), 500_000);
    world.seeder();
    world.tracker(TRACKER).takes = Duration::from_millis(takes);
    let leecher = world.leecher();
    world.run_to(60);
    let node = &world.nodes[leecher];
    let completed = node.announces[1].at;
    let since = |at: Time| at.since(completed).as_millis();
    let told = node.announces[1..].iter();
    let told = told.map(|told| (since(told.at), told.event)).collect();
    (told, since(node.outcome.clone().unwrap().0))
}

#[test]
fn stopped_follows_completed_before_its_answer() {
    for (takes, follows) in [
        (400, 100),
        (100, 25),
        // At least 10 milliseconds later, and at most half a second.
        (20, 10),
        (2_400, 500),
        // An answer is the better sign.
        (5, 5),
    ] {
        let (told, end) = goodbye(takes);
        let expected = [(0, Some(Completed)), (follows, Some(Stopped))];
        assert_eq!(told, expected, "{takes} ms");
        assert_eq!(end, follows + u128::from(takes), "{takes} ms");
    }
}

/// A torrent of one block that is fetched by hand from a peer, with one tracker. It answers `started`
/// after 200 milliseconds if it is to answer that; the download is complete after one second. What is
/// announced then.
fn fetched(keep_seeding: bool, answers: bool) -> (ByHand, Vec<AnnounceEvent>) {
    let mut hand = ByHand::new(Config {
        keep_seeding,
        ..World::new(Geometry::new(16_384, 16_384).unwrap()).config()
    });
    pass(&mut hand, 200);
    if answers {
        answered(&mut hand, Started);
    }
    pass(&mut hand, 800);
    let peer = PeerKey(0);
    hand.called_by(0);
    hand.say(peer, Message::Bitfield(Bitfield::full(1).to_bytes()));
    hand.say(peer, Message::Unchoke);
    hand.tell(Event::Block {
        peer,
        block: block(0, 0),
        buf: BufKey(0),
    });
    let result = Stored::Written { digests: None };
    hand.tell(Event::Stored { piece: 0, result });
    let actions = hand.tell(Event::Settled);
    (hand, announced(&actions))
}

/// Lets so many milliseconds pass; what is announced meanwhile.
fn pass(hand: &mut ByHand, millis: u64) -> Vec<AnnounceEvent> {
    let until = hand.now + Duration::from_millis(millis);
    let wanted = hand.pass_until(until).into_iter();
    announced(&wanted.map(|(_, action)| action).collect::<Vec<_>>())
}

/// The tracker answers what it was told; what it is told then, and whether that was the end.
fn answered(hand: &mut ByHand, told: AnnounceEvent) -> (Vec<AnnounceEvent>, bool) {
    let actions = hand.tell(Event::Announced {
        tracker: TRACKER.to_owned(),
        told: Some(told),
        result: tracker::parse_reply(b"d8:intervali1800e5:peers0:e")
            .map_err(|_| unreachable!("it is a reply")),
    });
    let is_over = matches!(actions.last(), Some(Action::Finished(_)));
    (announced(&actions), is_over)
}

fn announced(actions: &[Action]) -> Vec<AnnounceEvent> {
    let told = actions.iter().filter_map(|action| match action {
        Action::Announce { announcement, .. } => announcement.event,
        _ => None,
    });
    told.collect()
}

#[test]
fn answers_in_order_end_a_goodbye() {
    let (mut hand, told) = fetched(false, true);
    assert_eq!(told, [Completed]);
    assert_eq!(pass(&mut hand, 49), []);
    assert_eq!(pass(&mut hand, 1), [Stopped]);
    assert_eq!(answered(&mut hand, Completed), (vec![], false));
    assert_eq!(answered(&mut hand, Stopped), (vec![], true));
}

#[test]
fn a_tracker_that_may_have_heard_stopped_first_hears_it_again() {
    let (mut hand, told) = fetched(false, true);
    assert_eq!(
        (told, pass(&mut hand, 50)),
        (vec![Completed], vec![Stopped])
    );
    assert_eq!(answered(&mut hand, Stopped), (vec![], false));
    assert_eq!(answered(&mut hand, Completed), (vec![Stopped], false));
    assert_eq!(answered(&mut hand, Stopped), (vec![], true));
    // It has three seconds for the first two, and two more for the third.
    let (mut hand, _) = fetched(false, true);
    assert_eq!(pass(&mut hand, 50), [Stopped]);
    answered(&mut hand, Stopped);
    assert_eq!(pass(&mut hand, 2_949), []);
    assert_eq!(pass(&mut hand, 1), [Stopped]);
    assert_eq!(answered(&mut hand, Stopped), (vec![], false));
    let end = hand.pass_until(hand.now + Duration::from_secs(2));
    assert_eq!(end.len(), 1);
    assert_eq!(end[0].1, Action::Finished(Outcome::Complete));
    assert_eq!(end[0].0, Time::after_start(Duration::from_secs(6)));
}

#[test]
fn a_tracker_that_never_answered_is_waited_for_before_stopped() {
    let (mut hand, told) = fetched(false, false);
    assert_eq!((told, pass(&mut hand, 1_000)), (vec![], vec![]));
    assert_eq!(answered(&mut hand, Started), (vec![Completed], false));
    assert_eq!(pass(&mut hand, 1_900), []);
    assert_eq!(answered(&mut hand, Completed), (vec![Stopped], false));
    assert_eq!(answered(&mut hand, Stopped), (vec![], true));
}

#[test]
fn a_completion_that_is_being_told_when_we_leave_is_told_once() {
    for (millis, stopped) in [(20, 30), (51, 0), (4_000, 0)] {
        let (mut hand, told) = fetched(true, true);
        assert_eq!((told, pass(&mut hand, millis)), (vec![Completed], vec![]));
        let actions = hand.tell(Event::Command(Command::Stop));
        let mut told = announced(&actions);
        told.extend(pass(&mut hand, stopped));
        assert_eq!(told, [Stopped], "{millis} ms");
        assert_eq!(answered(&mut hand, Completed), (vec![], false));
        assert_eq!(answered(&mut hand, Stopped), (vec![], true));
    }
    let (mut hand, _) = fetched(true, true);
    hand.tell(Event::Command(Command::Stop));
    assert_eq!(answered(&mut hand, Completed), (vec![Stopped], false));
    assert_eq!(answered(&mut hand, Stopped), (vec![], true));
}
