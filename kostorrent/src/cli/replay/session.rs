//! A session that is told again: the engine, what is known of its connections, and whether it still
//! wants the same.

use std::collections::{BTreeMap, VecDeque};

use blocks::BLOCK;
use engine::{Action, Command, Config, Encryption, Engine, Event, Report, Stored, Time, Why};
use fast::Fast;
use handshake::Reserved;
use messages::Message;
use picker::PeerKey;
use recording::is_recorded;

use super::decision::Decision;
use super::known::Known;
use crate::cli::{counts, face};
use crate::node::Notice;

/// Whether the engine wants what was recorded.
pub(super) enum Verdict {
    /// There was nothing to compare with.
    Nothing,
    /// It does, so many times.
    Same(u64),
    /// It does not: where first, and how.
    Differs(String),
}

pub(super) struct Session {
    pub(super) engine: Engine,
    anonymous: bool,
    pub(super) now: Time,
    pieces: u32,
    /// The extensions that we spoke.
    reserved: Reserved,
    events: u64,
    pub(super) peers: BTreeMap<PeerKey, Known>,
    /// What the engine wants and the recording has not yet confirmed.
    wanted: VecDeque<Action>,
    compared: u64,
    differs: Option<String>,
}

impl Session {
    pub fn new(config: Config, anonymous: bool) -> Session {
        let pieces = config.content.as_ref().map_or(0, |c| c.geometry.pieces());
        let reserved = config.reserved;
        let config = Config {
            explain: true,
            ..config
        };
        Session {
            engine: Engine::new(config, Time::ZERO),
            anonymous,
            now: Time::ZERO,
            pieces,
            reserved,
            events: 0,
            peers: BTreeMap::new(),
            wanted: VecDeque::new(),
            compared: 0,
            differs: None,
        }
    }

    /// How many events were told.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What it wants before it was told anything.
    pub fn begin(&mut self) -> Vec<Decision> {
        self.drain(Vec::new())
    }

    /// Tells the engine an event.
    pub fn tell(&mut self, at: Time, event: Event) -> Vec<Decision> {
        if let Some(action) = self.wanted.pop_front() {
            let how = format!("it wants {action:?}, and that was not recorded");
            self.differ(how);
        }
        self.wanted.clear();
        self.now = at;
        self.events += 1;
        let told = self.note(&event);
        self.engine.handle(event, at);
        self.drain(told.into_iter().collect())
    }

    /// Compares what the engine wants with what was recorded.
    pub fn compare(&mut self, recorded: Action) {
        self.compared += 1;
        match self.wanted.pop_front() {
            Some(action) if action == recorded => {}
            Some(action) => self.differ(format!("it wants {action:?} in place of {recorded:?}")),
            None => self.differ(format!("it does not want {recorded:?}")),
        }
    }

    fn differ(&mut self, how: String) {
        let at = self.now.since_start().as_secs_f64();
        self.differs
            .get_or_insert_with(|| format!("after {at:.3} s {how}"));
    }

    pub fn verdict(&self) -> Verdict {
        match (&self.differs, self.compared) {
            (_, 0) => Verdict::Nothing,
            (Some(how), _) => Verdict::Differs(how.clone()),
            (None, compared) => Verdict::Same(compared),
        }
    }

    /// Takes note of an event; and what there is to say about it.
    fn note(&mut self, event: &Event) -> Option<Decision> {
        let now = self.now;
        let say = |what, text: String| Some(Decision::new(now, what, text));
        match event {
            Event::Connected {
                peer,
                addr,
                incoming,
                encryption,
                handshake,
            } => {
                let client = handshake.peer_id.client();
                let client = client.map_or_else(|| "unknown".to_owned(), |c| c.to_string());
                let how = match incoming {
                    true => "has called",
                    false => "has answered",
                };
                let encrypted = match encryption {
                    Encryption::None => "",
                    Encryption::Greeting => ", after an encrypted greeting",
                    Encryption::All => ", encrypted",
                };
                let text = format!("{how}, {client}{encrypted}");
                let fast = self.reserved.common(handshake.reserved).fast();
                let known = Known::new(*addr, *incoming, (client, fast), self.pieces);
                self.peers.insert(*peer, known);
                self.of(*peer, "connected", text)
            }
            Event::ConnectFailed { addr, why } => Some(Decision {
                addr: Some(*addr),
                because: Some(why.to_string()),
                ..Decision::new(now, "no-connection", "gives no connection")
            }),
            Event::Closed { peer, why } => {
                let decision = self.of(*peer, "closed", "is gone".to_owned());
                self.peers.remove(peer);
                decision.map(|decision| Decision {
                    because: Some(why.to_string()),
                    ..decision
                })
            }
            Event::Message { peer, message } => {
                self.peers.get_mut(peer)?.heard(event);
                match message {
                    Message::Choke => self.of(*peer, "chokes-us", "chokes us".to_owned()),
                    Message::Unchoke => self.of(*peer, "unchokes-us", "unchokes us".to_owned()),
                    Message::Later { id, body } => self.rejects(*peer, *id, body),
                    _ => None,
                }
            }
            Event::Block { peer, .. } => {
                self.peers.get_mut(peer)?.heard(event);
                None
            }
            Event::Stored { piece, result } => {
                let (what, text) = match result {
                    Stored::Written { .. } => ("stored", format!("piece {piece} is on disk")),
                    Stored::Wrong { .. } => ("wrong", format!("piece {piece} is wrong")),
                    Stored::Failed(why) | Stored::Refused(why) => (
                        "not-stored",
                        format!("piece {piece} could not be written: {why}"),
                    ),
                };
                Some(Decision {
                    piece: Some(*piece),
                    ..Decision::new(now, what, text)
                })
            }
            Event::DiskFailed { why } => say("disk-failed", why.clone()),
            Event::Announced {
                tracker, result, ..
            } => {
                let host = tracker::host_of(tracker);
                match result {
                    Ok(reply) => {
                        let peers = reply.peers.len();
                        say("answered", format!("{host} names {peers} addresses"))
                    }
                    Err(why) => say("no-answer", why.to_string()),
                }
            }
            Event::Scraped { tracker, result } => {
                let host = tracker::host_of(tracker);
                match result {
                    Ok(counts) => {
                        let words = counts::words(*counts);
                        let words = words.unwrap_or_else(|| "no counts".to_owned());
                        say("answered", format!("{host} knows {words}"))
                    }
                    Err(why) => say("no-answer", why.to_string()),
                }
            }
            Event::Command(Command::Want { wanted, .. }) => {
                let pieces: u32 = wanted.iter().map(|byte| byte.count_ones()).sum();
                say("command", format!("the user wants {pieces} pieces"))
            }
            Event::Command(command) => say("command", format!("the user wants: {command:?}")),
            Event::Lost { pieces } => say("lost", format!("{} pieces are lost", pieces.len())),
            Event::Found { pieces } => say("found", format!("{} pieces are found", pieces.len())),
            _ => None,
        }
    }

    fn of(&self, peer: PeerKey, what: &'static str, text: String) -> Option<Decision> {
        Some(Decision {
            peer: Some(peer.0),
            addr: self.peers.get(&peer).map(|known| known.addr),
            ..Decision::new(self.now, what, text)
        })
    }

    /// Takes all that the engine wants, and says it. Requests for one piece at one peer are one line.
    fn drain(&mut self, mut said: Vec<Decision>) -> Vec<Decision> {
        while let Some(action) = self.engine.poll_action() {
            let why = self.engine.poll_why();
            if let Some(peer) = peer_of(&action)
                && let Some(known) = self.peers.get_mut(&peer)
            {
                known.done(&action);
            }
            if let Some(decision) = self.decision(&action, why) {
                let joins = said.last().is_some_and(|last| {
                    let key = |d: &Decision| (d.what, d.peer, d.piece, d.because.clone());
                    !decision.blocks.is_empty() && key(last) == key(&decision)
                });
                match said.last_mut().filter(|_| joins) {
                    Some(last) => last.blocks.extend(decision.blocks),
                    None => said.push(decision),
                }
            }
            if let Action::Close { peer, .. } = &action {
                self.peers.remove(peer);
            }
            if is_recorded(&action, self.anonymous) {
                self.wanted.push_back(action);
            }
        }
        for decision in &mut said {
            if let ("ask" | "cancel", Some(piece)) = (decision.what, decision.piece) {
                let blocks = spans(&mut decision.blocks);
                decision.text = match decision.what {
                    "ask" => format!("is asked for piece {piece}, {blocks}"),
                    _ => format!("need not send piece {piece}, {blocks}"),
                };
            }
        }
        said
    }

    fn decision(&self, action: &Action, why: Option<Why>) -> Option<Decision> {
        let now = self.now;
        let decision = match action {
            Action::Connect { addr } => Decision {
                addr: Some(*addr),
                ..Decision::new(now, "call", "is called")
            },
            Action::Close { peer, why } => Decision {
                because: Some(why.to_string()),
                ..self.of(*peer, "close", "is left".to_owned())?
            },
            Action::Send { peer, message } => return self.message(*peer, message, why),
            Action::Store { piece, .. } => Decision {
                piece: Some(*piece),
                ..Decision::new(now, "store", format!("piece {piece} goes to the disk"))
            },
            Action::Announce {
                tracker,
                announcement,
            } => {
                let host = tracker::host_of(tracker);
                let left = progress::bytes(announcement.left);
                let text = match announcement.event {
                    Some(event) => format!("{host} is told: {event:?}, {left} left"),
                    None => format!("{host} is asked for others, {left} left"),
                };
                Decision::new(now, "announce", text)
            }
            Action::Scrape { tracker } => {
                let text = format!("{} is asked how many there are", tracker::host_of(tracker));
                Decision::new(now, "announce", text)
            }
            Action::Report(report) => {
                let (addr, piece) = match report {
                    Report::PieceFailed { piece, .. } => (None, Some(*piece)),
                    Report::PeerBanned { addr, piece } | Report::PeerDoubted { addr, piece } => {
                        (Some(*addr), Some(*piece))
                    }
                    _ => (None, None),
                };
                let what = match report {
                    Report::PeerBanned { .. } => "ban",
                    Report::PeerDoubted { .. } => "doubt",
                    _ => "report",
                };
                let sentence = face::sentence(&Notice::Torrent(report.clone()));
                let text = sentence.unwrap_or_else(|| "everything is there".to_owned());
                let mut decision = Decision::new(now, what, text);
                decision.peer = addr.and_then(|addr| {
                    let mut all = self.peers.iter();
                    all.find(|(_, known)| known.addr == addr)
                        .map(|(key, _)| key.0)
                });
                (decision.addr, decision.piece) = (addr, piece);
                decision
            }
            Action::Finished(outcome) => {
                Decision::new(now, "finished", format!("it is over: {outcome:?}"))
            }
            _ => return None,
        };
        Some(match why {
            Some(why) => decision.because(Some(why)),
            None => decision,
        })
    }

    /// A peer may have said that it will not send a block (BEP 6).
    fn rejects(&self, peer: PeerKey, id: u8, body: &[u8]) -> Option<Decision> {
        let Ok(Some(Fast::Reject(block))) = Fast::read(id, body, u32::MAX) else {
            return None;
        };
        let number = block.offset / BLOCK;
        let text = format!("will not send piece {}, block {number}", block.piece);
        Some(Decision {
            piece: Some(block.piece),
            blocks: vec![number],
            ..self.of(peer, "rejects", text)?
        })
    }

    fn message(&self, peer: PeerKey, message: &Message, why: Option<Why>) -> Option<Decision> {
        let (what, text) = match message {
            Message::Request(_) => ("ask", ""),
            Message::Cancel(_) => ("cancel", ""),
            Message::Choke => ("choke", "is choked"),
            Message::Unchoke => ("unchoke", "is unchoked"),
            Message::Interested => ("interested", "has something that we want"),
            Message::NotInterested => ("not-interested", "has nothing more that we want"),
            _ => return None,
        };
        let mut decision = self.of(peer, what, text.to_owned())?.because(why);
        if let Message::Request(block) | Message::Cancel(block) = message {
            decision.piece = Some(block.piece);
            decision.blocks = vec![block.offset / BLOCK];
        }
        Some(decision)
    }
}

fn peer_of(action: &Action) -> Option<PeerKey> {
    match action {
        Action::Send { peer, .. } | Action::Upload { peer, .. } | Action::Rejected { peer, .. } => {
            Some(*peer)
        }
        _ => None,
    }
}

/// `block 3`, `blocks 0 to 15`, `blocks 0 to 3 and 7`.
fn spans(blocks: &mut [u32]) -> String {
    blocks.sort_unstable();
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for &block in &*blocks {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 >= block => *last = block,
            _ => spans.push((block, block)),
        }
    }
    let texts = spans.iter().map(|&(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    let texts: Vec<String> = texts.collect();
    let word = if blocks.len() == 1 { "block" } else { "blocks" };
    match &*texts {
        [all @ .., last] if !all.is_empty() => format!("{word} {} and {last}", all.join(", ")),
        texts => format!("{word} {}", texts.concat()),
    }
}
