//! What a client asks: first for a connection id, then with it.

use std::collections::BTreeMap;
use std::time::Duration;

use udp_tracker::Request;

use super::desk::{Desk, number_of, open_honest};
use super::events::{events, stopped};
use super::{CHAPTER, Question, TRACKER, announces, questions, unseen};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::verdict::{Check, Finding};
use crate::lab::peer::Manner;

pub(super) static CONNECT: Check = Check {
    name: "connect",
    right: "asks for a connection id first, and announces with the one that it was given",
    source: "BEP 15, Connect",
    chapter: CHAPTER,
    section: "Connect, announce, and their answers",
};
pub(super) static ANNOUNCE: Check = Check {
    name: "announce",
    right: "announces with 98 bytes or more: the right info-hash, its peer id, a port",
    source: "BEP 15, Announce",
    chapter: CHAPTER,
    section: "The datagrams",
};
pub(super) static NUMBERS: Check = Check {
    name: "transactions",
    right: "draws a transaction id for each question",
    source: "BEP 15, Connect: choose a random transaction ID; Announce: the same",
    chapter: CHAPTER,
    section: "Whose answer is it?",
};
pub(super) static PATH: Check = Check {
    name: "path",
    right: "tells path and query of the tracker's URL with the announce",
    source: "BEP 41, URLData",
    chapter: CHAPTER,
    section: "The path of the URL",
};
pub(super) static REUSE: Check = Check {
    name: "reuse",
    right: "uses its connection id again while that is fresh",
    source: "BEP 15, Connect: a client can use a connection ID until one minute after it has received it",
    chapter: CHAPTER,
    section: "One id for all",
};
pub(super) static RENEWS: Check = Check {
    name: "renews",
    right: "asks for another connection id when a minute is over",
    source: "BEP 15, Connect: until one minute after it has received it",
    chapter: CHAPTER,
    section: "One id for all",
};

/// Once everything is there, how long the news may take.
const NEWS: Duration = Duration::from_secs(3);
/// An id is good for so long.
const MINUTE: Duration = Duration::from_secs(60);
/// And nobody measures it more exactly than this.
const ABOUT: Duration = Duration::from_secs(2);

pub(super) fn announce(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let script = scene.honest()?;
        let peer = scene.script("seeder", Manner::default(), script).await?;
        open_honest(&mut scene, TRACKER, Desk::new(&[peer])).await?;
        scene.announce += "?key=a%2Fb";
        let whole = std::sync::Mutex::new(None);
        let told = move |scene: &Scene| {
            let whole = whole.lock();
            let mut whole = whole.unwrap_or_else(std::sync::PoisonError::into_inner);
            if whole.is_none() && scene.is_whole() {
                *whole = Some(scene.tape.now());
            }
            whole.is_some_and(|at| scene.tape.now() > at + NEWS)
        };
        let played = scene.play_and_end(scene.patience(), &told).await?;
        let all = [
            &CONNECT,
            &ANNOUNCE,
            &NUMBERS,
            &PATH,
            &REUSE,
            &super::events::EVENTS,
            &super::events::STOPPED,
        ];
        if let Some(findings) = unseen(&scene, &all, &played).await? {
            return Ok(findings);
        }
        let asked = questions(&scene, TRACKER);
        let findings = [
            connect(&asked),
            announced(&asked, &scene),
            numbers(&asked),
            path(&asked),
            reuse(&asked),
            events(&asked, scene.is_whole()),
            stopped(&asked),
        ];
        let seen = scene.tape.last(12);
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

fn connect(asked: &[Question]) -> Finding {
    match asked.first().map(|first| &first.request) {
        None => return CONNECT.skipped(super::NOT_ASKED),
        Some(Err(why)) => {
            return CONNECT.wrong(format!("begins with a datagram that is no question: {why}"));
        }
        Some(Ok(Request::Ask { .. })) => {
            return CONNECT.wrong("asks before it has a connection id");
        }
        Some(Ok(Request::Connect { .. })) => {}
    }
    let mut given = 0;
    let mut has_asked = false;
    for question in asked {
        match &question.request {
            Ok(Request::Connect { .. }) => given += 1,
            Ok(Request::Ask { connection, .. }) => {
                has_asked = true;
                if number_of(*connection).is_none_or(|number| number > given) {
                    let id = connection.0;
                    return CONNECT.wrong(format!(
                        "asks with the connection id {id:#x}, which it was not given"
                    ));
                }
            }
            Err(_) => {}
        }
    }
    match has_asked {
        true => CONNECT.ok(),
        false => CONNECT.wrong("has its connection id, and asks nothing with it"),
    }
}

fn announced(asked: &[Question], scene: &Scene) -> Finding {
    let unreadable = asked
        .iter()
        .find_map(|question| question.request.as_ref().err());
    if let Some(why) = unreadable {
        return ANNOUNCE.wrong(format!("sends a datagram that cannot be read: {why}"));
    }
    let announces = announces(asked);
    let Some((_, first)) = announces.first() else {
        return ANNOUNCE.skipped("it did not announce itself");
    };
    let request = &first.request;
    let right = scene.torrent.info_hash();
    if request.info_hash != right {
        let other = request.info_hash;
        return ANNOUNCE.wrong(format!("the info-hash is {right}, and it says {other}"));
    }
    if request.port == 0 {
        return ANNOUNCE.odd("says that its port is 0: nobody can call it");
    }
    let handshakes = scene.tape.handshakes("seeder");
    match handshakes.first() {
        Some(theirs) if theirs.peer_id != request.peer_id => ANNOUNCE.odd(format!(
            "is {} to the tracker and {} to a peer",
            request.peer_id, theirs.peer_id
        )),
        _ => ANNOUNCE.ok(),
    }
}

/// What is sent again is the same question.
fn numbers(asked: &[Question]) -> Finding {
    let mut questions: BTreeMap<u32, &[u8]> = BTreeMap::new();
    let mut count = 0;
    for question in asked {
        let (Ok(Request::Connect { transaction }) | Ok(Request::Ask { transaction, .. })) =
            &question.request
        else {
            continue;
        };
        count += 1;
        let before = questions.insert(transaction.0, &question.bytes);
        if before.is_some_and(|before| before != question.bytes) {
            return NUMBERS.odd(format!(
                "asks two questions with the transaction id {:#x}: an old answer to the one passes for an answer to the other",
                transaction.0
            ));
        }
    }
    match count {
        0 | 1 => NUMBERS.skipped("it asked one question"),
        _ => NUMBERS.ok(),
    }
}

fn path(asked: &[Question]) -> Finding {
    const URL: &[u8] = b"/announce?key=a%2Fb";
    match announces(asked).first() {
        None => PATH.skipped("it did not announce itself"),
        Some((_, announce)) => match &announce.url_data {
            Some(data) if data == URL => PATH.ok(),
            Some(data) => PATH.wrong(format!(
                "says that the URL goes on with `{}`, and not with `{}`",
                data.escape_ascii(),
                URL.escape_ascii()
            )),
            None => PATH.odd("says nothing of them: a tracker that knows its users by a key in the URL knows nobody"),
        },
    }
}

fn reuse(asked: &[Question]) -> Finding {
    let announces = announces(asked);
    let is_connect = |question: &&Question| matches!(question.request, Ok(Request::Connect { .. }));
    let last = announces.last().map(|(question, _)| question.at);
    let until = last.unwrap_or_default().min(MINUTE);
    let connects = asked.iter().filter(is_connect).filter(|it| it.at <= until);
    match (announces.len(), connects.count()) {
        (0 | 1, _) => REUSE.skipped("it announced itself once"),
        (_, 0 | 1) => REUSE.ok(),
        (times, ids) => REUSE.odd(format!(
            "asks for {ids} connection ids within a minute, for {times} announces"
        )),
    }
}

pub(super) fn minute(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let keeper = scene.keeper("keeper").await?;
        open_honest(&mut scene, TRACKER, Desk::new(&[keeper])).await?;
        let over = |scene: &Scene| {
            let first = questions(scene, TRACKER).into_iter().next();
            match first {
                Some(first) => scene.tape.now() > first.at + MINUTE + 2 * ABOUT,
                None => false,
            }
        };
        // Nobody who asks no tracker by UDP is waited for so long.
        let asks = |scene: &Scene| {
            let late = scene.tape.now() > scene.patience();
            over(scene) || late && scene.tape.datagrams(TRACKER).is_empty()
        };
        let limit = scene.patience().max(MINUTE + 4 * ABOUT);
        let played = scene.play_and_end(limit, &asks).await?;
        if let Some(findings) = unseen(&scene, &[&RENEWS], &played).await? {
            return Ok(findings);
        }
        let finding = renews(&questions(&scene, TRACKER));
        Ok(vec![finding.seen(scene.tape.last(8))])
    })
}

fn renews(asked: &[Question]) -> Finding {
    let mut given = Vec::new();
    let mut late = false;
    for question in asked {
        match &question.request {
            Ok(Request::Connect { .. }) => given.push(question.at),
            Ok(Request::Ask { connection, .. }) => {
                let number = number_of(*connection).and_then(|it| usize::try_from(it).ok());
                let came = number.and_then(|number| given.get(number.checked_sub(1)?));
                let Some(age) = came.and_then(|came| question.at.checked_sub(*came)) else {
                    continue;
                };
                if age > MINUTE + ABOUT {
                    return RENEWS.wrong(format!(
                        "asks with a connection id that came {} s before",
                        age.as_secs()
                    ));
                }
                let first = given.first().copied().unwrap_or_default();
                late |= question.at > first + MINUTE + ABOUT;
            }
            Err(_) => {}
        }
    }
    match late {
        true => RENEWS.ok(),
        false => RENEWS.skipped("it asked nothing more when a minute was over"),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use udp_tracker::{Ask, ConnectionId, TransactionId};

    use super::super::desk::id;
    use super::*;
    use crate::examine::verdict::Verdict;

    fn question(at: u64, request: Request) -> Question {
        Question {
            at: Duration::from_secs(at),
            bytes: request.encode(),
            request: Ok(request),
        }
    }

    fn connects(at: u64, number: u32) -> Question {
        let transaction = TransactionId(number);
        question(at, Request::Connect { transaction })
    }

    fn asks(at: u64, number: u32, connection: ConnectionId) -> Question {
        let transaction = TransactionId(number);
        let ask = Ask::Scrape(Vec::new());
        question(
            at,
            Request::Ask {
                connection,
                transaction,
                ask,
            },
        )
    }

    #[test]
    fn an_id_is_asked_for_first_and_is_the_one_that_was_given() {
        let judged = |asked: &[Question]| connect(asked).verdict;
        assert_eq!(judged(&[connects(0, 1), asks(0, 2, id(1))]), Verdict::Ok);
        assert_eq!(judged(&[asks(0, 2, id(1))]), Verdict::Wrong);
        assert_eq!(judged(&[connects(0, 1)]), Verdict::Wrong);
        let other = [connects(0, 1), asks(0, 2, id(2))];
        assert_eq!(judged(&other), Verdict::Wrong);
    }

    #[test]
    fn an_id_is_good_for_a_minute() {
        let judged = |asked: &[Question]| renews(asked).verdict;
        let early = [connects(0, 1), asks(9, 2, id(1))];
        assert_eq!(judged(&early), Verdict::Skipped);
        let old = [connects(0, 1), asks(70, 2, id(1))];
        assert_eq!(judged(&old), Verdict::Wrong);
        let renewed = [connects(0, 1), connects(70, 3), asks(70, 2, id(2))];
        assert_eq!(judged(&renewed), Verdict::Ok);
    }

    #[test]
    fn what_is_sent_again_may_have_its_number_again() {
        let judged = |asked: &[Question]| numbers(asked).verdict;
        assert_eq!(judged(&[connects(0, 1), connects(15, 1)]), Verdict::Ok);
        let two = [connects(0, 1), asks(0, 1, id(1))];
        assert_eq!(judged(&two), Verdict::Odd);
        assert_eq!(judged(&[connects(0, 1)]), Verdict::Skipped);
    }
}
