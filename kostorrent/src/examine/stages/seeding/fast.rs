//! The fast extension (BEP 6) as a seeder meets it.

use std::time::Duration;

use handshake::{Handshake, Reserved};
use messages::Message;
use tokio::time::sleep;

use super::unchoked;
use crate::examine::caller::Caller;
use crate::examine::leech::{Leech, blocks_of};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::blocks::fast::REJECT_ID;
use crate::examine::stages::called::{is_past, unheard};
use crate::examine::verdict::Check;
use crate::lab::peer::Passed;

pub(super) static REJECTS: Check = Check {
    name: "rejects",
    right: "answers each request of a peer that it chokes, with a reject or a block, if it claims the fast extension",
    source: "BEP 6: every request results in exactly one response",
    chapter: 7,
    section: "What is promised, and what is not",
};

/// How long it may take to answer.
const WATCHED: Duration = Duration::from_secs(5);

pub(super) fn rejects(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.fill_data()?;
        let content = scene.content()?;
        let ours = Handshake {
            reserved: Reserved::none().with_fast(),
            ..scene.handshake("leech")
        };
        let blocks = blocks_of(&content, 0..2);
        let asked = blocks.len();
        scene.caller(move |phone| async move {
            let mut leech = Leech::call(&phone, Caller::new("leech", 2), &ours, content).await?;
            // Its bitfield comes first, or what stands for it.
            sleep(Duration::from_millis(200)).await;
            leech.say_all(blocks.into_iter().map(Message::Request));
            leech.listen().await
        });
        scene.tracker_for(&[]).await?;
        let over = move |scene: &Scene| {
            let said = |passed: &Passed| matches!(passed, Passed::WeSaid(Message::Request(_)));
            let said = scene.tape.first("leech", said);
            answers(scene) >= asked || scene.tape.hung_up("leech") || is_past(scene, said, WATCHED)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let theirs = scene.tape.handshakes("leech");
        let answers = answers(&scene);
        let finding = match theirs.first() {
            _ if played.crash().is_some() => REJECTS.wrong(played.why()),
            None => match unheard(&scene, &REJECTS, &played) {
                Some(finding) => finding,
                None => REJECTS.skipped("it did not answer a caller"),
            },
            Some(theirs) if !theirs.reserved.fast() => {
                REJECTS.skipped("it does not claim the fast extension")
            }
            Some(_) if unchoked(&scene, "leech").is_some() => {
                REJECTS.skipped("it unchokes a peer that wants nothing")
            }
            Some(_) if answers >= asked => REJECTS.ok(),
            Some(_) if scene.tape.hung_up("leech") => REJECTS.odd(format!(
                "hangs up on a peer that sent {asked} requests while it was choked"
            )),
            Some(_) => REJECTS.odd(format!(
                "answers {answers} of {asked} requests of a peer that it chokes"
            )),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// Its answers: what it will not give, and what it gives although it chokes (BEP 6, Allowed Fast).
fn answers(scene: &Scene) -> usize {
    let all = scene.tape.with("leech").into_iter();
    let is_answer = |passed: &Passed| {
        matches!(
            passed,
            Passed::Block(_) | Passed::Message(Message::Skipped(REJECT_ID))
        )
    };
    all.filter(|(_, passed)| is_answer(passed)).count()
}
