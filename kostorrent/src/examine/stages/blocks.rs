//! Chapter 7: what a client asks for, how much of it at once, and what it makes of the answers.

mod answers;
mod pipelining;

use std::collections::BTreeMap;
use std::time::Duration;

use blocks::BLOCK;
use messages::BlockRequest;

use super::NOT_SO_FAR;
use crate::examine::scene::{Disk, Over, Played, Scene};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::status::Status;
use crate::examine::tape::words;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Manner, Passed};

const CHAPTER: u8 = 7;

static WHOLE: Check = Check {
    name: "whole",
    right: "fetches a torrent of one file from one honest peer",
    source: "BEP 3, peer protocol",
    chapter: 9,
    section: "The idea",
};
static SIZES: Check = Check {
    name: "sizes",
    right: "asks for blocks of 16 KiB",
    source: "BEP 3, peer messages: request",
    chapter: CHAPTER,
    section: "Three sizes of bytes",
};
static END: Check = Check {
    name: "end",
    right: "asks for the last block at its length, and for nothing past the end",
    source: "BEP 3, peer messages: request, unless it gets truncated by the end",
    chapter: CHAPTER,
    section: "The arithmetic",
};
static ONCE: Check = Check {
    name: "once",
    right: "asks a peer that answers for each block once",
    source: "no BEP; what comes twice costs twice",
    chapter: CHAPTER,
    section: "One side of a conversation",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "blocks",
    chapter: CHAPTER,
    about: "requests, how many at once, and their answers",
    seeds: false,
    checks: &[
        &WHOLE,
        &SIZES,
        &END,
        &ONCE,
        &pipelining::PIPELINING,
        &answers::CHOKE,
        &answers::TWICE,
        &answers::UNASKED,
        &answers::BIG,
        &answers::CUTS,
    ],
    takes: &[
        take("honest", honest),
        take("pipelining", pipelining::pipelining),
        take("choke", answers::choke),
        take("twice", answers::twice),
        take("unasked", answers::unasked),
        take("big", answers::big),
        take("cuts", answers::cuts),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

fn honest(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("peer", Manner::default(), script).await?;
        scene.tracker_for(&[peer]).await?;
        // What is wrong is asked for only once everything else is there, perhaps.
        let over = |scene: &Scene| {
            let asked = scene.tape.requests("peer");
            let last = asked.last().map_or(Duration::MAX, |(at, _)| *at);
            let quiet = last.saturating_add(Duration::from_millis(300));
            scene.is_whole() && scene.tape.now() > quiet
        };
        let played = scene.play(scene.patience(), &over).await?;
        let asked: Vec<BlockRequest> = scene
            .tape
            .requests("peer")
            .into_iter()
            .map(|(_, block)| block)
            .collect();
        let whole = whole(&scene, &played, asked.is_empty());
        let findings = if asked.is_empty() {
            let none = |check: &'static Check| check.skipped(NOT_SO_FAR);
            vec![whole, none(&SIZES), none(&END), none(&ONCE)]
        } else {
            vec![
                whole,
                sizes(&asked, &scene),
                end(&asked, &scene),
                once(&asked),
            ]
        };
        let seen = scene.tape.last(10);
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

/// Whether everything is there. Who was told no folder had nowhere to put it, and who says that it failed has lost nothing.
fn whole(scene: &Scene, played: &Played, asked_nothing: bool) -> Finding {
    let what = match scene.disk() {
        _ if played.crash().is_some() => return WHOLE.wrong(played.why()),
        Disk::Whole => return WHOLE.ok(),
        Disk::Part(_) if !scene.tape.called("peer") => return WHOLE.skipped("it called nobody"),
        Disk::Part(_) if asked_nothing => return WHOLE.skipped("it asked for nothing"),
        Disk::Part(what) => what,
    };
    let text = format!("{what}: {}", played.why());
    match &played.over {
        _ if !scene.ground.template.has("{output}") => {
            WHOLE.skipped("its command has no `{output}`: it is told no folder to download into")
        }
        Over::Ended(Status::Code(code)) if *code != 0 => WHOLE.odd(text),
        _ => WHOLE.wrong(text),
    }
}

fn said(block: BlockRequest) -> String {
    words(&messages::Message::Request(block))
}

/// Whether a block ends where its piece does, or is a whole one.
fn sizes(asked: &[BlockRequest], scene: &Scene) -> Finding {
    let too_long = asked.iter().find(|block| block.len > BLOCK);
    if let Some(block) = too_long {
        return SIZES.wrong(format!(
            "sends `{}`: peers hang up on requests for more than 16 KiB",
            said(*block)
        ));
    }
    let ends = |block: &BlockRequest| {
        let end = u64::from(block.offset) + u64::from(block.len);
        end == scene.torrent.piece_len(block.piece)
    };
    let odd = asked.iter().find(|block| block.len < BLOCK && !ends(block));
    match odd {
        Some(block) => SIZES.odd(format!(
            "sends `{}`: smaller blocks than the usual ones cost more requests",
            said(*block)
        )),
        None => SIZES.ok(),
    }
}

fn end(asked: &[BlockRequest], scene: &Scene) -> Finding {
    let beyond = |block: &&BlockRequest| {
        let end = u64::from(block.offset) + u64::from(block.len);
        block.len == 0 || end > scene.torrent.piece_len(block.piece)
    };
    if let Some(block) = asked.iter().find(beyond) {
        return END.wrong(format!(
            "sends `{}`: the piece has {} bytes",
            said(*block),
            scene.torrent.piece_len(block.piece)
        ));
    }
    let broken = |passed: &Passed| matches!(passed, Passed::Broken(_));
    if let Some((_, Passed::Broken(error))) = scene
        .tape
        .with("peer")
        .into_iter()
        .find(|(_, passed)| broken(passed))
    {
        return END.wrong(error.to_string());
    }
    let last = scene.torrent.pieces().saturating_sub(1);
    match asked.iter().any(|block| block.piece == last) {
        true => END.ok(),
        false => END.skipped("it did not ask for the last piece"),
    }
}

fn once(asked: &[BlockRequest]) -> Finding {
    let mut times = BTreeMap::new();
    for block in asked {
        *times.entry(*block).or_insert(0_u32) += 1;
    }
    match times.into_iter().find(|(_, times)| *times > 1) {
        Some((block, times)) => ONCE.odd(format!("sends `{}` {times} times", said(block))),
        None => ONCE.ok(),
    }
}
