//! Whether others are told that nothing more is wanted of them.

use std::time::Duration;

use messages::{Bitfield, Message};

use super::NO_PORT;
use crate::examine::caller::Caller;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::{is_past, unheard};
use crate::examine::verdict::Check;
use crate::lab::peer::Passed;
use crate::lab::trouble::Script;

pub(super) static UNINTERESTED: Check = Check {
    name: "uninterested",
    right: "says `not interested` to a peer when it has all that there is to be had from it",
    source: "BEP 3, peer protocol: interest state must be kept up to date at all times",
    chapter: 6,
    section: "Who sends what, when",
};

/// The pieces that the caller has.
const HAS: u32 = 2;
/// Some gather what they have to say for ten seconds.
const SAID: Duration = Duration::from_secs(11);

pub(super) fn uninterested(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![UNINTERESTED.skipped(NO_PORT)]);
        }
        let mut has = Bitfield::new(scene.torrent.pieces());
        for piece in 0..HAS {
            has.set(piece);
        }
        let mut script = Script::behaving(has, scene.content()?);
        let ours = scene.handshake("part");
        scene.caller(move |phone| async move {
            let mut line = phone.call(Caller::new("part", 2)).await?;
            line.introduce(&ours).await?;
            line.play(&mut script).await
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let gone = scene.tape.hung_up("part");
            gone || uninterested_at(scene).is_some() || is_past(scene, fetched_at(scene), SAID)
        };
        let played = scene.play(scene.patience() + SAID, &over).await?;
        let finding = if let Some(finding) = unheard(&scene, &UNINTERESTED, &played) {
            finding
        } else if fetched_at(&scene).is_none() {
            UNINTERESTED.skipped("it did not fetch what its caller had")
        } else if uninterested_at(&scene).is_some() {
            UNINTERESTED.ok()
        } else if scene.tape.hung_up("part") {
            UNINTERESTED.ok_with("it hangs up")
        } else {
            UNINTERESTED.wrong(format!(
                "has all that a peer has, and {} s later it is still interested in it",
                SAID.as_secs()
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// When the last block that the caller has was on its way.
fn fetched_at(scene: &Scene) -> Option<Duration> {
    let all = scene.tape.with("part").into_iter();
    let mut given = all.filter(|(_, passed)| matches!(passed, Passed::WeGave(_)));
    given.nth(2 * HAS as usize - 1).map(|(at, _)| at)
}

/// When it said that it wants nothing more.
fn uninterested_at(scene: &Scene) -> Option<Duration> {
    let said = Passed::Message(Message::NotInterested);
    scene.tape.first("part", |passed| *passed == said)
}
