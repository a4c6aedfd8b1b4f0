//! Several torrents at one port: the handshake says which one is meant.

use std::time::Duration;

use super::{CHAPTER, NO_PORT, answered};
use crate::examine::caller::Caller;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::unheard;
use crate::examine::torrent::Torrent;
use crate::examine::verdict::Check;

pub(super) static SEVERAL: Check = Check {
    name: "several",
    right: "answers callers for each of its torrents, about the one that they ask for",
    source: "BEP 3, peer protocol: respond with the same one if it is in their list",
    chapter: CHAPTER,
    section: "On the wire",
};

/// Who calls for which.
const CALLERS: [&str; 2] = ["for the first", "for the second"];

pub(super) fn several(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![SEVERAL.skipped(NO_PORT)]);
        }
        if !scene.ground.template.has("{torrents}") {
            return Ok(vec![SEVERAL.skipped("the command has no {torrents}")]);
        }
        scene.more = vec![scene.own(Torrent::single("second.bin", 100_000, 52))];
        let hashes = [scene.torrent.info_hash(), scene.more[0].info_hash()];
        for ((name, hash), host) in CALLERS.into_iter().zip(hashes).zip(2..) {
            let mut ours = scene.handshake(name);
            ours.info_hash = hash;
            scene.caller(move |phone| async move {
                let phone = phone.about(hash);
                let mut line = phone.call(Caller::new(name, host)).await?;
                line.introduce(&ours).await?;
                line.watch(Duration::MAX).await;
                Ok(())
            });
        }
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let settled = |name: &&str| answered(scene, name).is_some() || scene.tape.hung_up(name);
            CALLERS.iter().all(settled)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let answers = CALLERS.map(|name| {
            let first = scene.tape.handshakes(name).into_iter().next();
            first.map(|theirs| theirs.info_hash)
        });
        let wrong = answers.iter().zip(hashes).find(|(answer, hash)| {
            let answer: Option<_> = **answer;
            answer.is_some_and(|answer| answer != *hash)
        });
        let finding = if let Some(finding) = unheard(&scene, &SEVERAL, &played) {
            finding
        } else if let Some((Some(answer), hash)) = wrong {
            SEVERAL.wrong(format!("is asked for {hash}, and answers for {answer}"))
        } else {
            match answers.iter().flatten().count() {
                2 => SEVERAL.ok(),
                1 => SEVERAL.odd(format!(
                    "answers callers for one of two torrents: {}",
                    played.why()
                )),
                _ => SEVERAL.skipped("it answers callers for neither of two torrents"),
            }
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}
