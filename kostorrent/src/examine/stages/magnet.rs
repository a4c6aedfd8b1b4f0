//! Chapter 18: a client that is given a magnet link.

mod asking;
mod liars;
mod link;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::extended::{Part, asked_for, ours};
use super::messages::Otherwise;
use crate::examine::scene::{Disk, Over, Played, Scene, SceneError};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::status::Status;
use crate::examine::tape::Tape;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Line, Manner};
use crate::lab::trouble::{Metadata, Numbers};

const CHAPTER: u8 = 18;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "magnet",
    chapter: CHAPTER,
    about: "from a magnet link to the torrent, for a command with {magnet}: whom it asks, how, and whom it believes",
    seeds: false,
    checks: &[
        &link::LINK,
        &link::PEERS,
        &link::BASE32,
        &link::LEFT,
        &asking::SPEAKS,
        &asking::BLOCKS,
        &asking::NUMBERS,
        &liars::RUBBISH,
        &liars::SIZES,
        &liars::UNHELPFUL,
    ],
    takes: &[
        take("link", link::link),
        take("peers", link::peers),
        take("base32", link::base32),
        take("rubbish", liars::rubbish),
        take("sizes", liars::sizes),
        take("unhelpful", liars::unhelpful),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// What is said of a command that takes no link.
const NO_MAGNET: &str = "the command has no {magnet}";
/// One who waits for others waits no longer than this: perhaps they are never asked.
const TOGETHER: Duration = Duration::from_secs(5);
/// Some hang up when they have the metadata, and call again when they have made a torrent of them.
const GONE: Duration = Duration::from_secs(8);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);
/// So many bytes are put into `info`, that its metadata have three blocks.
const FILLER: usize = 40_000;

/// The numbers of an honest peer, others than those of the liars.
const HONEST: Numbers = Numbers {
    metadata: 11,
    exchange: 12,
};

/// A torrent whose metadata have several blocks; `None` for a command that takes no link.
fn prepared(scene: &mut Scene) -> Option<()> {
    scene.torrent = scene.torrent.clone().with_filler(FILLER);
    scene.ground.template.has("{magnet}").then_some(())
}

/// Gives the client a link that names the torrent so, and goes on like this.
fn give_link(scene: &mut Scene, topic: &str, more: &[(&str, String)]) {
    let mut link = format!("magnet:?xt=urn:btih:{topic}&dn=sample.bin");
    for (name, value) in more {
        link += &format!("&{name}={}", escaped(name, value));
    }
    scene.magnet = Some(link);
}

/// A value of a link. The colon of an address stands as it is: nobody escapes it, and few would know it again.
fn escaped(name: &str, value: &str) -> String {
    let escaped = ::tracker::percent_encode(value.as_bytes());
    match name {
        "x.pe" => escaped.replace("%3A", ":"),
        _ => escaped,
    }
}

/// The same with the tracker of the scene, in hex.
fn give_usual_link(scene: &mut Scene) {
    let topic = scene.torrent.info_hash().to_string();
    let tracker = ("tr", scene.announce.clone());
    give_link(scene, &topic, &[tracker]);
}

/// Adds a peer that has everything, and of metadata makes this. It says nothing before it may.
async fn informed(
    scene: &mut Scene,
    name: &'static str,
    metadata: Metadata,
    numbers: Numbers,
    may: impl Fn(&Tape) -> bool + Clone + Send + Sync + 'static,
) -> Result<SocketAddr, SceneError> {
    let part = Part {
        metadata,
        numbers,
        ..Part::honest(scene.honest()?)
    };
    let (ours, tape) = (ours(scene, name), scene.tape.clone());
    let conduct = move |mut line: Line| {
        let (part, tape, may) = (part.clone(), tape.clone(), may.clone());
        async move {
            let theirs = line.shake_hands(&ours).await?;
            let until = Instant::now() + TOGETHER;
            while !may(&tape) && Instant::now() < until {
                sleep(LOOK).await;
            }
            line.play(&mut *part.role(&theirs)).await
        }
    };
    scene.peer(name, Manner::default(), conduct).await
}

/// Whether this peer was asked for so many blocks of metadata.
fn was_asked(tape: &Tape, who: &str, blocks: usize) -> bool {
    let number = Numbers::default().metadata;
    let asked = asked_for(tape, who, number)
        .into_iter()
        .map(|(_, piece)| piece);
    asked.collect::<std::collections::BTreeSet<_>>().len() >= blocks
}

/// How many blocks the metadata have.
fn blocks(scene: &Scene) -> usize {
    scene.torrent.info().len().div_ceil(magnet::limits::BLOCK)
}

/// Whether everything is there, or the honest peer was left for good.
fn over(scene: &Scene) -> bool {
    scene.is_whole() || scene.tape.is_gone("seeder", GONE)
}

/// What is to be said of a download that did not come to its end; `None` where it did.
fn failed(
    scene: &Scene,
    check: &'static Check,
    played: &Played,
    otherwise: Otherwise,
) -> Option<Finding> {
    if scene.is_whole() {
        return None;
    }
    if let Some(crash) = played.crash() {
        return Some(check.wrong(crash));
    }
    let what = match scene.disk() {
        Disk::Part(what) => what,
        Disk::Whole => "everything is there".into(),
    };
    let how = match &played.over {
        Over::Happened => "it hung up on an honest peer for good".into(),
        Over::Late => format!("within {} s", scene.patience().as_secs()),
        _ => played.why(),
    };
    let text = format!("does not fetch what the link names ({how}): {what}");
    Some(match (&played.over, otherwise) {
        (Over::Ended(Status::Code(0)), _) => check.wrong(text),
        // Who says that it failed has lost nothing.
        (Over::Ended(_), _) | (_, Otherwise::Odd) => check.odd(text),
        _ => check.wrong(text),
    })
}
