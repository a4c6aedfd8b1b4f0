//! What the stages share in which the extension protocol is spoken (BEP 10).

use std::time::Duration;

use handshake::{Handshake, Reserved};
use magnet::{ExtendedHandshake, MetadataMessage};

use crate::examine::scene::Scene;
use crate::examine::tape::Tape;
use crate::lab::peer::Role;
use crate::lab::trouble::{Extending, Metadata, News, Numbers, Script};

/// The handshake of a peer that speaks it.
pub(super) fn ours(scene: &Scene, name: &str) -> Handshake {
    Handshake {
        reserved: Reserved::none().with_extension_protocol(),
        ..scene.handshake(name)
    }
}

/// Plays a script, and beside it what the extension protocol brings, with whoever speaks that.
#[derive(Clone)]
pub(super) struct Part {
    /// Blocks, and who has what.
    pub script: Script,
    /// What it makes of metadata.
    pub metadata: Metadata,
    /// Whom it tells of.
    pub news: News,
    /// Under which numbers it hears others.
    pub numbers: Numbers,
}

impl Part {
    /// One that gives metadata, and tells of nobody.
    pub(super) fn honest(script: Script) -> Part {
        Part {
            script,
            metadata: Metadata::Gives,
            news: News::None,
            numbers: Numbers::default(),
        }
    }

    /// The role with somebody who has sent this handshake.
    pub(super) fn role(self, theirs: &Handshake) -> Box<dyn Role> {
        if !theirs.reserved.extension_protocol() {
            return Box::new(self.script);
        }
        let info = self.script.info();
        let role = Extending::new(self.script, info, self.metadata);
        Box::new(role.under(self.numbers).telling(self.news))
    }
}

/// The first extension handshake that a peer was sent, as far as it can be read; why it cannot.
pub(super) fn handshake(tape: &Tape, who: &str) -> Option<Result<ExtendedHandshake, String>> {
    let (_, body) = tape.extended(who).into_iter().next()?;
    Some(match body.split_first() {
        Some((0, rest)) => ExtendedHandshake::decode(rest).map_err(|why| why.to_string()),
        Some((id, _)) => Err(format!(
            "it says something else first, under the number {id}"
        )),
        None => Err("it is empty".into()),
    })
}

/// The number under which it wants to hear an extension, if it does.
pub(super) fn hears(tape: &Tape, who: &str, extension: &str) -> Option<u8> {
    let handshake = handshake(tape, who)?.ok()?;
    let id = handshake.extensions.get(extension).copied();
    id.filter(|&id| id != 0)
}

/// What a peer was sent about metadata, under the number that it had given out.
pub(super) fn about_metadata(
    tape: &Tape,
    who: &str,
    number: u8,
) -> Vec<(Duration, Result<MetadataMessage, String>)> {
    let all = tape.extended(who).into_iter();
    let mine = all.filter(|(_, body)| body.first() == Some(&number));
    mine.map(|(at, body)| {
        let message = MetadataMessage::decode(&body[1..]);
        (at, message.map_err(|why| why.to_string()))
    })
    .collect()
}

/// The blocks of metadata that a peer was asked for.
pub(super) fn asked_for(tape: &Tape, who: &str, number: u8) -> Vec<(Duration, u32)> {
    let all = about_metadata(tape, who, number).into_iter();
    all.filter_map(|(at, message)| match message {
        Ok(MetadataMessage::Request { piece }) => Some((at, piece)),
        _ => None,
    })
    .collect()
}
