//! Chapters 5 and 16: a client that others call while it downloads.

mod door;
mod interest;
mod several;
mod terms;
mod trade;

use std::time::Duration;

use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};
use crate::lab::peer::Passed;

const CHAPTER: u8 = 16;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "inbound",
    chapter: CHAPTER,
    about: "being called while it downloads, for a command with {port}: who is let in, what they are told, what they get",
    seeds: false,
    checks: &[
        &door::PORT,
        &door::ANSWERS,
        &door::FETCHES,
        &door::HALVES,
        &door::STRANGER,
        &door::RABBLE,
        &terms::OURSELVES,
        &terms::TWICE,
        &several::SEVERAL,
        &interest::UNINTERESTED,
        &trade::TELLS,
        &trade::HAVE,
        &trade::GIVES,
        &trade::RECIPROCATES,
    ],
    takes: &[
        take("calls", door::calls),
        take("halves", door::halves),
        take("stranger", door::stranger),
        take("rabble", door::rabble),
        take("ourselves", terms::ourselves),
        take("twice", terms::twice),
        take("several", several::several),
        take("uninterested", interest::uninterested),
        take("gives", trade::gives),
        take("reciprocates", trade::reciprocates),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// How long a client is watched that should hang up.
const STAYS: Duration = Duration::from_secs(5);
/// An answer that comes so soon was not held up by anybody.
const SOON: Duration = Duration::from_secs(3);

/// What is said of a command that nobody can call because it is not told where to listen.
const NO_PORT: &str = "the command has no {port}, so that nobody knows where to call it";

/// When it has answered this caller with its handshake.
fn answered(scene: &Scene, who: &str) -> Option<Duration> {
    let handshake = |passed: &Passed| matches!(passed, Passed::Handshake(_));
    scene.tape.first(who, handshake)
}
