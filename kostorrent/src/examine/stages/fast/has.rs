//! The fast extension (BEP 6): what a peer says that it has.

use fast::Fast;
use messages::Message;

use super::{CHAPTER, NOT_CLAIMED, claims_it, with};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::tape::words;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Line, Manner, Role};
use crate::lab::trouble::Script;

pub(super) static HAVE_ALL: Check = Check {
    name: "have-all",
    right: "takes `have all` and `have none` in place of a bitfield",
    source: "BEP 6, Have All/Have None",
    chapter: CHAPTER,
    section: "All, or none",
};
pub(super) static SAYS: Check = Check {
    name: "says",
    right: "says first what it has, with one of `bitfield`, `have all` and `have none`",
    source: "BEP 6, Have All/Have None: one and only one of these three messages must be sent, immediately after the handshake",
    chapter: CHAPTER,
    section: "All, or none",
};

pub(super) fn have_all(mut scene: Scene) -> Playing {
    Box::pin(async move {
        super::add(&mut scene, "peer", |script| {
            let mut hello = Vec::new();
            Message::from(Fast::HaveAll).encode(&mut hello);
            Box::new(Says { hello, script })
        })
        .await?;
        let mut findings = super::judged(&scene, &HAVE_ALL).await?;
        let begins = match claims_it(&scene, "peer") {
            true => begins(&scene, &SAYS, "peer"),
            false => SAYS.skipped(NOT_CLAIMED),
        };
        findings.push(begins.seen(scene.tape.last(8)));
        Ok(findings)
    })
}

/// Says that it has nothing, and then of each piece that it has it after all.
pub(super) fn have_none(scene: Scene) -> Playing {
    let pieces = scene.torrent.pieces();
    with(scene, &HAVE_ALL, move |script| {
        let mut hello = Vec::new();
        Message::from(Fast::HaveNone).encode(&mut hello);
        for piece in 0..pieces {
            Message::Have(piece).encode(&mut hello);
        }
        Box::new(Says { hello, script })
    })
}

pub(super) static AGREED: Check = Check {
    name: "agreed",
    right: "sends the messages of the extension to nobody who does not claim it, too",
    source: "BEP 6: if and only if both ends set this bit",
    chapter: CHAPTER,
    section: "On the wire",
};

pub(super) fn agreed(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let ours = scene.handshake("peer");
        let script = scene.honest()?;
        let without = move |mut line: Line| {
            let mut script = script.clone();
            async move {
                line.shake_hands(&ours).await?;
                line.play(&mut script).await
            }
        };
        let peer = scene.peer("peer", Manner::default(), without).await?;
        scene.tracker_for(&[peer]).await?;
        let played = scene.play(scene.patience(), &Scene::is_whole).await?;
        let said = scene.tape.fast("peer").into_iter().next();
        let finding = match (played.crash(), said) {
            (Some(crash), _) => AGREED.wrong(crash),
            (None, _) if !claims_it(&scene, "peer") => AGREED.skipped(NOT_CLAIMED),
            (None, Some((_, said))) => {
                let said = words(&said.into());
                AGREED.wrong(format!("sends `{said}` to a peer that does not claim it"))
            }
            (None, None) => AGREED.ok(),
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

/// Whether it begins with what it has, with somebody who claims the extension, too.
pub(in crate::examine::stages) fn begins(
    scene: &Scene,
    check: &'static Check,
    who: &str,
) -> Finding {
    /// `have`, and what stands for all of them.
    const HAS: [u8; 3] = [5, 14, 15];
    let is_news = |message: &Message| message.id().is_some_and(|id| HAS.contains(&id));
    let calls = scene.tape.messages_by_call(who).into_iter();
    let judged = calls.map(|call| {
        let mut said = call.iter().map(|(_, message)| message);
        let first = said.next();
        let mut news = first.into_iter().chain(said).filter(|it| is_news(it));
        match (first, news.next(), news.next()) {
            (_, Some(once), Some(again)) => {
                let (once, again) = (words(once), words(again));
                check.wrong(format!("says `{again}` when it has said `{once}`"))
            }
            (_, None, _) => check.wrong("says neither of them"),
            (Some(first), Some(_), None) if !is_news(first) => {
                check.odd(format!("says something else before it: {}", words(first)))
            }
            _ => check.ok(),
        }
    });
    // One bad call is enough.
    let worst = judged.max_by_key(|finding| finding.verdict);
    worst.unwrap_or_else(|| check.skipped("it sent no message"))
}

/// Has everything, and says so in another way.
struct Says {
    hello: Vec<u8>,
    script: Script,
}

impl Role for Says {
    fn hello(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.hello)
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        self.script.hear(message, out);
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        self.script.answer(out);
    }
}
