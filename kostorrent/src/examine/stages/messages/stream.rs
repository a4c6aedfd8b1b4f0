//! The stream of messages: how it is cut, and what may stand in it.

use std::time::Duration;

use messages::Message;

use super::{CHAPTER, GONE, NOT_SO_FAR, Otherwise, Say, fetched, peer_that_says, serves};
use crate::examine::scene::{Over, Scene};
use crate::examine::stage::Playing;
use crate::examine::tape::words;
use crate::examine::verdict::Check;
use crate::lab::peer::{Manner, Passed};

pub(super) static CHOKED: Check = Check {
    name: "choked",
    right: "asks for nothing before it is unchoked",
    source: "BEP 3, peer protocol: connections start out choked",
    chapter: CHAPTER,
    section: "Who sends what, when",
};
pub(super) static PARTS: Check = Check {
    name: "parts",
    right: "puts messages together that come in parts",
    source: "RFC 9293: TCP carries a stream, not packets",
    chapter: CHAPTER,
    section: "The frame",
};
pub(super) static KEEP_ALIVE: Check = Check {
    name: "keep-alive",
    right: "reads past keep-alives",
    source: "BEP 3, peer protocol: messages of length zero",
    chapter: CHAPTER,
    section: "The frame",
};
pub(super) static UNKNOWN: Check = Check {
    name: "unknown",
    right: "skips a message with an id that it does not know",
    source: "no BEP; to skip is what lets a protocol grow",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static HUGE: Check = Check {
    name: "huge",
    right: "hangs up on a message of 4 GiB, and makes no room for it",
    source: "BEP 3 sets no limit; no message of it is longer than a block or a bitfield",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// How long a client is watched that is never unchoked, or that should hang up.
const WATCHED: Duration = Duration::from_millis(1_500);
/// More than any client has for a torrent of 150,000 bytes, in bytes.
const MUCH: u64 = 500 << 20;

pub(super) fn choked(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let peer = scene.keeper("peer").await?;
        scene.tracker_for(&[peer]).await?;
        let interested = |scene: &Scene| {
            let message = Passed::Message(Message::Interested);
            scene.tape.first("peer", |passed| *passed == message)
        };
        let asked = |scene: &Scene| scene.tape.requests("peer").first().copied();
        let over = move |scene: &Scene| {
            let waited = interested(scene).is_some_and(|at| scene.tape.now() > at + WATCHED);
            waited || asked(scene).is_some() || scene.tape.is_gone("peer", GONE)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some((at, block)) = asked(&scene) {
            let message = words(&Message::Request(block));
            CHOKED.wrong(format!(
                "sends `{message}` {:.3} s after its start, and was never unchoked",
                at.as_secs_f64()
            ))
        } else if let Some(crash) = played.crash() {
            CHOKED.wrong(crash)
        } else if interested(&scene).is_some() {
            CHOKED.ok()
        } else if scene.ground.baseline().await?.is_interested {
            CHOKED.wrong(format!(
                "does not say `interested` to a peer that has everything: {}",
                played.why()
            ))
        } else {
            CHOKED.skipped(NOT_SO_FAR)
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn parts(mut scene: Scene) -> Playing {
    Box::pin(async move {
        // Lengths, ids and the numbers in a message are all cut somewhere.
        let manner = Manner {
            cuts: Some(&[1, 3, 2, 7, 4_000]),
            ..Manner::default()
        };
        let script = scene.honest()?;
        peer_that_says(&mut scene, manner, Vec::new(), script).await?;
        Ok(vec![fetched(&scene, &PARTS, Otherwise::Wrong).await?])
    })
}

pub(super) fn keep_alive(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let nothing = || Say::Message(Message::KeepAlive);
        let says = [
            nothing(),
            Say::pause(),
            nothing(),
            Say::bitfield(pieces, 0..pieces),
            nothing(),
            nothing(),
        ];
        serves(&mut scene, says).await?;
        Ok(vec![fetched(&scene, &KEEP_ALIVE, Otherwise::Wrong).await?])
    })
}

pub(super) fn unknown(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        // Ids that no BEP has taken, with and without something behind them.
        let says = [
            Say::bitfield(pieces, 0..pieces),
            Say::Bytes(vec![0, 0, 0, 6, 77, 1, 2, 3, 4, 5]),
            Say::Bytes(vec![0, 0, 0, 1, 222]),
        ];
        serves(&mut scene, says).await?;
        Ok(vec![fetched(&scene, &UNKNOWN, Otherwise::Odd).await?])
    })
}

pub(super) fn huge(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let pieces = scene.torrent.pieces();
        let mut start = vec![0xff, 0xff, 0xff, 0xfe, 77];
        start.extend([0; 100_000]);
        let says = [
            Say::bitfield(pieces, 0..pieces),
            Say::pause(),
            Say::Bytes(start),
        ];
        serves(&mut scene, says).await?;
        let said = |passed: &Passed| matches!(passed, Passed::WeSaid(Message::Bitfield(_)));
        let over = move |scene: &Scene| {
            let at = scene.tape.first("peer", said);
            scene.tape.hung_up("peer") || at.is_some_and(|at| scene.tape.now() > at + 2 * WATCHED)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some(crash) = played.crash() {
            HUGE.wrong(crash)
        } else if let Some(memory) = played.memory.filter(|&memory| memory > MUCH) {
            HUGE.wrong(format!("takes {} MiB of memory for it", memory >> 20))
        } else if !scene.tape.called("peer") {
            HUGE.skipped("it called nobody")
        } else if !scene.ground.baseline().await?.fetches {
            HUGE.skipped(NOT_SO_FAR)
        } else if scene.tape.hung_up("peer") || matches!(played.over, Over::Ended(_)) {
            HUGE.ok()
        } else {
            HUGE.odd(format!(
                "stays with a peer that announces a message of 4 GiB, for {} s and more",
                (2 * WATCHED).as_secs()
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}
