//! A client that is ended and started again, over what it has left.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use messages::BlockHeader;
use peer_id::PeerId;

use super::{CHAPTER, NOT_SO_FAR};
use crate::examine::scene::{Disk, Over, Played, Scene, SceneError};
use crate::examine::stage::Playing;
use crate::examine::stages::GONE;
use crate::examine::status::Status;
use crate::examine::tape::{Note, What};
use crate::examine::torrent::{PIECE, Torrent};
use crate::examine::verdict::{Check, Finding, Verdict};
use crate::lab::peer::{Manner, Passed};

pub(super) static ENDS: Check = Check {
    name: "ends",
    right: "ends when it is asked to (SIGINT)",
    source: "no BEP; whoever has to be killed says goodbye to nobody",
    chapter: 12,
    section: "The end: shutdown",
};
pub(super) static INTERRUPTED: Check = Check {
    name: "interrupted",
    right: "goes on where it was when it was asked to end",
    source: "no BEP; what is fetched twice was in vain once",
    chapter: CHAPTER,
    section: "What is believed",
};
pub(super) static KILLED: Check = Check {
    name: "killed",
    right: "goes on over what it left when it was killed, and ends with the right bytes",
    source: "no BEP; power fails",
    chapter: CHAPTER,
    section: "What is durable, and in which order",
};
pub(super) static COMPLETE: Check = Check {
    name: "complete",
    right: "fetches nothing when everything is there already",
    source: "no BEP; what is there need not be fetched",
    chapter: 10,
    section: "Going on",
};
pub(super) static NEWS: Check = Check {
    name: "old-news",
    right: "does not say `completed` when it was complete from the start",
    source: "BEP 3, trackers: no completed is sent if the file was complete when started",
    chapter: 4,
    section: "When to ask",
};
pub(super) static NEW_ID: Check = Check {
    name: "new-id",
    right: "has another peer id when it is started again",
    source: "no BEP; BEP 3 has one generated at random at the start of a new download",
    chapter: 3,
    section: "Design note: a name that proves nothing",
};
pub(super) static DAMAGED: Check = Check {
    name: "damaged",
    right: "notices bytes that have changed while it was away, and fetches them again",
    source: "no BEP; whoever has wrong bytes gives them to others",
    chapter: CHAPTER,
    section: "What is believed",
};

/// How many pieces there are, and with how many of them its first run is over.
const PIECES: u32 = 20;
const ENOUGH: u32 = 12;
/// Bytes a second that come, so that there is time to end it.
const RATE: u64 = 256 * 1024;
/// What came so shortly before the end need not be there.
const ON_ITS_WAY: Duration = Duration::from_millis(700);
/// When it has everything, it has so long to write its notes.
const NOTES: Duration = Duration::from_millis(700);
/// Once it runs again, and has everything, it is watched so long.
const WATCHED: Duration = Duration::from_secs(3);

/// If nothing is seen of it for so long, it has nothing to do.
const QUIET: Duration = Duration::from_secs(15);

/// The blocks that it was given whole, until then.
fn given(scene: &Scene) -> Vec<(Duration, BlockHeader)> {
    let all = scene.tape.with("seeder").into_iter();
    all.filter_map(|(at, passed)| match passed {
        Passed::WeGave(block) => Some((at, block)),
        _ => None,
    })
    .collect()
}

/// The pieces whose blocks it had all been given by a time.
fn whole_by(given: &[(Duration, BlockHeader)], until: Duration) -> BTreeSet<u32> {
    let early = given.iter().filter(|(at, _)| *at <= until);
    let blocks: BTreeSet<(u32, u32)> = early
        .map(|(_, block)| (block.piece, block.offset))
        .collect();
    let is_whole = |piece: &u32| {
        let mut offsets = (0..PIECE).step_by(16 * 1024);
        offsets.all(|offset| blocks.contains(&(*piece, offset)))
    };
    (0..PIECES).filter(is_whole).collect()
}

/// A torrent that takes some seconds, and its seeder.
async fn set(scene: &mut Scene) -> Result<(), SceneError> {
    scene.torrent = scene.own(Torrent::single(
        "lasting.bin",
        (PIECES * PIECE) as usize,
        14,
    ));
    let manner = Manner {
        rate: Some(RATE),
        ..Manner::default()
    };
    let script = scene.honest()?;
    let peer = scene.script("seeder", manner, script).await?;
    scene.tracker_for(&[peer]).await
}

pub(super) fn interrupted(mut scene: Scene) -> Playing {
    Box::pin(async move {
        set(&mut scene).await?;
        let over = |scene: &Scene| given(scene).len() >= 2 * ENOUGH as usize;
        let played = scene.play_and_end(scene.patience(), &over).await?;
        let ended = |note: &Note| matches!(note.what, What::Ended(_));
        let ends = match &played.over {
            Over::Happened if scene.is_whole() => {
                ENDS.odd("takes no notice when it is asked to end: it fetches the rest first")
            }
            Over::Happened if scene.tape.notes().iter().any(ended) => ENDS.ok(),
            Over::Happened => ENDS.odd("goes on for 4 s after it was asked to end, and is killed"),
            _ => ENDS.skipped(format!("it was not at work: {}", played.why())),
        };
        let first = own_id(&scene);
        let goes_on = goes_on(&scene, &INTERRUPTED, &played).await?;
        // Only a second run has made the tape forget the first.
        let ran_again = played.crash().is_none() && goes_on.verdict != Verdict::Skipped;
        let second = own_id(&scene).filter(|_| ran_again);
        let new_id = match (first, second) {
            (Some(first), Some(second)) if first == second => NEW_ID.odd(format!(
                "is {first} again when it is started again: whoever sees it knows who it is"
            )),
            (Some(_), Some(_)) => NEW_ID.ok(),
            _ => NEW_ID.skipped("it was not seen twice"),
        };
        Ok(vec![ends, goes_on, new_id])
    })
}

/// The peer id with which it came to the seeder first.
fn own_id(scene: &Scene) -> Option<PeerId> {
    let handshakes = scene.tape.handshakes("seeder");
    handshakes.first().map(|theirs| theirs.peer_id)
}

pub(super) fn killed(mut scene: Scene) -> Playing {
    Box::pin(async move {
        set(&mut scene).await?;
        let over = |scene: &Scene| given(scene).len() >= 2 * ENOUGH as usize;
        let played = scene.play(scene.patience(), &over).await?;
        Ok(vec![goes_on(&scene, &KILLED, &played).await?])
    })
}

/// Its second run: what does it fetch that it had?
async fn goes_on(
    scene: &Scene,
    check: &'static Check,
    first: &Played,
) -> Result<Finding, SceneError> {
    if let Some(crash) = first.crash() {
        return Ok(check.wrong(crash).seen(scene.tape.last(6)));
    }
    let given = given(scene);
    let last = given.last().map_or(Duration::ZERO, |(at, _)| *at);
    let had = whole_by(&given, last.saturating_sub(ON_ITS_WAY));
    if first.over == Over::Happened && scene.is_whole() {
        let finding = check.skipped("it did not end before it had everything");
        return Ok(finding.seen(scene.tape.last(6)));
    }
    if first.over != Over::Happened || had.len() < 3 {
        let finding = match scene.ground.baseline().await?.fetches {
            true => check.skipped(format!("it was not at work: {}", first.why())),
            false => check.skipped(NOT_SO_FAR),
        };
        return Ok(finding.seen(scene.tape.last(6)));
    }
    scene.tape.clear();
    let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("seeder", GONE);
    let limit = scene.patience() + Duration::from_secs(4);
    let second = scene.play(limit, &over).await?;
    let asked = scene.tape.requests("seeder").into_iter();
    let again: BTreeSet<u32> = asked
        .map(|(_, block)| block.piece)
        .filter(|piece| had.contains(piece))
        .collect();
    let told = format!("{} of {} pieces that it had", again.len(), had.len());
    let finding = if let Some(crash) = second.crash() {
        check.wrong(crash)
    } else if let Disk::Part(what) = scene.disk() {
        match &second.over {
            Over::Ended(Status::Code(0)) => check.wrong(format!(
                "started again, it ends as if all were well, and {what}"
            )),
            Over::Ended(status) => {
                check.odd(format!("started again, it does not go on: it {status}"))
            }
            _ => check.wrong(format!(
                "started again, it does not come to the end, and {what}: {}",
                second.why()
            )),
        }
    } else if again.is_empty() {
        check.ok()
    } else if again.len() < had.len() {
        check.ok_with(format!("it fetches {told} once more"))
    } else {
        check.odd("started again, it fetches everything once more")
    };
    Ok(finding.seen(scene.tape.last(8)))
}

/// Its first run, until everything is there; gives what is to be said if that does not come.
async fn first_run(
    scene: &mut Scene,
    check: &'static Check,
) -> Result<Option<Finding>, SceneError> {
    scene.usual().await?;
    let whole = Mutex::new(None);
    // What it notes for the next time, it notes when it has everything.
    let noted = |scene: &Scene| {
        let mut whole = whole.lock().unwrap_or_else(PoisonError::into_inner);
        if whole.is_none() && scene.is_whole() {
            *whole = Some(scene.tape.now());
        }
        whole.is_some_and(|at| scene.tape.now() > at + NOTES)
    };
    let played = scene.play_and_end(scene.patience(), &noted).await?;
    Ok(if scene.is_whole() {
        scene.tape.clear();
        None
    } else if let Some(crash) = played.crash() {
        Some(check.wrong(crash))
    } else {
        Some(check.skipped(NOT_SO_FAR))
    })
}

/// Whether it was watched for long enough since it first let itself be seen.
fn is_watched(scene: &Scene) -> bool {
    let first = scene.tape.first_sign();
    first.is_some_and(|at| scene.tape.now() > at + WATCHED)
}

pub(super) fn complete(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if let Some(finding) = first_run(&mut scene, &COMPLETE).await? {
            let news = NEWS.skipped("it did not fetch everything");
            return Ok(vec![finding, news]);
        }
        let over = |scene: &Scene| is_watched(scene) || !scene.tape.requests("seeder").is_empty();
        // Whoever has nothing to do may not let itself be seen at all.
        let played = scene.play_for(QUIET, &over).await?;
        let asked = scene.tape.requests("seeder");
        let complete = if let Some(crash) = played.crash() {
            COMPLETE.wrong(crash)
        } else if let Disk::Part(what) = scene.disk() {
            COMPLETE.wrong(format!(
                "everything was there; it is started again, and {what}"
            ))
        } else if let Some((_, block)) = asked.first() {
            COMPLETE.odd(format!(
                "everything is there, and it asks for piece {}",
                block.piece
            ))
        } else {
            COMPLETE.ok()
        };
        let announces = scene.tape.asked(None);
        let says = announces
            .iter()
            .find(|(_, asked)| asked.event() == "completed");
        let news = match says {
            Some((at, _)) => NEWS.wrong(format!(
                "says `completed` {:.1} s after its start, and everything was there before",
                at.as_secs_f64()
            )),
            None if announces.is_empty() => NEWS.skipped("it asked no tracker"),
            None => NEWS.ok(),
        };
        let seen = scene.tape.last(6);
        Ok(vec![complete.seen(seen.clone()), news.seen(seen)])
    })
}

pub(super) fn damaged(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if let Some(finding) = first_run(&mut scene, &DAMAGED).await? {
            return Ok(vec![finding]);
        }
        for (path, bytes) in scene.torrent.on_disk() {
            let mut bytes = bytes.to_vec();
            bytes[PIECE as usize + 5] ^= 0xff;
            let written = fs::write(scene.output().join(path), bytes);
            written.map_err(|cause| scene.error(cause))?;
        }
        let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("seeder", GONE);
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some(crash) = played.crash() {
            DAMAGED.wrong(crash)
        } else if scene.is_whole() {
            DAMAGED.ok()
        } else {
            DAMAGED.odd(format!(
                "a byte of its file was changed while it was away; started again, it leaves it so: {}",
                played.why()
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_there_when_both_blocks_are() {
        let gave = |at, piece, offset| {
            let len = 16 * 1024;
            let block = BlockHeader { piece, offset, len };
            (Duration::from_secs(at), block)
        };
        let given = [
            gave(1, 0, 0),
            gave(2, 0, 16_384),
            gave(3, 1, 0),
            gave(9, 1, 16_384),
        ];
        let by = |at| whole_by(&given, Duration::from_secs(at));
        assert_eq!(by(5), BTreeSet::from([0]));
        assert_eq!(by(9), BTreeSet::from([0, 1]));
        assert!(by(1).is_empty());
    }
}
