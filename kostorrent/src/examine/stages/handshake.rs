//! Chapter 5: the first 68 bytes.

use std::time::Duration;

use handshake::{Bit, Handshake, Reserved};
use messages::{Bitfield, Message};
use metainfo::InfoHash;
use tokio::time::sleep;

use super::{GONE, NOT_SO_FAR};
use crate::examine::scene::{Over, Scene};
use crate::examine::stage::{Playing, Stage, Take};
use crate::examine::status::Status;
use crate::examine::tape::words;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::{Manner, Passed};

const CHAPTER: u8 = 5;

static HELLO: Check = Check {
    name: "hello",
    right: "begins with 68 bytes: the protocol, the right info-hash, a peer id of 20 bytes",
    source: "BEP 3, peer protocol",
    chapter: CHAPTER,
    section: "On the wire",
};
static BITS: Check = Check {
    name: "own-bits",
    right: "sets only reserved bits that some BEP gives a meaning",
    source: "BEP 3, peer protocol; BEP 5, 6, 10, 52",
    chapter: CHAPTER,
    section: "The reserved bits",
};
static WAITS: Check = Check {
    name: "waits",
    right: "says no more before it has our handshake, and waits for that",
    source: "BEP 3, peer protocol: the handshake, followed by messages",
    chapter: CHAPTER,
    section: "Being called",
};
static PARTS: Check = Check {
    name: "parts",
    right: "takes a handshake that comes byte by byte",
    source: "RFC 9293: TCP carries a stream, not packets",
    chapter: CHAPTER,
    section: "TCP is a stream",
};
static STRANGER: Check = Check {
    name: "stranger",
    right: "hangs up on a peer that answers with another info-hash",
    source: "BEP 3, peer protocol: they sever the connection",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
static OURSELVES: Check = Check {
    name: "ourselves",
    right: "hangs up on a peer that has its own peer id",
    source: "no BEP: trackers name a client to itself",
    chapter: CHAPTER,
    section: "When it goes wrong",
};
static ANY_BITS: Check = Check {
    name: "other-bits",
    right: "goes on with a peer that sets every reserved bit",
    source: "BEP 3, peer protocol: reserved for extensions",
    chapter: CHAPTER,
    section: "The reserved bits",
};

/// The stage.
pub const STAGE: Stage = Stage {
    name: "handshake",
    chapter: CHAPTER,
    about: "the first 68 bytes of a connection",
    seeds: false,
    checks: &[
        &HELLO, &BITS, &WAITS, &PARTS, &STRANGER, &OURSELVES, &ANY_BITS,
    ],
    takes: &[
        take("waits", waits),
        take("parts", parts),
        take("stranger", stranger),
        take("ourselves", ourselves),
        take("other-bits", other_bits),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// How long it is let wait for our handshake.
const PAUSE: Duration = Duration::from_millis(700);
/// How long a connection may stay that should not.
const STAYS: Duration = Duration::from_secs(3);

fn shook(passed: &Passed) -> bool {
    *passed == Passed::WeShookHands
}

fn is_message(passed: &Passed) -> bool {
    matches!(passed, Passed::Message(_) | Passed::Block(_))
}

/// Whether the client has gone on after our handshake, or has hung up.
fn decided(scene: &Scene) -> bool {
    let after = scene.tape.first("peer", shook);
    let passed = scene.tape.with("peer");
    let decided = |(at, passed): &(Duration, Passed)| {
        after.is_some_and(|after| *at >= after)
            && (is_message(passed) || matches!(passed, Passed::HungUp { .. }))
    };
    passed.iter().any(decided)
}

fn waits(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let ours = scene.handshake("peer");
        let pieces = scene.torrent.pieces();
        let peer = scene
            .peer("peer", Manner::default(), move |mut line| async move {
                line.hear_handshake().await?;
                if line.watch(PAUSE).await {
                    return Ok(()); // it has hung up
                }
                line.say_bytes(&ours.to_bytes());
                line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
                line.watch(STAYS).await;
                Ok(())
            })
            .await?;
        scene.tracker_for(&[peer]).await?;
        let played = scene.play(scene.patience(), &decided).await?;
        let tape = &scene.tape;
        let seen = tape.last(8);
        let hello = match tape.handshakes("peer").first() {
            Some(theirs) => hello(theirs, &scene),
            None if !tape.called("peer") => skipped_or_crash(&HELLO, &played),
            None => HELLO.wrong(format!("calls, and sends no handshake: {}", played.why())),
        };
        let bits = match tape.handshakes("peer").first() {
            Some(theirs) => own_bits(theirs.reserved),
            None => BITS.skipped("it sent no handshake"),
        };
        let answered = tape.first("peer", shook);
        let before = |at: Duration| answered.is_none_or(|answered| at < answered);
        let early = tape
            .messages("peer")
            .into_iter()
            .find(|(at, _)| before(*at));
        let left = tape.first("peer", |passed| matches!(passed, Passed::HungUp { .. }));
        let waits = match (early, left) {
            _ if tape.handshakes("peer").is_empty() => WAITS.skipped("it sent no handshake"),
            (Some((_, message)), _) => WAITS.odd(format!(
                "sends `{}` before it has our handshake: aria2, for one, hangs up on that",
                words(&message)
            )),
            (None, Some(left)) if before(left) => WAITS.wrong(format!(
                "hangs up before our handshake comes, {:.1} s after its start",
                left.as_secs_f64()
            )),
            _ => WAITS.ok(),
        };
        let all = [hello, bits, waits].into_iter();
        Ok(all.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn skipped_or_crash(check: &'static Check, played: &crate::examine::scene::Played) -> Finding {
    match played.crash() {
        Some(crash) => check.wrong(crash),
        None => check.skipped("it called nobody"),
    }
}

fn hello(theirs: &Handshake, scene: &Scene) -> Finding {
    let right = scene.torrent.info_hash();
    if theirs.info_hash != right {
        return HELLO.wrong(format!(
            "its handshake has the info-hash {}, not {right}",
            theirs.info_hash
        ));
    }
    let refused = scene
        .tape
        .has("peer", |passed| matches!(passed, Passed::NotAHandshake(_)));
    match refused {
        true => HELLO.ok_with("it first tried something else, an encrypted call perhaps"),
        false => HELLO.ok(),
    }
}

fn own_bits(reserved: Reserved) -> Finding {
    let unknown: Vec<Bit> = reserved.bits().filter(|bit| bit.name().is_none()).collect();
    let known: Vec<&str> = reserved.bits().filter_map(|bit| bit.name()).collect();
    if !unknown.is_empty() {
        let bits: Vec<String> = unknown
            .iter()
            .map(|bit| format!("0x{:02x} of byte {}", bit.mask, bit.byte))
            .collect();
        return BITS.odd(format!(
            "sets {}: no BEP says what it means",
            bits.join(", ")
        ));
    }
    match known.is_empty() {
        true => BITS.ok_with("none"),
        false => BITS.ok_with(known.join(", ")),
    }
}

fn parts(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let (script, ours) = (scene.honest()?, scene.handshake("peer"));
        let manner = Manner {
            cuts: Some(&[1]),
            ..Manner::default()
        };
        let conduct = move |mut line: crate::lab::peer::Line| {
            let mut script = script.clone();
            async move {
                line.hear_handshake().await?;
                line.say_bytes(&ours.to_bytes());
                line.play(&mut script).await
            }
        };
        let peer = scene.peer("peer", manner, conduct).await?;
        scene.tracker_for(&[peer]).await?;
        let played = scene.play(scene.patience(), &decided).await?;
        let whole = scene.tape.first("peer", shook);
        let left = scene
            .tape
            .first("peer", |passed| matches!(passed, Passed::HungUp { .. }));
        let finding = match (whole, left) {
            _ if scene.tape.handshakes("peer").is_empty() => skipped_or_crash(&PARTS, &played),
            (None, _) => PARTS.wrong(format!(
                "hangs up before all 68 bytes have come: {}",
                played.why()
            )),
            (Some(whole), Some(left)) if left < whole => {
                PARTS.wrong("hangs up before all 68 bytes have come")
            }
            _ if scene.tape.has("peer", is_message) => PARTS.ok(),
            _ if !scene.ground.baseline().await?.is_interested => match &played.over {
                Over::Ended(Status::Code(0)) | Over::Late | Over::Happened => {
                    PARTS.ok_with("it hears all 68 bytes, and then says nothing")
                }
                Over::Ended(_) | Over::Flooded => {
                    PARTS.wrong(format!("hears all 68 bytes, and fails: {}", played.why()))
                }
            },
            _ => PARTS.wrong(format!(
                "hears all 68 bytes, and does not go on: {}",
                played.why()
            )),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

fn stranger(scene: Scene) -> Playing {
    let other = InfoHash([0x5a; 20]);
    strange(scene, &STRANGER, move |ours, _| Handshake {
        info_hash: other,
        ..ours
    })
}

fn ourselves(scene: Scene) -> Playing {
    strange(scene, &OURSELVES, |ours, theirs| Handshake {
        peer_id: theirs.peer_id,
        ..ours
    })
}

/// A peer whose handshake should end the connection. It looks well otherwise: it has everything.
fn strange(
    mut scene: Scene,
    check: &'static Check,
    answer: impl Fn(Handshake, Handshake) -> Handshake + Copy + Send + Sync + 'static,
) -> Playing {
    Box::pin(async move {
        let ours = scene.handshake("peer");
        let pieces = scene.torrent.pieces();
        let peer = scene
            .peer("peer", Manner::default(), move |mut line| async move {
                let theirs = line.hear_handshake().await?;
                line.say_bytes(&answer(ours, theirs).to_bytes());
                line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
                line.watch(STAYS + STAYS).await;
                Ok(())
            })
            .await?;
        scene.tracker_for(&[peer]).await?;
        let over = |scene: &Scene| {
            let answered = scene.tape.first("peer", shook);
            decided(scene) || answered.is_some_and(|at| scene.tape.now() > at + STAYS)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let Some(answered) = scene.tape.first("peer", shook) else {
            return Ok(vec![skipped_or_crash(check, &played)]);
        };
        let said = scene.tape.messages("peer");
        let said = said.iter().find(|(at, _)| *at >= answered);
        let blame = |text: String| match check.name == OURSELVES.name {
            true => check.odd(text),
            false => check.wrong(text),
        };
        let finding = if let Some((at, message)) = said {
            let after = (*at - answered).as_millis();
            let message = words(message);
            blame(format!(
                "keeps talking to it: it sent `{message}` {after} ms after our handshake"
            ))
        } else if scene.tape.hung_up("peer") || matches!(played.over, Over::Ended(_)) {
            match played.crash() {
                Some(crash) => check.wrong(crash),
                None => check.ok(),
            }
        } else {
            let seconds = STAYS.as_secs();
            blame(format!("does not hang up within {seconds} s"))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

fn other_bits(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let ours = Handshake {
            reserved: Reserved([0xff; 8]),
            ..scene.handshake("peer")
        };
        let pieces = scene.torrent.pieces();
        let peer = scene
            .peer("peer", Manner::default(), move |mut line| async move {
                line.hear_handshake().await?;
                line.say_bytes(&ours.to_bytes());
                // Whoever does not know us has to look at the handshake first.
                sleep(Duration::from_millis(50)).await;
                line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
                // Some say only every ten seconds what they want.
                line.watch(Duration::MAX).await;
                Ok(())
            })
            .await?;
        scene.tracker_for(&[peer]).await?;
        let interested = |scene: &Scene| {
            let message = Passed::Message(Message::Interested);
            scene.tape.has("peer", |passed| *passed == message)
        };
        let over = move |scene: &Scene| interested(scene) || scene.tape.is_gone("peer", GONE);
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if interested(&scene) {
            ANY_BITS.ok()
        } else if scene.tape.handshakes("peer").is_empty() {
            skipped_or_crash(&ANY_BITS, &played)
        } else if !scene.ground.baseline().await?.is_interested {
            ANY_BITS.skipped(NOT_SO_FAR)
        } else {
            ANY_BITS.wrong(format!("does not go on with such a peer: {}", played.why()))
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}
