//! Peers that lie about metadata, or are of no help, and one that is honest.

use super::{
    CHAPTER, HONEST, NO_MAGNET, blocks, failed, give_usual_link, informed, over, prepared,
    was_asked,
};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::messages::Otherwise;
use crate::examine::tape::Tape;
use crate::examine::verdict::Check;
use crate::lab::peer::Passed;
use crate::lab::trouble::{Metadata, Numbers};

pub(super) static RUBBISH: Check = Check {
    name: "rubbish",
    right: "throws metadata away that have another hash, and fetches them from somebody else",
    source: "BEP 9, metadata: when all metadata pieces have been received, verify the info-hash",
    chapter: CHAPTER,
    section: "Everybody at once, nobody believed",
};
pub(super) static SIZES: Check = Check {
    name: "sizes",
    right: "comes to no harm by peers that say that the metadata have a terabyte, or nothing, or five bytes",
    source: "BEP 9, metadata_size: nobody can know it before the hash is right",
    chapter: CHAPTER,
    section: "How much memory a lie may take",
};
pub(super) static UNHELPFUL: Check = Check {
    name: "unhelpful",
    right: "fetches metadata although one peer rejects each request, and another says nothing",
    source: "BEP 9, reject",
    chapter: CHAPTER,
    section: "Everybody at once, nobody believed",
};

/// A terabyte.
const GIANT: u64 = 1 << 40;
/// Whoever has so much memory has believed it.
const MEMORY: u64 = 1 << 30;

pub(super) fn rubbish(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if prepared(&mut scene).is_none() {
            return Ok(vec![RUBBISH.skipped(NO_MAGNET)]);
        }
        let (all, theirs) = (blocks(&scene), Numbers::default());
        let liar = informed(&mut scene, "liar", Metadata::Rubbish, theirs, |_| true).await?;
        let may = move |tape: &Tape| was_asked(tape, "liar", all);
        let peer = informed(&mut scene, "seeder", Metadata::Gives, HONEST, may).await?;
        scene.tracker_for(&[liar, peer]).await?;
        give_usual_link(&mut scene);
        let played = scene.play(scene.patience(), &over).await?;
        let finding = match failed(&scene, &RUBBISH, &played, Otherwise::Odd) {
            Some(finding) => finding,
            None if was_asked(&scene.tape, "liar", all) => RUBBISH.ok(),
            None => RUBBISH.skipped("it did not ask the liar for all of them"),
        };
        Ok(vec![finding.seen(scene.tape.last(12))])
    })
}

pub(super) fn sizes(mut scene: Scene) -> Playing {
    const LIARS: [(&str, u64); 3] = [("giant", GIANT), ("empty", 0), ("tiny", 5)];
    Box::pin(async move {
        if prepared(&mut scene).is_none() {
            return Ok(vec![SIZES.skipped(NO_MAGNET)]);
        }
        let mut named = Vec::new();
        for (name, size) in LIARS {
            let lies = Metadata::Size(size);
            named.push(informed(&mut scene, name, lies, Numbers::default(), |_| true).await?);
        }
        // They have told their lies before.
        let may = |tape: &Tape| LIARS.iter().all(|(name, _)| is_told(tape, name));
        let peer = informed(&mut scene, "seeder", Metadata::Gives, HONEST, may).await?;
        named.push(peer);
        scene.tracker_for(&named).await?;
        give_usual_link(&mut scene);
        let played = scene.play(scene.patience(), &over).await?;
        let told = LIARS.iter().filter(|(name, _)| is_told(&scene.tape, name));
        let told = told.count();
        let memory = played.memory.unwrap_or_default();
        let finding = match failed(&scene, &SIZES, &played, Otherwise::Odd) {
            Some(finding) => finding,
            None if memory > MEMORY => SIZES.wrong(format!(
                "takes {} MiB of memory, for metadata that are said to have a terabyte",
                memory >> 20
            )),
            None if told == 0 => SIZES.skipped("it called no liar"),
            None => SIZES.ok(),
        };
        Ok(vec![finding.seen(scene.tape.last(12))])
    })
}

/// Whether it has heard this liar's extension handshake.
fn is_told(tape: &Tape, who: &str) -> bool {
    tape.has(who, |passed| match passed {
        Passed::WeSaid(messages::Message::Later { body, .. }) => body.first() == Some(&0),
        _ => false,
    })
}

pub(super) fn unhelpful(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if prepared(&mut scene).is_none() {
            return Ok(vec![UNHELPFUL.skipped(NO_MAGNET)]);
        }
        let theirs = Numbers::default();
        let one = informed(&mut scene, "refuser", Metadata::Rejects, theirs, |_| true).await?;
        let other = informed(&mut scene, "mute", Metadata::Silent, theirs, |_| true).await?;
        let met = |tape: &Tape| was_asked(tape, "refuser", 1) && was_asked(tape, "mute", 1);
        let peer = informed(&mut scene, "seeder", Metadata::Gives, HONEST, met).await?;
        scene.tracker_for(&[one, other, peer]).await?;
        give_usual_link(&mut scene);
        let played = scene.play(scene.patience(), &over).await?;
        let asked = ["refuser", "mute"]
            .iter()
            .filter(|who| was_asked(&scene.tape, who, 1));
        let asked = asked.count();
        let finding = match failed(&scene, &UNHELPFUL, &played, Otherwise::Odd) {
            Some(finding) => finding,
            None if asked == 0 => UNHELPFUL.skipped("it asked neither of them"),
            None => UNHELPFUL.ok(),
        };
        Ok(vec![finding.seen(scene.tape.last(12))])
    })
}
