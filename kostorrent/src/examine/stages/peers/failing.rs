//! Peers that are not there, or not any more.

use std::net::SocketAddr;
use std::time::Duration;

use messages::{Bitfield, BlockRequest, Message, piece_header};

use super::{CHAPTER, Gated, TOGETHER, cannot_tell, done, missing};
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::Playing;
use crate::examine::tape::Tape;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Line, Manner, Passed};

pub(super) static LEAVES: Check = Check {
    name: "leaves",
    right: "asks others for what a peer owed that has left",
    source: "no BEP; peers come and go",
    chapter: CHAPTER,
    section: "On the wire",
};
pub(super) static DEAD: Check = Check {
    name: "dead",
    right: "calls on when nobody answers at some addresses",
    source: "no BEP; trackers name peers that have gone half an hour ago",
    chapter: 5,
    section: "When it goes wrong",
};
pub(super) static SILENT: Check = Check {
    name: "silent",
    right: "is not held up by peers that take its call and say nothing",
    source: "no BEP; a machine that hangs still takes calls",
    chapter: 5,
    section: "When it goes wrong",
};

/// Blocks that the one who leaves gives before it does.
const GIVES: usize = 2;

/// Whether the other one has left, or is not called.
fn has_left(tape: &Tape) -> bool {
    let called = tape.first("stays", |passed| *passed == Passed::Called);
    let too_late = called.is_some_and(|at| tape.now() > at + TOGETHER);
    too_late || tape.has("leaves", |passed| *passed == Passed::WeHungUp)
}

pub(super) fn leaves(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let (content, ours) = (scene.content()?, scene.handshake("leaves"));
        let (pieces, tape) = (scene.torrent.pieces(), scene.tape.clone());
        let conduct = move |mut line: Line| {
            let (content, tape) = (content.clone(), tape.clone());
            async move {
                line.shake_hands(&ours).await?;
                line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
                // Who has left does not serve those who call again.
                if tape.has("leaves", |passed| *passed == Passed::WeHungUp) {
                    line.watch(Duration::MAX).await;
                    return Ok(());
                }
                let mut given = 0;
                while let Some(message) = line.next().await? {
                    match message {
                        Message::Interested => line.say(&Message::Unchoke),
                        Message::Request(_) if given == GIVES => break,
                        Message::Request(block) => {
                            given += 1;
                            line.say_bytes(&answer(&content, block));
                        }
                        _ => {}
                    }
                }
                line.hang_up().await;
                Ok(())
            }
        };
        let leaves = scene.peer("leaves", Manner::default(), conduct).await?;
        let (script, ours, tape) = (
            scene.honest()?,
            scene.handshake("stays"),
            scene.tape.clone(),
        );
        let conduct = move |mut line: Line| {
            let tape = tape.clone();
            let mut role = Gated::new(script.clone(), move || has_left(&tape));
            async move {
                line.shake_hands(&ours).await?;
                line.play(&mut role).await
            }
        };
        let stays = scene.peer("stays", Manner::default(), conduct).await?;
        scene.tracker_for(&[leaves, stays]).await?;
        let played = scene
            .play(scene.patience() + TOGETHER, &|scene| {
                done(scene, &["stays"])
            })
            .await?;
        let left = scene
            .tape
            .has("leaves", |passed| *passed == Passed::WeHungUp);
        let finding = if let Some(finding) = cannot_tell(&scene, &LEAVES, &played).await? {
            finding
        } else if !left {
            LEAVES.skipped("it asked the peer that leaves for nothing")
        } else if scene.is_whole() {
            LEAVES.ok()
        } else if scene.tape.called("stays") {
            let why = missing(&scene, &played);
            LEAVES.wrong(format!(
                "when one of two peers leaves, it does not fetch everything from the other, who has it: {why}"
            ))
        } else {
            LEAVES.odd("does not call the other peer when the one that it had leaves")
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

fn answer(content: &crate::lab::trouble::Content, block: BlockRequest) -> Vec<u8> {
    let bytes = content.block(block).unwrap_or_default();
    [
        &piece_header(block.piece, block.offset, block.len)[..],
        bytes,
    ]
    .concat()
}

pub(super) fn dead(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let nobody = (200..204).map(|last| scene.nobody(last));
        let mut peers = nobody.collect::<Result<Vec<_>, _>>()?;
        let conduct = |line: Line| async move {
            line.hang_up().await;
            Ok(())
        };
        peers.push(scene.peer("full", Manner::default(), conduct).await?);
        let otherwise = "nobody answers at four of six addresses, and at the fifth they hang up: it does not call the sixth";
        reaches_the_last(scene, peers, &DEAD, otherwise).await
    })
}

pub(super) fn silent(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let mut peers = Vec::new();
        for name in ["silent-1", "silent-2", "silent-3"] {
            let conduct = |mut line: Line| async move {
                line.hear_handshake().await?;
                line.watch(Duration::MAX).await;
                Ok(())
            };
            peers.push(scene.peer(name, Manner::default(), conduct).await?);
        }
        let otherwise =
            "three of four peers take its call and say nothing, and it does not call the fourth";
        reaches_the_last(scene, peers, &SILENT, otherwise).await
    })
}

/// Names an honest peer behind others that are of no use: does the client come to it?
async fn reaches_the_last(
    mut scene: Scene,
    mut peers: Vec<SocketAddr>,
    check: &'static Check,
    otherwise: &str,
) -> Result<Vec<Finding>, SceneError> {
    let script = scene.honest()?;
    peers.push(scene.script("honest", Manner::default(), script).await?);
    scene.tracker_for(&peers).await?;
    let played = scene
        .play(scene.patience(), &|scene| done(scene, &["honest"]))
        .await?;
    let finding = if scene.is_whole() {
        check.ok()
    } else if let Some(finding) = cannot_tell(&scene, check, &played).await? {
        finding
    } else if scene.tape.called("honest") {
        check.odd(missing(&scene, &played))
    } else {
        check.odd(format!("{otherwise}: {}", played.why()))
    };
    Ok(vec![finding.seen(scene.tape.last(6))])
}
