//! What a client answers to nodes.

use std::net::SocketAddr;
use std::time::Duration;

use dht::krpc::{AnnouncePeer, Ask, Body, GetPeers, Message, Query, Response, Want};
use metainfo::InfoHash;

use super::nodes::{Known, add};
use super::{CHAPTER, NO_ROUTER, NOT_ASKED, SEARCH, Said, is_read_only, queries, said};
use crate::examine::scene::Scene;
use crate::examine::stage::Playing;
use crate::examine::stages::called::is_past;
use crate::examine::verdict::{Check, Finding};

pub(super) static PING: Check = Check {
    name: "ping",
    right: "answers a ping with the number of the question and its id of 20 bytes",
    source: "BEP 5, ping",
    chapter: CHAPTER,
    section: "Answering",
};
pub(super) static NODES: Check = Check {
    name: "find-node",
    right: "answers with the nodes that it knows",
    source: "BEP 5, find_node",
    chapter: CHAPTER,
    section: "Answering",
};
pub(super) static PEERS: Check = Check {
    name: "get-peers",
    right: "gives a token to who asks for peers, and names peers or nodes",
    source: "BEP 5, get_peers",
    chapter: CHAPTER,
    section: "Answering",
};
pub(super) static TOKEN: Check = Check {
    name: "token",
    right: "takes no announce with a token that it has not given",
    source: "BEP 5, announce_peer: the queried node must verify the token",
    chapter: CHAPTER,
    section: "The token",
};
pub(super) static STORES: Check = Check {
    name: "stores",
    right: "names a peer that has announced itself with its token",
    source: "BEP 5, announce_peer: should store the IP address and port",
    chapter: CHAPTER,
    section: "Answering",
};

/// The torrent that others ask it for.
const ELSEWHERE: InfoHash = InfoHash([0x5a; 20]);
/// The port of the peer that announces itself.
const PORT: u16 = 4_711;
/// Answers come by then.
const WATCHED: Duration = Duration::from_secs(6);

/// The questions, by number, in the order in which they are asked.
const PINGS: &[u8] = b"p1";
const FINDS: &[u8] = b"f1";
const GETS: &[u8] = b"g1";
const LIES: &[u8] = b"a1";
const LOOKS: &[u8] = b"g2";
const ANNOUNCES: &[u8] = b"a2";
const LOOKS_AGAIN: &[u8] = b"g3";

fn get_peers() -> Ask {
    Ask::GetPeers(GetPeers::of(ELSEWHERE))
}

fn announce(token: &[u8]) -> Ask {
    Ask::AnnouncePeer(AnnouncePeer {
        info_hash: ELSEWHERE,
        port: PORT,
        implied_port: false,
        token: token.to_vec(),
        seed: false,
    })
}

/// Asks one thing after the other, each when the one before is answered; the lie may be met with silence. It begins when the
/// client searches for peers, or has asked several things: it knows some nodes by then.
#[derive(Default)]
struct Questions {
    has_begun: bool,
    /// What the client has asked so far.
    heard: usize,
    token: Option<Vec<u8>>,
    /// How often it has asked for nodes.
    finds: usize,
}

/// Some take long until they search: so many of their questions are enough.
const ENOUGH: usize = 4;
/// It asks for nodes so often, while the client gets to know them.
const FIND_AGAIN: usize = 6;

impl Questions {
    fn hear(&mut self, message: &Message) -> Vec<(&'static [u8], Ask)> {
        let number = &message.transaction[..];
        let is_query = matches!(message.body, Body::Query(_));
        self.heard += usize::from(is_query);
        match &message.body {
            Body::Query(query) if !self.has_begun && may_begin(query, self.heard) => {
                self.has_begun = true;
                vec![
                    (PINGS, Ask::Ping),
                    (GETS, get_peers()),
                    (LIES, announce(b"a lie")),
                ]
            }
            Body::Query(_) if self.has_begun && self.finds < FIND_AGAIN => {
                self.finds += 1;
                let target = dht::Id([0x33; 20]);
                let want = Want::default();
                vec![(FINDS, Ask::FindNode { target, want })]
            }
            Body::Response(response) if number == GETS => {
                self.token.clone_from(&response.token);
                vec![(LOOKS, get_peers())]
            }
            Body::Response(_) if number == LOOKS => match &self.token {
                Some(token) => vec![(ANNOUNCES, announce(token))],
                None => Vec::new(),
            },
            Body::Response(_) if number == ANNOUNCES => vec![(LOOKS_AGAIN, get_peers())],
            _ => Vec::new(),
        }
    }
}

/// Whether that is what the questions wait for, when it is so many that the client has asked.
fn may_begin(query: &Query, heard: usize) -> bool {
    matches!(query.ask, Ask::GetPeers(_)) || heard >= ENOUGH
}

pub(super) fn asked(mut scene: Scene) -> Playing {
    Box::pin(async move {
        let all = [&PING, &NODES, &PEERS, &TOKEN, &STORES];
        if !scene.ground.template.has("{router}") {
            return Ok(all.map(|check| check.skipped(NO_ROUTER)).into());
        }
        let keeper = scene.keeper("keeper").await?;
        let mut questions = Questions::default();
        let adds = Box::new(move |message: &Message| questions.hear(message));
        add(&mut scene, Known::of(&[keeper]), Some(adds)).await?;
        let over = |scene: &Scene| {
            let said = said(scene);
            let found = responses(&said, FINDS).any(|it| !it.nodes.is_empty());
            found && answer(&said, LOOKS_AGAIN).is_some() || is_past(scene, begun(&said), WATCHED)
        };
        let played = scene.play(scene.patience().max(SEARCH), &over).await?;
        let said = said(&scene);
        let findings = if let Some(crash) = played.crash() {
            all.map(|check| check.wrong(crash.clone()))
        } else if queries(&said).is_empty() {
            all.map(|check| check.skipped(format!("{NOT_ASKED}: {}", played.why())))
        } else if begun(&said).is_none() {
            all.map(|check| check.skipped("it asked too little to know any nodes"))
        } else if is_read_only(&said) {
            all.map(|check| check.skipped("it says that it takes no questions (BEP 43)"))
        } else {
            judged(&said)
        };
        let seen = scene.tape.last(12);
        let findings = findings.into_iter();
        Ok(findings.map(|finding| finding.seen(seen.clone())).collect())
    })
}

/// When the questions have begun.
fn begun(said: &[Said]) -> Option<Duration> {
    let mut all = queries(said).into_iter().zip(1..);
    let first = all.find(|((_, query), heard)| may_begin(query, *heard));
    first.map(|((said, _), _)| said.at)
}

/// What it answered to this question.
fn answer<'a>(said: &'a [Said], number: &[u8]) -> Option<&'a Body> {
    let mut messages = said.iter().filter_map(|said| said.message.as_ref().ok());
    let found = messages
        .find(|message| message.transaction == number && !matches!(message.body, Body::Query(_)));
    found.map(|message| &message.body)
}

/// All its answers to it.
fn responses<'a>(said: &'a [Said], number: &'a [u8]) -> impl Iterator<Item = &'a Response> {
    let messages = said.iter().filter_map(|said| said.message.as_ref().ok());
    messages.filter_map(move |message| match &message.body {
        Body::Response(response) if message.transaction == number => Some(response),
        _ => None,
    })
}

fn response<'a>(said: &'a [Said], number: &'a [u8]) -> Option<&'a Response> {
    responses(said, number).next()
}

fn judged(said: &[Said]) -> [Finding; 5] {
    let own = queries(said).first().map(|(_, query)| query.id);
    let ping = match (response(said, PINGS), answer(said, PINGS)) {
        (Some(response), _) if Some(response.id) == own => PING.ok(),
        (Some(_), _) => PING.odd("answers under another id than the one under which it asks"),
        (None, Some(_)) => PING.wrong("answers a ping with an error"),
        (None, None) => PING.odd(
            "does not answer: it asks others, and gives nothing, and does not say so (BEP 43)",
        ),
    };
    let found = responses(said, FINDS).map(|it| it.nodes.len()).max();
    let nodes = match found {
        Some(0) => NODES.odd("names no node, though it knows some"),
        Some(_) => NODES.ok(),
        None => NODES.skipped("it did not answer"),
    };
    let gets: Vec<&Response> = [GETS, LOOKS, LOOKS_AGAIN]
        .into_iter()
        .flat_map(|number| responses(said, number))
        .collect();
    let names = gets
        .iter()
        .any(|it| !it.nodes.is_empty() || !it.values.is_empty());
    let peers = match gets.is_empty() {
        true => PEERS.skipped("it did not answer"),
        false if gets.iter().any(|it| it.token.is_none()) => PEERS.wrong("gives no token"),
        false if names => PEERS.ok(),
        false => PEERS.odd("names nobody, though it knows some nodes"),
    };
    let is_ours = |peer: &SocketAddr| peer.port() == PORT;
    let lists = |number| response(said, number).map(|it| it.values.iter().any(is_ours));
    let token = match (lists(LOOKS), answer(said, LIES)) {
        (None, _) => TOKEN.skipped("it did not answer"),
        (Some(true), _) => TOKEN.wrong(
            "takes an announce with a token that is a lie: anybody can send everybody anywhere",
        ),
        (Some(false), Some(Body::Response(_))) => {
            TOKEN.odd("says that it takes an announce with a token that is a lie, and does not")
        }
        (Some(false), _) => TOKEN.ok(),
    };
    let stores = match lists(LOOKS_AGAIN) {
        None => STORES.skipped("it did not answer"),
        Some(true) => STORES.ok(),
        Some(false) => STORES.odd("does not name a peer that has announced itself"),
    };
    [ping, nodes, peers, token, stores]
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use dht::Id;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::examine::verdict::Verdict;

    const ID: Id = Id([4; 20]);

    fn says(number: &[u8], body: Body) -> Said {
        Said {
            at: Duration::ZERO,
            message: Ok(Message {
                transaction: number.to_vec(),
                version: None,
                read_only: false,
                ip: None,
                body,
            }),
        }
    }

    fn answers(number: &[u8], values: &[SocketAddr], token: Option<&[u8]>) -> Said {
        let response = Response {
            values: values.to_vec(),
            token: token.map(<[u8]>::to_vec),
            ..Response::of(ID)
        };
        says(number, Body::Response(response))
    }

    #[test]
    fn a_lie_that_is_believed_is_wrong() {
        let ours = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        let query = Query {
            id: ID,
            ask: Ask::Ping,
        };
        let first = says(b"x", Body::Query(query));
        let good = [
            first.clone(),
            answers(PINGS, &[], None),
            answers(FINDS, &[], None),
            answers(GETS, &[ours], Some(b"t")),
            answers(LOOKS, &[], Some(b"t")),
            answers(LOOKS_AGAIN, &[ours], Some(b"t")),
        ];
        let verdicts = judged(&good).map(|finding| finding.verdict);
        use Verdict::{Odd, Ok, Skipped, Wrong};
        assert_eq!(verdicts, [Ok, Odd, Ok, Ok, Ok]);
        let bad = [
            first,
            answers(GETS, &[], None),
            answers(LOOKS, &[ours], None),
        ];
        let verdicts = judged(&bad).map(|finding| finding.verdict);
        assert_eq!(verdicts, [Odd, Skipped, Wrong, Wrong, Skipped]);
    }

    #[test]
    fn one_question_follows_the_other() {
        let mut questions = Questions::default();
        let mut hear = |said: Said| questions.hear(&said.message.unwrap()).len();
        let asks = |ask| Body::Query(Query { id: ID, ask });
        assert_eq!(hear(says(b"w", asks(Ask::Ping))), 0, "it knows nobody yet");
        assert_eq!(hear(says(b"x", asks(get_peers()))), 3);
        let finds = (0..9)
            .map(|_| hear(says(b"y", asks(get_peers()))))
            .sum::<usize>();
        assert_eq!(finds, FIND_AGAIN);
        assert_eq!(hear(answers(GETS, &[], Some(b"t"))), 1);
        assert_eq!(hear(answers(LOOKS, &[], Some(b"t"))), 1);
        assert_eq!(hear(answers(ANNOUNCES, &[], None)), 1);
    }

    #[test]
    fn who_searches_late_is_asked_all_the_same() {
        let pings = |count: usize| {
            let ping = Body::Query(Query {
                id: ID,
                ask: Ask::Ping,
            });
            vec![says(b"x", ping); count]
        };
        assert_eq!(begun(&pings(ENOUGH - 1)), None);
        assert_eq!(begun(&pings(ENOUGH)), Some(Duration::ZERO));
        let mut questions = Questions::default();
        let mut hear = |said: Said| questions.hear(&said.message.unwrap()).len();
        let counts: Vec<usize> = pings(ENOUGH).into_iter().map(&mut hear).collect();
        assert_eq!(counts, [0, 0, 0, 3]);
    }
}
