//! One peer that wants everything.

use std::time::Duration;

use messages::{Bitfield, Message};
use tokio::time::sleep;

use super::{CHAPTER, ROUNDS, unchoked, wrong_bytes};
use crate::examine::caller::Caller;
use crate::examine::leech::{Leech, blocks_of};
use crate::examine::scene::{Played, Scene};
use crate::examine::stage::Playing;
use crate::examine::stages::called::{called, is_past, unheard};
use crate::examine::tape::words;
use crate::examine::torrent::Torrent;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Passed;

pub(super) static COMPLETE: Check = Check {
    name: "complete",
    right: "tells its tracker that it has everything: `left=0`, and no `completed`, for it begins so",
    source: "BEP 3, trackers: left, event",
    chapter: 4,
    section: "When to ask",
};
pub(super) static BITFIELD: Check = Check {
    name: "bitfield",
    right: "tells a caller that it has everything, with its first message",
    source: "BEP 3, peer messages: bitfield",
    chapter: CHAPTER,
    section: "On the wire",
};
pub(super) static UNCHOKE: Check = Check {
    name: "unchoke",
    right: "unchokes a peer that wants something, and is alone",
    source: "BEP 3, choking",
    chapter: CHAPTER,
    section: "All rules of the choker",
};
pub(super) static BYTES: Check = Check {
    name: "bytes",
    right: "gives every block that it is asked for, from files of all kinds, and the right bytes",
    source: "BEP 3, peer messages: piece",
    chapter: CHAPTER,
    section: "Answering a request",
};
pub(super) static CHOKED: Check = Check {
    name: "choked",
    right: "answers no request of a peer that it chokes",
    source: "BEP 3, peer protocol: the other side is not choking",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static CANCEL: Check = Check {
    name: "cancel",
    right: "does not send what was cancelled before its turn came",
    source: "BEP 3, peer messages: cancel",
    chapter: CHAPTER,
    section: "Answering a request",
};

pub(super) fn whole(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let files: &[(&[&str], usize)] = &[
            (&["a few bytes"], 10),
            (&["folder", "over two pieces.bin"], 80_000),
            (&["folder", "empty"], 0),
            (&["one byte"], 1),
            (&["last"], 70_003),
        ];
        scene.torrent = scene.own(Torrent::multi("to be given", files, 21));
        scene.fill_data()?;
        let (content, ours) = (scene.content()?, scene.handshake("leech"));
        let pieces = scene.torrent.pieces();
        let blocks = blocks_of(&content, 0..pieces);
        let all = blocks.len();
        scene.caller(move |phone| async move {
            let mut leech = Leech::call(&phone, Caller::new("leech", 2), &ours, content).await?;
            if leech.wait_for_slot().await? {
                leech.fetch(blocks, 8).await?;
            }
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let over = move |scene: &Scene| {
            let since = unchoked(scene, "leech").or(called(scene, "leech"));
            scene.tape.blocks("leech").len() >= all
                || scene.tape.hung_up("leech")
                || is_past(scene, since, ROUNDS)
        };
        let played = scene.play(scene.patience() + ROUNDS, &over).await?;
        let seen = scene.tape.last(10);
        let rest = [&BITFIELD, &UNCHOKE, &BYTES];
        let mut findings = vec![complete(&scene, &played)];
        if let Some(finding) = unheard(&scene, &BITFIELD, &played) {
            findings.push(finding);
            findings.extend([&UNCHOKE, &BYTES].map(|check| check.skipped("nobody could call it")));
        } else if scene.tape.handshakes("leech").is_empty() {
            let why = "answers no caller that wants its torrent";
            findings.extend(rest.map(|check| check.wrong(format!("{why}: {}", played.why()))));
        } else {
            findings.push(bitfield(&scene));
            findings.push(unchoke(&scene, &played));
            findings.push(bytes(&scene, all, &played));
        }
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn complete(scene: &Scene, played: &Played) -> Finding {
    let asked = scene.tape.asked(None);
    let Some((_, first)) = asked.first() else {
        return match played.crash() {
            Some(crash) => COMPLETE.wrong(crash),
            None => COMPLETE.skipped("it asked no tracker"),
        };
    };
    let left = first.number("left");
    let completed = asked.iter().any(|(_, asked)| asked.event() == "completed");
    match (left, completed) {
        (_, true) => COMPLETE.wrong("says `completed`, and was complete from the start"),
        (Some(0), _) => COMPLETE.ok(),
        _ => COMPLETE.wrong(format!(
            "has everything, and its first announce says `left={}`: it is not taken for a seeder",
            first.text("left").unwrap_or_default()
        )),
    }
}

fn bitfield(scene: &Scene) -> Finding {
    let pieces = scene.torrent.pieces();
    let right = Message::Bitfield(Bitfield::full(pieces).to_bytes());
    let broken = scene.tape.with("leech").into_iter();
    let mut broken = broken.filter_map(|(_, passed)| match passed {
        Passed::Broken(error) => Some(error),
        _ => None,
    });
    if let Some(error) = broken.next() {
        return BITFIELD.wrong(format!("sends what is no message: {error}"));
    }
    let said: Vec<Message> = scene
        .tape
        .messages("leech")
        .into_iter()
        .map(|it| it.1)
        .collect();
    let is_bitfield = |message: &Message| matches!(message, Message::Bitfield(_));
    let is_have = |message: &&Message| matches!(message, Message::Have(_));
    let haves = said.iter().filter(is_have).count();
    match said.iter().position(is_bitfield) {
        Some(0) if said[0] == right => BITFIELD.ok(),
        Some(at) if said[at] != right => BITFIELD.wrong(format!(
            "has all {pieces} pieces, and sends `{}`",
            words(&said[at])
        )),
        Some(at) => BITFIELD.wrong(format!(
            "sends `{}` before its bitfield, which may only come first",
            words(&said[at - 1])
        )),
        None if haves >= pieces as usize => BITFIELD.ok_with("by `have` for each piece"),
        None => BITFIELD.odd("does not tell a caller of all that it has: it may be super-seeding"),
    }
}

fn unchoke(scene: &Scene, played: &Played) -> Finding {
    let interested = Passed::WeSaid(Message::Interested);
    let wanted = scene.tape.first("leech", |passed| *passed == interested);
    match (wanted, unchoked(scene, "leech")) {
        (Some(wanted), Some(at)) => {
            let took = at.saturating_sub(wanted);
            match took > Duration::from_secs(1) {
                true => UNCHOKE.ok_with(format!("after {:.1} s", took.as_secs_f64())),
                false => UNCHOKE.ok(),
            }
        }
        (None, _) => UNCHOKE.skipped("it hung up before it heard that we want something"),
        (_, None) => UNCHOKE.wrong(format!(
            "leaves the only peer that wants something choked, for {} s{}",
            ROUNDS.as_secs(),
            played.because()
        )),
    }
}

fn bytes(scene: &Scene, all: usize, played: &Played) -> Finding {
    let given = scene.tape.blocks("leech").len();
    if let Some(note) = wrong_bytes(scene) {
        BYTES.wrong(format!("gives wrong bytes: {note}"))
    } else if unchoked(scene, "leech").is_none() {
        BYTES.skipped("it unchoked nobody")
    } else if given >= all {
        BYTES.ok()
    } else {
        BYTES.wrong(format!(
            "answers {given} of {all} requests{}",
            played.because()
        ))
    }
}

/// How long it is watched that is asked, and chokes.
const WATCHED: Duration = Duration::from_millis(1_500);

pub(super) fn choked(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.fill_data()?;
        let (content, ours) = (scene.content()?, scene.handshake("leech"));
        scene.caller(move |phone| async move {
            let blocks = blocks_of(&content, 0..2);
            let mut leech = Leech::call(&phone, Caller::new("leech", 2), &ours, content).await?;
            // Its bitfield comes first.
            sleep(Duration::from_millis(200)).await;
            leech.say_all(blocks.into_iter().map(Message::Request));
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let asked = |passed: &Passed| matches!(passed, Passed::WeSaid(Message::Request(_)));
            let asked = scene.tape.first("leech", asked);
            scene.tape.hung_up("leech")
                || !scene.tape.blocks("leech").is_empty()
                || is_past(scene, asked, WATCHED)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let unchoked = unchoked(&scene, "leech");
        let finding = match scene.tape.blocks("leech").first() {
            Some((at, block)) if unchoked.is_none_or(|unchoked| unchoked > *at) => {
                CHOKED.wrong(format!(
                    "sends a block of piece {} to a peer that it chokes, {:.3} s after its start",
                    block.piece,
                    at.as_secs_f64()
                ))
            }
            Some(_) => CHOKED.skipped("it unchokes a peer that wants nothing"),
            None => match unheard(&scene, &CHOKED, &played) {
                Some(finding) => finding,
                None if scene.tape.handshakes("leech").is_empty() => {
                    CHOKED.skipped("it did not answer a caller")
                }
                None if scene.tape.hung_up("leech") => CHOKED.ok_with("it hangs up"),
                None => CHOKED.ok(),
            },
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// Blocks that are asked for, and those of them that are taken back. Together they are more than the two systems can have on
/// their way.
const ASKED: usize = 400;
const TAKEN_BACK: usize = 120;
/// The bytes of the torrent.
const LENGTH: usize = 8 << 20;
/// Bytes that our system takes while nobody reads.
pub(super) const ROOM: u32 = 64 * 1024;

pub(super) fn cancel(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.torrent = scene.own(Torrent::single("cancelled.bin", LENGTH, 22));
        scene.fill_data()?;
        let (content, ours) = (scene.content()?, scene.handshake("leech"));
        let blocks: Vec<_> = blocks_of(&content, 0..scene.torrent.pieces())
            .into_iter()
            .take(ASKED)
            .collect();
        let back: Vec<_> = blocks[ASKED - TAKEN_BACK..].to_vec();
        let takes = back.clone();
        scene.caller(move |phone| async move {
            let caller = Caller {
                room: Some(ROOM),
                ..Caller::new("leech", 2)
            };
            let mut leech = Leech::call(&phone, caller, &ours, content).await?;
            if leech.wait_for_slot().await? {
                leech.say_all(blocks.into_iter().map(Message::Request));
                sleep(Duration::from_millis(300)).await;
                leech.say_all(takes.into_iter().map(Message::Cancel));
                sleep(Duration::from_millis(700)).await;
            }
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let blocks = scene.tape.blocks("leech");
            let last = blocks.last().map(|(at, _)| *at);
            let since = unchoked(scene, "leech").or(called(scene, "leech"));
            scene.tape.hung_up("leech")
                || blocks.len() >= ASKED
                || is_past(scene, last, Duration::from_secs(1))
                || (last.is_none() && is_past(scene, since, ROUNDS))
        };
        let limit = scene.patience() + ROUNDS;
        let played = scene.play(limit, &over).await?;
        let blocks = scene.tape.blocks("leech");
        let late = |(_, block): &&(Duration, messages::BlockHeader)| {
            let mut back = back.iter();
            back.any(|it| (it.piece, it.offset) == (block.piece, block.offset))
        };
        let late = blocks.iter().filter(late).count();
        let rest = ASKED - TAKEN_BACK;
        let finding = if let Some(finding) = unheard(&scene, &CANCEL, &played) {
            finding
        } else if let Some(note) = wrong_bytes(&scene) {
            CANCEL.wrong(format!("gives wrong bytes: {note}"))
        } else if unchoked(&scene, "leech").is_none() {
            CANCEL.skipped("it unchoked nobody")
        } else if late == 0 && blocks.len() < rest / 2 {
            CANCEL.skipped(format!(
                "of {ASKED} blocks it was asked for it sent {}: {}",
                blocks.len(),
                played.why()
            ))
        } else if late <= TAKEN_BACK / 2 {
            CANCEL.ok()
        } else {
            CANCEL.odd(format!(
                "of {ASKED} blocks the last {TAKEN_BACK} are cancelled long before their turn, and {late} of these come all the same"
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}
