//! All that was seen of a client while one command ran: what it asked trackers, what it said to peers, how it ended.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fast::Fast;
use handshake::Handshake;
use magnet::EXTENDED;
use messages::{BlockHeader, BlockRequest, Message};
use tokio::sync::Notify;
use tokio::time::Instant;
use tracker::AnnounceEvent;
use udp_tracker::{Ask, Request};

use super::asked::Asked;
use super::status::Status;
use crate::lab::peer::{Ear, Passed};

/// One thing that was seen.
#[derive(Clone, Debug)]
pub struct Note {
    /// Since the command was started.
    pub at: Duration,
    /// Which tracker or peer saw it; empty for what is seen of the process.
    pub who: &'static str,
    /// Which of the calls to that peer, from 1.
    pub call: usize,
    /// What.
    pub what: What,
}

/// What was seen.
#[derive(Clone, Debug)]
pub enum What {
    /// A tracker was asked.
    Asked(Asked),
    /// Something passed between the client and a peer.
    Passed(Passed),
    /// A datagram came.
    Datagram(Datagram),
    /// A block came from the client whose bytes are not the torrent's.
    WrongBytes(BlockHeader),
    /// A peer has called, and nobody listens at this port.
    NobodyAt(u16),
    /// The command ended.
    Ended(Status),
}

/// A datagram as it came: one of a tracker's (BEP 15), or of the DHT's (BEP 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// From where.
    pub from: SocketAddr,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Datagram {
    /// One that has come from there.
    pub fn new(from: SocketAddr, bytes: &[u8]) -> Datagram {
        Datagram {
            from,
            bytes: bytes.to_vec(),
        }
    }
}

/// So many bytes of messages of later BEPs, and of datagrams, are noted of one run: metadata are among them.
const MAX_BYTES: usize = 64 << 20;

/// So many things are noted of one run. What the runs share is small: a client that does its work comes to hundreds.
const MAX_NOTES: usize = 50_000;

/// The notes of one run, in the order of time.
#[derive(Clone, Debug, Default)]
pub struct Tape(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    notes: Mutex<Vec<Note>>,
    began: Mutex<Option<Instant>>,
    /// When the command was ended by us: what is seen from then on is our doing.
    over: Mutex<Option<Duration>>,
    /// When anything was seen first.
    first: Mutex<Option<Duration>>,
    /// Bytes of messages and datagrams that were noted whole.
    bytes: AtomicUsize,
    changed: Notify,
}

impl Tape {
    /// The command starts now.
    pub fn begin(&self) {
        *lock(&self.0.over) = None;
        *lock(&self.0.first) = None;
        *lock(&self.0.began) = Some(Instant::now());
    }

    /// Forgets what was seen: the command is to be run once more.
    pub fn clear(&self) {
        lock(&self.0.notes).clear();
        self.0.bytes.store(0, Ordering::Relaxed);
    }

    /// The command is ended by us. That it hangs up then is not its own doing, and not noted.
    pub fn end(&self) {
        let now = self.now();
        lock(&self.0.over).get_or_insert(now);
    }

    /// Since the command was started; no more goes by when it was ended.
    pub fn now(&self) -> Duration {
        let over = *lock(&self.0.over);
        let since = || lock(&self.0.began).map_or(Duration::ZERO, |began| began.elapsed());
        over.unwrap_or_else(since)
    }

    /// Notes something.
    pub fn note(&self, who: &'static str, call: usize, what: What) {
        if lock(&self.0.over).is_some() {
            return;
        }
        let at = self.now();
        lock(&self.0.first).get_or_insert(at);
        let whole = match &what {
            What::Datagram(datagram) => datagram.bytes.len(),
            What::Passed(
                Passed::Message(Message::Later { body, .. })
                | Passed::WeSaid(Message::Later { body, .. }),
            ) => body.len(),
            _ => 0,
        };
        if self.0.bytes.fetch_add(whole, Ordering::Relaxed) > MAX_BYTES {
            return;
        }
        let mut notes = lock(&self.0.notes);
        if notes.len() < MAX_NOTES {
            notes.push(Note {
                at,
                who,
                call,
                what,
            });
        }
        self.0.changed.notify_one();
    }

    /// Whether so much was seen that no more is noted.
    pub fn is_full(&self) -> bool {
        let too_long = self.0.bytes.load(Ordering::Relaxed) > MAX_BYTES;
        too_long || lock(&self.0.notes).len() >= MAX_NOTES
    }

    /// When the client first let anything be seen of it.
    pub fn first_sign(&self) -> Option<Duration> {
        *lock(&self.0.first)
    }

    /// Returns when something new was noted.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// An ear for one call to a peer.
    pub fn ear(&self, who: &'static str, call: usize) -> Ear {
        let tape = self.clone();
        Arc::new(move |passed| tape.note(who, call, What::Passed(passed)))
    }

    /// Everything so far.
    pub fn notes(&self) -> Vec<Note> {
        lock(&self.0.notes).clone()
    }

    /// What passed between the client and this peer.
    pub fn with(&self, who: &str) -> Vec<(Duration, Passed)> {
        let notes = lock(&self.0.notes);
        let passed = notes.iter().filter_map(|note| match &note.what {
            What::Passed(passed) if note.who == who => Some((note.at, passed.clone())),
            _ => None,
        });
        passed.collect()
    }

    /// Whether something of this kind passed between the client and this peer.
    pub fn has(&self, who: &str, is: impl Fn(&Passed) -> bool) -> bool {
        self.first(who, is).is_some()
    }

    /// When something of this kind passed first.
    pub fn first(&self, who: &str, is: impl Fn(&Passed) -> bool) -> Option<Duration> {
        let notes = lock(&self.0.notes);
        let found = notes.iter().find(|note| match &note.what {
            What::Passed(passed) => note.who == who && is(passed),
            _ => false,
        });
        found.map(|note| note.at)
    }

    /// Whether the client called this peer.
    pub fn called(&self, who: &str) -> bool {
        self.has(who, |passed| *passed == Passed::Called)
    }

    /// The handshakes this peer was sent.
    pub fn handshakes(&self, who: &str) -> Vec<Handshake> {
        let all = self.with(who).into_iter();
        all.filter_map(|(_, passed)| match passed {
            Passed::Handshake(handshake) => Some(handshake),
            _ => None,
        })
        .collect()
    }

    /// The messages this peer was sent.
    pub fn messages(&self, who: &str) -> Vec<(Duration, Message)> {
        let all = self.with(who).into_iter();
        all.filter_map(|(at, passed)| match passed {
            Passed::Message(message) => Some((at, message)),
            _ => None,
        })
        .collect()
    }

    /// The messages this peer was sent, those of each call by themselves: who is called again is told everything anew.
    pub fn messages_by_call(&self, who: &str) -> Vec<Vec<(Duration, Message)>> {
        let mut calls: BTreeMap<usize, Vec<(Duration, Message)>> = BTreeMap::new();
        for note in lock(&self.0.notes).iter().filter(|note| note.who == who) {
            if let What::Passed(Passed::Message(message)) = &note.what {
                let call = calls.entry(note.call).or_default();
                call.push((note.at, message.clone()));
            }
        }
        calls.into_values().collect()
    }

    /// The blocks that the client sent to this peer.
    pub fn blocks(&self, who: &str) -> Vec<(Duration, BlockHeader)> {
        let all = self.with(who).into_iter();
        all.filter_map(|(at, passed)| match passed {
            Passed::Block(block) => Some((at, block)),
            _ => None,
        })
        .collect()
    }

    /// The blocks this peer was asked for.
    pub fn requests(&self, who: &str) -> Vec<(Duration, BlockRequest)> {
        let all = self.messages(who).into_iter();
        all.filter_map(|(at, message)| match message {
            Message::Request(block) => Some((at, block)),
            _ => None,
        })
        .collect()
    }

    /// Whether the client hung up on this peer.
    pub fn hung_up(&self, who: &str) -> bool {
        self.has(who, |passed| matches!(passed, Passed::HungUp { .. }))
    }

    /// Whether the client has hung up on this peer, and has not come back for so long.
    pub fn is_gone(&self, who: &str, patience: Duration) -> bool {
        let notes = lock(&self.0.notes);
        let with_it = |note: &&Note| note.who == who && matches!(note.what, What::Passed(_));
        let last = notes.iter().rfind(with_it);
        last.is_some_and(|note| {
            let hung_up = matches!(note.what, What::Passed(Passed::HungUp { .. }));
            hung_up && self.now() > note.at + patience
        })
    }

    /// The announces, of all trackers or of one.
    pub fn asked(&self, who: Option<&str>) -> Vec<(Duration, Asked)> {
        let notes = lock(&self.0.notes);
        let asked = notes.iter().filter_map(|note| match &note.what {
            What::Asked(asked) if who.is_none_or(|who| note.who == who) => {
                Some((note.at, asked.clone()))
            }
            _ => None,
        });
        asked.collect()
    }

    /// The datagrams that came to this one.
    pub fn datagrams(&self, who: &str) -> Vec<(Duration, Datagram)> {
        let notes = lock(&self.0.notes);
        let datagrams = notes.iter().filter_map(|note| match &note.what {
            What::Datagram(datagram) if note.who == who => Some((note.at, datagram.clone())),
            _ => None,
        });
        datagrams.collect()
    }

    /// The bodies of the `extended` messages this peer was sent (BEP 10).
    pub fn extended(&self, who: &str) -> Vec<(Duration, Vec<u8>)> {
        let all = self.messages(who).into_iter();
        all.filter_map(|(at, message)| match message {
            Message::Later { id: EXTENDED, body } => Some((at, body)),
            _ => None,
        })
        .collect()
    }

    /// The messages of the fast extension this peer was sent, as they can be read (BEP 6).
    pub fn fast(&self, who: &str) -> Vec<(Duration, Fast)> {
        let all = self.messages(who).into_iter();
        all.filter_map(|(at, message)| match message {
            Message::Later { id, body } => Some((at, Fast::read(id, &body, u32::MAX).ok()??)),
            _ => None,
        })
        .collect()
    }

    /// The last things that were seen, a line each.
    pub fn last(&self, count: usize) -> Vec<String> {
        let notes = lock(&self.0.notes);
        let from = notes.len().saturating_sub(count);
        notes[from..].iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s  ", self.at.as_secs_f64())?;
        match &self.what {
            What::Asked(asked) => write!(f, "asks the {}: {}", self.who, asked.target),
            What::Datagram(datagram) => {
                let (who, from) = (self.who, datagram.from);
                write!(f, "{who}, from {from}: {}", datagram.words())
            }
            What::NobodyAt(port) => write!(f, "{}: nobody listens at port {port}", self.who),
            What::Ended(status) => write!(f, "the command {status}"),
            What::WrongBytes(block) => write!(
                f,
                "{}, call {}: the bytes of piece {} {}+{} are not the torrent's",
                self.who, self.call, block.piece, block.offset, block.len
            ),
            What::Passed(passed) => {
                write!(f, "{}, call {}: ", self.who, self.call)?;
                match passed {
                    Passed::Called => write!(f, "it calls"),
                    Passed::WeCalled => write!(f, "we call"),
                    Passed::Handshake(theirs) => write!(
                        f,
                        "it sends its handshake: reserved {}, info-hash {}, peer id {}",
                        hex::encode(theirs.reserved.0),
                        theirs.info_hash,
                        theirs.peer_id
                    ),
                    Passed::NotAHandshake(bytes) => {
                        let some = &bytes[..bytes.len().min(20)];
                        write!(f, "it begins with {}, no handshake", hex::encode(some))
                    }
                    Passed::NotEncrypted => write!(f, "it begins in plain text"),
                    Passed::Key => write!(f, "it sends a public key"),
                    Passed::Secured(method) => {
                        write!(f, "keys are exchanged, and it goes on in {method}")
                    }
                    Passed::NotSecured(why) => write!(f, "no keys are exchanged: {why}"),
                    Passed::Message(message) => write!(f, "it sends {}", words(message)),
                    Passed::Block(block) => write!(
                        f,
                        "it sends piece {} {}+{}",
                        block.piece, block.offset, block.len
                    ),
                    Passed::Broken(error) => write!(f, "it sends no message: {error}"),
                    Passed::WeShookHands => write!(f, "we send our handshake"),
                    Passed::WeSaid(message) => write!(f, "we send {}", words(message)),
                    Passed::WeGave(block) => {
                        write!(
                            f,
                            "we send piece {} {}+{}",
                            block.piece, block.offset, block.len
                        )
                    }
                    Passed::HungUp { midway: true } => write!(f, "it hangs up, midway"),
                    Passed::HungUp { midway: false } => write!(f, "it hangs up"),
                    Passed::WeHungUp => write!(f, "we hang up"),
                }
            }
        }
    }
}

/// A message with what it says.
pub fn words(message: &Message) -> String {
    let name = message.name();
    match message {
        Message::Have(piece) => format!("{name} {piece}"),
        Message::Request(block) | Message::Cancel(block) => {
            format!("{name} {} {}+{}", block.piece, block.offset, block.len)
        }
        Message::Bitfield(bytes) => format!("{name} {}", hex::encode(bytes)),
        Message::Later { id, body } => format!("{name} {}", later(*id, body)).trim_end().into(),
        Message::Skipped(id) => format!("{name} (id {id})"),
        _ => name.to_owned(),
    }
}

/// What a message of a later BEP says.
fn later(id: u8, body: &[u8]) -> String {
    match (Fast::read(id, body, u32::MAX), body) {
        (Ok(Some(Fast::HaveAll | Fast::HaveNone)), _) => String::new(),
        (Ok(Some(Fast::Suggest(piece) | Fast::AllowedFast(piece))), _) => piece.to_string(),
        (Ok(Some(Fast::Reject(block))), _) => {
            format!("{} {}+{}", block.piece, block.offset, block.len)
        }
        (_, [number, rest @ ..]) if id == EXTENDED => format!("{number}: {}", some(rest)),
        _ => format!("(id {id}) {}", some(body)),
    }
}

/// The beginning of bytes, as text.
fn some(bytes: &[u8]) -> String {
    const SHOWN: usize = 100;
    let text = bytes
        .get(..SHOWN)
        .unwrap_or(bytes)
        .escape_ascii()
        .to_string();
    match bytes.len() > SHOWN {
        true => format!("{text}…"),
        false => text,
    }
}

impl Datagram {
    /// What it says.
    pub fn words(&self) -> String {
        let bytes = &self.bytes;
        if bytes.starts_with(b"d") {
            return some(bytes);
        }
        match Request::decode(bytes) {
            Ok(Request::Connect { transaction }) => format!("connect, {:#x}", transaction.0),
            Ok(Request::Ask {
                connection,
                transaction,
                ask,
            }) => {
                let what = match ask {
                    Ask::Announce(it) => {
                        let it = it.request;
                        let event = it.event.map_or("", AnnounceEvent::as_str);
                        format!("announce {} left {} {event}", it.info_hash, it.left)
                    }
                    Ask::Scrape(torrents) => format!("scrape of {}", torrents.len()),
                };
                let (by, number) = (connection.0, transaction.0);
                format!("{what}, {number:#x}, with the connection id {by:#x}")
            }
            Err(why) => format!("{} ({why})", some(bytes)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_not_noted_without_end() {
        let tape = Tape::default();
        tape.begin();
        let message = || What::Passed(Passed::Message(Message::Interested));
        for _ in 0..MAX_NOTES - 1 {
            tape.note("peer", 1, message());
        }
        assert!(!tape.is_full());
        for _ in 0..10 {
            tape.note("peer", 1, message());
        }
        assert!(tape.is_full());
        assert_eq!(tape.notes().len(), MAX_NOTES);
    }

    #[test]
    fn when_the_command_is_ended_no_more_time_goes_by_and_nothing_is_noted() {
        let tape = Tape::default();
        tape.begin();
        tape.end();
        let ended = tape.now();
        std::thread::sleep(Duration::from_millis(5));
        tape.note("peer", 1, What::Passed(Passed::Called));
        assert_eq!((tape.now(), tape.called("peer")), (ended, false));
        tape.begin();
        std::thread::sleep(Duration::from_millis(5));
        tape.note("peer", 1, What::Passed(Passed::Called));
        assert!(tape.now() >= Duration::from_millis(5) && tape.called("peer"));
    }

    #[test]
    fn what_is_said_in_each_call_stands_by_itself() {
        let tape = Tape::default();
        tape.begin();
        let note =
            |who, call| tape.note(who, call, What::Passed(Passed::Message(Message::Unchoke)));
        for (who, call) in [("peer", 1), ("peer", 3), ("other", 1), ("peer", 1)] {
            note(who, call);
        }
        let counts = |who| {
            let calls = tape.messages_by_call(who).into_iter();
            calls.map(|call| call.len()).collect::<Vec<_>>()
        };
        assert_eq!(counts("peer"), [2, 1]);
        assert_eq!(counts("other"), [1]);
        assert_eq!(counts("nobody"), [] as [usize; 0]);
    }

    #[test]
    fn who_hung_up_last_is_gone_until_it_calls_again() {
        let tape = Tape::default();
        tape.begin();
        let note = |passed| tape.note("peer", 1, What::Passed(passed));
        note(Passed::Called);
        assert!(tape.called("peer") && !tape.called("other"));
        assert!(!tape.is_gone("peer", Duration::ZERO));
        note(Passed::HungUp { midway: false });
        std::thread::sleep(Duration::from_millis(1));
        assert!(tape.is_gone("peer", Duration::ZERO));
        assert!(!tape.is_gone("peer", Duration::from_secs(3600)));
        note(Passed::Called);
        assert!(!tape.is_gone("peer", Duration::ZERO));
    }
}
