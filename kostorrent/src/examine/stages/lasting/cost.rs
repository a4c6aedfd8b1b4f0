//! What a client costs the machine: processor time while it waits, memory while it is flooded.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use messages::{Bitfield, Message};

use super::NOT_SO_FAR;
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::verdict::Check;
use crate::lab::peer::{Line, Manner};

pub(super) static IDLE: Check = Check {
    name: "idle",
    right: "takes hardly any processor time while it waits",
    source: "no BEP; a client runs all day",
    chapter: 12,
    section: "The idea",
};
pub(super) static FLOOD: Check = Check {
    name: "flood",
    right: "takes no memory for messages that come and come",
    source: "no BEP; what a peer sends must not grow in memory without end",
    chapter: 12,
    section: "A bound: back-pressure",
};

/// From its first word on it has so long to come to rest.
const REST: Duration = Duration::from_millis(1_500);
/// Then it is watched so long.
const WATCHED: Duration = Duration::from_secs(3);
/// So much of that time, in percent, is too much.
const BUSY: u128 = 5;

/// When it was looked at, and the processor time that it had had by then.
type Look = (Duration, Option<Duration>);

pub(super) fn idle(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let peer = scene.keeper("peer").await?;
        scene.tracker_for(&[peer]).await?;
        let looks: Mutex<Vec<Look>> = Mutex::new(Vec::new());
        let look = |scene: &Scene| (scene.tape.now(), scene.processor());
        let over = |scene: &Scene| {
            let Some(first) = scene.tape.first_sign() else {
                return false;
            };
            let mut looks = looks.lock().unwrap_or_else(PoisonError::into_inner);
            let until = match looks.first() {
                None => first + REST,
                Some((began, _)) => *began + WATCHED,
            };
            if scene.tape.now() >= until {
                looks.push(look(scene));
            }
            looks.len() >= 2
        };
        let played = scene
            .play(scene.patience().max(REST + WATCHED + WATCHED), &over)
            .await?;
        let looks = looks.into_inner().unwrap_or_else(PoisonError::into_inner);
        let finding = match looks[..] {
            _ if played.crash().is_some() => IDLE.wrong(played.why()),
            [(began, Some(before)), (ended, Some(after))] => {
                let (spent, time) = (after.saturating_sub(before), ended - began);
                let percent = spent.as_millis() * 100 / time.as_millis().max(1);
                let told = format!(
                    "{} ms of {:.1} s, while a peer chokes it",
                    spent.as_millis(),
                    time.as_secs_f64()
                );
                match percent {
                    BUSY.. => IDLE.odd(format!("is busy, and has nothing to do: {told}")),
                    _ => IDLE.ok_with(told),
                }
            }
            [_, _] => IDLE.skipped("the system does not tell how much it takes"),
            _ => IDLE.skipped(format!("it did not wait: {}", played.why())),
        };
        Ok(vec![finding.seen(scene.tape.last(4))])
    })
}

/// Bytes that come at a time: messages of 16 KiB with an id that nobody knows, and small ones between them.
const CHUNK: usize = 256 * 1024;
/// So much comes at most, in bytes, and for so long.
const FLOOD_LENGTH: usize = 192 << 20;
const FLOOD_TIME: Duration = Duration::from_secs(4);
/// Memory that grows by more than this, in bytes, keeps what has come.
const MUCH: u64 = 64 << 20;

pub(super) fn flood(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let (ours, pieces) = (scene.handshake("peer"), scene.torrent.pieces());
        let tape = scene.tape.clone();
        let conduct = move |mut line: Line| {
            let tape = tape.clone();
            async move {
                line.shake_hands(&ours).await?;
                line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
                // It is looked at before the first byte comes.
                tokio::time::sleep(Duration::from_millis(500)).await;
                let (chunk, until) = (chunk(), tape.now() + FLOOD_TIME);
                let mut sent = 0;
                while sent < FLOOD_LENGTH && tape.now() < until {
                    line.say_bytes(&chunk);
                    if !line.flush().await {
                        break;
                    }
                    sent += chunk.len();
                }
                line.say(&Message::Unchoke);
                line.watch(Duration::MAX).await;
                Ok(())
            }
        };
        let manner = Manner {
            untold: true,
            ..Manner::default()
        };
        let peer = scene.peer("peer", manner, conduct).await?;
        scene.tracker_for(&[peer]).await?;
        let before = Mutex::new(None);
        let over = |scene: &Scene| {
            let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
            let met = !scene.tape.handshakes("peer").is_empty();
            if met && before.is_none() {
                *before = Some((scene.tape.now(), scene.memory()));
            }
            let began = before.map(|(at, _): (Duration, _)| at);
            let long = FLOOD_TIME + Duration::from_secs(1);
            scene.tape.hung_up("peer") || began.is_some_and(|at| scene.tape.now() > at + long)
        };
        let limit = scene.patience().max(FLOOD_TIME + FLOOD_TIME);
        let played = scene.play(limit, &over).await?;
        let before = before.into_inner().unwrap_or_else(PoisonError::into_inner);
        let finding = if let Some(crash) = played.crash() {
            FLOOD.wrong(crash)
        } else {
            match (before, played.memory) {
                (None, _) if !scene.ground.baseline().await?.is_interested => {
                    FLOOD.skipped(NOT_SO_FAR)
                }
                (None, _) => FLOOD.skipped("it did not call this peer"),
                (Some((_, Some(before))), Some(after)) => {
                    let grown = after.saturating_sub(before);
                    let told = format!("{} MiB", grown >> 20);
                    match grown > MUCH {
                        true => FLOOD.wrong(format!(
                            "grows by {told} while a peer sends it messages without end"
                        )),
                        false if scene.tape.hung_up("peer") => FLOOD.ok_with("it hangs up"),
                        false => FLOOD.ok_with(told),
                    }
                }
                _ => FLOOD.skipped("the system does not tell how much memory it takes"),
            }
        };
        Ok(vec![finding.seen(scene.tape.last(4))])
    })
}

fn chunk() -> Vec<u8> {
    let mut chunk = Vec::with_capacity(CHUNK);
    while chunk.len() + 17 * 1024 < CHUNK {
        chunk.extend([0, 0, 0x40, 1, 77]);
        chunk.extend([0x5a; 0x4000]);
        // Some of what is known: a `have`, and a keep-alive.
        Message::Have(1).encode(&mut chunk);
        Message::KeepAlive.encode(&mut chunk);
    }
    chunk
}

#[cfg(test)]
mod tests {
    use messages::Decoder;

    use super::*;

    #[test]
    fn a_flood_consists_of_messages() {
        let chunk = chunk();
        let mut decoder = Decoder::new(5);
        let (mut at, mut messages) = (0, 0);
        while at < chunk.len() {
            let (used, item) = decoder.next(&chunk[at..]).unwrap();
            at += used;
            messages += usize::from(item.is_some());
        }
        assert!(messages > 20 && !decoder.is_mid_message());
    }
}
