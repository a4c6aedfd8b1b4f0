//! Who is let in.

use std::time::Duration;

use handshake::Handshake;
use metainfo::InfoHash;
use tokio::time::sleep;

use super::{CHAPTER, NO_PORT, SOON, STAYS, answered};
use crate::examine::caller::{Caller, port};
use crate::examine::scene::{Played, Scene};
use crate::examine::stage::Playing;
use crate::examine::stages::GONE;
use crate::examine::stages::called::{called, is_past, unheard};
use crate::examine::tape::words;
use crate::examine::verdict::{Check, Finding};

pub(super) static PORT: Check = Check {
    name: "port",
    right: "listens at the port that it tells its tracker",
    source: "BEP 3, trackers: port",
    chapter: CHAPTER,
    section: "Being called",
};
pub(super) static ANSWERS: Check = Check {
    name: "answers",
    right: "answers a call with its handshake, about the torrent that was asked for",
    source: "BEP 3, peer protocol",
    chapter: 5,
    section: "Being called",
};
pub(super) static FETCHES: Check = Check {
    name: "fetches",
    right: "fetches from a peer that has called it",
    source: "BEP 3, peer protocol: connections are symmetrical",
    chapter: CHAPTER,
    section: "Fetching and giving at once",
};
pub(super) static HALVES: Check = Check {
    name: "halves",
    right: "takes a caller's handshake that comes in three parts",
    source: "RFC 9293: TCP carries a stream, not packets",
    chapter: 5,
    section: "TCP is a stream",
};
pub(super) static STRANGER: Check = Check {
    name: "stranger",
    right: "hangs up on a caller that wants another torrent, and tells it nothing",
    source: "BEP 3, peer protocol: they sever the connection",
    chapter: 5,
    section: "Being called",
};
pub(super) static RABBLE: Check = Check {
    name: "rabble",
    right: "answers a caller while others say nothing, half a handshake, or what is none",
    source: "no BEP; not everybody at the door is a peer",
    chapter: 5,
    section: "Being called",
};

pub(super) fn calls(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let all = [&PORT, &ANSWERS, &FETCHES];
        if !scene.ground.listens {
            return Ok(all.map(|check| check.skipped(NO_PORT)).into());
        }
        let (script, ours) = (scene.honest()?, scene.handshake("seed"));
        scene.caller(move |phone| async move {
            let mut line = phone.call(Caller::new("caller", 2)).await?;
            line.introduce(&ours).await?;
            line.play(&mut script.clone()).await
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("caller", GONE);
        let played = scene.play(scene.patience(), &over).await?;
        let seen = scene.tape.last(8);
        if let Some(deaf) = unheard(&scene, &ANSWERS, &played) {
            let listens = match port(&scene.tape) {
                Some(port) => PORT.odd(format!(
                    "tells its tracker that it listens at port {port}, and nobody does"
                )),
                None => PORT.skipped("it told no tracker a port"),
            };
            let fetches = FETCHES.skipped("it was not called");
            return Ok([listens, deaf, fetches]
                .map(|it| it.seen(seen.clone()))
                .into());
        }
        let answers = answer(&scene, "caller", &played);
        let fetches = if scene.is_whole() {
            FETCHES.ok()
        } else if answered(&scene, "caller").is_none() {
            FETCHES.skipped("it did not answer")
        } else if scene.tape.requests("caller").is_empty() {
            FETCHES.odd(format!(
                "asks a peer that has called it for nothing: {}",
                played.why()
            ))
        } else {
            FETCHES.wrong(format!(
                "asks a peer that has called it for blocks, and does not finish: {}",
                played.why()
            ))
        };
        let all = [PORT.ok(), answers, fetches];
        Ok(all.map(|finding| finding.seen(seen.clone())).into())
    })
}

/// Whether it has answered as it should.
fn answer(scene: &Scene, who: &str, played: &Played) -> Finding {
    let right = scene.torrent.info_hash();
    match scene.tape.handshakes(who).first() {
        Some(theirs) if theirs.info_hash == right => ANSWERS.ok(),
        Some(theirs) => ANSWERS.wrong(format!(
            "is called for {right}, and answers for {}",
            theirs.info_hash
        )),
        None if scene.tape.hung_up(who) => {
            ANSWERS.wrong("hangs up on a caller that wants its torrent, without an answer")
        }
        None => ANSWERS.wrong(format!(
            "does not answer a caller that wants its torrent: {}",
            played.why()
        )),
    }
}

/// Somebody who calls as everybody does, so that one knows whether it can be done.
fn calls_well(scene: &mut Scene, after: Duration) {
    let ours = scene.handshake("well");
    scene.caller(move |phone| async move {
        phone.port().await;
        sleep(after).await;
        let mut line = phone.call(Caller::new("usual", 9)).await?;
        line.introduce(&ours).await?;
        line.watch(Duration::MAX).await;
        Ok(())
    });
}

pub(super) fn halves(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![HALVES.skipped(NO_PORT)]);
        }
        let bytes = scene.handshake("half").to_bytes();
        scene.caller(move |phone| async move {
            let mut line = phone.call(Caller::new("caller", 2)).await?;
            for part in [&bytes[..30], &bytes[30..48], &bytes[48..]] {
                line.say_bytes(part);
                line.flush().await;
                sleep(Duration::from_millis(300)).await;
            }
            line.hear_handshake().await?;
            line.watch(Duration::MAX).await;
            Ok(())
        });
        calls_well(&mut scene, Duration::from_millis(100));
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            let usual = answered(scene, "usual").is_some() || scene.tape.hung_up("usual");
            let first = answered(scene, "caller").is_some() || scene.tape.hung_up("caller");
            usual && first
        };
        let played = scene.play(scene.patience(), &over).await?;
        let finding = if let Some(finding) = unheard(&scene, &HALVES, &played) {
            finding
        } else if answered(&scene, "caller").is_some() {
            HALVES.ok()
        } else if answered(&scene, "usual").is_none() {
            HALVES.skipped("it does not answer whole ones either")
        } else if scene.tape.hung_up("caller") {
            HALVES.wrong("hangs up on such a caller")
        } else {
            HALVES.wrong(format!("does not answer such a caller: {}", played.why()))
        };
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

pub(super) fn stranger(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![STRANGER.skipped(NO_PORT)]);
        }
        let other = InfoHash([0x5a; 20]);
        let theirs = Handshake {
            info_hash: other,
            ..scene.handshake("strange")
        };
        scene.caller(move |phone| async move {
            let mut line = phone.call(Caller::new("stranger", 2)).await?;
            line.say_bytes(&theirs.to_bytes());
            line.hear_handshake().await?;
            line.watch(Duration::MAX).await;
            Ok(())
        });
        scene.tracker_for(&[]).await?;
        let over = |scene: &Scene| {
            scene.tape.hung_up("stranger") || is_past(scene, called(scene, "stranger"), STAYS)
        };
        let played = scene.play(scene.patience(), &over).await?;
        let said = scene.tape.messages("stranger");
        let gone = scene.tape.hung_up("stranger");
        let finding = if let Some(finding) = unheard(&scene, &STRANGER, &played) {
            finding
        } else if let Some((_, message)) = said.first() {
            STRANGER.wrong(format!(
                "talks to a caller that wants another torrent: it sends `{}`",
                words(message)
            ))
        } else {
            match scene.tape.handshakes("stranger").first() {
                Some(answer) if answer.info_hash == other => {
                    STRANGER.wrong(format!("answers for {other}, which it does not have"))
                }
                Some(_) if !gone => STRANGER
                    .wrong("answers a caller that wants another torrent, and does not hang up"),
                Some(answer) => STRANGER.odd(format!(
                    "tells a caller that wants another torrent which one it has: {}",
                    answer.info_hash
                )),
                None if gone => STRANGER.ok(),
                None => STRANGER.odd(format!(
                    "keeps a caller that wants another torrent, for {} s and more",
                    STAYS.as_secs()
                )),
            }
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

/// What they say who are no peers.
const NOISE: [(&str, u8, &[u8]); 5] = [
    ("silent-1", 2, b""),
    ("silent-2", 3, b""),
    ("half", 4, b"\x13BitTorrent protocol\0\0\0\0"),
    ("browser", 5, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    ("silent-3", 6, b""),
];
pub(super) fn rabble(mut scene: Scene) -> Playing {
    Box::pin(async move {
        if !scene.ground.listens {
            return Ok(vec![RABBLE.skipped(NO_PORT)]);
        }
        for (name, host, says) in NOISE {
            scene.caller(move |phone| async move {
                let mut line = phone.call(Caller::new(name, host)).await?;
                line.say_bytes(says);
                line.hear_handshake().await?;
                line.watch(Duration::MAX).await;
                Ok(())
            });
        }
        scene.caller(move |phone| async move {
            // Half a handshake, and gone.
            let line = phone.call(Caller::new("fleeting", 7)).await?;
            line.say_bytes(b"\x13BitTorrent pro");
            line.hang_up().await;
            Ok(())
        });
        calls_well(&mut scene, Duration::from_millis(500));
        scene.tracker_for(&[]).await?;
        let over =
            |scene: &Scene| answered(scene, "usual").is_some() || scene.tape.hung_up("usual");
        let played = scene.play(scene.patience(), &over).await?;
        let took = answered(&scene, "usual")
            .zip(called(&scene, "usual"))
            .map(|(answered, called)| answered.saturating_sub(called));
        let finding = match took {
            _ if played.crash().is_some() => RABBLE.wrong(played.why()),
            Some(took) if took < SOON => RABBLE.ok(),
            Some(took) => RABBLE.odd(format!(
                "keeps a caller waiting for {:.1} s because others say nothing",
                took.as_secs_f64()
            )),
            None => match unheard(&scene, &RABBLE, &played) {
                Some(finding) => finding,
                None if scene.tape.hung_up("usual") => {
                    RABBLE.wrong("hangs up on a good caller while others say nothing")
                }
                None => RABBLE.wrong(format!(
                    "does not answer a caller while others say nothing: {}",
                    played.why()
                )),
            },
        };
        Ok(vec![finding.seen(scene.tape.last(10))])
    })
}
