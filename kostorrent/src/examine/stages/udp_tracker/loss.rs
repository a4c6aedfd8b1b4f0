//! Datagrams that are lost, and trackers that are gone.

use std::time::Duration;

use super::desk::{Desk, open, open_honest, written};
use super::{CHAPTER, TRACKER, questions, unseen};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::torrent::string;
use crate::examine::verdict::Check;
use crate::lab::peer::Manner;

pub(super) static AGAIN: Check = Check {
    name: "again",
    right: "asks again when no answer comes, after some 15 s",
    source: "BEP 15, Time outs: retransmit the request after 15 * 2 ^ n seconds",
    chapter: CHAPTER,
    section: "When nothing comes",
};
pub(super) static DEAD: Check = Check {
    name: "dead",
    right: "does not wait for long for a tracker that does not answer: it asks the next one",
    source: "BEP 12, order of processing; no BEP says how long",
    chapter: CHAPTER,
    section: "When nothing comes",
};

/// An answer that is lost is asked for again by then.
const BY_THEN: Duration = Duration::from_secs(35);
/// So often within [`AT_ONCE`] is a flood.
const FLOOD: usize = 6;
const AT_ONCE: Duration = Duration::from_secs(5);
/// A second tracker should have been asked by then.
const SOON: Duration = Duration::from_secs(20);
/// And is not waited for any longer.
const LATE: Duration = Duration::from_secs(40);

pub(super) fn lost(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let keeper = scene.keeper("keeper").await?;
        let mut desk = Desk::new(&[keeper]);
        let mut came = 0;
        let answers = move |datagram: &[u8]| {
            came += 1;
            // The first question never arrives.
            let answer = (came > 1).then(|| desk.answer(datagram)).flatten();
            answer
                .map(|(transaction, said)| written(transaction, said))
                .into_iter()
                .collect()
        };
        open(&mut scene, TRACKER, answers).await?;
        let over = |scene: &Scene| {
            let asked = scene.tape.datagrams(TRACKER).len();
            let late = scene.tape.now() > scene.patience();
            asked > 1 && scene.tape.now() > AT_ONCE || late && asked == 0
        };
        let played = scene.play(scene.patience().max(BY_THEN), &over).await?;
        if let Some(findings) = unseen(&scene, &[&AGAIN], &played).await? {
            return Ok(findings);
        }
        let asked = questions(&scene, TRACKER);
        let first = asked
            .first()
            .map(|question| question.at)
            .unwrap_or_default();
        let at_once = asked.iter().filter(|it| it.at < first + AT_ONCE).count();
        let finding = match asked.get(1) {
            _ if at_once > FLOOD => AGAIN.wrong(format!(
                "asks {at_once} times within {} s, because the first datagram was lost",
                AT_ONCE.as_secs()
            )),
            Some(second) => {
                let after = second.at.saturating_sub(first).as_secs_f64();
                AGAIN.ok_with(format!("after {after:.0} s"))
            }
            None => AGAIN.odd(format!(
                "does not ask again within {} s when its first datagram is lost: {}",
                scene.patience().max(BY_THEN).as_secs(),
                played.why()
            )),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn dead(mut scene: Scene) -> Playing {
    const SECOND: &str = "second tracker";
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("seeder", Manner::default(), script).await?;
        let dead = open(&mut scene, TRACKER, |_| Vec::new()).await?;
        let good = open_honest(&mut scene, SECOND, Desk::new(&[peer])).await?;
        let tier = |url: &str| [b"l", &string(url.as_bytes())[..], b"e"].concat();
        let list = [b"l", &tier(&dead)[..], &tier(&good)[..], b"e"].concat();
        scene.torrent.more = vec![(b"announce-list".into(), list)];
        let asked = |scene: &Scene| {
            let late = scene.tape.now() > scene.patience();
            let none = scene.tape.datagrams(TRACKER).is_empty();
            !scene.tape.datagrams(SECOND).is_empty() || late && none
        };
        let played = scene.play(scene.patience().max(LATE), &asked).await?;
        let second = questions(&scene, SECOND).first().map(|it| it.at);
        let first = questions(&scene, TRACKER).first().map(|it| it.at);
        if second.is_none()
            && let Some(findings) = unseen(&scene, &[&DEAD], &played).await?
        {
            return Ok(findings);
        }
        let after = second.map(|at| at.saturating_sub(first.unwrap_or(at)));
        let finding = match after {
            Some(after) if after <= SOON => DEAD.ok(),
            Some(after) => DEAD.odd(format!(
                "asks the second tracker {} s after the first one, which does not answer",
                after.as_secs()
            )),
            None => DEAD.odd(format!("does not ask the second tracker: {}", played.why())),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}
