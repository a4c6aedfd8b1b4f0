//! Chapter 20: a client that is a node of the DHT, and is told where to begin.

mod asked;
mod asking;
mod nodes;
mod private;

use std::time::Duration;

use dht::krpc::{Ask, Body, Message, Query};

use crate::examine::scene::Scene;
use crate::examine::stage::{Playing, Stage, Take};

const CHAPTER: u8 = 20;

/// The stage.
pub const STAGE: Stage = Stage {
    name: "dht",
    chapter: CHAPTER,
    about: "the DHT, for a command with {router}: how it asks, whom it finds, what it answers",
    seeds: false,
    checks: &[
        &asking::QUERIES,
        &asking::FINDS,
        &asking::ANNOUNCES,
        &asked::PING,
        &asked::NODES,
        &asked::PEERS,
        &asked::TOKEN,
        &asked::STORES,
        &private::PRIVATE,
    ],
    takes: &[
        take("search", asking::search),
        take("asked", asked::asked),
        take("private", private::private),
    ],
};

const fn take(name: &'static str, play: fn(Scene) -> Playing) -> Take {
    Take { name, play }
}

/// What is said of a command that takes no node.
const NO_ROUTER: &str = "the command has no {router}";
/// What is said of who asks nobody.
const NOT_ASKED: &str = "it asked no node";
/// The node from which the client begins.
const ROUTER: &str = "router";
/// The others.
const NODE: &str = "node";
/// How long a search may take, and an announce after it.
const SEARCH: Duration = Duration::from_secs(40);

/// A datagram of the client's.
#[derive(Clone, Debug)]
struct Said {
    at: Duration,
    /// What it is; why it is none.
    message: Result<Message, String>,
}

/// All that it has said, to whichever node.
fn said(scene: &Scene) -> Vec<Said> {
    let all = [ROUTER, NODE].into_iter();
    let mut said: Vec<Said> = all
        .flat_map(|who| scene.tape.datagrams(who))
        .map(|(at, datagram)| Said {
            at,
            message: Message::decode(&datagram.bytes).map_err(|why| why.to_string()),
        })
        .collect();
    said.sort_by_key(|said| said.at);
    said
}

/// The questions among them.
fn queries(said: &[Said]) -> Vec<(&Said, &Query)> {
    let all = said.iter().filter_map(|said| match &said.message {
        Ok(Message {
            body: Body::Query(query),
            ..
        }) => Some((said, query)),
        _ => None,
    });
    all.collect()
}

/// Whether it says that it takes no questions itself (BEP 43).
fn is_read_only(said: &[Said]) -> bool {
    let mut messages = said.iter().filter_map(|said| said.message.as_ref().ok());
    messages.any(|message| message.read_only)
}

/// Whether a question is about this torrent.
fn is_about(query: &Query, info_hash: metainfo::InfoHash) -> bool {
    match &query.ask {
        Ask::GetPeers(ask) => ask.info_hash == info_hash,
        Ask::AnnouncePeer(ask) => ask.info_hash == info_hash,
        _ => false,
    }
}
