//! What a client is about to do, in numbers.

use tracker::AnnounceEvent;

use super::{CHAPTER, Question, announces};
use crate::examine::verdict::{Check, Finding};

pub(super) static EVENTS: Check = Check {
    name: "events",
    right: "says 2, started, with its first announce, and 1, completed, when it has everything",
    source: "BEP 15, Announce: event",
    chapter: CHAPTER,
    section: "Connect, announce, and their answers",
};
pub(super) static STOPPED: Check = Check {
    name: "stopped",
    right: "says 3, stopped, when it ends, and nothing after it",
    source: "BEP 15, Announce: event",
    chapter: CHAPTER,
    section: "Connect, announce, and their answers",
};

/// Where the event stands in an announce.
const EVENT: std::ops::Range<usize> = 80..84;

pub(super) fn events(asked: &[Question], whole: bool) -> Finding {
    let announces = announces(asked);
    let Some((_, first)) = announces.first() else {
        return EVENTS.skipped("it did not announce itself");
    };
    let number = |question: &Question| {
        let bytes = question.bytes.get(EVENT)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    let mut numbers = announces
        .iter()
        .filter_map(|(question, _)| number(question));
    if let Some(unknown) = numbers.find(|&number| number > 3) {
        return EVENTS.wrong(format!("gives the event {unknown}, which there is not"));
    }
    if first.request.event != Some(AnnounceEvent::Started) {
        let word = word(first.request.event);
        return EVENTS.wrong(format!("says {word} with its first announce"));
    }
    let completed = announces
        .iter()
        .filter(|(_, announce)| announce.request.event == Some(AnnounceEvent::Completed));
    let completed: Vec<_> = completed.collect();
    match &completed[..] {
        [(_, early), ..] if early.request.left > 0 => EVENTS.wrong(format!(
            "says completed while {} bytes are left",
            early.request.left
        )),
        [] if whole => EVENTS.odd("has everything and does not say so"),
        [_, _, ..] => EVENTS.odd(format!("says completed {} times", completed.len())),
        _ => EVENTS.ok(),
    }
}

pub(super) fn stopped(asked: &[Question]) -> Finding {
    let announces = announces(asked);
    let is_stopped = |event: Option<AnnounceEvent>| event == Some(AnnounceEvent::Stopped);
    let mut pairs = announces.windows(2);
    let goes_on = pairs.find(|pair| {
        is_stopped(pair[0].1.request.event)
            && pair[1].1.request.event != Some(AnnounceEvent::Started)
    });
    if let Some(pair) = goes_on.filter(|pair| !is_stopped(pair[1].1.request.event)) {
        let word = word(pair[1].1.request.event);
        return STOPPED.wrong(format!("announces with {word} after stopped"));
    }
    match announces.last() {
        None => STOPPED.skipped("it did not announce itself"),
        Some((_, last)) if is_stopped(last.request.event) => STOPPED.ok(),
        Some(_) => STOPPED.odd(
            "ends without a word: for half an hour and more others are sent to a peer that is gone",
        ),
    }
}

/// The event of an announce, in words.
fn word(event: Option<AnnounceEvent>) -> &'static str {
    event.map_or("no event", AnnounceEvent::as_str)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use metainfo::InfoHash;
    use peer_id::PeerId;
    use pretty_assertions::assert_eq;
    use tracker::AnnounceRequest;
    use udp_tracker::{Announce, Ask, ConnectionId, Request, TransactionId};

    use super::*;
    use crate::examine::verdict::Verdict;
    use AnnounceEvent::{Completed, Started, Stopped};

    fn announces(events: &[(Option<AnnounceEvent>, u64)]) -> Vec<Question> {
        let all = events.iter().zip(1..).map(|((event, left), number)| {
            let request = AnnounceRequest {
                info_hash: InfoHash([1; 20]),
                peer_id: PeerId([2; 20]),
                port: 1,
                uploaded: 0,
                downloaded: 0,
                left: *left,
                event: *event,
                numwant: None,
                key: 0,
                tracker_id: None,
            };
            let request = Request::Ask {
                connection: ConnectionId(1),
                transaction: TransactionId(number),
                ask: Ask::Announce(Announce {
                    request,
                    url_data: None,
                }),
            };
            Question {
                at: Duration::ZERO,
                bytes: request.encode(),
                request: Ok(request),
            }
        });
        all.collect()
    }

    #[test]
    fn started_comes_first_and_completed_with_everything() {
        for (said, verdict) in [
            (&[(Some(Started), 9), (Some(Completed), 0)][..], Verdict::Ok),
            (&[(Some(Started), 9)], Verdict::Odd),
            (&[(None, 9), (Some(Completed), 0)], Verdict::Wrong),
            (&[(Some(Started), 9), (Some(Completed), 9)], Verdict::Wrong),
        ] {
            assert_eq!(events(&announces(said), true).verdict, verdict, "{said:?}");
        }
        let mut strange = announces(&[(Some(Started), 9)]);
        strange[0].bytes[83] = 7;
        assert_eq!(events(&strange, true).verdict, Verdict::Wrong);
    }

    #[test]
    fn stopped_comes_last() {
        for (said, verdict) in [
            (&[(Some(Started), 9), (Some(Stopped), 0)][..], Verdict::Ok),
            (&[(Some(Started), 9)], Verdict::Odd),
            (&[(Some(Stopped), 9), (None, 9)], Verdict::Wrong),
            (&[(Some(Stopped), 9), (Some(Started), 9)], Verdict::Odd),
        ] {
            assert_eq!(stopped(&announces(said)).verdict, verdict, "{said:?}");
        }
    }
}
