//! Chapter 8: what a client makes of bytes that are not the torrent's.

use std::fs;
use std::time::Duration;

use messages::{Bitfield, BlockRequest, Message, piece_header};
use tokio::time::sleep;

use super::{GONE, NOT_SO_FAR};
use crate::examine::scene::{Disk, Over, Scene};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::status::Status;
use crate::examine::tape::{What, words};
use crate::examine::verdict::Check;
use crate::lab::peer::{Line, Manner, Passed, Role};
use crate::lab::trouble::{Script, Trouble};

const CHAPTER: u8 = 8;

static POISON: Check = Check {
    name: "poison",
    right: "fetches everything although one of three peers corrupts a block in four",
    source: "BEP 3, info dictionary: pieces",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
static NOTHING_GOOD: Check = Check {
    name: "nothing-good",
    right: "takes nothing for good, and leaves nothing on disk, when every block is wrong",
    source: "BEP 3, peer protocol: checks that the hash matches",
    chapter: CHAPTER,
    section: "The idea",
};
static LET_GO: Check = Check {
    name: "let-go",
    right: "fetches no more from a peer of which every piece was wrong",
    source: "no BEP; whoever lies once to one peer lies to all",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "hashes",
    chapter: CHAPTER,
    about: "wrong bytes: are they noticed, and is anything lost by them?",
    seeds: false,
    checks: &[&POISON, &NOTHING_GOOD, &LET_GO],
    takes: &[
        Take {
            name: "poison",
            play: poison,
        },
        Take {
            name: "nothing-good",
            play: nothing_good,
        },
    ],
};

/// From the client's first word on, honest peers wait so long for the other one to be met first.
const FIRST: Duration = Duration::from_secs(4);
const HONEST: [&str; 2] = ["peer", "other"];

fn poison(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let liar = Script::new(Trouble::Liar, scene.content()?);
        let liar = scene.script("liar", Manner::default(), liar).await?;
        let mut peers = vec![liar];
        for name in HONEST {
            let (script, ours) = (scene.honest()?, scene.handshake(name));
            let tape = scene.tape.clone();
            let conduct = move |mut line: Line| {
                let (mut script, tape) = (script.clone(), tape.clone());
                async move {
                    line.shake_hands(&ours).await?;
                    let until = tape.first_sign().unwrap_or_default() + FIRST;
                    while !has_lied(&tape.with("liar")) && tape.now() < until {
                        sleep(Duration::from_millis(20)).await;
                    }
                    line.play(&mut script).await
                }
            };
            peers.push(scene.peer(name, Manner::default(), conduct).await?);
        }
        scene.tracker_for(&peers).await?;
        let over = |scene: &Scene| {
            let mut all = HONEST.iter().chain(&["liar"]);
            scene.is_whole() || all.all(|who| scene.tape.is_gone(who, GONE))
        };
        let played = scene.play(scene.patience(), &over).await?;
        let lied = has_lied(&scene.tape.with("liar"));
        let finding = match scene.disk() {
            _ if played.crash().is_some() => POISON.wrong(played.why()),
            Disk::Whole if lied => POISON.ok(),
            Disk::Whole => POISON.skipped("it did not fetch four blocks from the peer that lies"),
            Disk::Part(_) if !scene.ground.baseline().await?.fetches => POISON.skipped(NOT_SO_FAR),
            Disk::Part(what) => POISON.wrong(format!("{what}: {}", played.why())),
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

/// The liar's fourth block is the first that is wrong.
fn has_lied(passed: &[(Duration, Passed)]) -> bool {
    let given = |(_, passed): &&(Duration, Passed)| matches!(passed, Passed::WeGave(_));
    passed.iter().filter(given).count() >= 4
}

fn nothing_good(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let (pieces, ours) = (scene.torrent.pieces(), scene.handshake("peer"));
        let conduct = move |mut line: Line| {
            let mut role = Liar {
                pieces,
                unchoked: false,
            };
            async move {
                line.shake_hands(&ours).await?;
                line.play(&mut role).await
            }
        };
        let peer = scene.peer("peer", Manner::default(), conduct).await?;
        // To one that lacks everything it would say what it has.
        let script = Script::behaving(Bitfield::new(pieces), scene.content()?);
        let poor = scene.script("poor", Manner::default(), script).await?;
        scene.tracker_for(&[peer, poor]).await?;
        let most = 4 * 2 * pieces as usize;
        let asks_again = move |scene: &Scene| scene.tape.requests("peer").len() > most;
        let has_done = |scene: &Scene| {
            let asked = scene.tape.requests("peer");
            let last = asked.last().map_or(Duration::MAX, |(at, _)| *at);
            let quiet = scene.tape.now() > last.saturating_add(Duration::from_secs(2));
            scene.tape.is_gone("peer", GONE) || quiet
        };
        let over = |scene: &Scene| asks_again(scene) || has_done(scene);
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some(crash) = played.crash() {
            NOTHING_GOOD.wrong(crash)
        } else if scene.tape.requests("peer").len() < 2 {
            NOTHING_GOOD.skipped("it did not fetch a whole piece")
        } else if let Some(claim) = claims(&scene) {
            NOTHING_GOOD.wrong(claim)
        } else if played.over == Over::Ended(Status::Code(0)) {
            NOTHING_GOOD.wrong("ends with exit code 0, as if it had everything")
        } else if let Some(path) = wrong_bytes(&scene) {
            NOTHING_GOOD.odd(format!(
                "notices that they are wrong, and leaves them in {path}"
            ))
        } else {
            NOTHING_GOOD.ok()
        };
        let asked = scene.tape.requests("peer").len();
        let ended = matches!(played.over, Over::Ended(_));
        let let_go = if played.crash().is_some() || asked < 2 {
            LET_GO.skipped("it did not fetch a whole piece, or not to its end")
        } else if ended || (has_done(&scene) && !asks_again(&scene)) {
            LET_GO.ok()
        } else {
            LET_GO.odd(format!(
                "asks it for {asked} blocks, each of which is wrong, and would go on"
            ))
        };
        let seen = scene.tape.last(8);
        Ok([finding, let_go].map(|it| it.seen(seen.clone())).into())
    })
}

/// Whether it says that it has something.
fn claims(scene: &Scene) -> Option<String> {
    let notes = scene.tape.notes();
    notes.iter().find_map(|note| match &note.what {
        What::Passed(Passed::Message(message @ Message::Have(_))) => Some(format!(
            "sends `{}` for a piece that is wrong",
            words(message)
        )),
        What::Asked(asked) if asked.event() == "completed" => {
            Some("says `completed` to the tracker, and every byte is wrong".into())
        }
        _ => None,
    })
}

/// A file with bytes in it that came from the liar.
fn wrong_bytes(scene: &Scene) -> Option<String> {
    let files = scene.torrent.on_disk();
    let wrong = files.iter().find(|(path, _)| {
        let bytes = fs::read(scene.output().join(path)).unwrap_or_default();
        bytes
            .windows(64)
            .any(|some| some.iter().all(|byte| *byte == LIE))
    });
    wrong.map(|(path, _)| path.display().to_string())
}

/// What stands in all that the liar sends.
const LIE: u8 = 0xa5;

/// Has everything, and sends something else.
struct Liar {
    pieces: u32,
    unchoked: bool,
}

impl Role for Liar {
    fn hello(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        Message::Bitfield(Bitfield::full(self.pieces).to_bytes()).encode(&mut out);
        out
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Interested if !self.unchoked => {
                self.unchoked = true;
                Message::Unchoke.encode(out);
            }
            Message::Request(BlockRequest { piece, offset, len })
                if self.unchoked && *len <= messages::MAX_BLOCK =>
            {
                out.extend(piece_header(*piece, *offset, *len));
                out.extend(vec![LIE; *len as usize]);
            }
            _ => {}
        }
    }

    fn answer(&mut self, _out: &mut Vec<u8>) {}
}

#[cfg(test)]
mod tests {
    use messages::BlockHeader;

    use super::*;

    #[test]
    fn the_fourth_block_is_a_lie() {
        let block = BlockHeader {
            piece: 0,
            offset: 0,
            len: 1,
        };
        let given = vec![(Duration::ZERO, Passed::WeGave(block)); 4];
        assert!(has_lied(&given) && !has_lied(&given[1..]));
    }

    #[test]
    fn what_the_liar_sends_is_as_long_as_was_asked() {
        let mut liar = Liar {
            pieces: 5,
            unchoked: false,
        };
        let request = Message::Request(BlockRequest {
            piece: 1,
            offset: 2,
            len: 3,
        });
        let mut out = Vec::new();
        liar.hear(&request, &mut out);
        assert!(out.is_empty(), "it is choked");
        liar.hear(&Message::Interested, &mut out);
        out.clear();
        liar.hear(&request, &mut out);
        assert_eq!(out[13..], [LIE; 3]);
    }
}
