//! Whether others are told that nothing more is wanted of them.

use std::time::Duration;

use messages::{Bitfield, Message};

use super::{NO_PORT, SOON};
use crate::examine::caller::Caller;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::{is_past, unheard};
use crate::examine::torrent::PIECE;
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
const SAID: Duration = Duration::from_secs(15);

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
            gone || lost_interest(scene) || is_past(scene, fetched_at(scene), SAID)
        };
        let played = scene.play(scene.patience() + SAID, &over).await?;
        let finding = if let Some(finding) = unheard(&scene, &UNINTERESTED, &played) {
            finding
        } else if let Some(fetched) = fetched_at(&scene) {
            let hung_up = |passed: &Passed| matches!(passed, Passed::HungUp { .. });
            let hung_up = scene.tape.first("part", hung_up);
            match hung_up.map(|at| at.saturating_sub(fetched)) {
                _ if lost_interest(&scene) => UNINTERESTED.ok(),
                Some(after) if after < SOON => UNINTERESTED.ok_with("it hangs up"),
                // Whoever counts on being asked has waited for it until then.
                Some(after) => UNINTERESTED.odd(format!(
                    "has all that a peer has, stays interested in it, and hangs up {:.1} s later",
                    after.as_secs_f64()
                )),
                None => UNINTERESTED.wrong(format!(
                    "has all that a peer has, and {} s later it is still interested in it",
                    SAID.as_secs()
                )),
            }
        } else {
            UNINTERESTED.skipped("it did not fetch what its caller had")
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// When the last byte that the caller has was on its way, however it was asked for.
fn fetched_at(scene: &Scene) -> Option<Duration> {
    let mut left = HAS * PIECE;
    let all = scene.tape.with("part").into_iter();
    let mut last = all.filter(|(_, passed)| {
        if let Passed::WeGave(block) = passed {
            left = left.saturating_sub(block.len);
        }
        left == 0
    });
    last.next().map(|(at, _)| at)
}

/// Whether it has said since then that it wants nothing more, and left it at that.
fn lost_interest(scene: &Scene) -> bool {
    let said = scene.tape.messages("part").into_iter().rev();
    let mut said = said.filter_map(|(at, message)| match message {
        Message::Interested => Some((at, true)),
        Message::NotInterested => Some((at, false)),
        _ => None,
    });
    let fetched = fetched_at(scene);
    said.next()
        .is_some_and(|(at, wants)| !wants && fetched.is_some_and(|fetched| at >= fetched))
}
