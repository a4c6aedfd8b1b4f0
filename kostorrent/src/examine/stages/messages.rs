//! Chapter 6: what a client makes of messages, in the order and the shape in which real peers send them.

mod has;
mod stream;

use std::time::Duration;

use messages::{Bitfield, Message};
use tokio::time::sleep;

use super::{GONE, NOT_SO_FAR};
use crate::examine::scene::{Disk, Over, Played, Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Manner, Passed};
use crate::lab::trouble::Script;

const CHAPTER: u8 = 6;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "messages",
    chapter: CHAPTER,
    about: "who has what, who wants what, and the stream they say it in",
    seeds: false,
    checks: &[
        &has::BITFIELD,
        &has::HAVE_ONLY,
        &has::LAZY,
        &has::LATE,
        &has::AGAIN,
        &has::WRONG_SIZE,
        &has::SPARE,
        &has::INTEREST,
        &stream::CHOKED,
        &stream::PARTS,
        &stream::KEEP_ALIVE,
        &stream::UNKNOWN,
        &stream::HUGE,
    ],
    takes: &[
        take("bitfield", has::bitfield),
        take("have-only", has::have_only),
        take("lazy", has::lazy),
        take("late", has::late),
        take("again", has::again),
        take("wrong-size", has::wrong_size),
        take("spare-bits", has::spare),
        take("interest", has::interest),
        take("choked", stream::choked),
        take("parts", stream::parts),
        take("keep-alive", stream::keep_alive),
        take("unknown", stream::unknown),
        take("huge", stream::huge),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// Something that a peer says before it plays its script.
#[derive(Clone, Debug)]
enum Say {
    /// This message.
    Message(Message),
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing, for so long.
    Pause(Duration),
}

impl Say {
    fn bitfield(pieces: u32, has: impl IntoIterator<Item = u32>) -> Say {
        let mut bitfield = Bitfield::new(pieces);
        for piece in has {
            bitfield.set(piece);
        }
        Say::Message(Message::Bitfield(bitfield.to_bytes()))
    }

    fn have(piece: u32) -> Say {
        Say::Message(Message::Have(piece))
    }

    /// Long enough that what comes after it is no part of what came before it.
    fn pause() -> Say {
        Say::Pause(Duration::from_millis(100))
    }
}

/// Adds a peer that says all this after its handshake, and then plays the script; and a tracker that names it.
async fn peer_that_says(
    scene: &mut Scene,
    manner: Manner,
    says: Vec<Say>,
    script: Script,
) -> Result<(), SceneError> {
    let ours = scene.handshake("peer");
    let conduct = move |mut line: crate::lab::peer::Line| {
        let (says, mut script) = (says.clone(), script.clone());
        async move {
            line.shake_hands(&ours).await?;
            for say in says {
                match say {
                    Say::Message(message) => line.say(&message),
                    Say::Bytes(bytes) => line.say_bytes(&bytes),
                    Say::Pause(pause) => sleep(pause).await,
                }
            }
            line.play(&mut script).await
        }
    };
    let peer = scene.peer("peer", manner, conduct).await?;
    scene.tracker_for(&[peer]).await
}

/// A peer that says this, and then serves everything that it is asked for.
async fn serves(scene: &mut Scene, says: impl IntoIterator<Item = Say>) -> Result<(), SceneError> {
    let script = scene.honest()?.without_hello();
    peer_that_says(scene, Manner::default(), says.into_iter().collect(), script).await
}

/// What may become of a download that does not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// The peer is in the right: it has to go on.
    Wrong,
    /// The peer is in the wrong: one may hang up, or not understand.
    Odd,
    /// One may hang up on such a peer, but must not come to harm by it.
    OddToHangUp,
}

/// Runs the client until everything is on disk, and judges.
pub(super) async fn fetched(
    scene: &Scene,
    check: &'static Check,
    otherwise: Otherwise,
) -> Result<Finding, SceneError> {
    let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("peer", GONE);
    let played = scene.play(scene.patience(), &over).await?;
    // Whoever ends right after the last block hangs up first.
    let finding = if scene.is_whole() {
        check.ok()
    } else if let Some(crash) = played.crash() {
        check.wrong(crash)
    } else if !scene.ground.baseline().await?.fetches {
        check.skipped(NOT_SO_FAR)
    } else if !scene.tape.called("peer") {
        check.skipped("it did not call this peer")
    } else {
        let text = stopped_short(scene, &played);
        match otherwise {
            Otherwise::Wrong => check.wrong(text),
            Otherwise::Odd => check.odd(text),
            // Whoever has come to harm hangs up, too, and ends.
            Otherwise::OddToHangUp
                if scene.tape.hung_up("peer") && !matches!(played.over, Over::Ended(_)) =>
            {
                check.odd(text)
            }
            Otherwise::OddToHangUp => check.wrong(text),
        }
    };
    Ok(finding.seen(scene.tape.last(8)))
}

/// What became of a download that did not come to its end.
fn stopped_short(scene: &Scene, played: &Played) -> String {
    let disk = match scene.disk() {
        Disk::Part(what) => what,
        Disk::Whole => "everything is there".into(),
    };
    let left = |passed: &Passed| matches!(passed, Passed::HungUp { .. });
    let hung_up = scene.tape.first("peer", left);
    let how = match (hung_up, &played.over) {
        (Some(at), _) => format!("hangs up {:.3} s after its start", at.as_secs_f64()),
        (None, Over::Late) => format!("does not go on within {} s", scene.patience().as_secs()),
        (None, _) => played.why(),
    };
    format!("{how}, and {disk}")
}
