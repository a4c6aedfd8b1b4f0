//! The interface that everything is to go through is not there for a while.

use std::net::SocketAddr;
use std::time::Duration;

use engine::*;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, at};
use crate::geometry;

const PEER: ([u8; 4], u16) = ([10, 2, 2, 2], 6881);

/// A download that knows one address, and nobody to ask for others.
fn download() -> (ByHand, SocketAddr) {
    let addr = SocketAddr::from(PEER);
    let hand = ByHand::new(Config {
        tiers: Vec::new(),
        peers: vec![addr],
        ..World::new(geometry(10, 64 * 1024)).config()
    });
    (hand, addr)
}

fn gone() -> Event {
    let interface = "tun0".to_owned();
    Event::InterfaceGone { interface }
}

fn back() -> Event {
    let interface = "tun0".to_owned();
    Event::InterfaceBack { interface }
}

#[test]
fn meanwhile_nobody_is_called_and_nothing_is_given_up() {
    let (mut hand, addr) = download();
    let interface = "tun0".to_owned();
    let told = Action::Report(Report::InterfaceGone {
        interface: interface.clone(),
    });
    assert_eq!(hand.tell(gone()), [told]);
    assert_eq!(hand.tell(gone()), [], "it is told once");
    assert_eq!(hand.engine.bound(hand.now), Bound::Offline { interface });
    let why = ConnectFailure::Network("the network is down".to_owned());
    assert_eq!(hand.tell(Event::ConnectFailed { addr, why }), []);
    // An hour is no hopeless case.
    assert_eq!(hand.pass_until(at(3_600)), []);

    let interface = "tun0".to_owned();
    let actions = hand.tell(back());
    let told = Action::Report(Report::InterfaceBack { interface });
    assert_eq!(actions, [told, Action::Connect { addr }]);
    assert_eq!(hand.tell(back()), []);
    assert!(!matches!(
        hand.engine.bound(hand.now),
        Bound::Offline { .. }
    ));
}

#[test]
fn a_pause_and_the_end_come_all_the_same() {
    let (mut hand, _) = download();
    hand.tell(gone());
    hand.tell(Event::Command(Command::Pause));
    assert_eq!(hand.engine.bound(hand.now), Bound::Paused);
    hand.tell(Event::Command(Command::Resume));
    assert!(matches!(hand.engine.bound(hand.now), Bound::Offline { .. }));
    let actions = hand.tell(Event::Command(Command::Stop));
    assert!(
        actions.contains(&Action::Finished(Outcome::Stopped)),
        "{actions:?}"
    );
    assert_eq!(hand.tell(back()), []);
}

#[test]
fn what_is_lost_meanwhile_is_called_again_as_soon_as_it_is_there() {
    let mut world = World::new(geometry(60, 64 * 1024));
    world.line.up = Some(100_000);
    let seeder = world.seeder();
    let leecher = world.leecher();
    world.run_to(5);
    world.tell(leecher, gone());
    world.kill(seeder);
    let now = |world: &World| world.nodes[leecher].engine.have().unwrap().count();
    let before = now(&world);
    let again = world.seeder();
    world.run_to(120);
    // The seeder that came has called; the leecher has not.
    assert!(world.nodes[again].outcome.is_none() && now(&world) >= before);
    world.tell(leecher, back());
    world.run_until(Duration::from_secs(300), |world| world.is_complete(leecher));
    assert!(world.is_complete(leecher));
    let stalled = world.nodes[leecher].reports.iter();
    let stalled = stalled.filter(|(_, report)| matches!(report, Report::NoWayForward { .. }));
    assert_eq!(stalled.count(), 0);
}
