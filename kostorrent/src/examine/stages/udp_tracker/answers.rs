//! Answers that are none, and a refusal.

use std::time::Duration;

use udp_tracker::{ConnectionId, Request, Said, TransactionId};

use super::desk::{Desk, named, open, open_honest, written};
use super::{CHAPTER, TRACKER, announces, questions, unseen};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::verdict::Check;
use crate::lab::peer::Manner;

pub(super) static FORGED: Check = Check {
    name: "forged",
    right: "believes no answer with another transaction id than its question's",
    source: "BEP 15, Connect and Announce: check whether the transaction ID is equal",
    chapter: CHAPTER,
    section: "Whose answer is it?",
};
pub(super) static REFUSED: Check = Check {
    name: "refused",
    right: "takes a refusal, and does not ask again at once",
    source: "BEP 15, Error; no BEP says how soon one may ask again",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// An id that only somebody else gives.
const FOREIGN: ConnectionId = ConnectionId(0x6666_6666_6666_6666);
/// How long a client is watched that was refused.
const WATCHED: Duration = Duration::from_millis(3_500);
/// So often it may ask in that time.
const MAY_ASK: usize = 3;

pub(super) fn forged(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("seeder", Manner::default(), script).await?;
        let trap = scene.keeper("trap").await?;
        let mut desk = Desk::new(&[peer]);
        let answers = move |datagram: &[u8]| {
            let Some((transaction, said)) = desk.answer(datagram) else {
                return Vec::new();
            };
            let lie = match &said {
                Said::Connected(_) => Said::Connected(FOREIGN),
                Said::Announced(_) => named(&[trap]),
                other => other.clone(),
            };
            let other = TransactionId(transaction.0 ^ 1);
            vec![written(other, lie), written(transaction, said)]
        };
        open(&mut scene, TRACKER, answers).await?;
        let foreign = |scene: &Scene| {
            let mut asked = questions(scene, TRACKER).into_iter();
            asked.any(|question| match question.request {
                Ok(Request::Ask { connection, .. }) => connection == FOREIGN,
                _ => false,
            })
        };
        let over = move |scene: &Scene| {
            foreign(scene) || scene.finds("trap", trap) || scene.finds("seeder", peer)
        };
        let played = scene.play(scene.patience(), &over).await?;
        if let Some(findings) = unseen(&scene, &[&FORGED], &played).await? {
            return Ok(findings);
        }
        let finding = if foreign(&scene) {
            FORGED.wrong("asks with a connection id that came with another transaction id")
        } else if scene.finds("trap", trap) {
            FORGED.wrong("calls a peer that was named with another transaction id")
        } else if scene.finds("seeder", peer) {
            FORGED.ok()
        } else {
            let why = played.why();
            FORGED.odd(format!(
                "gives the tracker up over an answer that was not its: {why}"
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn refused(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let desk = Desk::refusing("this torrent is not served here");
        open_honest(&mut scene, TRACKER, desk).await?;
        let watched = |scene: &Scene| {
            let asked = questions(scene, TRACKER);
            let first = announces(&asked).first().map(|(question, _)| question.at);
            first.is_some_and(|at| scene.tape.now() > at + WATCHED)
        };
        let played = scene.play(scene.patience().max(WATCHED), &watched).await?;
        if let Some(findings) = unseen(&scene, &[&REFUSED], &played).await? {
            return Ok(findings);
        }
        let asked = questions(&scene, TRACKER);
        let times = announces(&asked).len();
        let finding = match times {
            0 => REFUSED.skipped("it did not announce itself"),
            times if times > MAY_ASK => REFUSED.wrong(format!(
                "asks {times} times in {:.1} s although it is refused",
                WATCHED.as_secs_f64()
            )),
            _ => REFUSED.ok(),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}
