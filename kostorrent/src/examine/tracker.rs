//! A tracker that answers as a stage tells it to, and notes what it was asked.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use peer_id::PeerId;
use tokio::net::TcpStream;

use super::asked::Asked;
use super::tape::{Tape, What};
use crate::lab::peer::Peer;
use crate::lab::tracker::Answer;
use crate::lab::tracker::http::{self, Response};
use crate::lab::tracker::reply;
use crate::lab::tracker::request::Form;

/// What clients are told to wait between announces, where it does not matter.
pub const INTERVAL: Duration = Duration::from_secs(1800);

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
