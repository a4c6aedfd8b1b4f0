//! Chapter 14: what a client keeps over its end, and what it costs while it runs.

mod again;
mod cost;

use super::NOT_SO_FAR;
use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};

const CHAPTER: u8 = 14;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "lasting",
    chapter: CHAPTER,
    about: "ended and started again: what is fetched twice; and what it costs while it waits, or is flooded",
    seeds: false,
    checks: &[
        &again::ENDS,
        &again::INTERRUPTED,
        &again::KILLED,
        &again::COMPLETE,
        &again::NEWS,
        &again::NEW_ID,
        &again::DAMAGED,
        &cost::IDLE,
        &cost::FLOOD,
    ],
    takes: &[
        take("interrupted", again::interrupted),
        take("killed", again::killed),
        take("complete", again::complete),
        take("damaged", again::damaged),
        take("idle", cost::idle),
        take("flood", cost::flood),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}
