//! The fast extension (BEP 6), for those that claim it.

use std::collections::BTreeSet;

use handshake::{Handshake, Reserved};
use messages::{BlockRequest, Message};

use super::CHAPTER;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::messages::{Otherwise, fetched};
use crate::examine::verdict::Check;
use crate::lab::peer::{Line, Manner, Passed, Role};
use crate::lab::trouble::Script;

pub(super) static HAVE_ALL: Check = Check {
    name: "have-all",
    right: "takes `have all` and `have none` in place of a bitfield, if it claims the fast extension",
    source: "BEP 6, Have All/Have None",
    chapter: 5,
    section: "The reserved bits",
};
pub(super) static REJECT: Check = Check {
    name: "reject",
    right: "asks again for what was rejected, if it claims the fast extension",
    source: "BEP 6, Reject Request",
    chapter: CHAPTER,
    section: "What is promised, and what is not",
};

/// The numbers of the messages.
const HAVE_ALL_ID: u8 = 14;
const HAVE_NONE_ID: u8 = 15;
/// Another, which a seeder says, too.
pub(in crate::examine::stages) const REJECT_ID: u8 = 16;

/// So many requests are rejected.
const REJECTED: usize = 4;

pub(super) fn have_all(scene: Scene) -> Playing {
    with(scene, &HAVE_ALL, |script| {
        let hello = vec![0, 0, 0, 1, HAVE_ALL_ID];
        Box::new(Says { hello, script })
    })
}

/// Says that it has nothing, and then of each piece that it has it after all.
pub(super) fn have_none(scene: Scene) -> Playing {
    let pieces = scene.torrent.pieces();
    with(scene, &HAVE_ALL, move |script| {
        let mut hello = vec![0, 0, 0, 1, HAVE_NONE_ID];
        for piece in 0..pieces {
            Message::Have(piece).encode(&mut hello);
        }
        Box::new(Says { hello, script })
    })
}

pub(super) fn reject(scene: Scene) -> Playing {
    with(scene, &REJECT, |script| {
        let rejected = BTreeSet::new();
        Box::new(Rejects { script, rejected })
    })
}

/// Plays with a peer that claims the extension, and has this role with those who do, too.
fn with(
    mut scene: Scene,
    check: &'static Check,
    role: impl Fn(Script) -> Box<dyn Role> + Clone + Send + Sync + 'static,
) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let ours = Handshake {
            reserved: Reserved::none().with_fast(),
            ..scene.handshake("peer")
        };
        let conduct = move |mut line: Line| {
            let (script, role) = (script.clone(), role.clone());
            async move {
                let theirs = line.shake_hands(&ours).await?;
                let mut role: Box<dyn Role> = match theirs.reserved.fast() {
                    true => role(script),
                    false => Box::new(script),
                };
                line.play(&mut *role).await
            }
        };
        let peer = scene.peer("peer", Manner::default(), conduct).await?;
        scene.tracker_for(&[peer]).await?;
        let finding = fetched(&scene, check, Otherwise::Wrong).await?;
        let claims = |passed: &Passed| match passed {
            Passed::Handshake(theirs) => theirs.reserved.fast(),
            _ => false,
        };
        Ok(vec![match scene.tape.has("peer", claims) {
            true => finding,
            false => check.skipped("it does not claim the fast extension"),
        }])
    })
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

/// Will not give some blocks when it is asked for them first.
struct Rejects {
    script: Script,
    rejected: BTreeSet<BlockRequest>,
}

impl Role for Rejects {
    fn hello(&mut self) -> Vec<u8> {
        self.script.hello()
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Request(block)
                if self.rejected.len() < REJECTED && self.rejected.insert(*block) =>
            {
                out.extend([0, 0, 0, 13, REJECT_ID]);
                for number in [block.piece, block.offset, block.len] {
                    out.extend(number.to_be_bytes());
                }
            }
            message => self.script.hear(message, out),
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        self.script.answer(out);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use messages::Bitfield;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::examine::torrent::Torrent;

    fn script() -> Script {
        let torrent = Torrent::single("sample", 80_000, 1);
        let content = Arc::new(torrent.content().expect("some content"));
        Script::behaving(Bitfield::full(torrent.pieces()), content)
    }

    #[test]
    fn what_is_rejected_is_named_and_given_when_it_is_asked_for_again() {
        let rejected = BTreeSet::new();
        let mut role = Rejects {
            script: script(),
            rejected,
        };
        let mut out = Vec::new();
        role.hear(&Message::Interested, &mut out);
        let request = Message::Request(BlockRequest {
            piece: 1,
            offset: 16_384,
            len: 2,
        });
        out.clear();
        role.hear(&request, &mut out);
        role.answer(&mut out);
        let rejects = [0, 0, 0, 13, 16, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0, 0, 2];
        assert_eq!(out, rejects);
        out.clear();
        role.hear(&request, &mut out);
        role.answer(&mut out);
        assert_eq!(out[..5], [0, 0, 0, 11, 7], "a block of two bytes");
    }
}
