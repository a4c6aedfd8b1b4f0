//! A tracker that is asked by UDP (BEP 15), answers what a test tells it to, and remembers every announce. All its bytes are
//! written by hand.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::wait;

/// What the tracker does.
#[derive(Clone, Debug)]
pub enum Manner {
    /// It names these peers, of the family of its address.
    Peers(Vec<SocketAddr>),
    /// It names the first ones; and before each answer others come that are none, and name the second ones: with a wrong
    /// number, from another port, about something else, cut.
    Forgers(Vec<SocketAddr>, Vec<SocketAddr>),
    /// It names these peers, and from the first question on sends datagrams of all kinds, as many as it can.
    Flood(Vec<SocketAddr>),
    /// It gives an id to who asks, and refuses every announce in these words.
    Refusal(String),
    /// Nothing.
    Silence,
}

/// One announce, as the tracker saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce {
    /// Where it came from.
    pub from: SocketAddr,
    /// `started`, `completed`, `stopped`; empty for a regular one.
    pub event: &'static str,
    /// Bytes still missing.
    pub left: u64,
    /// The port of the peer.
    pub port: u16,
    /// By which one client is known at several addresses.
    pub key: u32,
    /// The info-hash.
    pub info_hash: [u8; 20],
    /// The path and query of the URL (BEP 41).
    pub url_data: String,
}

/// What has come so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How often an id was asked for.
    pub connects: usize,
    /// All announces with an id that was given out, in their order.
    pub announces: Vec<Announce>,
    /// Datagrams of a flood that were sent.
    pub flooded: usize,
}

/// A tracker on loopback, for as long as this lives.
#[derive(Debug)]
pub struct UdpTracker {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    socket: UdpSocket,
    manner: Manner,
    seen: Mutex<Seen>,
    /// Who is flooded.
    victim: Mutex<Option<SocketAddr>>,
    stop: Mutex<bool>,
}

/// The connection id that it gives to everybody.
const ID: u64 = 0x1234_5678_9abc_def0;

const PROTOCOL: u64 = 0x417_2710_1980;
const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;

impl UdpTracker {
    /// Starts a tracker at 127.0.0.1.
    #[must_use]
    pub fn start(manner: Manner) -> UdpTracker {
        UdpTracker::start_at("127.0.0.1:0".parse().expect("an address"), manner)
    }

    /// Starts one at this address.
    ///
    /// # Panics
    ///
    /// When it cannot be had.
    #[must_use]
    pub fn start_at(address: SocketAddr, manner: Manner) -> UdpTracker {
        let socket = UdpSocket::bind(address).expect("a port for the tracker");
        let patience = Duration::from_millis(50);
        socket.set_read_timeout(Some(patience)).expect("a timeout");
        let address = socket.local_addr().expect("the tracker's address");
        let floods = matches!(manner, Manner::Flood(_));
        let shared = Arc::new(Shared {
            socket,
            manner,
            seen: Mutex::default(),
            victim: Mutex::default(),
            stop: Mutex::new(false),
        });
        let work = |work: fn(&Shared)| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared))
        };
        let mut threads = vec![work(Shared::serve)];
        if floods {
            threads.push(work(Shared::flood));
        }
        UdpTracker {
            address,
            shared,
            threads,
        }
    }

    /// Where it is asked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its announce URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("udp://{}/announce?key=secret", self.address)
    }

    /// What it has seen so far.
    ///
    /// # Panics
    ///
    /// Never: the lock is not held across a panic.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.seen.lock().expect("what it saw").clone()
    }

    /// The events of all announces so far, in their order.
    #[must_use]
    pub fn events(&self) -> Vec<&'static str> {
        let seen = self.seen();
        seen.announces.iter().map(|one| one.event).collect()
    }

    /// Waits for an announce with this event.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub fn until_event(&self, event: &str) -> Announce {
        wait::until(&format!("the announce `{event}`"), || {
            let mut announces = self.seen().announces.into_iter();
            announces.find(|announce| announce.event == event)
        })
    }
}

impl Drop for UdpTracker {
    fn drop(&mut self) {
        *self.shared.stop.lock().expect("the tracker's state") = true;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn stopped(&self) -> bool {
        *self.stop.lock().expect("the tracker's state")
    }

    fn serve(&self) {
        let mut buffer = [0; 4_096];
        while !self.stopped() {
            let Ok((len, from)) = self.socket.recv_from(&mut buffer) else {
                continue; // nothing for a while
            };
            if let Some(question) = Question::read(&buffer[..len]) {
                self.note(&question, from);
                self.answer(&question, from);
            }
        }
    }

    fn note(&self, question: &Question, from: SocketAddr) {
        let mut seen = self.seen.lock().expect("what it saw");
        match question.announce(from) {
            None => seen.connects += 1,
            Some(announce) => seen.announces.push(announce),
        }
    }

    fn answer(&self, question: &Question, from: SocketAddr) {
        let send = |bytes: Vec<u8>| drop(self.socket.send_to(&bytes, from));
        match &self.manner {
            Manner::Silence => {}
            Manner::Peers(peers) => send(question.answer(peers)),
            Manner::Flood(peers) => {
                *self.victim.lock().expect("the victim") = Some(from);
                send(question.answer(peers));
            }
            Manner::Refusal(words) => match question.body {
                None => send(question.answer(&[])),
                Some(_) => send(question.said(ERROR, words.as_bytes())),
            },
            Manner::Forgers(peers, false_ones) => {
                self.forge(question, false_ones, from);
                send(question.answer(peers));
            }
        }
    }

    /// Everything that is no answer to this question, though it looks like one.
    fn forge(&self, question: &Question, peers: &[SocketAddr], to: SocketAddr) {
        let here = self.socket.local_addr().expect("the tracker's address");
        let elsewhere = UdpSocket::bind(SocketAddr::new(here.ip(), 0)).expect("another port");
        let wrong = Question {
            transaction: question.transaction.wrapping_add(1),
            ..question.clone()
        };
        let other = match question.body {
            None => question.said(ANNOUNCE, &announced(peers)),
            Some(_) => question.said(CONNECT, &7u64.to_be_bytes()),
        };
        let right = question.answer(peers);
        for bytes in [
            wrong.answer(peers),
            wrong.said(ERROR, b"forged"),
            other,
            question.said(SCRAPE, &[0; 12]),
            question.said(9, &[0; 12]),
            right[..15].to_vec(),
            Vec::new(),
        ] {
            let _ = self.socket.send_to(&bytes, to);
        }
        for bytes in [&right, &question.said(ERROR, b"forged")] {
            let _ = elsewhere.send_to(bytes, to);
        }
    }

    /// Sends all kinds of things to whoever has asked.
    fn flood(&self) {
        let long = [7; 1_400];
        let kinds: [&[u8]; 5] = [b"", b"d1:ad2:id20:", &[0; 16], &long, &[0xff]];
        while !self.stopped() {
            let victim = *self.victim.lock().expect("the victim");
            let Some(victim) = victim else {
                thread::sleep(Duration::from_millis(1));
                continue;
            };
            for kind in kinds.iter().cycle().take(1_000) {
                let _ = self.socket.send_to(kind, victim);
            }
            self.seen.lock().expect("what it saw").flooded += 1_000;
        }
    }
}

/// A datagram that asks for something.
#[derive(Clone, Debug)]
struct Question {
    transaction: u32,
    /// What follows the head of an announce; none if it asks for an id.
    body: Option<Vec<u8>>,
}

impl Question {
    /// A connect, or an announce with the right id.
    fn read(bytes: &[u8]) -> Option<Question> {
        let (head, body) = bytes.split_at_checked(16)?;
        let (first, action) = (number(head, 0, 8), number(head, 8, 4));
        let body = match action as u32 {
            CONNECT if first == PROTOCOL && body.is_empty() => None,
            ANNOUNCE if first == ID && body.len() >= 82 => Some(body.to_vec()),
            _ => return None,
        };
        Some(Question {
            transaction: number(head, 12, 4) as u32,
            body,
        })
    }

    fn announce(&self, from: SocketAddr) -> Option<Announce> {
        let body = self.body.as_ref()?;
        Some(Announce {
            from,
            event: ["", "completed", "started", "stopped"][number(body, 64, 4) as usize],
            left: number(body, 48, 8),
            port: number(body, 80, 2) as u16,
            key: number(body, 72, 4) as u32,
            info_hash: body[..20].try_into().expect("20 bytes"),
            url_data: url_data(&body[82..]),
        })
    }

    fn said(&self, action: u32, rest: &[u8]) -> Vec<u8> {
        [
            &action.to_be_bytes()[..],
            &self.transaction.to_be_bytes(),
            rest,
        ]
        .concat()
    }

    /// What an honest tracker says.
    fn answer(&self, peers: &[SocketAddr]) -> Vec<u8> {
        match self.body {
            None => self.said(CONNECT, &ID.to_be_bytes()),
            Some(_) => self.said(ANNOUNCE, &announced(peers)),
        }
    }
}

/// Interval, leechers, seeders, peers.
fn announced(peers: &[SocketAddr]) -> Vec<u8> {
    let mut bytes = [1_800u32, 0, 1].map(u32::to_be_bytes).concat();
    for peer in peers {
        match peer.ip() {
            IpAddr::V4(ip) => bytes.extend(ip.octets()),
            IpAddr::V6(ip) => bytes.extend(ip.octets()),
        }
        bytes.extend(peer.port().to_be_bytes());
    }
    bytes
}

/// The options of BEP 41 that hold path and query.
fn url_data(mut options: &[u8]) -> String {
    let mut data = Vec::new();
    while let [2, len, rest @ ..] = options {
        let (part, after) = rest.split_at(usize::from(*len));
        data.extend_from_slice(part);
        options = after;
    }
    String::from_utf8_lossy(&data).into_owned()
}

fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes[at..at + len]
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}
