//! How a peer tells what it has, and what a client wants of it.

use std::time::Duration;

use messages::{Bitfield, Message};

use super::{CHAPTER, GONE, NOT_SO_FAR, Otherwise, Say, fetched, peer_that_says, serves};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Manner, Passed};
use crate::lab::trouble::{Script, Trouble};

pub(super) static BITFIELD: Check = Check {
    name: "bitfield",
    right: "asks a peer for the pieces that its bitfield has, and for no others",
    source: "BEP 3, peer messages: bitfield",
    chapter: CHAPTER,
    section: "The bits",
};
pub(super) static HAVE_ONLY: Check = Check {
    name: "have-only",
    right: "learns from `have` alone what a peer has",
    source: "BEP 3, peer messages: have",
    chapter: CHAPTER,
    section: "Who sends what, when",
};
pub(super) static LAZY: Check = Check {
    name: "lazy",
    right: "adds the pieces of `have` to those of a bitfield that holds some back",
    source: "BEP 3, peer messages: have",
    chapter: CHAPTER,
    section: "Who sends what, when",
};
pub(super) static LATE: Check = Check {
    name: "late",
    right: "takes a bitfield that does not come first",
    source: "BEP 3 forbids it; real peers send it, and real clients take it",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static AGAIN: Check = Check {
    name: "again",
    right: "takes a second bitfield as news",
    source: "BEP 3 forbids it; aria2 sends it in place of many `have`s",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static WRONG_SIZE: Check = Check {
    name: "wrong-size",
    right: "hangs up on a bitfield of the wrong length",
    source: "BEP 3, peer messages: bitfield",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static SPARE: Check = Check {
    name: "spare-bits",
    right: "hangs up on a bitfield with a spare bit set, or takes no notice of the bit",
    source: "BEP 3, peer messages: spare bits at the end are set to zero",
    chapter: CHAPTER,
    section: "The bits",
};
pub(super) static INTEREST: Check = Check {
    name: "interest",
    right: "is interested in a peer only when that has something: not before its first `have`, and then at once",
    source: "BEP 3, peer protocol: interest state",
    chapter: CHAPTER,
    section: "Who sends what, when",
};

/// How long a peer has nothing.
const NOTHING: Duration = Duration::from_millis(800);
/// How long a client is watched that should hang up.
const STAYS: Duration = Duration::from_secs(3);

pub(super) fn bitfield(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let mut has = Bitfield::new(pieces);
        let offered: Vec<u32> = (0..pieces).step_by(2).collect();
        for &piece in &offered {
            has.set(piece);
        }
        let script = Script::behaving(has, scene.content()?);
        peer_that_says(&mut scene, Manner::default(), Vec::new(), script).await?;
        let over = move |scene: &Scene| {
            let asked = scene.tape.requests("peer");
            let others = asked.iter().any(|(_, block)| block.piece % 2 == 1);
            let all = offered
                .iter()
                .all(|piece| asked.iter().any(|(_, block)| block.piece == *piece));
            let last = asked.last().map_or(Duration::MAX, |(at, _)| *at);
            let quiet = scene.tape.now() > last.saturating_add(NOTHING);
            others || (all && quiet)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let asked = scene.tape.requests("peer");
        let wrong = asked.iter().find(|(_, block)| block.piece % 2 == 1);
        let finding = if let Some((at, block)) = wrong {
            BITFIELD.wrong(format!(
                "asks for piece {}, which the peer's bitfield (10101) does not have, {:.3} s after its start",
                block.piece,
                at.as_secs_f64()
            ))
        } else if !asked.is_empty() {
            BITFIELD.ok()
        } else if let Some(crash) = played.crash() {
            BITFIELD.wrong(crash)
        } else if !scene.ground.baseline().await?.fetches {
            BITFIELD.skipped(NOT_SO_FAR)
        } else {
            BITFIELD.wrong(format!(
                "asks for nothing of a peer that has pieces 0, 2 and 4: {}",
                played.why()
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn have_only(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = Script::new(Trouble::HaveOnly, scene.content()?);
        peer_that_says(&mut scene, Manner::default(), Vec::new(), script).await?;
        Ok(vec![fetched(&scene, &HAVE_ONLY, Otherwise::Wrong).await?])
    })
}

pub(super) fn lazy(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let later = (2..pieces).rev();
        let mut says = vec![Say::bitfield(pieces, 0..2), Say::pause()];
        says.extend(later.flat_map(|piece| [Say::have(piece), Say::pause()]));
        serves(&mut scene, says).await?;
        Ok(vec![fetched(&scene, &LAZY, Otherwise::Wrong).await?])
    })
}

pub(super) fn late(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let says = [Say::have(0), Say::pause(), Say::bitfield(pieces, 0..pieces)];
        serves(&mut scene, says).await?;
        Ok(vec![fetched(&scene, &LATE, Otherwise::Odd).await?])
    })
}

pub(super) fn again(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let says = [
            Say::bitfield(pieces, 0..2),
            Say::pause(),
            Say::bitfield(pieces, 0..pieces),
        ];
        serves(&mut scene, says).await?;
        Ok(vec![fetched(&scene, &AGAIN, Otherwise::Odd).await?])
    })
}

/// A bitfield as it should not be, by itself: is it noticed within that time?
async fn malformed(
    scene: &mut Scene,
    bits: Vec<u8>,
    time: Duration,
) -> Result<crate::examine::scene::Played, crate::examine::scene::SceneError> {
    let mut bytes = Vec::new();
    Message::Bitfield(bits).encode(&mut bytes);
    serves(scene, [Say::Bytes(bytes)]).await?;
    let over = |scene: &Scene| {
        let said = |passed: &Passed| *passed == Passed::WeShookHands;
        let at = scene.tape.first("peer", said);
        let over = at.is_some_and(|at| scene.tape.now() > at + time);
        over || scene.tape.is_gone("peer", GONE) || scene.is_whole()
    };
    scene.play(scene.patience(), &over).await
}

/// A request for a piece that there is not.
fn beyond(scene: &Scene) -> Option<String> {
    let broken = scene.tape.with("peer").into_iter();
    let mut broken = broken.filter_map(|(_, passed)| match passed {
        Passed::Broken(error) => Some(error.to_string()),
        _ => None,
    });
    broken.next()
}

pub(super) fn wrong_size(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let right = Bitfield::full(scene.torrent.pieces()).to_bytes();
        let bits = [&right[..], &[0xff, 0xff]].concat();
        let played = malformed(&mut scene, bits, STAYS).await?;
        let finding = if let Some(crash) = played.crash() {
            WRONG_SIZE.wrong(crash)
        } else if let Some(error) = beyond(&scene) {
            WRONG_SIZE.wrong(format!("believes it: {error}"))
        } else if !scene.tape.called("peer") {
            WRONG_SIZE.skipped("it called nobody")
        } else if scene.tape.hung_up("peer") && !scene.is_whole() {
            match scene.ground.baseline().await?.fetches {
                true => WRONG_SIZE.ok(),
                false => WRONG_SIZE.skipped(NOT_SO_FAR),
            }
        } else {
            let length = right.len();
            WRONG_SIZE.odd(format!(
                "goes on with a peer whose bitfield has {} bytes where {length} is right",
                length + 2
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn spare(mut scene: Scene) -> Playing {
    Box::pin(async move {
        // Whoever takes no notice may go on slowly.
        let time = scene.patience();
        let played = malformed(&mut scene, vec![0xff], time).await?;
        let finding = if let Some(crash) = played.crash() {
            SPARE.wrong(crash)
        } else if let Some(error) = beyond(&scene) {
            SPARE.wrong(format!("takes spare bits for pieces: {error}"))
        } else if !scene.tape.called("peer") {
            SPARE.skipped("it called nobody")
        } else if scene.is_whole() {
            SPARE.ok_with("it takes no notice")
        } else if !scene.ground.baseline().await?.fetches {
            SPARE.skipped(NOT_SO_FAR)
        } else if scene.tape.hung_up("peer") {
            SPARE.ok_with("it hangs up")
        } else {
            SPARE.wrong(format!(
                "neither goes on nor hangs up within {} s",
                time.as_secs()
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn interest(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let says = [Say::bitfield(pieces, []), Say::Pause(NOTHING), Say::have(1)];
        serves(&mut scene, says).await?;
        let wanted = |scene: &Scene| !scene.tape.requests("peer").is_empty();
        let over = move |scene: &Scene| wanted(scene) || scene.tape.is_gone("peer", GONE);
        let played = scene.play(scene.patience(), &over).await?;
        let first = |scene: &Scene, is: fn(&Passed) -> bool| scene.tape.first("peer", is);
        let told = first(&scene, |passed| *passed == Passed::WeSaid(Message::Have(1)));
        let interested = first(&scene, |passed| {
            *passed == Passed::Message(Message::Interested)
        });
        let finding: Finding = match (interested, told) {
            _ if played.crash().is_some() => INTEREST.wrong(played.why()),
            (Some(at), told) if told.is_none_or(|told| at < told) => INTEREST.odd(format!(
                "sends `interested` to a peer that has nothing, {:.3} s after its start",
                at.as_secs_f64()
            )),
            (Some(_), _) if wanted(&scene) => INTEREST.ok(),
            (Some(_), _) => INTEREST.wrong(format!(
                "is interested after a `have`, unchoked, and asks for nothing: {}",
                played.why()
            )),
            (None, _) if !scene.ground.baseline().await?.is_interested => {
                INTEREST.skipped(NOT_SO_FAR)
            }
            (None, None) => INTEREST.skipped(format!("it did not wait: {}", played.why())),
            (None, Some(_)) => INTEREST.wrong(format!(
                "is not interested in a peer that tells its first piece by `have`: {}",
                played.why()
            )),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}
