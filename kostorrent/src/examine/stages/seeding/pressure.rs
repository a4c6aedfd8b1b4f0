//! Requests that make no sense, or come without end, and peers that do not read the answers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use blocks::BLOCK;
use messages::{BlockRequest, Message};
use tokio::time::sleep;

use super::giving::ROOM;
use super::{CHAPTER, ROUNDS, unchoked};
use crate::examine::caller::Caller;
use crate::examine::leech::{Leech, blocks_of};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::{called, is_past, unheard};
use crate::examine::tape::words;
use crate::examine::torrent::{PIECE, Torrent};
use crate::examine::verdict::Check;
use crate::lab::peer::{Manner, Passed};

pub(super) static OUTSIDE: Check = Check {
    name: "outside",
    right: "sends nothing for requests that lie outside the torrent, and serves others meanwhile",
    source: "BEP 3, peer messages: request",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static FLOOD: Check = Check {
    name: "flood",
    right: "takes no memory for thousands of requests of a peer that does not read",
    source: "no BEP; what a peer asks for must not grow in memory without end",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static SLOW: Check = Check {
    name: "slow-reader",
    right: "serves others while one peer asks, and does not read",
    source: "no BEP; a peer that stands still must not hold up the others",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// Requests that nobody can answer: who sends them, from which address, and what.
const NONSENSE: [(&str, u8, BlockRequest); 5] = [
    ("no such piece", 2, request(4_000_000, 0, BLOCK)),
    ("nothing", 3, request(0, 0, 0)),
    ("past the end", 4, request(0, PIECE - 100, BLOCK)),
    ("wraps around", 5, request(0, u32::MAX - 99, BLOCK)),
    ("a whole megabyte", 6, request(0, 0, 1 << 20)),
];

const fn request(piece: u32, offset: u32, len: u32) -> BlockRequest {
    BlockRequest { piece, offset, len }
}

/// An answer would come within that.
const ANSWER: Duration = Duration::from_millis(700);

pub(super) fn outside(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.fill_data()?;
        let content = scene.content()?;
        let handshake = scene.handshake("out");
        for (name, host, block) in NONSENSE {
            let content = content.clone();
            let mut ours = handshake;
            ours.peer_id.0[19] = host;
            scene.caller(move |phone| async move {
                let mut leech =
                    Leech::call(&phone, Caller::new(name, host), &ours, content).await?;
                if leech.wait_for_slot().await? {
                    leech.say(&Message::Request(block));
                    // What it makes of it; then the slot is free for others.
                    let _ = tokio::time::timeout(ANSWER, leech.listen()).await;
                }
                leech.hang_up().await;
                Ok(())
            });
        }
        scene.caller(move |phone| async move {
            phone.port().await;
            sleep(Duration::from_secs(1)).await;
            let mut leech =
                Leech::call(&phone, Caller::new("usual", 9), &handshake, content.clone()).await?;
            if leech.wait_for_slot().await? {
                leech.fetch(blocks_of(&content, 0..1), 2).await?;
            }
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let tried = |scene: &Scene, name: &str| {
            let said = |passed: &Passed| match passed {
                Passed::WeSaid(Message::Request(_)) => true,
                passed => *passed == Passed::WeHungUp,
            };
            let at = scene.tape.first(name, said);
            scene.tape.hung_up(name) || is_past(scene, at, ANSWER)
        };
        let over = |scene: &Scene| {
            let all = NONSENSE.iter().all(|(name, ..)| tried(scene, name));
            let usual = scene.tape.blocks("usual").len() >= 2;
            (all && usual) || is_past(scene, called(scene, "usual"), ROUNDS)
        };
        let played = scene.play(scene.patience() + ROUNDS, &over).await?;
        let asked = NONSENSE
            .iter()
            .filter(|(name, ..)| unchoked(&scene, name).is_some());
        let asked = asked.count();
        let answered = NONSENSE
            .iter()
            .find(|(name, ..)| !scene.tape.blocks(name).is_empty());
        let usual = scene.tape.blocks("usual").len();
        let finding = if let Some(finding) = unheard(&scene, &OUTSIDE, &played) {
            finding
        } else if let Some((name, _, block)) = answered {
            let sent = scene.tape.blocks(name)[0].1;
            let request = words(&Message::Request(*block));
            OUTSIDE.wrong(format!(
                "answers `{request}` with {} bytes of piece {} from {} on; a piece has {PIECE}",
                sent.len, sent.piece, sent.offset
            ))
        } else if usual >= 2 && asked > 0 {
            match asked == NONSENSE.len() {
                true => OUTSIDE.ok(),
                false => OUTSIDE.ok_with(format!("{asked} of {} were tried", NONSENSE.len())),
            }
        } else if asked == 0 {
            OUTSIDE.skipped("it unchoked nobody who could have asked")
        } else {
            OUTSIDE.wrong(format!(
                "does not serve a good peer after such requests{}",
                played.because()
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(10))])
    })
}

/// Requests of one peer, 16 KiB each.
const REQUESTS: usize = 12_000;
/// Memory that grows by more than this, in bytes, holds what was asked for.
const MUCH: u64 = 96 << 20;
/// Once everything is asked for, it is watched so long.
const WATCHED: Duration = Duration::from_secs(3);
/// The bytes of the torrent.
const LENGTH: usize = 2 << 20;

/// Asks for far more than it reads: nothing.
async fn asks(mut leech: Leech, requests: usize) -> std::io::Result<()> {
    if leech.wait_for_slot().await? {
        let blocks = (LENGTH / BLOCK as usize) as u32;
        let per_piece = PIECE / BLOCK;
        let block = |at: u32| request(at % blocks / per_piece, at % per_piece * BLOCK, BLOCK);
        leech.say_all((0..requests as u32).map(|at| Message::Request(block(at))));
        sleep(Duration::MAX).await;
    }
    Ok(())
}

/// One who does not read, and whose requests are not noted.
const READER: Caller = Caller {
    name: "reads nothing",
    host: 2,
    manner: Manner {
        rate: None,
        lag: Duration::ZERO,
        cuts: None,
        untold: true,
    },
    room: Some(ROOM),
};

pub(super) fn flood(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.torrent = scene.own(Torrent::single("flooded.bin", LENGTH, 23));
        scene.fill_data()?;
        let (content, ours) = (scene.content()?, scene.handshake("flood"));
        scene.caller(move |phone| async move {
            asks(Leech::call(&phone, READER, &ours, content).await?, REQUESTS).await
        });
        scene.tracker_for(&[]).await?;
        let before = Mutex::new(None);
        let over = |scene: &Scene| {
            let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
            let met = !scene.tape.handshakes(READER.name).is_empty();
            if met && before.is_none() {
                *before = Some(scene.memory());
            }
            let began = unchoked(scene, READER.name);
            let never = began.is_none() && is_past(scene, called(scene, READER.name), ROUNDS);
            never || is_past(scene, began, WATCHED) || scene.tape.hung_up(READER.name)
        };
        let played = scene.play(scene.patience() + ROUNDS, &over).await?;
        let before = before.into_inner().unwrap_or_else(PoisonError::into_inner);
        let finding = if let Some(finding) = unheard(&scene, &FLOOD, &played) {
            finding
        } else if unchoked(&scene, READER.name).is_none() {
            FLOOD.skipped("it unchoked nobody")
        } else {
            match (before.flatten(), played.memory) {
                (Some(before), Some(after)) => {
                    let grown = after.saturating_sub(before);
                    match grown > MUCH {
                        true => FLOOD.wrong(format!(
                            "grows by {} MiB when a peer asks for {REQUESTS} blocks, and does not read",
                            grown >> 20
                        )),
                        false => FLOOD.ok_with(format!("{} MiB", grown >> 20)),
                    }
                }
                _ => FLOOD.skipped("the system does not tell how much memory it takes"),
            }
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// The other one takes a block so often, for so long: whoever sends to one at a time comes to stand still meanwhile.
const PACE: Duration = Duration::from_millis(100);
const TAKES: usize = 80;
/// Whoever waits no longer for a block was not held up.
const SOON: Duration = Duration::from_secs(3);

pub(super) fn slow(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.torrent = scene.own(Torrent::single("read slowly.bin", LENGTH, 24));
        scene.fill_data()?;
        let content = scene.content()?;
        let (first, second) = (scene.handshake("slow"), scene.handshake("fast"));
        let bytes = content.clone();
        scene.caller(move |phone| async move {
            // 16 MiB: more than any system keeps for it.
            asks(Leech::call(&phone, READER, &first, bytes).await?, 1_000).await
        });
        let tape = scene.tape.clone();
        scene.caller(move |phone| async move {
            let unchoke = Passed::Message(Message::Unchoke);
            while !tape.has(READER.name, |passed| *passed == unchoke) {
                sleep(Duration::from_millis(20)).await;
            }
            let reads = Caller::new("reads", 3);
            let mut leech = Leech::call(&phone, reads, &second, content.clone()).await?;
            if leech.wait_for_slot().await? {
                for block in blocks_of(&content, 0..TAKES as u32 / 2) {
                    leech.fetch(vec![block], 1).await?;
                    sleep(PACE).await;
                }
            }
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let never = unchoked(scene, READER.name).is_none()
                && is_past(scene, called(scene, READER.name), ROUNDS);
            let blocks = scene.tape.blocks("reads");
            let last = blocks.last().map(|(at, _)| *at);
            let last = last.or(called(scene, "reads"));
            never || blocks.len() >= TAKES || is_past(scene, last, ROUNDS)
        };
        let limit = scene.patience() + ROUNDS + ROUNDS;
        let played = scene.play(limit, &over).await?;
        let blocks = scene.tape.blocks("reads");
        let finding = if let Some(finding) = unheard(&scene, &SLOW, &played) {
            finding
        } else if called(&scene, "reads").is_none() {
            SLOW.skipped("it unchoked nobody who could have asked")
        } else if blocks.len() < TAKES {
            SLOW.wrong(format!(
                "while one peer asks and does not read, another gets {} of {TAKES} blocks, and then none for {} s{}",
                blocks.len(),
                ROUNDS.as_secs(),
                played.because()
            ))
        } else {
            // It may wait for a round of its choker, and that is not what is looked at.
            match longest_wait(&scene.tape.with("reads")) {
                wait if wait < SOON => SLOW.ok(),
                wait => SLOW.odd(format!(
                    "while one peer asks and does not read, another waits {:.1} s for a block",
                    wait.as_secs_f64()
                )),
            }
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

/// The longest time from a request to its block.
fn longest_wait(passed: &[(Duration, Passed)]) -> Duration {
    let (mut longest, mut asked) = (Duration::ZERO, None);
    for (at, passed) in passed {
        match passed {
            Passed::WeSaid(Message::Request(_)) => asked = Some(*at),
            Passed::Block(_) => {
                let wait = asked.take().map(|asked| at.saturating_sub(asked));
                longest = longest.max(wait.unwrap_or_default());
            }
            _ => {}
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use messages::BlockHeader;

    use super::*;

    #[test]
    fn the_longest_wait_is_from_a_request_to_its_block() {
        let at = Duration::from_secs;
        let ask = |s| (at(s), Passed::WeSaid(Message::Request(request(0, 0, 1))));
        let (piece, offset, len) = (0, 0, 1);
        let give = |s| (at(s), Passed::Block(BlockHeader { piece, offset, len }));
        // What was not asked for counts for nothing.
        let passed = [ask(1), give(2), give(9), ask(10), give(13)];
        assert_eq!(longest_wait(&passed), at(3));
        assert_eq!(longest_wait(&[]), Duration::ZERO);
    }
}
