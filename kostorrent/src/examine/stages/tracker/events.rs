//! When a client asks its tracker, and with which event.

use std::time::Duration;

use super::CHAPTER;
use crate::examine::asked::Asked;
use crate::examine::scene::{Over, Scene};
use crate::examine::stage::Playing;
use crate::examine::tracker;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Manner;

pub(super) static STARTED: Check = Check {
    name: "started",
    right: "says `started` with its first announce",
    source: "BEP 3, trackers: event",
    chapter: CHAPTER,
    section: "When to ask",
};
pub(super) static COMPLETED: Check = Check {
    name: "completed",
    right: "says `completed` when it has everything, and then only",
    source: "BEP 3, trackers: event",
    chapter: CHAPTER,
    section: "When to ask",
};
pub(super) static STOPPED: Check = Check {
    name: "stopped",
    right: "says `stopped` when it ends",
    source: "BEP 3, trackers: event",
    chapter: CHAPTER,
    section: "When to ask",
};
pub(super) static COUNTED: Check = Check {
    name: "downloaded",
    right: "counts what it has fetched: `downloaded`",
    source: "BEP 3, trackers: downloaded",
    chapter: CHAPTER,
    section: "The announce, by hand",
};
pub(super) static INTERVAL_KEPT: Check = Check {
    name: "interval",
    right: "does not ask again before the interval is over",
    source: "BEP 3, trackers: interval",
    chapter: CHAPTER,
    section: "When to ask",
};
pub(super) static FAILURE: Check = Check {
    name: "failure",
    right: "takes a refusal: it neither asks again at once nor claims to have succeeded",
    source: "BEP 3, trackers: failure reason",
    chapter: CHAPTER,
    section: "When it goes wrong",
};

/// Once everything is there, how long the news may take.
const NEWS: Duration = Duration::from_secs(3);
/// How long a client is watched that has nothing to ask.
const WATCHED: Duration = Duration::from_millis(3_500);

pub(super) fn events(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene.usual().await?;
        let whole = std::sync::Mutex::new(None);
        let told = move |scene: &Scene| {
            let mut whole = whole
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if whole.is_none() && scene.is_whole() {
                *whole = Some(scene.tape.now());
            }
            whole.is_some_and(|at| scene.tape.now() > at + NEWS)
        };
        scene.play_and_end(scene.patience(), &told).await?;
        let asked: Vec<Asked> = scene.tape.asked(None).into_iter().map(|it| it.1).collect();
        if asked.is_empty() {
            let all = [&STARTED, &COMPLETED, &STOPPED, &COUNTED];
            return Ok(all.map(|check| check.skipped("it asked no tracker")).into());
        }
        let findings = [
            started(&asked),
            completed(&asked, scene.is_whole()),
            stopped(&asked, scene.is_whole()),
            counted(&asked, scene.is_whole().then(|| scene.torrent.total())),
        ];
        let seen: Vec<String> = asked.iter().map(|asked| asked.target.clone()).collect();
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn started(asked: &[Asked]) -> Finding {
    match asked[0].event().as_str() {
        "started" => STARTED.ok(),
        "" => STARTED.wrong("its first announce has no event"),
        other => STARTED.wrong(format!("its first announce says `event={other}`")),
    }
}

fn completed(asked: &[Asked], whole: bool) -> Finding {
    let told: Vec<&Asked> = asked
        .iter()
        .filter(|asked| asked.event() == "completed")
        .collect();
    let early = told.iter().find(|asked| asked.number("left") != Some(0));
    match (early, told.len()) {
        (Some(early), _) => COMPLETED.wrong(format!(
            "says `completed` with `left={}`",
            early.text("left").unwrap_or_default()
        )),
        (None, 0) if !whole => COMPLETED.skipped("it did not fetch everything"),
        (None, 0) => COMPLETED
            .odd("has everything and does not say `completed`: trackers count downloads by it"),
        (None, 1) if !whole => COMPLETED.wrong("says `completed` and does not have everything"),
        (None, 1) => COMPLETED.ok(),
        (None, times) => COMPLETED.odd(format!("says `completed` {times} times")),
    }
}

/// What it says when it lacks nothing; `fetched` is how much that was, if it fetched everything.
fn counted(asked: &[Asked], fetched: Option<u64>) -> Finding {
    let Some(fetched) = fetched else {
        return COUNTED.skipped("it did not fetch everything");
    };
    let told = asked
        .iter()
        .rev()
        .find(|asked| asked.number("left") == Some(0));
    match told.map(|told| told.number("downloaded")) {
        None => COUNTED.skipped("it told no tracker that it has everything"),
        Some(Some(number)) if number >= fetched => COUNTED.ok(),
        Some(Some(number)) => COUNTED.wrong(format!(
            "says `downloaded={number}`, and has fetched {fetched} bytes"
        )),
        Some(None) => COUNTED.wrong("does not say `downloaded` when it has everything"),
    }
}

fn stopped(asked: &[Asked], whole: bool) -> Finding {
    let is_stopped = |asked: &Asked| asked.event() == "stopped";
    let mut pairs = asked.windows(2);
    if pairs.any(|pair| is_stopped(&pair[0]) && pair[1].event() != "started") {
        return STOPPED.wrong("announces after `stopped`, without `started`");
    }
    match asked.last() {
        Some(last) if !is_stopped(last) => STOPPED.odd(
            "ends without `stopped`: for half an hour and more others are sent to a peer that is gone",
        ),
        Some(last) if whole && last.number("left") != Some(0) => STOPPED
            .odd("says `stopped` before it has fetched anything: nobody can call it meanwhile"),
        _ => STOPPED.ok(),
    }
}

/// Whether a client was watched for long enough, from its first announce on: some take long to start.
fn watched(scene: &Scene) -> bool {
    let first = scene.tape.asked(None).into_iter().next();
    first.is_some_and(|(at, _)| scene.tape.now() > at + WATCHED)
}

pub(super) fn interval(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        // Slow enough that it is not done before we have seen enough.
        let manner = Manner {
            rate: Some(scene.torrent.total() / 6),
            ..Manner::default()
        };
        let peer = scene.script("seeder", manner, script).await?;
        scene.tracker_for(&[peer]).await?;
        let played = scene.play(scene.patience().max(WATCHED), &watched).await?;
        let asked = scene.tape.asked(None);
        let again: Vec<Duration> = asked
            .iter()
            .skip(1)
            .filter(|(_, asked)| asked.event().is_empty() || asked.event() == "started")
            .map(|(at, _)| *at)
            .collect();
        let told = tracker::INTERVAL.as_secs();
        let finding = match (&played.over, again.len()) {
            (_, 0) if asked.is_empty() => INTERVAL_KEPT.skipped("it asked no tracker"),
            (Over::Ended(_), 0) => {
                INTERVAL_KEPT.skipped(format!("there was no time to: {}", played.why()))
            }
            (_, 0) => INTERVAL_KEPT.ok(),
            (_, 1) => INTERVAL_KEPT.odd(format!(
                "asks again {:.1} s after its start, though it was told to wait {told} s and has a peer",
                again[0].as_secs_f64()
            )),
            (_, times) => INTERVAL_KEPT.wrong(format!(
                "asks {times} times more within {:.1} s, though it was told to wait {told} s and has a peer",
                WATCHED.as_secs_f64()
            )),
        };
        Ok(vec![finding.seen(scene.tape.last(6))])
    })
}

pub(super) fn failure(mut scene: Scene) -> Playing {
    Box::pin(async move {
        scene
            .tracker("tracker", |_, _| {
                tracker::failure("this torrent is not served here")
            })
            .await?;
        let played = scene.play(scene.patience().max(WATCHED), &watched).await?;
        let asked = scene.tape.asked(None);
        let regular = |(_, asked): &&(Duration, Asked)| asked.event() != "stopped";
        let times = asked.iter().filter(regular).count();
        let finding = match &played.over {
            _ if asked.is_empty() => FAILURE.skipped("it asked no tracker"),
            _ if times > 3 => FAILURE.wrong(format!(
                "asks {times} times in {:.1} s although it is refused",
                WATCHED.as_secs_f64()
            )),
            Over::Ended(status) if played.crash().is_some() => {
                FAILURE.wrong(format!("it {status}"))
            }
            Over::Ended(crate::examine::status::Status::Code(0))
                if scene.ground.baseline().await?.fetches =>
            {
                FAILURE.wrong("ends with exit code 0, as if it had downloaded something")
            }
            _ => FAILURE.ok(),
        };
        Ok(vec![finding.seen(scene.tape.last(5))])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examine::verdict::Verdict;

    fn says(pairs: &[(&str, &str)]) -> Asked {
        let pairs = pairs.iter();
        Asked {
            target: String::new(),
            takes_gzip: false,
            pairs: pairs
                .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            unreadable: None,
        }
    }

    /// Announces with these events, each with so many bytes left.
    fn announces(events: &[(&str, u64)]) -> Vec<Asked> {
        let says =
            |(event, left): &(&str, u64)| says(&[("event", event), ("left", &left.to_string())]);
        events.iter().map(says).collect()
    }

    #[test]
    fn stopped_is_what_a_client_says_last() {
        for (events, verdict) in [
            (
                &[("started", 9), ("completed", 0), ("stopped", 0)][..],
                Verdict::Ok,
            ),
            (
                &[
                    ("started", 9),
                    ("stopped", 9),
                    ("started", 9),
                    ("stopped", 0),
                ],
                Verdict::Ok,
            ),
            (&[("started", 9)], Verdict::Odd),
            // Said once, and not at the end.
            (&[("stopped", 9), ("started", 9)], Verdict::Odd),
            (&[("started", 9), ("stopped", 9)], Verdict::Odd),
            (
                &[
                    ("started", 9),
                    ("stopped", 9),
                    ("completed", 0),
                    ("stopped", 0),
                ],
                Verdict::Wrong,
            ),
        ] {
            assert_eq!(
                stopped(&announces(events), true).verdict,
                verdict,
                "{events:?}"
            );
        }
    }

    #[test]
    fn what_was_fetched_is_counted_when_nothing_is_left() {
        let begins = says(&[("left", "9"), ("downloaded", "0")]);
        for (last, verdict) in [
            (says(&[("left", "0"), ("downloaded", "9")]), Verdict::Ok),
            // Some of it came twice.
            (says(&[("left", "0"), ("downloaded", "12")]), Verdict::Ok),
            (says(&[("left", "0"), ("downloaded", "0")]), Verdict::Wrong),
            (says(&[("left", "0")]), Verdict::Wrong),
            (
                says(&[("left", "9"), ("downloaded", "0")]),
                Verdict::Skipped,
            ),
        ] {
            let asked = [begins.clone(), last];
            assert_eq!(counted(&asked, Some(9)).verdict, verdict, "{asked:?}");
            assert_eq!(counted(&asked, None).verdict, Verdict::Skipped);
        }
    }
}
