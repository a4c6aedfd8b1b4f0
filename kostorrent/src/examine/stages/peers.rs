//! Chapter 11: many peers at once. Which pieces a client asks of whom, and what it does about those who do not answer.

mod choice;
mod failing;
mod last_blocks;

use std::time::Duration;

use messages::Message;

use super::{GONE, NOT_SO_FAR};
use crate::examine::scene::{Disk, Played, Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::tape::Tape;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Passed, Role};
use crate::lab::trouble::Script;

const CHAPTER: u8 = 11;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "peers",
    chapter: CHAPTER,
    about: "many peers at once: which piece next, of whom, and what if they fail",
    seeds: false,
    checks: &[
        &choice::SEVERAL,
        &choice::PARTS,
        &choice::RAREST,
        &last_blocks::END_GAME,
        &last_blocks::CANCEL,
        &last_blocks::SLOW,
        &failing::LEAVES,
        &failing::DEAD,
        &failing::SILENT,
    ],
    takes: &[
        take("several", choice::several),
        take("parts", choice::parts),
        take("rarest", choice::rarest),
        take("end-game", last_blocks::end_game),
        take("slow", last_blocks::slow),
        take("leaves", failing::leaves),
        take("dead", failing::dead),
        take("silent", failing::silent),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// One who waits for others waits no longer than this: perhaps they are never called.
const TOGETHER: Duration = Duration::from_secs(3);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

/// Plays a script, but unchokes nobody before it may.
struct Gated<F> {
    script: Script,
    /// Whether it may.
    opens: F,
    waits: bool,
}

impl<F: Fn() -> bool + Send> Gated<F> {
    fn new(script: Script, opens: F) -> Gated<F> {
        Gated {
            script,
            opens,
            waits: false,
        }
    }
}

impl<F: Fn() -> bool + Send> Role for Gated<F> {
    fn hello(&mut self) -> Vec<u8> {
        self.script.hello()
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Interested if !(self.opens)() => self.waits = true,
            Message::NotInterested => self.waits = false,
            message => self.script.hear(message, out),
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        self.script.answer(out);
    }

    fn nap(&self) -> Option<Duration> {
        match self.waits {
            true => Some(LOOK),
            false => self.script.nap(),
        }
    }

    fn wake(&mut self, out: &mut Vec<u8>) {
        if !self.waits {
            self.script.wake(out);
        } else if (self.opens)() {
            self.waits = false;
            self.script.hear(&Message::Interested, out);
        }
    }
}

/// Whether a peer has told what it has.
fn is_met(tape: &Tape, who: &str) -> bool {
    tape.has(who, |passed| {
        matches!(passed, Passed::WeSaid(Message::Bitfield(_)))
    })
}

/// Whether everything is there, or nobody is left of these.
fn done(scene: &Scene, peers: &[&str]) -> bool {
    let mut peers = peers.iter();
    scene.is_whole() || peers.all(|who| scene.tape.is_gone(who, GONE))
}

/// What is to be said before anything else: it has crashed, or does nothing of the kind.
async fn cannot_tell(
    scene: &Scene,
    check: &'static Check,
    played: &Played,
) -> Result<Option<Finding>, SceneError> {
    Ok(if let Some(crash) = played.crash() {
        Some(check.wrong(crash))
    } else if !scene.ground.baseline().await?.fetches {
        Some(check.skipped(NOT_SO_FAR))
    } else {
        None
    })
}

/// What is missing, and why it went no further.
fn missing(scene: &Scene, played: &Played) -> String {
    let what = match scene.disk() {
        Disk::Part(what) => what,
        Disk::Whole => "everything is there".into(),
    };
    format!("{what}: {}", played.why())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use messages::Bitfield;

    use super::*;
    use crate::examine::torrent::Torrent;

    #[test]
    fn a_gate_is_opened_for_whoever_waits() {
        let content = Torrent::single("a", 100_000, 1).content().unwrap();
        let script = Script::behaving(Bitfield::full(4), Arc::new(content));
        let open = Arc::new(AtomicBool::new(false));
        let looks = open.clone();
        let mut gated = Gated::new(script, move || looks.load(Ordering::Relaxed));
        let mut out = Vec::new();
        gated.hear(&Message::Interested, &mut out);
        gated.wake(&mut out);
        assert!(out.is_empty() && gated.nap().is_some());
        open.store(true, Ordering::Relaxed);
        gated.wake(&mut out);
        let mut unchoke = Vec::new();
        Message::Unchoke.encode(&mut unchoke);
        assert_eq!(out, unchoke);
        assert_eq!(gated.nap(), None);
    }
}
