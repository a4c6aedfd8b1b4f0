//! The fast extension (BEP 6): pieces for who is choked.

use std::time::Duration;

use fast::Fast;
use messages::{BlockRequest, Message};

use super::{CHAPTER, NOT_CLAIMED, claims_it};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::is_past;
use crate::examine::tape::words;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Passed, Role};
use crate::lab::trouble::Script;

pub(super) static ALLOWED: Check = Check {
    name: "allowed",
    right: "asks, while it is choked, for the piece that it is allowed, and for no other",
    source: "BEP 6, Allowed Fast",
    chapter: CHAPTER,
    section: "A gift for newcomers",
};

/// The piece that is allowed.
const GIFT: u32 = 2;
/// How long a client is watched that has been told of it.
const WATCHED: Duration = Duration::from_secs(4);

pub(super) fn allowed(mut scene: Scene) -> Playing {
    Box::pin(async move {
        super::add(&mut scene, "peer", |script| Box::new(Allows { script })).await?;
        let over = |scene: &Scene| {
            let told = |passed: &Passed| matches!(passed, Passed::WeSaid(message) if *message == Message::from(Fast::AllowedFast(GIFT)));
            let given = scene.tape.first("peer", told);
            let all = asked(scene).len() as u64 >= scene.torrent.piece_len(GIFT).div_ceil(16_384);
            is_past(scene, given, WATCHED) || all && is_past(scene, given, WATCHED / 4)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let finding = match played.crash() {
            Some(crash) => ALLOWED.wrong(crash),
            None if !claims_it(&scene, "peer") => ALLOWED.skipped(NOT_CLAIMED),
            None => judged(&asked(&scene)),
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

fn asked(scene: &Scene) -> Vec<BlockRequest> {
    let asked = scene.tape.requests("peer").into_iter();
    asked.map(|(_, block)| block).collect()
}

fn judged(asked: &[BlockRequest]) -> Finding {
    match asked.iter().find(|block| block.piece != GIFT) {
        Some(other) => {
            let said = words(&Message::Request(*other));
            ALLOWED.wrong(format!(
                "sends `{said}` while it is choked, and is allowed piece {GIFT}"
            ))
        }
        None if asked.is_empty() => {
            ALLOWED.odd("does not ask for it: it waits for an unchoke, with nothing to give")
        }
        None => ALLOWED.ok(),
    }
}

/// Has everything, unchokes nobody, and allows one piece.
struct Allows {
    script: Script,
}

impl Role for Allows {
    fn hello(&mut self) -> Vec<u8> {
        let mut out = self.script.hello();
        Message::from(Fast::AllowedFast(GIFT)).encode(&mut out);
        out
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Request(block) if block.piece == GIFT => self.script.give(*block, out),
            Message::Request(block) => Message::from(Fast::Reject(*block)).encode(out),
            Message::Interested => {}
            message => self.script.hear(message, out),
        }
    }

    fn answer(&mut self, _out: &mut Vec<u8>) {}
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::examine::verdict::Verdict;

    #[test]
    fn the_gift_is_asked_for_and_nothing_else() {
        let block = |piece| BlockRequest {
            piece,
            offset: 0,
            len: 1,
        };
        assert_eq!(judged(&[block(GIFT)]).verdict, Verdict::Ok);
        assert_eq!(judged(&[]).verdict, Verdict::Odd);
        assert_eq!(judged(&[block(GIFT), block(0)]).verdict, Verdict::Wrong);
    }
}
