//! A tracker that answers as a stage tells it to, and notes what it was asked.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use metainfo::InfoHash;
use peer_id::PeerId;
use tokio::net::TcpStream;

use super::tape::{Tape, What};
use crate::lab::peer::Peer;
use crate::lab::tracker::Answer;
use crate::lab::tracker::http::{self, Request, Response};
use crate::lab::tracker::reply;
use crate::lab::tracker::request::{Form, pairs};

/// What clients are told to wait between announces, where it does not matter.
pub const INTERVAL: Duration = Duration::from_secs(1800);

/// One announce, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The target of the HTTP request.
    pub target: String,
    /// Whether the answer may be compressed.
    pub takes_gzip: bool,
    /// The parameters, unescaped, in their order; empty when they cannot be read.
    pub pairs: Vec<(String, Vec<u8>)>,
    /// Why they cannot be read.
    pub unreadable: Option<String>,
}

impl Asked {
    fn new(request: Request) -> Asked {
        let (_, query) = request.target.split_once('?').unwrap_or_default();
        let (pairs, unreadable) = match pairs(query) {
            Ok(pairs) => (pairs, None),
            Err(why) => (Vec::new(), Some(why.to_string())),
        };
        Asked {
            target: request.target,
            takes_gzip: request.takes_gzip,
            pairs,
            unreadable,
        }
    }

    /// A parameter, the first of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| &value[..])
    }

    /// A parameter that is text.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// A parameter that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// The event; empty for a regular announce.
    pub fn event(&self) -> String {
        let event = self.text("event").unwrap_or_default();
        if event == "empty" {
            String::new()
        } else {
            event
        }
    }

    /// The torrent it is about.
    pub fn info_hash(&self) -> Option<InfoHash> {
        Some(InfoHash(self.get("info_hash")?.try_into().ok()?))
    }

    /// The path, without what was asked.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&*self.target, |(path, _)| path)
    }
}

/// Starts a tracker at this address. `answer` is given the request, and how many came before it.
pub async fn start(
    host: Ipv4Addr,
    name: &'static str,
    tape: Tape,
    answer: impl Fn(&Asked, usize) -> Response + Send + Sync + 'static,
) -> io::Result<Peer> {
    let answer = Arc::new(answer);
    let conduct = move |mut socket: TcpStream| {
        let (tape, answer) = (tape.clone(), answer.clone());
        async move {
            let response = match http::read_request(&mut socket).await? {
                Ok(request) => {
                    let asked = Asked::new(request);
                    let before = tape.asked(Some(name)).len();
                    tape.note(name, 1, What::Asked(asked.clone()));
                    answer(&asked, before)
                }
                Err(refused) => refused,
            };
            http::write_response(&mut socket, &response).await
        }
    };
    Peer::start(SocketAddr::from((host, 0)), conduct).await
}

/// The usual answer: these peers, compact.
pub fn peers(peers: &[SocketAddr]) -> Response {
    listed(peers, Form::Compact, INTERVAL)
}

/// These peers in that form.
pub fn listed(peers: &[SocketAddr], form: Form, interval: Duration) -> Response {
    let answer = Answer {
        interval,
        complete: peers.len(),
        incomplete: 0,
        peers: peers.iter().map(|&addr| (PeerId([0; 20]), addr)).collect(),
    };
    body(reply::announce(&answer, form))
}

/// A refusal (BEP 3, `failure reason`).
pub fn failure(why: &str) -> Response {
    body(reply::failure(why))
}

fn body(body: Result<Vec<u8>, bendy::encoding::Error>) -> Response {
    match body {
        Ok(body) => Response::bencode(body),
        Err(_) => Response::text("500 Internal Server Error", "The answer went wrong.\n"),
    }
}
