//! Of whom a client fetches what.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use messages::{Bitfield, Message};

use super::{CHAPTER, Gated, TOGETHER, cannot_tell, done, is_met, missing};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::tape::Tape;
use crate::examine::torrent::Torrent;
use crate::examine::verdict::Check;
use crate::lab::peer::{Line, Manner, Passed};
use crate::lab::trouble::Script;

pub(super) static SEVERAL: Check = Check {
    name: "several",
    right: "fetches from several peers at once",
    source: "no BEP demands it; whoever stays with one gets what one line brings",
    chapter: CHAPTER,
    section: "A thread for each peer",
};
pub(super) static PARTS: Check = Check {
    name: "parts",
    right: "puts together what no single peer has whole",
    source: "BEP 3, peer messages: bitfield",
    chapter: CHAPTER,
    section: "The table",
};
pub(super) static RAREST: Check = Check {
    name: "rarest",
    right: "fetches pieces that are rare before those that many have",
    source: "no BEP; Bram Cohen, Incentives Build Robustness in BitTorrent, 2.4.2",
    chapter: CHAPTER,
    section: "Rarest first",
};

pub(super) fn several(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.torrent = scene.own(Torrent::single("for three.bin", 600_000, 11));
        // One alone takes four seconds.
        let manner = Manner {
            rate: Some(scene.torrent.total() / 4),
            ..Manner::default()
        };
        let names = ["one", "two", "three"];
        let mut peers = Vec::new();
        for name in names {
            let script = scene.honest()?;
            peers.push(scene.script(name, manner, script).await?);
        }
        scene.tracker_for(&peers).await?;
        let limit = scene.patience() + Duration::from_secs(4);
        let played = scene.play(limit, &|scene| done(scene, &names)).await?;
        let asked = |name: &&&str| !scene.tape.requests(name).is_empty();
        let finding = match names.iter().filter(asked).count() {
            _ if played.crash().is_some() => SEVERAL.wrong(played.why()),
            0 => SEVERAL.skipped("it asked for nothing"),
            1 => SEVERAL.odd("fetches everything from one of three peers that have it"),
            2 => SEVERAL.ok_with("from two of three"),
            _ => SEVERAL.ok(),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn parts(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let names = ["even", "odd"];
        let mut peers = Vec::new();
        for (first, name) in (0..).zip(names) {
            let script = Script::behaving(of(pieces, (first..pieces).step_by(2)), scene.content()?);
            peers.push(scene.script(name, Manner::default(), script).await?);
        }
        scene.tracker_for(&peers).await?;
        let played = scene
            .play(scene.patience(), &|scene| done(scene, &names))
            .await?;
        let both = names.iter().all(|name| is_met(&scene.tape, name));
        let finding = if scene.is_whole() {
            PARTS.ok()
        } else if let Some(finding) = cannot_tell(&scene, &PARTS, &played).await? {
            finding
        } else if both {
            let why = missing(&scene, &played);
            PARTS.wrong(format!("is with two peers, each of which has every other piece, and does not fetch all: {why}"))
        } else {
            PARTS.odd("stays with one peer, which has every other piece, and does not call the one that has the rest")
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

/// Pieces in the torrent for the rarest: each fourth is rare.
const PIECES: u32 = 120;
/// So many of those that are asked for first are looked at. Whoever asks at random, or in order, has three or four rare ones
/// among them, and a good one in a thousand times ten.
const FIRST: usize = 14;
/// Rare pieces that should be among them.
const RARE: usize = 10;
/// Some take their first four pieces at random, so as to have something to give soon. So the same is looked at once more when
/// they have been given so many blocks.
const BEGUN: usize = 10;

fn is_rare(piece: u32) -> bool {
    piece % 4 == 3
}

/// Peers that have what is common.
const COMMON: [&str; 3] = ["common-1", "common-2", "common-3"];

/// Whether the one that has everything may open: all others are known, or will not be.
fn all_are_met(tape: &Tape) -> bool {
    let called = tape.first("whole", |passed| *passed == Passed::Called);
    let too_late = called.is_some_and(|at| tape.now() > at + TOGETHER);
    too_late || COMMON.iter().all(|name| is_met(tape, name))
}

/// The pieces that were asked for first, and those that were when it had some.
#[derive(Debug)]
struct Asked {
    first: Vec<u32>,
    later: Vec<u32>,
}

impl Asked {
    fn of(tape: &Tape) -> Asked {
        let order = order(tape);
        let given = tape.with("whole").into_iter();
        let mut given = given.filter(|(_, passed)| matches!(passed, Passed::WeGave(_)));
        let begun = given.nth(BEGUN - 1).map_or(Duration::MAX, |(at, _)| at);
        let some = |from: Duration| {
            let from = order.iter().filter(|(at, _)| *at >= from);
            from.map(|(_, piece)| *piece).take(FIRST).collect()
        };
        Asked {
            first: some(Duration::ZERO),
            later: some(begun),
        }
    }

    fn is_good(pieces: &[u32]) -> bool {
        pieces.iter().filter(|&&piece| is_rare(piece)).count() >= RARE
    }
}

pub(super) fn rarest(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let length = (PIECES * crate::examine::torrent::PIECE) as usize;
        scene.torrent = scene.own(Torrent::single("rare.bin", length, 12));
        let mut peers = Vec::new();
        for name in COMMON {
            let has = of(PIECES, (0..PIECES).filter(|&piece| !is_rare(piece)));
            let script = Script::behaving(has, scene.content()?);
            peers.push(opens(&mut scene, name, script, |_| false).await?);
        }
        let script = scene.honest()?;
        peers.push(opens(&mut scene, "whole", script, all_are_met).await?);
        scene.tracker_for(&peers).await?;
        let over = |scene: &Scene| {
            let asked = Asked::of(&scene.tape);
            Asked::is_good(&asked.first)
                || asked.later.len() >= FIRST
                || scene.tape.is_gone("whole", super::GONE)
                || scene.is_whole()
        };
        let played = scene.play(scene.patience() + TOGETHER, &over).await?;
        let asked = Asked::of(&scene.tape);
        let began = scene.tape.requests("whole").first().map(|(at, _)| *at);
        let known = COMMON.iter().filter(|name| {
            let said = |passed: &Passed| matches!(passed, Passed::WeSaid(Message::Bitfield(_)));
            let met = scene.tape.first(name, said);
            met.zip(began).is_some_and(|(met, began)| met < began)
        });
        let finding = match known.count() {
            _ if played.crash().is_some() => RAREST.wrong(played.why()),
            _ if asked.first.len() < FIRST && !Asked::is_good(&asked.first) => {
                match scene.ground.baseline().await?.fetches {
                    true => RAREST.skipped(format!(
                        "it asked a peer that has everything for {} pieces: {}",
                        asked.first.len(),
                        played.why()
                    )),
                    false => RAREST.skipped(super::NOT_SO_FAR),
                }
            }
            3.. if Asked::is_good(&asked.first) => RAREST.ok(),
            3.. if Asked::is_good(&asked.later) => RAREST.ok_with("after its first pieces"),
            3.. => {
                let pieces = match asked.later.len() {
                    FIRST.. => &asked.later,
                    _ => &asked.first,
                };
                let rare = pieces.iter().filter(|&&piece| is_rare(piece)).count();
                RAREST.odd(format!(
                    "of {PIECES} pieces one peer alone has each fourth, and {rare} of these are among {FIRST} that are asked for: {pieces:?}"
                ))
            }
            known => RAREST.skipped(format!(
                "when it began to ask it was with {known} of three others"
            )),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// Bytes a second of the one who has everything: slowly enough that not all of it is asked for before anything is there.
const RATE: u64 = 512 * 1024;

/// Adds a peer that unchokes as soon as it may.
async fn opens(
    scene: &mut Scene,
    name: &'static str,
    script: Script,
    opens: impl Fn(&Tape) -> bool + Send + Sync + 'static,
) -> Result<std::net::SocketAddr, crate::examine::SceneError> {
    let (ours, tape, opens) = (scene.handshake(name), scene.tape.clone(), Arc::new(opens));
    let conduct = move |mut line: Line| {
        let (tape, opens) = (tape.clone(), opens.clone());
        let mut role = Gated::new(script.clone(), move || opens(&tape));
        async move {
            line.shake_hands(&ours).await?;
            line.play(&mut role).await
        }
    };
    let manner = Manner {
        rate: Some(RATE),
        ..Manner::default()
    };
    scene.peer(name, manner, conduct).await
}

/// The pieces in the order in which the one that has everything was first asked for each, and when.
fn order(tape: &Tape) -> Vec<(Duration, u32)> {
    let mut known = BTreeSet::new();
    let asked = tape.requests("whole").into_iter();
    let pieces = asked.map(|(at, block)| (at, block.piece));
    pieces.filter(|(_, piece)| known.insert(*piece)).collect()
}

fn of(pieces: u32, has: impl IntoIterator<Item = u32>) -> Bitfield {
    let mut bitfield = Bitfield::new(pieces);
    for piece in has {
        bitfield.set(piece);
    }
    bitfield
}

#[cfg(test)]
mod tests {
    use messages::{BlockHeader, BlockRequest};
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::examine::tape::What;

    #[test]
    fn whoever_asks_in_order_has_too_few() {
        let in_order: Vec<u32> = (0..).take(FIRST).collect();
        assert!(!Asked::is_good(&in_order));
        let rare: Vec<u32> = (0..).filter(|&piece| is_rare(piece)).take(FIRST).collect();
        assert!(Asked::is_good(&rare));
    }

    #[test]
    fn what_is_asked_for_later_is_told_from_what_came_first() {
        let tape = Tape::default();
        tape.begin();
        let note = |passed| tape.note("whole", 1, What::Passed(passed));
        let (offset, len) = (0, 1);
        let ask = |piece| {
            note(Passed::Message(Message::Request(BlockRequest {
                piece,
                offset,
                len,
            })))
        };
        (0..20).for_each(ask);
        for piece in 0..20 {
            note(Passed::WeGave(BlockHeader { piece, offset, len }));
        }
        ask(70);
        ask(70);
        let asked = Asked::of(&tape);
        assert_eq!(asked.first, Vec::from_iter(0..14));
        assert_eq!(asked.later, [70]);
    }
}
