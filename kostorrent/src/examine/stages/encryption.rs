//! Chapter 22: a client that encrypts its connections, or takes such.

mod calling;
mod taking;

use std::time::Duration;

use encryption::Failure;

use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};
use crate::lab::peer::Passed;

const CHAPTER: u8 = 22;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "encryption",
    chapter: CHAPTER,
    about: "encrypted connections, if it makes or takes them: with whom, in what parts, and what goes on beside them",
    seeds: false,
    checks: &[
        &calling::RC4,
        &calling::GREETING,
        &calling::BROKEN_OFF,
        &taking::ANSWERS,
        &taking::PARTS,
        &taking::BOTH,
    ],
    takes: &[
        take("rc4", calling::rc4),
        take("greeting", calling::greeting),
        take("broken-off", calling::broken_off),
        take("called", taking::called),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// What is said of who begins no call with a key.
const NOT_MADE: &str = "it makes no encrypted call";

/// Whether somebody's public key has come.
fn key(scene: &Scene, who: &str) -> bool {
    scene.tape.has(who, |passed| *passed == Passed::Key)
}

/// When keys had been exchanged.
fn secured(scene: &Scene, who: &str) -> Option<Duration> {
    let secured = |passed: &Passed| matches!(passed, Passed::Secured(_));
    scene.tape.first(who, secured)
}

/// Why no keys were exchanged, by what it sent.
fn failure(scene: &Scene, who: &str) -> Option<Failure> {
    let all = scene.tape.with(who).into_iter();
    let mut failures = all.filter_map(|(_, passed)| match passed {
        Passed::NotSecured(failure) => Some(failure),
        _ => None,
    });
    failures.next()
}
