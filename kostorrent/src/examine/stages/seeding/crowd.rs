//! More peers than one can serve.

use std::time::Duration;

use messages::Message;
use tokio::time::sleep;

use super::{CHAPTER, ROUNDS, unchoked};
use crate::examine::caller::Caller;
use crate::examine::leech::{Leech, blocks_of};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::{called, is_past, unheard};
use crate::examine::verdict::Check;
use crate::lab::peer::Passed;

pub(super) static SLOTS: Check = Check {
    name: "slots",
    right: "serves some of many peers at a time, and not all",
    source: "BEP 3, choking: four at a time",
    chapter: CHAPTER,
    section: "How many slots?",
};
pub(super) static TURNS: Check = Check {
    name: "turns",
    right: "serves those, too, who had to wait at first",
    source: "BEP 3, choking: the optimistic unchoke, every 30 seconds",
    chapter: CHAPTER,
    section: "The seeder's order",
};

/// Those who want everything.
const CROWD: [&str; 20] = [
    "leech-1", "leech-2", "leech-3", "leech-4", "leech-5", "leech-6", "leech-7", "leech-8",
    "leech-9", "leech-10", "leech-11", "leech-12", "leech-13", "leech-14", "leech-15", "leech-16",
    "leech-17", "leech-18", "leech-19", "leech-20",
];
/// Each takes a block in this time.
const PACE: Duration = Duration::from_millis(150);
/// When all have said that they want something, the first slots are given out within that, or with the first round.
const SETTLED: Duration = Duration::from_secs(4);
/// When the first is served, the others of the round are, too.
const ROUND: Duration = Duration::from_secs(2);
/// Those who wait have waited long enough when the optimistic slot has gone on, which takes thirty seconds, and a little more.
const TURN: Duration = Duration::from_secs(40);

/// When the last of them said that it wants something.
fn all_want(scene: &Scene) -> Option<Duration> {
    let interested = Passed::WeSaid(Message::Interested);
    let wants = CROWD.map(|name| scene.tape.first(name, |passed| *passed == interested));
    wants
        .into_iter()
        .try_fold(Duration::ZERO, |last, at| Some(last.max(at?)))
}

/// When it is known who is served at first.
fn settled(scene: &Scene, all: Duration) -> Option<Duration> {
    let served = CROWD.iter().filter_map(|name| unchoked(scene, name));
    let at = (served.min()? + ROUND).max(all + SETTLED);
    (scene.tape.now() > at).then_some(at)
}

/// Whether a peer was unchoked at a time, and whether at any time until then.
fn at(scene: &Scene, name: &str, time: Duration) -> (bool, bool) {
    let (mut now, mut ever) = (false, false);
    for (at, message) in scene.tape.messages(name) {
        if at > time {
            break;
        }
        match message {
            Message::Unchoke => (now, ever) = (true, true),
            Message::Choke => now = false,
            _ => {}
        }
    }
    (now, ever)
}

/// How many are served at a time, and how many have ever been.
fn count(scene: &Scene, time: Duration) -> (usize, usize) {
    let all = CROWD.map(|name| at(scene, name, time));
    let now = all.iter().filter(|(now, _)| *now).count();
    (now, all.iter().filter(|(_, ever)| *ever).count())
}

pub(super) fn crowd(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.fill_data()?;
        let content = scene.content()?;
        let handshake = scene.handshake("crowd");
        for (name, host) in CROWD.into_iter().zip(2..) {
            let content = content.clone();
            let mut ours = handshake;
            ours.peer_id.0[19] = host;
            scene.caller(move |phone| async move {
                let blocks = blocks_of(&content, 0..4);
                let mut leech =
                    Leech::call(&phone, Caller::new(name, host), &ours, content).await?;
                leech.say(&Message::Interested);
                let mut blocks = blocks.into_iter().cycle();
                loop {
                    while !leech.unchoked {
                        if leech.hear().await?.is_none() {
                            return Ok(());
                        }
                    }
                    leech.fetch(blocks.by_ref().take(1).collect(), 1).await?;
                    sleep(PACE).await;
                }
            });
        }
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let Some(all) = all_want(scene) else {
                // Perhaps some are not let in.
                return is_past(scene, called(scene, CROWD[0]), ROUNDS);
            };
            let Some(at) = settled(scene, all) else {
                return is_past(scene, Some(all), ROUNDS);
            };
            let (served, before) = count(scene, at);
            let (_, since) = count(scene, scene.tape.now());
            since > before || served == CROWD.len() || is_past(scene, Some(at), TURN)
        };
        let played = scene.play(scene.patience() + ROUNDS + TURN, &over).await?;
        let seen = scene.tape.last(8);
        if let Some(finding) = unheard(&scene, &SLOTS, &played) {
            let turns = TURNS.skipped("nobody could call it");
            return Ok(vec![finding.seen(seen), turns]);
        }
        let Some(all) = all_want(&scene) else {
            let greeted = |name: &&&str| !scene.tape.handshakes(name).is_empty();
            let greeted = CROWD.iter().filter(greeted).count();
            let why = format!("it lets in {greeted} of {} peers", CROWD.len());
            return Ok(vec![SLOTS.skipped(why.clone()), TURNS.skipped(why)]);
        };
        let Some(at) = settled(&scene, all) else {
            let why = format!("it unchoked nobody{}", played.because());
            return Ok(vec![SLOTS.skipped(why.clone()), TURNS.skipped(why)]);
        };
        let (served, before) = count(&scene, at);
        let (_, since) = count(&scene, scene.tape.now());
        let of = CROWD.len();
        let slots = match served == of {
            true => SLOTS.odd(format!(
                "serves all {of} of {of} peers at once: each gets little (some make no count of peers on their own network, as these are)"
            )),
            false => SLOTS.ok_with(format!("{served} of {of}")),
        };
        let waited = scene.tape.now().saturating_sub(at).as_secs_f64();
        let turns = if served == of {
            TURNS.skipped("nobody has to wait")
        } else if since > before {
            TURNS.ok_with(format!("after {waited:.0} s"))
        } else if waited < TURN.as_secs_f64() {
            TURNS.skipped(format!("there was no time for it{}", played.because()))
        } else {
            TURNS.odd(format!(
                "serves the same {before} of {of} peers for {waited:.0} s: the others wait in vain"
            ))
        };
        Ok(vec![slots.seen(seen.clone()), turns.seen(seen)])
    })
}
