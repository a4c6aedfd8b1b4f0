//! How many requests a client has out at once, and what that makes of a long line.

use std::time::Duration;

use super::{CHAPTER, NOT_SO_FAR};
use crate::examine::scene::{Scene, SceneError};
use crate::examine::stage::Playing;
use crate::examine::stages::GONE;
use crate::examine::torrent::Torrent;
use crate::examine::verdict::Check;
use crate::lab::peer::{Manner, Passed};

pub(super) static PIPELINING: Check = Check {
    name: "pipelining",
    right: "keeps several requests out at once, also on a long line",
    source: "BEP 3, peer protocol: pipelining",
    chapter: CHAPTER,
    section: "A line is long as well as wide",
};

/// The round trips, in milliseconds.
const LINES: [u64; 3] = [0, 50, 200];
/// The torrent's length in bytes: twenty blocks.
const LENGTH: usize = 20 * 16 * 1024;
/// With fewer out at once, a line of any length is mostly empty.
const FEW: usize = 3;

/// What was seen on one line.
#[derive(Clone, Copy, Debug)]
struct Measured {
    /// Requests out at once, at most.
    most: usize,
    /// Bytes a second, from the first request to the last block.
    rate: Option<f64>,
}

pub(super) fn pipelining(scene: Scene) -> Playing {
    Box::pin(async move {
        let mut lines = Vec::new();
        for round_trip in LINES {
            let scene = scene.another(&format!("{round_trip}ms"))?;
            lines.push(tokio::spawn(measure(scene, round_trip)));
        }
        let mut measured = Vec::new();
        for line in lines {
            match line.await {
                Ok(result) => measured.push(result?),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
        if measured.iter().all(|line| line.most == 0) {
            return Ok(vec![match scene.ground.baseline().await?.fetches {
                true => PIPELINING.wrong("asks for nothing on lines of 0, 50 and 200 ms"),
                false => PIPELINING.skipped(NOT_SO_FAR),
            }]);
        }
        let evidence: Vec<String> = LINES.iter().zip(&measured).map(words).collect();
        let told = evidence.join("; ");
        // The longest line shows what a window is good for.
        let most = measured.last().map_or(0, |line| line.most);
        let finding = match most {
            0 => PIPELINING.wrong(format!("asks for nothing on a line of 200 ms: {told}")),
            1 => PIPELINING.odd(format!(
                "asks for the next block only when it has the last one: {told}"
            )),
            2..=FEW => PIPELINING.ok_with(format!("not many: {told}")),
            _ => PIPELINING.ok_with(told),
        };
        Ok(vec![finding.seen(evidence)])
    })
}

fn words((round_trip, line): (&u64, &Measured)) -> String {
    let rate = line.rate.map_or("no block came".into(), |rate| {
        format!("{:.0} KiB a second", rate / 1024.0)
    });
    format!("{round_trip} ms: {} at once, {rate}", line.most)
}

async fn measure(mut scene: Scene, round_trip: u64) -> Result<Measured, SceneError> {
    scene.torrent = scene.own(Torrent::single("long.bin", LENGTH, 7));
    let script = scene.honest()?;
    let manner = Manner {
        lag: Duration::from_millis(round_trip),
        ..Manner::default()
    };
    let peer = scene.script("peer", manner, script).await?;
    scene.tracker_for(&[peer]).await?;
    let over = |scene: &Scene| scene.is_whole() || scene.tape.is_gone("peer", GONE);
    // One request at a time takes a round trip for each block.
    let limit = scene.patience() + 40 * manner.lag;
    scene.play(limit, &over).await?;
    Ok(evaluate(&scene.tape.with("peer")))
}

fn evaluate(passed: &[(Duration, Passed)]) -> Measured {
    let (mut out, mut most, mut bytes) = (0_usize, 0, 0_u64);
    let (mut first, mut last) = (None, None);
    for (at, passed) in passed {
        match passed {
            Passed::Message(messages::Message::Request(_)) => {
                out += 1;
                most = most.max(out);
                first.get_or_insert(*at);
            }
            Passed::WeGave(block) => {
                out = out.saturating_sub(1);
                bytes += u64::from(block.len);
                last = Some(*at);
            }
            _ => {}
        }
    }
    let took = first.zip(last).map(|(first, last)| last - first);
    let rate = took.map(|took| bytes as f64 / took.as_secs_f64().max(1e-3));
    Measured { most, rate }
}

#[cfg(test)]
mod tests {
    use messages::{BlockHeader, BlockRequest, Message};
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_out_is_counted_until_it_is_given() {
        let ask = |at: u64, offset| {
            let block = BlockRequest {
                piece: 0,
                offset,
                len: 16_384,
            };
            let passed = Passed::Message(Message::Request(block));
            (Duration::from_millis(at), passed)
        };
        let give = |at: u64, offset| {
            let block = BlockHeader {
                piece: 0,
                offset,
                len: 16_384,
            };
            (Duration::from_millis(at), Passed::WeGave(block))
        };
        let one_by_one = [ask(0, 0), give(50, 0), ask(50, 16_384), give(100, 16_384)];
        let measured = evaluate(&one_by_one);
        assert_eq!(measured.most, 1);
        assert_eq!(measured.rate, Some(2.0 * 16_384.0 / 0.1));
        let together = [ask(0, 0), ask(0, 16_384), give(50, 0), give(50, 16_384)];
        assert_eq!(evaluate(&together).most, 2);
        assert_eq!(evaluate(&[]).most, 0);
    }
}
