//! What a client makes of what it is told.

use std::time::Duration;

use exchange::NAME;
use tokio::time::{Instant, sleep};

use super::{CHAPTER, GREETING, NOT_CLAIMED, NUMBERS, claims_it, met, seeder, teller};
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::Playing;
use crate::examine::stages::called::is_past;
use crate::examine::stages::extended::{Part, hears, ours};
use crate::examine::stages::{GONE, NOT_SO_FAR};
use crate::examine::tape::Tape;
use crate::examine::verdict::Check;
use crate::lab::peer::{Line, Manner, Passed};
use crate::lab::trouble::News;

pub(super) static CALLS: Check = Check {
    name: "calls",
    right: "calls a peer of which another has told it",
    source: "BEP 11, added; nobody has to call anybody",
    chapter: CHAPTER,
    section: "Whom to call",
};
pub(super) static FLOOD: Check = Check {
    name: "flood",
    right: "fetches from an honest peer while another tells it of thousands that are not there",
    source: "BEP 11, security considerations",
    chapter: CHAPTER,
    section: "What one peer has told",
};
pub(super) static PRIVATE: Check = Check {
    name: "private",
    right: "neither claims it nor heeds it with a private torrent",
    source: "BEP 27: peers of the tracker alone",
    chapter: CHAPTER,
    section: "ut_pex",
};

/// News come a moment after the greeting.
const MOMENT: Duration = Duration::from_millis(500);
/// So many messages are a flood: four thousand peers.
const MESSAGES: u32 = 20;
/// An honest peer does not wait any longer for the flood to be over.
const TOGETHER: Duration = Duration::from_secs(5);
/// How long a client is watched that should call nobody.
const WATCHED: Duration = Duration::from_secs(5);

pub(super) fn calls(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let named = seeder(&mut scene, "named").await?;
        let news = News::Of(vec![named], MOMENT);
        let teller = teller(&mut scene, "teller", news).await?;
        scene.tracker_for(&[teller]).await?;
        let over = |scene: &Scene| {
            let met = met(scene, "teller");
            let silent = is_past(scene, met, GREETING) && !claims_it(scene, "teller");
            scene.tape.called("named") || silent || scene.tape.is_gone("teller", GONE)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if scene.tape.called("named") {
            CALLS.ok()
        } else if let Some(crash) = played.crash() {
            CALLS.wrong(crash)
        } else if !claims_it(&scene, "teller") {
            CALLS.skipped(NOT_CLAIMED)
        } else {
            let why = played.why();
            CALLS.odd(format!(
                "claims `ut_pex`, and does not call whom it is told of: {why}"
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

/// How many messages about peers this one has sent.
fn told(tape: &Tape, who: &str) -> usize {
    let all = tape.with(who).into_iter();
    let is_news = |passed: &Passed| match passed {
        Passed::WeSaid(messages::Message::Later { id: 20, body }) => {
            body.first().is_some_and(|&number| number != 0)
        }
        _ => false,
    };
    all.filter(|(_, passed)| is_news(passed)).count()
}

pub(super) fn flood(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let teller = teller(&mut scene, "teller", News::Flood(MESSAGES)).await?;
        let part = Part {
            numbers: NUMBERS,
            ..Part::honest(scene.honest()?)
        };
        let (ours, tape) = (ours(&scene, "seeder"), scene.tape.clone());
        let waits = move |mut line: Line| {
            let (part, tape) = (part.clone(), tape.clone());
            async move {
                let theirs = line.shake_hands(&ours).await?;
                let until = Instant::now() + TOGETHER;
                let over = || told(&tape, "teller") >= MESSAGES as usize || tape.hung_up("teller");
                while !over() && Instant::now() < until {
                    sleep(MOMENT / 10).await;
                }
                line.play(&mut *part.role(&theirs)).await
            }
        };
        let peer = scene.peer("seeder", Manner::default(), waits).await?;
        scene.tracker_for(&[teller, peer]).await?;
        let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("seeder", GONE);
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some(crash) = played.crash() {
            FLOOD.wrong(crash)
        } else if !scene.ground.baseline().await?.fetches {
            FLOOD.skipped(NOT_SO_FAR)
        } else if !claims_it(&scene, "teller") {
            FLOOD.skipped(NOT_CLAIMED)
        } else if !scene.is_whole() {
            let why = played.why();
            FLOOD.wrong(format!(
                "does not fetch everything, though an honest peer has it: {why}"
            ))
        } else if told(&scene.tape, "teller") == 0 {
            FLOOD.skipped("it heard nothing of the flood")
        } else {
            FLOOD.ok()
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

/// Whether it claims it with a torrent that is not private.
async fn claims_it_else(scene: &Scene) -> Result<bool, SceneError> {
    let mut public = scene.another("public")?;
    let teller = teller(&mut public, "teller", News::None).await?;
    public.tracker_for(&[teller]).await?;
    let over = |scene: &Scene| {
        claims_it(scene, "teller") || is_past(scene, met(scene, "teller"), GREETING)
    };
    public.play(public.patience(), &over).await?;
    Ok(claims_it(&public, "teller"))
}

pub(super) fn private(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.torrent = scene.torrent.clone().with_info("private", b"i1e");
        let trap = seeder(&mut scene, "trap").await?;
        let news = News::Of(vec![trap], MOMENT);
        let teller = teller(&mut scene, "teller", news).await?;
        scene.tracker_for(&[teller]).await?;
        let over = |scene: &Scene| {
            scene.tape.called("trap") || is_past(scene, met(scene, "teller"), WATCHED)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let said = scene.tape.extended("teller");
        let tells = said
            .iter()
            .any(|(_, body)| body.first() == Some(&NUMBERS.exchange));
        let finding = if scene.tape.called("trap") {
            PRIVATE
                .wrong("calls a peer of which another has told it, though the torrent is private")
        } else if tells {
            PRIVATE.wrong("tells a peer of others, though the torrent is private")
        } else if let Some(crash) = played.crash() {
            PRIVATE.wrong(crash)
        } else if hears(&scene.tape, "teller", NAME).is_some() {
            PRIVATE.odd("claims `ut_pex` with a private torrent, and does not heed it")
        } else if met(&scene, "teller").is_none() {
            PRIVATE.skipped("it called nobody")
        } else if claims_it_else(&scene).await? {
            PRIVATE.ok()
        } else {
            PRIVATE.skipped(NOT_CLAIMED)
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}
