//! What callers are told, and what they get.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use blocks::BLOCK;
use messages::{Bitfield, BlockRequest, Message};

use super::{CHAPTER, NO_PORT, answered};
use crate::examine::caller::{Caller, Phone};
use crate::examine::leech::{Leech, blocks_of};
use crate::examine::scene::{Played, Scene};
use crate::examine::stage::Playing;
use crate::examine::stages::called::{called, is_past, unheard};
use crate::examine::tape::{Tape, What};
use crate::examine::torrent::Torrent;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Heard, Line, Manner, Passed, Role};
use crate::lab::trouble::{Content, Script};

pub(super) static TELLS: Check = Check {
    name: "tells",
    right: "tells a caller what it has, and nothing that it has not",
    source: "BEP 3, peer messages: bitfield",
    chapter: CHAPTER,
    section: "On the wire",
};
pub(super) static HAVE: Check = Check {
    name: "have",
    right: "tells a peer that is here of each piece that it gets",
    source: "BEP 3, peer protocol: it announces that it has that piece to all of its peers",
    chapter: CHAPTER,
    section: "Fetching and giving at once",
};
pub(super) static GIVES: Check = Check {
    name: "gives",
    right: "gives what it has while it downloads, and the right bytes",
    source: "BEP 3, peer protocol",
    chapter: CHAPTER,
    section: "Fetching and giving at once",
};
pub(super) static RECIPROCATES: Check = Check {
    name: "reciprocates",
    right: "serves peers that give to it rather than those that only take",
    source: "BEP 3, choking: it unchokes the four peers which it has the best download rates from",
    chapter: CHAPTER,
    section: "Tit for tat",
};

/// The pieces that there are for it.
const FED: u32 = 3;
/// Once it has them, it may take so long to say so.
const NEWS: Duration = Duration::from_millis(800);
/// A caller that is told nothing for so long is told nothing.
const TOLD: Duration = Duration::from_secs(3);
/// Some gather their news for ten seconds.
const GATHERED: Duration = Duration::from_secs(11);
/// Two rounds of a choker, and a little more: a peer that wants something waits no longer.
const ROUNDS: Duration = Duration::from_secs(22);

/// Whether it has had all that there is for it, for a while.
fn is_fed(tape: &Tape) -> bool {
    let given = tape.with("feeder").into_iter();
    let mut given = given.filter(|(_, passed)| matches!(passed, Passed::WeGave(_)));
    let last = given.nth(2 * FED as usize - 1);
    last.is_some_and(|(at, _)| tape.now() > at + NEWS)
}

/// Whether the one who is to hear the news has heard all of it, or will not.
fn has_news(tape: &Tape) -> bool {
    let told: BTreeSet<u32> = claims(tape, "early").into_iter().collect();
    told.len() >= FED as usize || tape.hung_up("early")
}

/// Whether the one who is to hear the news is here, or will not be.
fn early_is_here(tape: &Tape) -> bool {
    let shook = |passed: &Passed| matches!(passed, Passed::Handshake(_));
    let asked = tape.asked(None).first().map(|(at, _)| *at);
    tape.has("early", shook) || asked.is_some_and(|at| tape.now() > at + TOLD)
}

pub(super) fn gives(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let all = [&TELLS, &HAVE, &GIVES];
        if !scene.ground.listens {
            return Ok(all.map(|check| check.skipped(NO_PORT)).into());
        }
        let (content, pieces) = (scene.content()?, scene.torrent.pieces());
        feeder(&mut scene, content.clone()).await?;
        let (early, late) = (scene.handshake("early"), scene.handshake("late"));
        scene.caller(move |phone| async move {
            let mut line = phone.call(Caller::new("early", 2)).await?;
            line.introduce(&early).await?;
            line.say(&Message::Bitfield(Bitfield::new(pieces).to_bytes()));
            line.watch(Duration::MAX).await;
            Ok(())
        });
        let tape = scene.tape.clone();
        scene.caller(move |phone| async move {
            while !is_fed(&tape) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let mut leech =
                Leech::call(&phone, Caller::new("late", 3), &late, content.clone()).await?;
            if leech.wait_for_slot().await? {
                leech.fetch(blocks_of(&content, 0..FED), 4).await?;
            }
            leech.listen().await
        });
        let over = |scene: &Scene| {
            let all = 2 * FED as usize;
            let given = scene.tape.blocks("late").len();
            let shook = answered(scene, "late");
            let last = scene.tape.blocks("late").last().map(|(at, _)| *at);
            let told = !claims(&scene.tape, "late").is_empty() || is_past(scene, last, NEWS);
            let served = (given >= all && told)
                || scene.tape.hung_up("late")
                || is_past(scene, shook, ROUNDS);
            served && (has_news(&scene.tape) || is_past(scene, shook, GATHERED))
        };
        let played = scene.play(scene.patience() + ROUNDS, &over).await?;
        let seen = scene.tape.last(12);
        let tape = &scene.tape;
        if !is_fed(tape) {
            let why = match played.crash() {
                Some(crash) => return Ok(vec![GIVES.wrong(crash).seen(seen)]),
                None => format!("it did not fetch what it could give: {}", played.why()),
            };
            return Ok(all.map(|check| check.skipped(why.clone())).into());
        }
        if let Some(finding) = unheard(&scene, &GIVES, &played) {
            let [tells, have, _] = all.map(|check| check.skipped("nobody could call it"));
            return Ok(vec![tells, have, finding.seen(seen)]);
        }
        if answered(&scene, "late").is_none() {
            return Ok(all
                .map(|check| check.skipped("it did not answer a caller"))
                .into());
        }
        let findings = [tells(tape), have(tape), given(tape, &played)];
        Ok(findings.map(|finding| finding.seen(seen.clone())).into())
    })
}

/// Adds a peer with the first pieces, and a tracker that names it. It waits for the one who is to hear the news.
async fn feeder(
    scene: &mut Scene,
    content: Arc<Content>,
) -> Result<(), crate::examine::SceneError> {
    let mut has = Bitfield::new(scene.torrent.pieces());
    for piece in 0..FED {
        has.set(piece);
    }
    let (script, ours) = (Script::behaving(has, content), scene.handshake("feeder"));
    let tape = scene.tape.clone();
    let conduct = move |mut line: Line| {
        let (mut script, tape) = (script.clone(), tape.clone());
        async move {
            line.shake_hands(&ours).await?;
            while !early_is_here(&tape) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            line.play(&mut script).await
        }
    };
    let feeder = scene.peer("feeder", Manner::default(), conduct).await?;
    scene.tracker_for(&[feeder]).await
}

/// The pieces that a peer was told of, by `bitfield` or `have`.
fn claims(tape: &Tape, who: &str) -> Vec<u32> {
    let mut claims = Vec::new();
    for (_, message) in tape.messages(who) {
        match message {
            Message::Have(piece) => claims.push(piece),
            Message::Bitfield(bytes) => {
                let bits = (0..).zip(bytes).flat_map(|(at, byte)| {
                    (0..8)
                        .filter(move |bit| byte & (0x80 >> bit) != 0)
                        .map(move |bit| 8 * at + bit)
                });
                claims.extend(bits);
            }
            _ => {}
        }
    }
    claims
}

fn tells(tape: &Tape) -> Finding {
    let claims = claims(tape, "late");
    match claims.iter().find(|&&piece| piece >= FED) {
        Some(piece) => TELLS.wrong(format!(
            "says that it has piece {piece}, which nobody has given it"
        )),
        None if claims.is_empty() => {
            TELLS.odd("tells a caller nothing of the pieces that it has: nobody can ask it for any")
        }
        None => TELLS.ok(),
    }
}

fn have(tape: &Tape) -> Finding {
    // Some send their bitfield once more in place of many of them.
    let told: BTreeSet<u32> = claims(tape, "early").into_iter().collect();
    let shook = |passed: &Passed| matches!(passed, Passed::Handshake(_));
    match told.len() {
        _ if !tape.has("early", shook) => HAVE.skipped("it did not answer the first caller"),
        0 => HAVE.odd(format!(
            "has got {FED} pieces, and sends no `have` to a peer that has none of them"
        )),
        told if told < FED as usize => HAVE.ok_with(format!("{told} of {FED} pieces")),
        _ => HAVE.ok(),
    }
}

fn given(tape: &Tape, played: &Played) -> Finding {
    let unchoke = Passed::Message(Message::Unchoke);
    let wrong = tape
        .notes()
        .into_iter()
        .find(|note| matches!(note.what, What::WrongBytes(_)));
    let blocks = tape.blocks("late").len();
    if let Some(note) = wrong {
        GIVES.wrong(format!("gives wrong bytes: {note}"))
    } else if blocks >= 2 * FED as usize {
        GIVES.ok()
    } else if !tape.has("late", |passed| *passed == unchoke) {
        GIVES.odd(format!(
            "does not unchoke a peer that wants what it has, within {} s",
            ROUNDS.as_secs()
        ))
    } else {
        GIVES.odd(format!(
            "unchokes a peer that wants what it has, and answers {blocks} of {} requests: {}",
            2 * FED,
            played.why()
        ))
    }
}

/// Those who give to it, and those who only take.
const GIVERS: [&str; 5] = ["giver-1", "giver-2", "giver-3", "giver-4", "giver-5"];
const TAKERS: [&str; 15] = [
    "taker-1", "taker-2", "taker-3", "taker-4", "taker-5", "taker-6", "taker-7", "taker-8",
    "taker-9", "taker-10", "taker-11", "taker-12", "taker-13", "taker-14", "taker-15",
];
/// Each of those who give brings so many bytes a second.
const RATE: u64 = 24 * 1024;
/// From the first call on: nobody is looked at before a round is over, and then for two rounds.
const FROM: Duration = Duration::from_secs(12);
const UNTIL: Duration = Duration::from_secs(34);

pub(super) fn reciprocates(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![RECIPROCATES.skipped(NO_PORT)]);
        }
        scene.torrent = scene.own(Torrent::single("traded.bin", 12 << 20, 16));
        let content = scene.content()?;
        let pieces = scene.torrent.pieces();
        let names = GIVERS.into_iter().chain(TAKERS);
        let ours = scene.handshake("trade");
        for (name, host) in names.zip(2..) {
            let role = Trader {
                // The last pieces nobody has: it wants something to the end.
                script: Script::behaving(first(pieces, pieces - 4), content.clone()),
                gives: GIVERS.contains(&name),
            };
            // Twenty peers are twenty peers.
            let mut ours = ours;
            ours.peer_id.0[19] = host;
            scene.caller(move |phone: Phone| async move {
                let mut role = role;
                let manner = Manner {
                    rate: Some(RATE),
                    ..Manner::default()
                };
                let caller = Caller {
                    manner,
                    ..Caller::new(name, host)
                };
                let mut line = phone.call(caller).await?;
                line.introduce(&ours).await?;
                trade(&mut line, &mut role).await
            });
        }
        scene.tracker_for(&[]).await?;
        let began = |scene: &Scene| called(scene, GIVERS[0]);
        let over = |scene: &Scene| is_past(scene, began(scene), UNTIL);
        let played = scene.play(scene.patience() + UNTIL, &over).await?;
        let began = began(&scene).unwrap_or_default();
        let served = |names: &[&str]| {
            let times = names.iter().map(|name| {
                served(&scene.tape.with(name), began + FROM, began + UNTIL).as_secs_f64()
            });
            times.sum::<f64>() / names.len() as f64
        };
        let (givers, takers) = (served(&GIVERS), served(&TAKERS));
        let told = format!(
            "in {} s a peer that gives was unchoked for {givers:.1} s, one that only takes for {takers:.1} s",
            (UNTIL - FROM).as_secs()
        );
        let gave = GIVERS.iter().all(|name| {
            let gave = |passed: &Passed| matches!(passed, Passed::WeGave(_));
            scene.tape.has(name, gave)
        });
        let finding = if let Some(finding) = unheard(&scene, &RECIPROCATES, &played) {
            finding
        } else if played.over != crate::examine::scene::Over::Happened || scene.is_whole() {
            RECIPROCATES.skipped(format!("it did not trade for so long: {}", played.why()))
        } else if !gave {
            RECIPROCATES.skipped("it does not fetch from all who have called and give")
        } else if givers.min(takers) > 0.95 * (UNTIL - FROM).as_secs_f64() {
            RECIPROCATES.skipped("it serves all of twenty peers at once, and need not choose")
        } else if givers + takers == 0.0 {
            RECIPROCATES.odd("serves nobody, neither those that give to it nor others")
        } else if givers > 2.5 * takers {
            RECIPROCATES.ok_with(told)
        } else {
            RECIPROCATES.odd(told)
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

fn first(pieces: u32, count: u32) -> Bitfield {
    let mut has = Bitfield::new(pieces);
    for piece in 0..count {
        has.set(piece);
    }
    has
}

/// One who wants something at any time, and gives, or does not.
struct Trader {
    script: Script,
    gives: bool,
}

impl Role for Trader {
    fn hello(&mut self) -> Vec<u8> {
        let mut out = match self.gives {
            true => self.script.hello(),
            false => Vec::new(),
        };
        Message::Interested.encode(&mut out);
        out
    }

    fn hear(&mut self, message: &Message, out: &mut Vec<u8>) {
        if self.gives {
            self.script.hear(message, out);
        }
        // Whoever is unchoked asks: for something that it has, if it has anything yet.
        if let Message::Have(piece) = message {
            Message::Request(BlockRequest {
                piece: *piece,
                offset: 0,
                len: BLOCK,
            })
            .encode(out);
        }
    }

    fn answer(&mut self, out: &mut Vec<u8>) {
        self.script.answer(out);
    }
}

/// Plays that role, and takes the blocks that it has asked for.
async fn trade(line: &mut Line, role: &mut Trader) -> std::io::Result<()> {
    line.say_bytes(&role.hello());
    while let Some(heard) = line.hear().await? {
        let mut out = Vec::new();
        if let Heard::Message(message) = heard {
            role.hear(&message, &mut out);
            role.answer(&mut out);
        }
        line.say_bytes(&out);
    }
    Ok(())
}

/// How long a peer was unchoked between two times.
fn served(passed: &[(Duration, Passed)], from: Duration, until: Duration) -> Duration {
    let (mut sum, mut since) = (Duration::ZERO, None);
    let mut close = |since: &mut Option<Duration>, at: Duration| {
        if let Some(since) = since.take() {
            sum += at.clamp(from, until) - since.clamp(from, until);
        }
    };
    for (at, passed) in passed {
        match passed {
            Passed::Message(Message::Unchoke) => since = since.or(Some(*at)),
            Passed::Message(Message::Choke) | Passed::HungUp { .. } => close(&mut since, *at),
            _ => {}
        }
    }
    close(&mut since, until);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_unchoke_and_choke_counts() {
        let s = Duration::from_secs;
        let said = |at, message| (s(at), Passed::Message(message));
        let passed = [
            said(1, Message::Unchoke),
            said(12, Message::Choke),
            said(18, Message::Unchoke),
            said(19, Message::Unchoke),
        ];
        assert_eq!(served(&passed, s(10), s(20)), s(4));
        assert_eq!(served(&passed, s(13), s(17)), s(0));
        assert_eq!(served(&[], s(0), s(9)), s(0));
    }

    #[test]
    fn claims_are_read_from_both_messages() {
        let tape = Tape::default();
        tape.begin();
        let mut bits = Bitfield::new(10);
        bits.set(0);
        bits.set(9);
        for message in [Message::Bitfield(bits.to_bytes()), Message::Have(3)] {
            tape.note("peer", 1, What::Passed(Passed::Message(message)));
        }
        assert_eq!(claims(&tape, "peer"), [0, 9, 3]);
    }
}
