//! A client that calls who does not speak plain text.

use std::time::Duration;

use encryption::{Failure, Methods};

use super::{CHAPTER, NOT_MADE, failure, key, secured};
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::Playing;
use crate::examine::stages::{GONE, NOT_SO_FAR};
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Call, Manner};
use crate::lab::trouble::break_off;

pub(super) static RC4: Check = Check {
    name: "rc4",
    right: "fetches from a peer that takes encrypted calls only, and goes on in RC4",
    source: "Message Stream Encryption, a page of the wiki of Vuze; no BEP",
    chapter: CHAPTER,
    section: "Who begins",
};
pub(super) static GREETING: Check = Check {
    name: "greeting",
    right: "fetches from a peer that exchanges keys and goes on in plain text",
    source: "Message Stream Encryption, crypto_select; no BEP",
    chapter: CHAPTER,
    section: "The caller",
};
pub(super) static BROKEN_OFF: Check = Check {
    name: "broken-off",
    right: "fetches from an honest peer while another breaks off each exchange of keys",
    source: "no BEP",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// The peer that is called.
const PEER: &str = "peer";
/// A second call, encrypted, comes by then, or not at all.
const SECOND: Duration = Duration::from_secs(20);

pub(super) fn rc4(scene: Scene) -> Playing {
    only(scene, &RC4, Methods::RC4)
}

pub(super) fn greeting(scene: Scene) -> Playing {
    only(scene, &GREETING, Methods::PLAIN)
}

/// Plays with a peer that takes encrypted calls only.
fn only(mut scene: Scene, check: &'static Check, taken: Methods) -> Playing {
    Box::pin(async move {
        let (script, ours) = (scene.honest()?, scene.handshake(PEER));
        let torrent = scene.torrent.info_hash();
        let conduct = move |call: Call| {
            let mut script = script.clone();
            async move {
                let mut line = call.answer(torrent, taken).await?;
                line.shake_hands(&ours).await?;
                line.play(&mut script).await
            }
        };
        let peer = scene.called(PEER, Manner::default(), conduct).await?;
        scene.tracker_for(&[peer]).await?;
        // Who has only shaken hands so far has come as far as it can.
        let fetches = scene.ground.baseline().await?.fetches;
        let shaken = |scene: &Scene| !scene.tape.handshakes(PEER).is_empty();
        let over = move |scene: &Scene| {
            let done = if fetches {
                scene.is_whole()
            } else {
                shaken(scene)
            };
            let broken = failure(scene, PEER).is_some_and(|why| why != Failure::PlainText);
            let secured = secured(scene, PEER).is_some();
            done || broken || secured && scene.tape.is_gone(PEER, GONE)
        };
        let played = scene.play(scene.patience().max(SECOND), &over).await?;
        let finding = if over(&scene) && (scene.is_whole() || !fetches && shaken(&scene)) {
            check.ok()
        } else if let Some(crash) = played.crash() {
            check.wrong(crash)
        } else if !scene.tape.called(PEER) {
            check.skipped(NOT_SO_FAR)
        } else if secured(&scene, PEER).is_some() {
            let why = played.why();
            check.wrong(format!(
                "exchanges keys, and does not go on as was agreed: {why}"
            ))
        } else {
            unsecured(&scene, check)
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

fn unsecured(scene: &Scene, check: &'static Check) -> Finding {
    match failure(scene, PEER) {
        Some(Failure::NoMethod { offered, .. }) => {
            check.skipped(format!("it offers no more than {offered}"))
        }
        Some(failure) => check.wrong(format!("its exchange of keys is none: {failure}")),
        None if key(scene, PEER) => {
            check.wrong("sends a public key, and does not go on with the exchange")
        }
        None => check.skipped(NOT_MADE),
    }
}

pub(super) fn broken_off(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let torrent = scene.torrent.info_hash();
        let breaks = move |call: Call| break_off(call, torrent);
        let breaker = scene.called("breaker", Manner::default(), breaks).await?;
        // The honest one takes its time, that both are met.
        let (script, ours) = (scene.honest()?, scene.handshake("seeder"));
        let gives = move |call: Call| {
            let mut script = script.clone();
            async move {
                let mut line = call.line();
                line.shake_hands(&ours).await?;
                tokio::time::sleep(GONE).await;
                line.play(&mut script).await
            }
        };
        let seeder = scene.called("seeder", Manner::default(), gives).await?;
        scene.tracker_for(&[breaker, seeder]).await?;
        let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("seeder", 3 * GONE);
        let played = scene.play(scene.patience().max(SECOND), &over).await?;
        let finding = judged(&scene, played.crash(), &played.why()).await?;
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

async fn judged(scene: &Scene, crash: Option<String>, why: &str) -> Result<Finding, SceneError> {
    Ok(if let Some(crash) = crash {
        BROKEN_OFF.wrong(crash)
    } else if !scene.ground.baseline().await?.fetches {
        BROKEN_OFF.skipped(NOT_SO_FAR)
    } else if !scene.is_whole() {
        BROKEN_OFF.wrong(format!(
            "does not fetch everything, though an honest peer has it: {why}"
        ))
    } else if key(scene, "breaker") {
        BROKEN_OFF.ok()
    } else {
        BROKEN_OFF.skipped(NOT_MADE)
    })
}
