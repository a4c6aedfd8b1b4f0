//! The fast extension (BEP 6): a peer that says no.

use std::collections::BTreeMap;
use std::time::Duration;

use fast::Fast;
use handshake::{Handshake, Reserved};
use messages::{BlockRequest, Message};
use tokio::time::{Instant, sleep};

use super::{CHAPTER, NOT_CLAIMED, claims_it, with};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::GONE;
use crate::examine::stages::called::is_past;
use crate::examine::tape::{Tape, words};
use crate::examine::verdict::{Check, Finding, Verdict};
use crate::lab::peer::{Line, Manner, Passed, Role};
use crate::lab::trouble::{Refusing, Script};

pub(super) static REJECT: Check = Check {
    name: "reject",
    right: "asks again for what was rejected",
    source: "BEP 6, Reject Request",
    chapter: CHAPTER,
    section: "Exactly one answer",
};
pub(super) static CHOKE: Check = Check {
    name: "choke",
    right: "takes the blocks that come after a choke for requests from before it, and does not ask for them again",
    source: "BEP 6, Reject Request: choke no longer implicitly rejects all pending requests",
    chapter: CHAPTER,
    section: "Asking, and what a choke does now",
};
pub(super) static ELSEWHERE: Check = Check {
    name: "elsewhere",
    right: "fetches from somebody else what one peer rejects for ever",
    source: "BEP 6, Reject Request",
    chapter: CHAPTER,
    section: "Exactly one answer",
};
pub(super) static FOR_EVER: Check = Check {
    name: "for-ever",
    right: "does not go on asking a peer that rejects for ever",
    source: "no BEP",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// So many requests are rejected, or answered after a choke.
const SOME: usize = 4;
/// A peer that waits for another waits no longer than this.
const TOGETHER: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);
/// How long a client is watched that is told no.
const WATCHED: Duration = Duration::from_secs(6);
/// So often it may ask for one block in that time.
const MAY_ASK: usize = 3;

pub(super) fn reject(scene: Scene) -> Playing {
    with(scene, &REJECT, |script| {
        let rejected = Default::default();
        Box::new(Rejects { script, rejected })
    })
}

pub(super) fn choke(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let content = scene.content()?;
        let answered = move |script| -> Box<dyn Role> {
            let asked = Vec::new();
            let content = content.clone();
            Box::new(Chokes {
                script,
                asked,
                content,
            })
        };
        let name = "peer";
        super::add(&mut scene, name, answered).await?;
        let mut findings = super::judged(&scene, &CHOKE).await?;
        // It waits for its answer, and the peer for more requests.
        let choke = |passed: &Passed| matches!(passed, Passed::WeSaid(Message::Choke));
        if claims_it(&scene, name) && !scene.tape.has(name, choke) && !scene.tape.hung_up(name) {
            let why = format!("it never has {SOME} requests out at a time, so it was not choked");
            findings = vec![CHOKE.skipped(why).seen(scene.tape.last(8))];
        }
        // Those that were answered after the choke.
        let asked: Vec<BlockRequest> = scene
            .tape
            .requests(name)
            .into_iter()
            .map(|(_, block)| block)
            .collect();
        let (first, later) = asked.split_at(asked.len().min(SOME));
        let again = first.iter().find(|block| later.contains(block));
        if let (Some(finding), Some(block)) = (findings.first_mut(), again)
            && finding.verdict == Verdict::Ok
        {
            let block = words(&Message::Request(*block));
            *finding = CHOKE.odd(format!("sends `{block}` once more, and had its block"));
        }
        Ok(findings)
    })
}

/// Adds a peer that rejects everything, with a tracker that names it, and this other one.
async fn refused(
    scene: &mut Scene,
    with_other: bool,
) -> Result<(), crate::examine::scene::SceneError> {
    let ours = Handshake {
        reserved: Reserved::none().with_fast(),
        ..scene.handshake("refuser")
    };
    let refuses = move |mut line: Line| async move {
        let theirs = line.shake_hands(&ours).await?;
        match theirs.reserved.fast() {
            true => line.play(&mut Refusing::default()).await,
            false => Ok(()),
        }
    };
    let mut named = vec![scene.peer("refuser", Manner::default(), refuses).await?];
    if with_other {
        let (script, tape) = (scene.honest()?, scene.tape.clone());
        let ours = scene.handshake("seeder");
        let gives = move |mut line: Line| {
            let (mut script, tape) = (script.clone(), tape.clone());
            async move {
                line.shake_hands(&ours).await?;
                let until = Instant::now() + TOGETHER;
                while first_no(&tape).is_none() && Instant::now() < until {
                    sleep(LOOK).await;
                }
                line.play(&mut script).await
            }
        };
        named.push(scene.peer("seeder", Manner::default(), gives).await?);
    }
    scene.tracker_for(&named).await
}

/// When the first request was rejected.
fn first_no(tape: &Tape) -> Option<Duration> {
    tape.first("refuser", |passed| match passed {
        Passed::WeSaid(Message::Later { id, body }) => {
            matches!(Fast::read(*id, body, u32::MAX), Ok(Some(Fast::Reject(_))))
        }
        _ => false,
    })
}

pub(super) fn elsewhere(mut scene: Scene) -> Playing {
    Box::pin(async move {
        refused(&mut scene, true).await?;
        let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("seeder", GONE);
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some(crash) = played.crash() {
            ELSEWHERE.wrong(crash)
        } else if !claims_it(&scene, "refuser") {
            ELSEWHERE.skipped(NOT_CLAIMED)
        } else if scene.is_whole() && first_no(&scene.tape).is_none() {
            ELSEWHERE.skipped("it asked the peer that rejects for nothing")
        } else if scene.is_whole() {
            ELSEWHERE.ok()
        } else {
            let why = played.why();
            ELSEWHERE.wrong(format!(
                "does not fetch everything although an honest peer has it: {why}"
            ))
        };
        Ok(vec![finding.seen(scene.tape.last(10))])
    })
}

pub(super) fn for_ever(mut scene: Scene) -> Playing {
    Box::pin(async move {
        refused(&mut scene, false).await?;
        let over = |scene: &Scene| is_past(scene, first_no(&scene.tape), WATCHED);
        let played = scene.play(scene.patience().max(WATCHED), &over).await?;
        let mut times: BTreeMap<BlockRequest, usize> = BTreeMap::new();
        for (_, block) in scene.tape.requests("refuser") {
            *times.entry(block).or_default() += 1;
        }
        let most = times.into_iter().max_by_key(|(_, times)| *times);
        let finding = match most {
            _ if played.crash().is_some() => FOR_EVER.wrong(played.why()),
            _ if !claims_it(&scene, "refuser") => FOR_EVER.skipped(NOT_CLAIMED),
            None => FOR_EVER.skipped("it asked for nothing"),
            Some((block, times)) => judged(block, times),
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

fn judged(block: BlockRequest, times: usize) -> Finding {
    let text = format!(
        "sends `{}` {times} times within {} s, and is told no each time",
        words(&Message::Request(block)),
        WATCHED.as_secs()
    );
    match times {
        // However often: no BEP forbids it, and real clients do.
        times if times > MAY_ASK => FOR_EVER.odd(text),
        _ => FOR_EVER.ok(),
    }
}

/// Chokes when some blocks have been asked for, sends them all the same, and unchokes.
struct Chokes {
    script: Script,
    /// What was asked for before; those that were answered stay, and nothing is added to them.
    asked: Vec<BlockRequest>,
    content: std::sync::Arc<crate::lab::trouble::Content>,
}

impl Role for Chokes {
    fn hello(&mut self) -> Vec<u8> {
        self.script.hello()
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Request(block) if self.asked.len() < SOME => {
                self.asked.push(*block);
                if self.asked.len() == SOME {
                    Message::Choke.encode(out);
                    for block in &self.asked {
                        let bytes = self.content.block(*block).unwrap_or_default();
                        out.extend(messages::piece_header(block.piece, block.offset, block.len));
                        out.extend(bytes);
                    }
                    Message::Unchoke.encode(out);
                }
            }
            message => self.script.hear(message, out),
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        self.script.answer(out);
    }
}

/// Will not give some blocks when it is asked for them first.
struct Rejects {
    script: Script,
    rejected: std::collections::BTreeSet<BlockRequest>,
}

impl Role for Rejects {
    fn hello(&mut self) -> Vec<u8> {
        self.script.hello()
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::Request(block)
                if self.rejected.len() < SOME && self.rejected.insert(*block) =>
            {
                Message::from(Fast::Reject(*block)).encode(out);
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
        let rejected = Default::default();
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

    #[test]
    fn what_was_asked_before_a_choke_comes_after_it() {
        let torrent = Torrent::single("sample", 80_000, 1);
        let content = Arc::new(torrent.content().expect("some content"));
        let mut role = Chokes {
            script: script(),
            asked: Vec::new(),
            content,
        };
        let mut out = Vec::new();
        for piece in 0..4 {
            assert_eq!(out, [] as [u8; 0]);
            let block = BlockRequest {
                piece: piece % 2,
                offset: 0,
                len: 1,
            };
            role.hear(&Message::Request(block), &mut out);
        }
        assert_eq!(out[..5], [0, 0, 0, 1, 0], "a choke");
        assert_eq!(out[5..10], [0, 0, 0, 10, 7], "a block");
        assert_eq!(out[out.len() - 5..], [0, 0, 0, 1, 1], "an unchoke");
    }

    #[test]
    fn who_asks_again_and_again_is_odd() {
        let block = BlockRequest {
            piece: 0,
            offset: 0,
            len: 1,
        };
        for (times, verdict) in [(3, Verdict::Ok), (4, Verdict::Odd), (2_000, Verdict::Odd)] {
            assert_eq!(super::judged(block, times).verdict, verdict);
        }
    }
}
