//! Chapter 19: a client that tells peers of peers, and hears of them.

mod hearing;
mod telling;

use std::net::SocketAddr;
use std::time::Duration;

use exchange::NAME;
use messages::Message;

use super::extended::{Part, hears, ours};
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::lab::peer::{Line, Manner, Role};
use crate::lab::trouble::{Metadata, News, Numbers, Script};

const CHAPTER: u8 = 19;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "peer-exchange",
    chapter: CHAPTER,
    about: "peers who tell of peers, if it claims that: whom it calls, whom it tells of, how often",
    seeds: false,
    checks: &[
        &hearing::CALLS,
        &hearing::FLOOD,
        &hearing::PRIVATE,
        &telling::FORM,
        &telling::CONTACTS,
        &telling::SELDOM,
    ],
    takes: &[
        take("tells", telling::tells),
        take("calls", hearing::calls),
        take("flood", hearing::flood),
        take("private", hearing::private),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// What is said of who does not claim it.
const NOT_CLAIMED: &str = "it does not claim `ut_pex`";
/// Under these our peers hear it.
const NUMBERS: Numbers = Numbers {
    metadata: 21,
    exchange: 22,
};
/// How long it takes at most until both have said what they can.
const GREETING: Duration = Duration::from_secs(3);

/// Whether it claims it to this peer.
fn claims_it(scene: &Scene, who: &str) -> bool {
    hears(&scene.tape, who, NAME).is_some()
}

/// Has everything, and unchokes nobody.
struct Mean(Script);

impl Role for Mean {
    fn hello(&mut self) -> Vec<u8> {
        self.0.hello()
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        if *message != Message::Interested {
            self.0.hear(message, out);
        }
    }

    fn answer(&mut self, _out: &mut Vec<u8>) {}
}

/// Adds a peer that unchokes nobody, and tells of these.
async fn teller(
    scene: &mut Scene,
    name: &'static str,
    news: News,
) -> Result<SocketAddr, SceneError> {
    let script = scene.honest()?;
    let (ours, info) = (ours(scene, name), script.info());
    let conduct = move |mut line: Line| {
        let (script, info, news) = (script.clone(), info.clone(), news.clone());
        async move {
            let theirs = line.shake_hands(&ours).await?;
            let mean = Mean(script);
            let mut role: Box<dyn Role> = match theirs.reserved.extension_protocol() {
                true => Box::new(
                    crate::lab::trouble::Extending::new(mean, info, Metadata::Gives)
                        .under(NUMBERS)
                        .telling(news),
                ),
                false => Box::new(mean),
            };
            line.play(&mut *role).await
        }
    };
    scene.peer(name, Manner::default(), conduct).await
}

/// Adds an honest seeder that speaks the extension protocol.
async fn seeder(scene: &mut Scene, name: &'static str) -> Result<SocketAddr, SceneError> {
    let part = Part {
        numbers: NUMBERS,
        ..Part::honest(scene.honest()?)
    };
    let ours = ours(scene, name);
    let conduct = move |mut line: Line| {
        let part = part.clone();
        async move {
            let theirs = line.shake_hands(&ours).await?;
            line.play(&mut *part.role(&theirs)).await
        }
    };
    scene.peer(name, Manner::default(), conduct).await
}

/// When both handshakes with this peer were over.
fn met(scene: &Scene, who: &str) -> Option<Duration> {
    use crate::lab::peer::Passed;
    scene
        .tape
        .first(who, |passed| *passed == Passed::WeShookHands)
}
