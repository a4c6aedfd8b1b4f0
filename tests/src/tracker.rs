//! A tracker that answers what a test tells it to, and remembers every announce.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::bencode::Value;
use crate::wait;

/// What the tracker answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These peers (compact, so IPv4 only), and an announce interval in seconds.
    Peers(Vec<SocketAddr>, u64),
    /// A failure, in the tracker's words.
    Failure(String),
    /// Any HTTP body.
    Body(Vec<u8>),
    /// A status, further headers, each with its `\r\n`, and a body.
    Http(&'static str, &'static str, Vec<u8>),
    /// Nothing, for as long as the other side waits.
    Silence,
}

/// One announce, as the tracker saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announce {
    /// The event; empty for a regular announce.
    pub event: String,
    /// Bytes still missing.
    pub left: u64,
    /// Bytes downloaded since the start.
    pub downloaded: u64,
    /// Bytes uploaded since the start.
    pub uploaded: u64,
    /// The port of the peer.
    pub port: u16,
    /// The info-hash, 20 bytes.
    pub info_hash: Vec<u8>,
    /// The peer id, 20 bytes.
    pub peer_id: Vec<u8>,
    /// All parameters as they came, percent-decoded.
    pub parameters: BTreeMap<String, Vec<u8>>,
}

/// An HTTP tracker on loopback, for as long as this lives.
#[derive(Debug)]
pub struct Tracker {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    answer: Answer,
    announces: Vec<Announce>,
    stop: bool,
}

impl Tracker {
    /// Starts a tracker.
    ///
    /// # Panics
    ///
    /// When loopback has no port left.
    #[must_use]
    pub fn start(answer: Answer) -> Tracker {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for the tracker");
        let address = listener.local_addr().expect("the tracker's address");
        let state = Arc::new(Mutex::new(State {
            answer,
            announces: Vec::new(),
            stop: false,
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.lock().expect("the tracker's state").stop {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Tracker { address, state }
    }

    /// A tracker that names these peers, and wants to be asked again in half an hour.
    #[must_use]
    pub fn naming(peers: &[SocketAddr]) -> Tracker {
        Tracker::start(Answer::Peers(peers.to_vec(), 1800))
    }

    /// Its announce URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/announce", self.address)
    }

    /// Changes the answer to all further announces.
    ///
    /// # Panics
    ///
    /// Never: the lock is not held across a panic.
    pub fn answer(&self, answer: Answer) {
        self.state.lock().expect("the tracker's state").answer = answer;
    }

    /// All announces so far, in their order.
    ///
    /// # Panics
    ///
    /// Never: the lock is not held across a panic.
    #[must_use]
    pub fn announces(&self) -> Vec<Announce> {
        self.state
            .lock()
            .expect("the tracker's state")
            .announces
            .clone()
    }

    /// The events of all announces so far, in their order; empty text for a regular one.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.announces()
            .into_iter()
            .map(|announce| announce.event)
            .collect()
    }

    /// Waits for an announce with this event.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub fn until_event(&self, event: &str) -> Announce {
        wait::until(&format!("the announce `{event}`"), || {
            self.announces().into_iter().find(|a| a.event == event)
        })
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.state.lock().expect("the tracker's state").stop = true;
        let _ = TcpStream::connect(self.address); // wakes the listener, which then ends
    }
}

/// Answers one request; every answer closes the connection.
fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let Ok(clone) = stream.try_clone() else {
        return;
    };
    let mut lines = BufReader::new(clone).lines();
    let Some(Ok(request)) = lines.next() else {
        return;
    };
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}

    let target = request.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let answer = {
        let mut state = state.lock().expect("the tracker's state");
        match (path.ends_with("/scrape"), &state.answer) {
            // Whoever is silent is silent about everything.
            (true, Answer::Silence) => Answer::Silence,
            (true, _) => Answer::Failure("it counts nobody".to_owned()),
            (false, answer) => {
                let answer = answer.clone();
                state.announces.push(Announce::parse(query));
                answer
            }
        }
    };
    let (mut status, mut headers) = ("200 OK", "");
    let body = match answer {
        Answer::Silence => {
            let _ = stream.set_read_timeout(None);
            let _ = stream.read(&mut [0]); // until the other side has had enough
            return;
        }
        Answer::Http(said, more, body) => {
            (status, headers) = (said, more);
            body
        }
        Answer::Body(body) => body,
        Answer::Failure(why) => Value::dict([("failure reason", why.as_str().into())]).encode(),
        Answer::Peers(peers, interval) => {
            let compact = peers.iter().flat_map(|peer| match peer {
                SocketAddr::V4(peer) => {
                    [&peer.ip().octets()[..], &peer.port().to_be_bytes()].concat()
                }
                SocketAddr::V6(_) => Vec::new(),
            });
            Value::dict([
                ("interval", interval.into()),
                ("peers", Value::Bytes(compact.collect())),
            ])
            .encode()
        }
    };
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body));
}

impl Announce {
    fn parse(query: &str) -> Announce {
        let parameters: BTreeMap<String, Vec<u8>> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), percent_decode(value)))
            .collect();
        let text = |name: &str| {
            String::from_utf8_lossy(parameters.get(name).map_or(&[], Vec::as_slice)).into_owned()
        };
        let number = |name: &str| text(name).parse().unwrap_or(u64::MAX);
        let bytes = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        Announce {
            event: text("event"),
            left: number("left"),
            downloaded: number("downloaded"),
            uploaded: number("uploaded"),
            port: text("port").parse().unwrap_or(0),
            info_hash: bytes("info_hash"),
            peer_id: bytes("peer_id"),
            parameters: parameters.clone(),
        }
    }
}

fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    out
}
