//! Callers that one should not stay with: oneself, and whoever is here already.

use std::time::Duration;

use handshake::Handshake;
use messages::{Bitfield, Message};
use peer_id::PeerId;

use super::{NO_PORT, STAYS, answered};
use crate::examine::caller::Caller;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::{called, is_past, unheard};
use crate::examine::tape::Tape;
use crate::examine::verdict::Check;

pub(super) static OURSELVES: Check = Check {
    name: "ourselves",
    right: "hangs up on a caller that has its own peer id",
    source: "no BEP; trackers name a client to itself",
    chapter: 5,
    section: "When it goes wrong",
};
pub(super) static TWICE: Check = Check {
    name: "twice",
    right: "keeps one of two calls by the same peer",
    source: "no BEP; who calls and is called would be here twice",
    chapter: 16,
    section: "The same peer twice",
};

/// The peer id that it has told its tracker.
fn its_id(tape: &Tape) -> Option<PeerId> {
    let asked = tape.asked(None).into_iter();
    let mut ids = asked.filter_map(|(_, asked)| asked.get("peer_id")?.try_into().ok());
    ids.next().map(PeerId)
}

pub(super) fn ourselves(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![OURSELVES.skipped(NO_PORT)]);
        }
        let (ours, pieces) = (scene.handshake("self"), scene.torrent.pieces());
        let tape = scene.tape.clone();
        scene.caller(move |phone| async move {
            phone.port().await;
            let peer_id = its_id(&tape).unwrap_or(ours.peer_id);
            let ours = Handshake { peer_id, ..ours };
            let mut line = phone.call(Caller::new("caller", 2)).await?;
            line.say_bytes(&ours.to_bytes());
            line.hear_handshake().await?;
            line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
            line.watch(Duration::MAX).await;
            Ok(())
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let last = called(scene, "caller");
            scene.tape.hung_up("caller") || is_past(scene, last, STAYS)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some(finding) = unheard(&scene, &OURSELVES, &played) {
            finding
        } else if its_id(&scene.tape).is_none() {
            OURSELVES.skipped("it told its tracker no peer id")
        } else if !scene.tape.hung_up("caller") {
            OURSELVES.odd(format!(
                "stays with a caller that has its own peer id, for {} s and more",
                STAYS.as_secs()
            ))
        } else if answered(&scene, "caller").is_none() {
            OURSELVES.ok_with("without an answer, so that it cannot tell as the caller why")
        } else {
            OURSELVES.ok()
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// The two calls of one peer.
const CALLS: [&str; 2] = ["first call", "second call"];

pub(super) fn twice(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![TWICE.skipped(NO_PORT)]);
        }
        let (ours, pieces) = (scene.handshake("twin"), scene.torrent.pieces());
        scene.caller(move |phone| async move {
            let mut lines = Vec::new();
            for name in CALLS {
                let mut line = phone.call(Caller::new(name, 2)).await?;
                // Whoever does not answer the second call has decided, too.
                if line.introduce(&ours).await.is_ok() {
                    line.say(&Message::Bitfield(Bitfield::new(pieces).to_bytes()));
                    lines.push(line);
                }
            }
            let watching = lines
                .into_iter()
                .map(|mut line| tokio::spawn(async move { line.watch(STAYS + STAYS).await }));
            for watched in watching.collect::<Vec<_>>() {
                let _ = watched.await;
            }
            Ok(())
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let last = called(scene, CALLS[1]);
            let gone = CALLS.iter().any(|name| scene.tape.hung_up(name));
            (gone && last.is_some()) || is_past(scene, last, STAYS)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let gone = CALLS.iter().filter(|name| scene.tape.hung_up(name)).count();
        let finding = if let Some(finding) = unheard(&scene, &TWICE, &played) {
            finding
        } else if answered(&scene, CALLS[0]).is_none() {
            TWICE.skipped("it did not answer the first call")
        } else {
            match gone {
                0 => TWICE.odd(format!(
                    "keeps both calls of one peer, for {} s and more",
                    STAYS.as_secs()
                )),
                1 => TWICE.ok(),
                _ => TWICE.odd("hangs up on both calls of one peer"),
            }
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}
