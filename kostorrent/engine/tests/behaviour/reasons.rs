//! The reasons that an engine gives for what it wants.

use engine::*;
use messages::Message;
use pretty_assertions::assert_eq;
use sim::{Line, Vice, World};

use crate::{geometry, seeders, world};

/// A world in which every kind of reason occurs, with recordings.
fn eventful() -> (World, usize) {
    let mut world = world(geometry(20, 512 * 1024), 200_000);
    world.records = true;
    seeders(&mut world, [Vice::None, Vice::Lies, Vice::None]);
    // Its last blocks are asked of others, too.
    world.nodes[2].line = Some(Line {
        up: Some(30_000),
        ..world.line
    });
    let leecher = world.leecher();
    world.leecher();
    world.run_to(120);
    (world, leecher)
}

/// What an engine wants when it is told a recording again, each with its reason.
fn reasons(config: Config, recording: &sim::Recording) -> Vec<(Action, Option<Why>)> {
    let mut engine = Engine::new(config, recording.begun);
    let mut all = Vec::new();
    let mut drain = |engine: &mut Engine| {
        while let Some(action) = engine.poll_action() {
            all.push((action, engine.poll_why()));
        }
    };
    drain(&mut engine);
    for (at, event) in &recording.events {
        engine.handle(event.clone(), *at);
        drain(&mut engine);
    }
    all
}

#[test]
fn reasons_change_nothing_and_cost_nothing_where_nobody_wants_them() {
    let (world, leecher) = eventful();
    let recording = world.nodes[leecher].recording.as_ref().unwrap();
    let silent = reasons(recording.config.clone(), recording);
    assert!(silent.iter().all(|(_, why)| why.is_none()));
    let explain = Config {
        explain: true,
        ..recording.config.clone()
    };
    let explained = reasons(explain, recording);
    let actions = |all: &[(Action, Option<Why>)]| -> Vec<Action> {
        all.iter().map(|(action, _)| action.clone()).collect()
    };
    assert!(actions(&explained) == recording.actions);
    assert!(actions(&silent) == recording.actions);
}

/// Peer ids count among those that fetch the same, and a seed does not, however new it is.
#[test]
fn who_fetches_from_seeds_alone_asks_for_the_same_under_any_name() {
    let mut world = world(geometry(60, 64 * 1024), 200_000);
    world.records = true;
    seeders(&mut world, [Vice::None, Vice::None]);
    let leecher = world.leecher();
    world.run_to(30);
    assert!(world.is_complete(leecher));
    let recording = world.nodes[leecher].recording.as_ref().unwrap();
    let renamed = Config {
        peer_id: *b"-KO0100-abcdefghijkl",
        ..recording.config.clone()
    };
    let again = reasons(renamed, recording).into_iter();
    let again: Vec<Action> = again.map(|(action, _)| action).collect();
    assert!(again == recording.actions);
}

#[test]
fn each_request_choke_call_and_store_has_its_reason_and_nothing_else_has_one() {
    let (world, leecher) = eventful();
    let recording = world.nodes[leecher].recording.as_ref().unwrap();
    let config = Config {
        explain: true,
        ..recording.config.clone()
    };
    let all = reasons(config, recording);
    for (action, why) in &all {
        let fits = match (action, why) {
            (Action::Connect { .. }, Some(Why::Called { .. })) => true,
            (Action::Store { .. }, Some(Why::Whole { from })) => *from >= 1,
            (Action::Send { message, .. }, why) => match (message, why) {
                (Message::Request(_), Some(Why::Asked { copies, .. })) => *copies >= 1,
                (Message::Choke | Message::Unchoke, Some(why)) => {
                    matches!(why, Why::Slot(_) | Why::AskAnew | Why::Paused)
                }
                (Message::Request(_) | Message::Choke | Message::Unchoke, None) => false,
                (_, why) => why.is_none(),
            },
            (Action::Connect { .. } | Action::Store { .. }, _) => false,
            (_, why) => why.is_none(),
        };
        assert!(fits, "{action:?} because {why:?}");
    }
    let said = |choice: fn(&Choice) -> bool| {
        let asked = all.iter().filter(|(_, why)| match why {
            Some(Why::Asked { choice: c, .. }) => choice(c),
            _ => false,
        });
        asked.count()
    };
    assert!(said(|c| *c == Choice::AnyFirst) > 0);
    assert!(said(|c| *c == Choice::Rarest) > 0);
    assert!(said(|c| *c == Choice::Begun) > 0);
    assert!(said(|c| matches!(c, Choice::EndGame { .. })) > 0);
    assert!(said(|c| *c == Choice::Parole) > 0);
    assert_eq!(said(|c| matches!(c, Choice::Slower { .. })), 0);
}
