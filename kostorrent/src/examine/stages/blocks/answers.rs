//! Answers that are not what was asked for, and those that do not come.

use messages::{BlockRequest, Message, piece_header};

use super::CHAPTER;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::messages::{Otherwise, fetched};
use crate::examine::verdict::Check;
use crate::lab::peer::{Manner, Role};
use crate::lab::trouble::{Script, Trouble};

pub(super) static CHOKE: Check = Check {
    name: "choke",
    right: "asks again for what a choke has swept away",
    source: "BEP 3, peer protocol: they can all be thrown out when a choke happens",
    chapter: CHAPTER,
    section: "What is promised, and what is not",
};
pub(super) static TWICE: Check = Check {
    name: "twice",
    right: "takes no harm from a block that comes twice",
    source: "BEP 3, peer messages: an unexpected piece may arrive",
    chapter: CHAPTER,
    section: "What is promised, and what is not",
};
pub(super) static UNASKED: Check = Check {
    name: "unasked",
    right: "takes no harm from blocks that it has not asked for, which are wrong",
    source: "BEP 3, peer messages: an unexpected piece may arrive",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
pub(super) static BIG: Check = Check {
    name: "big",
    right: "takes an answer of 32 KiB for two requests of 16",
    source: "no BEP; some peers answer so",
    chapter: CHAPTER,
    section: "The puzzle of the 32 KiB",
};
pub(super) static CUTS: Check = Check {
    name: "cuts",
    right: "takes a block that comes in other cuts than it was asked for",
    source: "no BEP; some peers answer so",
    chapter: CHAPTER,
    section: "The puzzle of the 32 KiB",
};

/// Plays with a peer of this role.
fn with(
    mut scene: Scene,
    check: &'static Check,
    otherwise: Otherwise,
    role: fn(Script) -> Box<dyn Role>,
    script: fn(&Scene) -> Result<Script, crate::examine::SceneError>,
) -> Playing {
    Box::pin(async move {
        let (script, ours) = (script(&scene)?, scene.handshake("peer"));
        let conduct = move |mut line: crate::lab::peer::Line| {
            let mut role = role(script.clone());
            async move {
                line.shake_hands(&ours).await?;
                line.play(&mut *role).await
            }
        };
        let peer = scene.peer("peer", Manner::default(), conduct).await?;
        scene.tracker_for(&[peer]).await?;
        Ok(vec![fetched(&scene, check, otherwise).await?])
    })
}

fn as_it_is(script: Script) -> Box<dyn Role> {
    Box::new(script)
}

pub(super) fn choke(scene: Scene) -> Playing {
    with(scene, &CHOKE, Otherwise::Wrong, as_it_is, |scene| {
        Ok(Script::new(Trouble::Choker, scene.content()?))
    })
}

pub(super) fn big(scene: Scene) -> Playing {
    with(scene, &BIG, Otherwise::Odd, as_it_is, |scene| {
        Ok(Script::new(Trouble::BigBlocks, scene.content()?))
    })
}

pub(super) fn cuts(scene: Scene) -> Playing {
    with(scene, &CUTS, Otherwise::Odd, as_it_is, |scene| {
        Ok(Script::new(Trouble::OddCuts, scene.content()?))
    })
}

pub(super) fn twice(scene: Scene) -> Playing {
    let role = |script| Box::new(Twice(script)) as Box<dyn Role>;
    with(scene, &TWICE, Otherwise::Wrong, role, Scene::honest)
}

pub(super) fn unasked(scene: Scene) -> Playing {
    let role = |script| Box::new(Unasked(script)) as Box<dyn Role>;
    with(scene, &UNASKED, Otherwise::OddToHangUp, role, Scene::honest)
}

/// Answers everything twice.
struct Twice(Script);

impl Role for Twice {
    fn hello(&mut self) -> Vec<u8> {
        self.0.hello()
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        self.0.hear(message, out);
        if let Message::Request(_) = message {
            self.0.hear(message, out);
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        self.0.answer(out);
    }
}

/// Before each answer, sends a block of the next piece, in which everything is zero.
struct Unasked(Script);

impl Role for Unasked {
    fn hello(&mut self) -> Vec<u8> {
        self.0.hello()
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        if let Message::Request(block) = message {
            let next = BlockRequest {
                piece: (block.piece + 1) % self.0.pieces(),
                offset: 0,
                len: 1_000,
            };
            out.extend(piece_header(next.piece, next.offset, next.len));
            out.extend(vec![0; next.len as usize]);
        }
        self.0.hear(message, out);
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        self.0.answer(out);
    }
}
