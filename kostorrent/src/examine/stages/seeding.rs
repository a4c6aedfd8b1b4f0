//! Chapter 16: a client that seeds. It is given the files; those who want them call it.

mod crowd;
mod giving;
mod pressure;

use std::time::Duration;

use messages::Message;

use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::tape::{Note, What};
use crate::lab::peer::Passed;

const CHAPTER: u8 = 16;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "seeding",
    chapter: CHAPTER,
    about: "giving: what is there, to whom, and no more than was asked for",
    seeds: true,
    checks: &[
        &giving::COMPLETE,
        &giving::BITFIELD,
        &giving::UNCHOKE,
        &giving::BYTES,
        &giving::CHOKED,
        &giving::CANCEL,
        &pressure::OUTSIDE,
        &pressure::FLOOD,
        &pressure::SLOW,
        &crowd::SLOTS,
        &crowd::TURNS,
    ],
    takes: &[
        take("crowd", crowd::crowd),
        take("whole", giving::whole),
        take("choked", giving::choked),
        take("cancel", giving::cancel),
        take("outside", pressure::outside),
        take("flood", pressure::flood),
        take("slow-reader", pressure::slow),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// Two rounds of a choker, and a little more: a peer that is alone and wants something waits no longer.
const ROUNDS: Duration = Duration::from_secs(22);

/// When this caller was unchoked first.
fn unchoked(scene: &Scene, who: &str) -> Option<Duration> {
    let unchoke = Passed::Message(Message::Unchoke);
    scene.tape.first(who, |passed| *passed == unchoke)
}

/// A block whose bytes are not the torrent's, as it was noted.
fn wrong_bytes(scene: &Scene) -> Option<Note> {
    let notes = scene.tape.notes().into_iter();
    let mut wrong = notes.filter(|note| matches!(note.what, What::WrongBytes(_)));
    wrong.next()
}
