//! The end of a download: blocks that one peer owes, and does not bring, or brings slowly.

use messages::{BlockRequest, Message};

use super::{CHAPTER, Gated, TOGETHER, cannot_tell, done, missing};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::tape::Tape;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Line, Manner, Passed};
use crate::lab::trouble::{Script, Trouble};
use messages::Bitfield;
use std::time::Duration;

pub(super) static END_GAME: Check = Check {
    name: "end-game",
    right: "asks others for the last blocks when the peer that was asked for them does not answer",
    source: "BEP 3, peer messages: cancel (endgame mode)",
    chapter: CHAPTER,
    section: "The end game",
};
pub(super) static CANCEL: Check = Check {
    name: "cancel",
    right: "cancels what was asked of several and has come from one",
    source: "BEP 3, peer messages: cancel",
    chapter: CHAPTER,
    section: "A block comes",
};
pub(super) static SLOW: Check = Check {
    name: "slow",
    right: "gets a piece that only a slow peer has, and fetches the rest meanwhile",
    source: "no BEP; what is rare is often at a slow line",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// Once the good peer serves, so long is soon.
const SOON: Duration = Duration::from_secs(9);
/// A block that comes so late before the end need not be cancelled any more: less than one takes.
const AT_THE_END: Duration = Duration::from_millis(150);

/// Whether the staller was asked for something, or is not called.
fn has_stalled(tape: &Tape) -> bool {
    let called = tape.first("honest", |passed| *passed == Passed::Called);
    let too_late = called.is_some_and(|at| tape.now() > at + TOGETHER);
    too_late || !tape.requests("staller").is_empty()
}

pub(super) fn end_game(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = Script::new(Trouble::Staller, scene.content()?);
        let staller = scene.script("staller", Manner::default(), script).await?;
        let (script, ours, tape) = (
            scene.honest()?,
            scene.handshake("honest"),
            scene.tape.clone(),
        );
        let conduct = move |mut line: Line| {
            let tape = tape.clone();
            let mut role = Gated::new(script.clone(), move || has_stalled(&tape));
            async move {
                line.shake_hands(&ours).await?;
                line.play(&mut role).await
            }
        };
        // Slow enough that what follows from a block can be seen before the next one comes.
        let manner = Manner {
            rate: Some(64 * 1024),
            ..Manner::default()
        };
        let honest = scene.peer("honest", manner, conduct).await?;
        scene.tracker_for(&[staller, honest]).await?;
        let names = ["staller", "honest"];
        let played = scene
            .play(scene.patience() + TOGETHER, &|scene| done(scene, &names))
            .await?;
        let seen = scene.tape.last(12);
        let owed = scene.tape.requests("staller");
        let opened = scene.tape.first("honest", |passed| {
            *passed == Passed::WeSaid(Message::Unchoke)
        });
        let whole = scene.is_whole();
        let both = !owed.is_empty() && opened.is_some();
        let end_game = if let Some(finding) = cannot_tell(&scene, &END_GAME, &played).await? {
            finding
        } else if !both {
            END_GAME.skipped("it was not with two peers at once")
        } else {
            let took = scene.tape.now().saturating_sub(opened.unwrap_or_default());
            let took = took.as_secs_f64();
            match whole {
                true if took < SOON.as_secs_f64() => END_GAME.ok(),
                true => END_GAME.odd(format!(
                    "has everything only {took:.1} s after a good peer began to serve it: another owes blocks, and does not answer"
                )),
                false => END_GAME.odd(format!(
                    "does not finish within {took:.1} s, though a good peer serves it: another owes {} blocks, and does not answer",
                    owed.len()
                )),
            }
        };
        let cancel = match whole {
            true if both => cancels(&scene.tape),
            _ => CANCEL.skipped("it did not fetch everything while a peer owed it blocks"),
        };
        Ok(vec![end_game.seen(seen.clone()), cancel.seen(seen)])
    })
}

/// Whether it has cancelled what came from another peer.
fn cancels(tape: &Tape) -> Finding {
    let (mut owed, mut late, mut cancelled) = (Vec::<BlockRequest>::new(), 0, 0);
    let left = |passed: &Passed| matches!(passed, Passed::HungUp { .. });
    let end = tape.first("staller", left).unwrap_or(tape.now());
    let stalled = tape.with("staller");
    for (at, passed) in &stalled {
        if let Passed::Message(Message::Request(block)) = passed {
            let given = tape.first("honest", |passed| match passed {
                Passed::WeGave(given) => (given.piece, given.offset) == (block.piece, block.offset),
                _ => false,
            });
            // What came at the very end, or after it was asked of the staller for some other reason, says nothing.
            if given.is_some_and(|given| given > *at && given + AT_THE_END < end) {
                owed.push(*block);
            }
        }
    }
    for block in &owed {
        let taken_back = Passed::Message(Message::Cancel(*block));
        match tape.has("staller", |passed| *passed == taken_back) {
            true => cancelled += 1,
            false => late += 1,
        }
    }
    match (cancelled, late) {
        (0, 0) => CANCEL.skipped("no block came from one peer while another owed it"),
        (cancelled, late) if cancelled >= late => CANCEL.ok(),
        (0, late) => CANCEL.odd(format!(
            "cancels none of {late} blocks that another peer has sent meanwhile: they come twice"
        )),
        (cancelled, late) => CANCEL.odd(format!(
            "cancels {cancelled} of {} blocks that another peer has sent meanwhile: the others come twice",
            cancelled + late
        )),
    }
}

/// The piece that only the slow peer has.
const HELD: u32 = 2;

pub(super) fn slow(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let mut alone = Bitfield::new(pieces);
        alone.set(HELD);
        let slowly = Manner {
            rate: Some(12 * 1024),
            ..Manner::default()
        };
        let script = Script::behaving(alone, scene.content()?);
        let holder = scene.script("holder", slowly, script).await?;
        let mut rest = Bitfield::new(pieces);
        for piece in (0..pieces).filter(|&piece| piece != HELD) {
            rest.set(piece);
        }
        let script = Script::behaving(rest, scene.content()?);
        let other = scene.script("other", Manner::default(), script).await?;
        scene.tracker_for(&[holder, other]).await?;
        let names = ["holder", "other"];
        let played = scene
            .play(scene.patience(), &|scene| done(scene, &names))
            .await?;
        let gave = |passed: &Passed| matches!(passed, Passed::WeGave(_));
        let given = scene.tape.with("holder").into_iter();
        let given = given.filter(|(_, passed)| gave(passed)).count();
        let finding = if scene.is_whole() {
            let last = |who: &str| {
                let mut all = scene.tape.with(who).into_iter();
                all.rfind(|(_, passed)| gave(passed)).map(|(at, _)| at)
            };
            match last("other") > last("holder") {
                true => SLOW.ok_with("the rest only after it"),
                false => SLOW.ok(),
            }
        } else if let Some(finding) = cannot_tell(&scene, &SLOW, &played).await? {
            finding
        } else if given >= 2 {
            let why = missing(&scene, &played);
            SLOW.wrong(format!(
                "has got all blocks of it, slowly, and does not finish: {why}"
            ))
        } else if !names.iter().all(|name| scene.tape.called(name)) {
            SLOW.odd("does not call both of two peers, each of which has what the other one lacks")
        } else {
            let why = missing(&scene, &played);
            SLOW.odd(format!(
                "does not wait for a peer that sends 12 KiB a second: {why}"
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}
