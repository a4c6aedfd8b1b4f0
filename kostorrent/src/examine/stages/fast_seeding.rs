//! Chapter 21: a seeder that claims the fast extension.

use std::time::Duration;

use fast::Fast;
use handshake::{Handshake, Reserved};
use messages::Message;
use tokio::time::{sleep, timeout};

use super::fast::has::begins;
use super::fast::{CHAPTER, NOT_CLAIMED};

use crate::examine::caller::Caller;
use crate::examine::leech::{Leech, blocks_of};
use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::stages::called::{is_past, unheard};
use crate::examine::tape::Tape;
use crate::examine::torrent::{PIECE, Torrent};
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Passed;

static REJECTS: Check = Check {
    name: "rejects",
    right: "answers each request of a peer that it chokes, with a reject or a block",
    source: "BEP 6: every request results in exactly one response",
    chapter: CHAPTER,
    section: "The other side",
};
static SAYS: Check = Check {
    name: "says",
    right: "says first that it has everything, with `have all` or a bitfield",
    source: "BEP 6, Have All/Have None: one and only one of these three messages must be sent, immediately after the handshake",
    chapter: CHAPTER,
    section: "All, or none",
};
static SET: Check = Check {
    name: "set",
    right: "allows the pieces of the set that everybody computes, if it allows any",
    source: "BEP 6, Allowed Fast Set Generation",
    chapter: CHAPTER,
    section: "The set, step by step",
};
static GIVES: Check = Check {
    name: "gives",
    right: "gives the pieces that it allows, although it chokes",
    source: "BEP 6, Allowed Fast",
    chapter: CHAPTER,
    section: "A gift for newcomers",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "fast-seeding",
    chapter: CHAPTER,
    about: "the fast extension as a seeder speaks it, if it claims that",
    seeds: true,
    checks: &[&SAYS, &REJECTS, &SET, &GIVES],
    takes: &[
        Take {
            name: "rejects",
            play: rejects,
        },
        Take {
            name: "allowed",
            play: allowed,
        },
    ],
};

/// How long it may take to answer.
const WATCHED: Duration = Duration::from_secs(5);

fn rejects(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.fill_data()?;
        let content = scene.content()?;
        let ours = Handshake {
            reserved: Reserved::none().with_fast(),
            ..scene.handshake("leech")
        };
        let blocks = blocks_of(&content, 0..2);
        let asked = blocks.len();
        scene.caller(move |phone| async move {
            let mut leech = Leech::call(&phone, Caller::new("leech", 2), &ours, content).await?;
            leech.say(&Fast::HaveNone.into());
            // Its bitfield comes first, or what stands for it.
            sleep(Duration::from_millis(200)).await;
            leech.say_all(blocks.into_iter().map(Message::Request));
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let over = move |scene: &Scene| {
            let said = |passed: &Passed| matches!(passed, Passed::WeSaid(Message::Request(_)));
            let said = scene.tape.first("leech", said);
            answers(scene) >= asked || scene.tape.hung_up("leech") || is_past(scene, said, WATCHED)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let theirs = scene.tape.handshakes("leech");
        let answers = answers(&scene);
        let finding = match theirs.first() {
            _ if played.crash().is_some() => REJECTS.wrong(played.why()),
            None => match unheard(&scene, &REJECTS, &played) {
                Some(finding) => finding,
                None => REJECTS.skipped("it did not answer a caller"),
            },
            Some(theirs) if !theirs.reserved.fast() => REJECTS.skipped(NOT_CLAIMED),
            Some(_) if unchoked(&scene) => REJECTS.skipped("it unchokes a peer that wants nothing"),
            Some(_) if answers >= asked => REJECTS.ok(),
            Some(_) if scene.tape.hung_up("leech") => REJECTS.odd(format!(
                "hangs up on a peer that sent {asked} requests while it was choked"
            )),
            Some(_) => REJECTS.odd(format!(
                "answers {answers} of {asked} requests of a peer that it chokes"
            )),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// Its answers: what it will not give, and what it gives although it chokes (BEP 6, Allowed Fast).
fn answers(scene: &Scene) -> usize {
    let rejects = scene.tape.fast("leech").into_iter();
    let rejects = rejects.filter(|(_, said)| matches!(said, Fast::Reject(_)));
    scene.tape.blocks("leech").len() + rejects.count()
}

/// Whether it has unchoked the caller, who wants nothing.
fn unchoked(scene: &Scene) -> bool {
    let unchoke = Passed::Message(Message::Unchoke);
    scene.tape.has("leech", |passed| *passed == unchoke)
}

/// So many pieces, that not all of them are in the set.
const PIECES: usize = 60;
/// What a seeder allows comes by then.
const GIFTS: Duration = Duration::from_secs(2);
/// From this address it is called, whose set it is.
const HOST: u8 = 2;

fn allowed(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.torrent = scene.own(Torrent::single("sample.bin", PIECES * PIECE as usize, 1));
        scene.fill_data()?;
        let content = scene.content()?;
        let ours = Handshake {
            reserved: Reserved::none().with_fast(),
            ..scene.handshake("leech")
        };
        let tape = scene.tape.clone();
        scene.caller(move |phone| async move {
            let geometry = content.geometry();
            let mut leech = Leech::call(&phone, Caller::new("leech", HOST), &ours, content).await?;
            leech.say(&Fast::HaveNone.into());
            let _ = timeout(GIFTS, leech.listen()).await;
            let gifts = gifts(&tape);
            leech.say_all(
                gifts
                    .into_iter()
                    .map(|piece| Message::Request(geometry.block(piece, 0))),
            );
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let met = |passed: &Passed| matches!(passed, Passed::Handshake(_));
            let met = scene.tape.first("leech", met);
            let (gifts, given) = (gifts(&scene.tape).len(), answers(scene));
            let answered = given > 0 && given >= gifts;
            let none = gifts == 0 && is_past(scene, met, GIFTS);
            let late = is_past(scene, met, GIFTS + WATCHED);
            answered || none || late || scene.tape.hung_up("leech")
        };
        let played = scene.play(scene.patience(), &over).await?;
        let all = [&SAYS, &SET, &GIVES];
        let theirs = scene.tape.handshakes("leech");
        let skips = |why: &str| all.map(|check| check.skipped(why));
        let findings = match theirs.first() {
            _ if played.crash().is_some() => all.map(|check| check.wrong(played.why())),
            None => match unheard(&scene, &SAYS, &played) {
                Some(silent) => skips(silent.text.trim_start_matches(SAYS.right)),
                None => skips("it did not answer a caller"),
            },
            Some(theirs) if !theirs.reserved.fast() => skips(NOT_CLAIMED),
            Some(_) => [begins(&scene, &SAYS, "leech"), set(&scene), gives(&scene)],
        };
        let seen = scene.tape.last(8);
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

/// The pieces that it allows, in their order.
fn gifts(tape: &Tape) -> Vec<u32> {
    let said = tape.fast("leech").into_iter();
    said.filter_map(|(_, said)| match said {
        Fast::AllowedFast(piece) => Some(piece),
        _ => None,
    })
    .collect()
}

const NO_GIFTS: &str = "it allows nothing";

fn set(scene: &Scene) -> Finding {
    let gifts = gifts(&scene.tape);
    let address = scene.host_of(HOST);
    let pieces = scene.torrent.pieces();
    if let Some(piece) = gifts.iter().find(|piece| **piece >= pieces) {
        return SET.wrong(format!("allows piece {piece} of {pieces}, counted from 0"));
    }
    let right = fast::allowed_fast(address, scene.torrent.info_hash(), pieces, gifts.len());
    match gifts.iter().find(|piece| !right.contains(piece)) {
        None if gifts.is_empty() => SET.skipped(NO_GIFTS),
        None => SET.ok(),
        Some(other) => SET.odd(format!(
            "allows piece {other}: who asks many peers with other sets gets many pieces"
        )),
    }
}

fn gives(scene: &Scene) -> Finding {
    let gifts = gifts(&scene.tape);
    let given = scene.tape.blocks("leech").len();
    match gifts.len() {
        0 => GIVES.skipped(NO_GIFTS),
        all if given >= all => GIVES.ok(),
        all if answers(scene) >= all => GIVES.odd(format!(
            "gives {given} of {all} pieces that it allows, and rejects the others"
        )),
        all => GIVES.wrong(format!(
            "gives {given} of {all} pieces that it allows, and does not answer"
        )),
    }
}
