//! A client that is called by who does not speak plain text, and by who does.

use std::time::Duration;

use encryption::Methods;
use handshake::Handshake;

use super::{CHAPTER, failure, key, secured};
use crate::examine::caller::Caller;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::unheard;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Manner, Passed};

pub(super) static ANSWERS: Check = Check {
    name: "answers",
    right: "answers an encrypted call, with its handshake inside",
    source: "Message Stream Encryption, a page of the wiki of Vuze; no BEP",
    chapter: CHAPTER,
    section: "The callee",
};
pub(super) static PARTS: Check = Check {
    name: "parts",
    right: "takes an exchange of keys that comes in small parts",
    source: "RFC 9293: TCP carries a stream, not packets",
    chapter: CHAPTER,
    section: "The callee",
};
pub(super) static BOTH: Check = Check {
    name: "both",
    right: "answers plain calls at the same port",
    source: "no BEP; a peer knows one port",
    chapter: CHAPTER,
    section: "Who begins",
};

const SECRET: &str = "encrypted";
const SLOW: &str = "in-parts";
const PLAIN: &str = "plain";
/// Several bytes at a time, and now and then one.
const CUTS: &[usize] = &[1, 13, 40];

const NOT_TAKEN: &str = "it takes no encrypted calls";

pub(super) fn called(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let all = [&ANSWERS, &PARTS, &BOTH];
        if !scene.ground.listens {
            let why = "the command has no {port}, so that nobody knows where to call it";
            return Ok(all.map(|check| check.skipped(why)).into());
        }
        encrypted(&mut scene, SECRET, 2, Manner::default());
        let cuts = Some(CUTS);
        encrypted(
            &mut scene,
            SLOW,
            3,
            Manner {
                cuts,
                ..Manner::default()
            },
        );
        let ours = scene.handshake(PLAIN);
        scene.caller(move |phone| async move {
            let mut line = phone.call(Caller::new(PLAIN, 4)).await?;
            line.introduce(&ours).await?;
            line.watch(Duration::MAX).await;
            Ok(())
        });
        scene.tracker_for(&[]).await?;
        let settled = |scene: &Scene, who: &str| {
            let gone = scene.tape.hung_up(who) || failure(scene, who).is_some();
            heard(scene, who).is_some() || gone
        };
        let over = move |scene: &Scene| [SECRET, SLOW, PLAIN].iter().all(|who| settled(scene, who));
        let played = scene.play(scene.patience(), &over).await?;
        if let Some(silent) = unheard(&scene, &ANSWERS, &played) {
            let findings = all.map(|check| Finding {
                check,
                text: silent.text.replace(ANSWERS.right, check.right),
                ..silent.clone()
            });
            return Ok(findings.into());
        }
        let answers = judged(&scene, &ANSWERS, SECRET);
        let takes = heard(&scene, SECRET).is_some();
        let parts = match takes {
            true => judged(&scene, &PARTS, SLOW),
            false => PARTS.skipped(NOT_TAKEN),
        };
        let both = match heard(&scene, PLAIN) {
            _ if !takes => BOTH.skipped(NOT_TAKEN),
            Some(_) => BOTH.ok(),
            None if scene.tape.hung_up(PLAIN) => {
                BOTH.odd("hangs up on who calls in plain text, as most do")
            }
            None => BOTH.wrong("does not answer who calls in plain text"),
        };
        let seen = scene.tape.last(12);
        let findings = [answers, parts, both].into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

/// Adds somebody who calls with an exchange of keys.
fn encrypted(scene: &mut Scene, name: &'static str, host: u8, manner: Manner) {
    let (ours, torrent) = (scene.handshake(name), scene.torrent.info_hash());
    let caller = Caller {
        manner,
        ..Caller::new(name, host)
    };
    scene.caller(move |phone| async move {
        let call = phone.ring(caller).await?;
        let first = ours.to_bytes().to_vec();
        let mut line = call.encrypt(torrent, Methods::BOTH, first).await?;
        line.hear_handshake().await?;
        line.watch(Duration::MAX).await;
        Ok(())
    });
}

/// What it answered this caller.
fn heard(scene: &Scene, who: &str) -> Option<Handshake> {
    scene.tape.handshakes(who).into_iter().next()
}

fn judged(scene: &Scene, check: &'static Check, who: &str) -> Finding {
    let right = scene.torrent.info_hash();
    let broken = |passed: &Passed| matches!(passed, Passed::NotAHandshake(_));
    match heard(scene, who) {
        Some(theirs) if theirs.info_hash == right => check.ok(),
        Some(theirs) => check.wrong(format!("answers for {}", theirs.info_hash)),
        None if scene.tape.has(who, broken) => {
            check.wrong("exchanges keys, and sends no handshake after that")
        }
        None if secured(scene, who).is_some() => {
            check.wrong("exchanges keys, and says nothing after that")
        }
        None => match failure(scene, who) {
            Some(encryption::Failure::PlainText) => {
                check.odd("answers in plain text who begins with a public key")
            }
            Some(failure) => check.wrong(format!("its exchange of keys is none: {failure}")),
            None if key(scene, who) => {
                check.wrong("answers with a public key, and does not go on with the exchange")
            }
            None => check.skipped(NOT_TAKEN),
        },
    }
}
