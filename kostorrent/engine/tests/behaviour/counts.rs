//! How many have the torrent, by the trackers' words.

use std::time::Duration;

use engine::*;
use pretty_assertions::assert_eq;
use sim::World;
use tracker::{AnnounceError, AnnounceReply, Counts};

use crate::by_hand::{ByHand, at};
use crate::geometry;

const ONE: &str = "http://one.example/announce";
const OTHER: &str = "udp://other.example:80/announce";

fn counts(seeders: Option<u32>, leechers: Option<u32>, completed: Option<u32>) -> Counts {
    Counts {
        seeders,
        leechers,
        completed,
    }
}

/// A seeder that has announced itself to both trackers, and what they answered.
fn answered(said: [Counts; 2]) -> (ByHand, Vec<Action>) {
    let mut hand = ByHand::new(Config {
        tiers: vec![vec![ONE.to_owned()], vec![OTHER.to_owned()]],
        ..World::new(geometry(10, 64 * 1024)).seeding()
    });
    // The first is slow, and so the second is asked beside it.
    hand.pass_until(at(4));
    let mut actions = Vec::new();
    for (tracker, said) in [ONE, OTHER].into_iter().zip(said) {
        let reply = AnnounceReply {
            interval: Duration::from_secs(1_800),
            min_interval: None,
            tracker_id: None,
            complete: said.seeders,
            incomplete: said.leechers,
            external_ip: None,
            peers: Vec::new(),
            warning: None,
        };
        actions.extend(hand.tell(Event::Announced {
            tracker: tracker.to_owned(),
            told: None,
            result: Ok(reply),
        }));
    }
    (hand, actions)
}

/// Which trackers are to be scraped.
fn scrapes<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Vec<&'a str> {
    let scrapes = actions.into_iter().filter_map(|action| match action {
        Action::Scrape { tracker } => Some(tracker.as_str()),
        _ => None,
    });
    scrapes.collect()
}

fn scraped(hand: &mut ByHand, tracker: &str, result: Result<Counts, AnnounceError>) {
    let tracker = tracker.to_owned();
    assert_eq!(hand.tell(Event::Scraped { tracker, result }), []);
}

fn refused() -> Result<Counts, AnnounceError> {
    let host = "other.example".to_owned();
    Err(AnnounceError::Redirects { host })
}

#[test]
fn what_replies_say_is_shown_and_nobody_is_asked_for_it() {
    let said = [
        counts(Some(3), Some(9), None),
        counts(Some(5), Some(2), None),
    ];
    let (mut hand, actions) = answered(said);
    assert_eq!(scrapes(&actions), [""; 0]);
    let trackers = hand.engine.details(hand.now).trackers;
    let shown: Vec<Counts> = trackers.iter().map(|tracker| tracker.counts).collect();
    assert_eq!(shown, said);
    // Of each number the largest: some know but a part of the swarm.
    let now = hand.now;
    assert_eq!(
        hand.engine.stats(now).counts,
        counts(Some(5), Some(9), None)
    );
}

#[test]
fn a_tracker_whose_reply_has_no_counts_is_asked_for_them() {
    let nothing = Counts::default();
    let (mut hand, actions) = answered([counts(Some(1), None, None), nothing]);
    assert_eq!(scrapes(&actions), [OTHER]);
    let told = counts(Some(40), Some(4), Some(400));
    scraped(&mut hand, OTHER, Ok(told));
    let trackers = hand.engine.details(hand.now).trackers;
    assert_eq!(trackers[1].counts, told);
    assert_eq!(hand.engine.stats(hand.now).counts, told);
    // With the next announce again.
    let wanted = hand.pass_until(at(1_900));
    assert_eq!(scrapes(wanted.iter().map(|(_, action)| action)), [""; 0]);
}

#[test]
fn a_paused_torrent_asks_each_half_hour_whoever_answers() {
    let (mut hand, _) = answered([counts(Some(1), Some(1), None), Counts::default()]);
    scraped(&mut hand, OTHER, refused());
    hand.tell(Event::Command(Command::Pause));
    let wanted = hand.pass_until(at(3 * 1_800 + 60));
    let when = wanted.iter().filter_map(|(at, action)| match action {
        Action::Scrape { tracker } => Some((at.since_start().as_secs(), tracker.as_str())),
        _ => None,
    });
    let when: Vec<(u64, &str)> = when.collect();
    assert_eq!(when, [(1_804, ONE), (3_604, ONE), (5_404, ONE)]);
    scraped(&mut hand, ONE, Ok(counts(Some(7), Some(0), Some(70))));
    assert_eq!(hand.engine.stats(hand.now).counts.completed, Some(70));
    // Afterwards the announces tell.
    let actions = hand.tell(Event::Command(Command::Resume));
    assert_eq!(scrapes(&actions), [""; 0]);
    let later = hand.pass_until(at(30_000));
    assert_eq!(scrapes(later.iter().map(|(_, action)| action)), [""; 0]);
}
