//! Chapter 17: a tracker that is asked in datagrams.

mod answers;
mod desk;
mod events;
mod loss;
mod questions;

use std::time::Duration;

use udp_tracker::{Ask, Request};

use super::NOT_SO_FAR;
use crate::examine::scene::{Played, Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::verdict::{Check, Finding};

const CHAPTER: u8 = 17;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "udp-tracker",
    chapter: CHAPTER,
    about: "a tracker that is asked by UDP: ids, lost and forged datagrams, events",
    seeds: false,
    checks: &[
        &questions::CONNECT,
        &questions::ANNOUNCE,
        &questions::NUMBERS,
        &questions::PATH,
        &questions::REUSE,
        &questions::RENEWS,
        &events::EVENTS,
        &events::STOPPED,
        &answers::FORGED,
        &answers::REFUSED,
        &loss::AGAIN,
        &loss::DEAD,
    ],
    takes: &[
        take("minute", questions::minute),
        take("lost", loss::lost),
        take("dead", loss::dead),
        take("announce", questions::announce),
        take("forged", answers::forged),
        take("refused", answers::refused),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// As this tracker is called in the notes.
const TRACKER: &str = "tracker";
/// What is said of a client that lets no datagram be seen.
const NOT_ASKED: &str = "it asked no tracker by UDP";

/// A question that came to a tracker.
#[derive(Clone, Debug)]
struct Question {
    at: Duration,
    bytes: Vec<u8>,
    /// What it is; why it is none.
    request: Result<Request, String>,
}

/// All that came to this tracker.
fn questions(scene: &Scene, who: &str) -> Vec<Question> {
    let datagrams = scene.tape.datagrams(who).into_iter();
    let questions = datagrams.map(|(at, datagram)| Question {
        at,
        request: Request::decode(&datagram.bytes).map_err(|why| why.to_string()),
        bytes: datagram.bytes,
    });
    questions.collect()
}

/// The announces among them, each once, however often it was sent.
fn announces(questions: &[Question]) -> Vec<(&Question, &udp_tracker::Announce)> {
    let mut seen = std::collections::BTreeSet::new();
    let all = questions
        .iter()
        .filter_map(|question| match &question.request {
            Ok(Request::Ask {
                transaction,
                ask: Ask::Announce(announce),
                ..
            }) => Some((question, *transaction, announce)),
            _ => None,
        });
    all.filter(|(_, transaction, _)| seen.insert(*transaction))
        .map(|(question, _, announce)| (question, announce))
        .collect()
}

/// What is to be said where nothing was seen: it crashed, or speaks no UDP with trackers.
async fn unseen(
    scene: &Scene,
    checks: &[&'static Check],
    played: &Played,
) -> Result<Option<Vec<Finding>>, SceneError> {
    let all = |say: &dyn Fn(&'static Check) -> Finding| checks.iter().map(|it| say(it)).collect();
    Ok(if let Some(crash) = played.crash() {
        Some(all(&|check| check.wrong(crash.clone())))
    } else if !scene.tape.datagrams(TRACKER).is_empty() {
        None
    } else if !scene.ground.baseline().await?.names {
        Some(all(&|check| check.skipped(NOT_SO_FAR)))
    } else {
        Some(all(&|check| check.skipped(NOT_ASKED)))
    })
}
