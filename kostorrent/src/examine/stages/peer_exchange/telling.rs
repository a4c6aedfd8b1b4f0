//! What a client tells.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use bencode::decode_lenient;
use exchange::PexMessage;
use exchange::limits::MAX_TOLD;
use magnet::EXTENDED;
use messages::Message;

use super::{CHAPTER, GREETING, NOT_CLAIMED, NUMBERS, claims_it, met, teller};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::is_past;
use crate::examine::verdict::{Check, Finding, Verdict};
use crate::lab::trouble::News;

pub(super) static FORM: Check = Check {
    name: "form",
    right: "tells in lists of six bytes an address, with a flag for each, at most 50 added and 50 dropped",
    source: "BEP 11, messages",
    chapter: CHAPTER,
    section: "ut_pex",
};
pub(super) static CONTACTS: Check = Check {
    name: "contacts",
    right: "tells of peers that it is connected to, and of no others",
    source: "BEP 11, added: one or more contacts it has connected to",
    chapter: CHAPTER,
    section: "Only what you know yourself",
};
pub(super) static SELDOM: Check = Check {
    name: "seldom",
    right: "tells a peer no more than once a minute",
    source: "BEP 11, messages: not be sent more frequently than once a minute",
    chapter: CHAPTER,
    section: "What one peer is told",
};

/// The first message may come late: some tell once a minute, and begin with the second.
const WATCHED: Duration = Duration::from_secs(66);
/// Two messages are a minute apart, but nobody counts the seconds.
const MINUTE: Duration = Duration::from_secs(55);
/// A peer stays for so long, and its going is news.
const STAYS: Duration = Duration::from_secs(8);
/// Those who are told.
const TOLD: [&str; 2] = ["first", "second"];

/// A message, as it came.
#[derive(Clone, Debug)]
struct Told {
    at: Duration,
    body: Vec<u8>,
}

pub(super) fn tells(mut scene: Scene) -> Playing {
    Box::pin(async move {
        // It is told of this one, and named another by its tracker: nobody is there, and it knows of both by hearsay.
        let hearsay = [scene.nobody(201)?, scene.nobody(202)?];
        let mut contacts = BTreeSet::new();
        for name in TOLD {
            let news = News::Of(vec![hearsay[0]], GREETING / 3);
            contacts.insert(teller(&mut scene, name, news).await?);
        }
        contacts.insert(fleeting(&mut scene).await?);
        let named: Vec<SocketAddr> = contacts.iter().copied().chain([hearsay[1]]).collect();
        scene.tracker_for(&named).await?;
        let over = |scene: &Scene| {
            let met = met(scene, TOLD[0]);
            let silent = is_past(scene, met, GREETING) && !claims_it(scene, TOLD[0]);
            // What is wrong by now will not come right.
            let judged = judged(&all_told(scene), &contacts);
            let wrong = judged.iter().any(|it| it.verdict == Verdict::Wrong);
            silent || wrong || is_past(scene, met, WATCHED)
        };
        let limit = scene.patience().max(WATCHED + 2 * GREETING);
        let played = scene.play(limit, &over).await?;
        let all = [&FORM, &CONTACTS, &SELDOM];
        let told = all_told(&scene);
        let none = told.iter().all(Vec::is_empty);
        let findings = if let Some(crash) = played.crash() {
            all.map(|check| check.wrong(crash.clone()))
        } else if met(&scene, TOLD[0]).is_none() {
            all.map(|check| check.skipped("it called nobody"))
        } else if !claims_it(&scene, TOLD[0]) {
            all.map(|check| check.skipped(NOT_CLAIMED))
        } else if none {
            let why = format!("it told nobody of anybody: {}", played.why());
            all.map(|check| check.skipped(why.clone()))
        } else {
            judged(&told, &contacts)
        };
        let seen = scene.tape.last(12);
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

/// Adds a peer that goes after a while.
async fn fleeting(scene: &mut Scene) -> Result<SocketAddr, crate::examine::scene::SceneError> {
    use crate::lab::peer::{Line, Manner};
    let ours = scene.handshake("fleeting");
    let conduct = move |mut line: Line| async move {
        line.shake_hands(&ours).await?;
        line.watch(STAYS).await;
        line.hang_up().await;
        // It is not at home for anybody from then on.
        std::future::pending::<()>().await;
        Ok(())
    };
    scene.peer("fleeting", Manner::default(), conduct).await
}

/// What was said in each call, to whomever.
fn all_told(scene: &Scene) -> Vec<Vec<Told>> {
    TOLD.iter().flat_map(|who| told(scene, who)).collect()
}

fn judged(told: &[Vec<Told>], contacts: &BTreeSet<SocketAddr>) -> [Finding; 3] {
    let every: Vec<&Told> = told.iter().flatten().collect();
    [form(told), known(&every, contacts), seldom(told)]
}

/// What this peer was told in each call.
fn told(scene: &Scene, who: &str) -> Vec<Vec<Told>> {
    let calls = scene.tape.messages_by_call(who).into_iter();
    let told = |call: Vec<(Duration, Message)>| {
        let news = call.into_iter().filter_map(|(at, message)| match message {
            Message::Later { id: EXTENDED, body } => match body.split_first() {
                Some((number, rest)) if *number == NUMBERS.exchange => Some(Told {
                    at,
                    body: rest.to_vec(),
                }),
                _ => None,
            },
            _ => None,
        });
        news.collect()
    };
    calls.map(told).collect()
}

fn form(told: &[Vec<Told>]) -> Finding {
    let all = told.iter().flat_map(|call| call.iter().enumerate());
    for (place, it) in all {
        let document = match decode_lenient(&it.body) {
            Ok(document) => document,
            Err(why) => return FORM.wrong(format!("what it tells cannot be read: {why}")),
        };
        let root = document.root();
        if root.dict().is_none() {
            return FORM.wrong("what it tells is no dictionary");
        }
        let len = |key: &str| {
            root.get(key)
                .and_then(|it| it.as_bytes())
                .map_or(0, <[u8]>::len)
        };
        for (list, flags, size) in [("added", "added.f", 6), ("added6", "added6.f", 18)] {
            let (bytes, flags) = (len(list), len(flags));
            if bytes % size != 0 {
                return FORM.wrong(format!("its `{list}` has {bytes} bytes, {size} an address"));
            }
            if flags != 0 && flags != bytes / size {
                return FORM.wrong(format!(
                    "tells of {} peers, with {flags} flags",
                    bytes / size
                ));
            }
        }
        let added = len("added") / 6 + len("added6") / 18;
        let dropped = len("dropped") / 6 + len("dropped6") / 18;
        // The first one tells of all that there are.
        let most = if place == 0 { 2 * MAX_TOLD } else { MAX_TOLD };
        if added > most || dropped > most {
            return FORM.wrong(format!("adds {added} and drops {dropped} in one message"));
        }
    }
    FORM.ok()
}

fn known(told: &[&Told], contacts: &BTreeSet<SocketAddr>) -> Finding {
    let news = told
        .iter()
        .filter_map(|it| PexMessage::decode(&it.body).ok());
    let added: BTreeSet<SocketAddr> = news
        .flat_map(|news| news.added.into_iter().map(|contact| contact.addr))
        .collect();
    match added.iter().find(|addr| !contacts.contains(addr)) {
        Some(other) => CONTACTS.wrong(format!(
            "tells of {other}, which it knows by hearsay: nobody is there"
        )),
        None if added.is_empty() => CONTACTS.skipped("it told of nobody who has come"),
        None => CONTACTS.ok(),
    }
}

fn seldom(told: &[Vec<Told>]) -> Finding {
    let mut seen = 0;
    for messages in told {
        seen = seen.max(messages.len());
        for pair in messages.windows(2) {
            let apart = pair[1].at.saturating_sub(pair[0].at);
            if apart < MINUTE {
                return SELDOM.wrong(format!(
                    "tells a peer again after {:.0} s",
                    apart.as_secs_f64()
                ));
            }
        }
    }
    match seen {
        0 => SELDOM.skipped("it told nobody of anybody"),
        _ => SELDOM.ok(),
    }
}

#[cfg(test)]
mod tests {
    use exchange::{Contact, Flags};
    use pretty_assertions::assert_eq;

    use super::*;

    fn news(at: u64, ports: std::ops::Range<u16>) -> Told {
        let added = ports.map(|port| Contact {
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            flags: Flags::NONE,
        });
        let message = PexMessage {
            added: added.collect(),
            dropped: Vec::new(),
        };
        Told {
            at: Duration::from_secs(at),
            body: message.encode(),
        }
    }

    #[test]
    fn no_more_than_fifty_are_told_of_at_once_but_for_the_first_time() {
        let many = news(0, 1..81);
        let judged = |told: &[Vec<Told>]| form(told).verdict;
        let few = news(0, 1..2);
        assert_eq!(judged(&[vec![many.clone()]]), Verdict::Ok);
        let calls = [vec![few.clone()], vec![many.clone()]];
        assert_eq!(judged(&calls), Verdict::Ok, "each call has a first one");
        assert_eq!(judged(&[vec![few, many]]), Verdict::Wrong);
        let broken = Told {
            at: Duration::ZERO,
            body: b"d5:added5:abcdee".to_vec(),
        };
        assert_eq!(judged(&[vec![broken]]), Verdict::Wrong);
    }

    #[test]
    fn hearsay_is_found_out() {
        let contacts = (1..3).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let contacts: BTreeSet<SocketAddr> = contacts.collect();
        assert_eq!(known(&[&news(0, 1..3)], &contacts).verdict, Verdict::Ok);
        assert_eq!(known(&[&news(0, 1..4)], &contacts).verdict, Verdict::Wrong);
    }

    #[test]
    fn a_minute_is_a_minute_to_each_peer() {
        let judged = |told: &[Vec<Told>]| seldom(told).verdict;
        let apart = [vec![news(0, 1..2), news(60, 2..3)], vec![news(5, 1..2)]];
        assert_eq!(judged(&apart), Verdict::Ok);
        let close = [vec![news(0, 1..2), news(20, 2..3)]];
        assert_eq!(judged(&close), Verdict::Wrong);
        assert_eq!(judged(&[Vec::new()]), Verdict::Skipped);
    }
}
