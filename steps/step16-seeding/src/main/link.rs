//! A connection between two members, and what one of them knows of the other.

use std::collections::VecDeque;
use std::io;
use std::net::TcpStream;
use std::time::Duration;

use handshake::Handshake;
use handshake::blocking::{ExchangeError, exchange, read_handshake};
use messages::{Bitfield, BlockRequest, Ended, Message};
use picker::PeerKey;
use picker::blocking::Line;
use progress::Rate;

use crate::TICK;
use crate::party::GUEST;

/// A caller must have shaken hands by then.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// So many requests of a peer wait at most; what is more is dropped.
const WAITING: usize = 500;

/// A connection.
pub struct Link {
    /// Who is at its other end: the number of a member, or of a guest.
    pub key: PeerKey,
    pub line: Line<TcpStream>,
    pub has: Bitfield,
    /// Whether they want something from us, and whether we choke them.
    pub interested: bool,
    pub choking: bool,
    /// Whether we have said that we want something from them.
    pub we_are_interested: bool,
    /// What they have asked for.
    pub requests: VecDeque<BlockRequest>,
    /// What they give us.
    pub rate: Rate,
    /// Payload bytes that they gave us, and that they got from us.
    pub gave: u64,
    pub got: u64,
    /// What they had got when they were unchoked last.
    pub before_turn: u64,
    pub since: Duration,
    /// When they last sent a block, or were first asked for one again.
    pub heard: Duration,
}

// ANCHOR: answer
/// Answers a call: reads the caller's handshake, and sends ours. Gives theirs.
pub fn answer(
    stream: &mut TcpStream,
    ours: &Handshake,
) -> Result<Handshake, Box<dyn std::error::Error>> {
    stream.set_nonblocking(false)?;
    prepare(stream, HANDSHAKE)?;
    let theirs = read_handshake(stream, HANDSHAKE)?;
    // Who has called himself sees it by our peer id, so that one is still sent.
    if theirs.info_hash == ours.info_hash {
        io::Write::write_all(stream, &ours.to_bytes())?;
    }
    theirs.accept(ours)?;
    Ok(theirs)
}
// ANCHOR_END: answer

/// Calls a member.
pub fn call(stream: &mut TcpStream, ours: &Handshake) -> Result<Handshake, ExchangeError> {
    exchange(stream, ours)
}

/// Reads wait so long at most.
pub fn prepare(stream: &TcpStream, limit: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(HANDSHAKE))
}

impl Link {
    /// A connection on which handshakes have been exchanged; says what we have.
    pub fn new(
        stream: TcpStream,
        key: PeerKey,
        have: &Bitfield,
        now: Duration,
    ) -> Result<Link, Ended> {
        prepare(&stream, TICK).map_err(|error| Ended::Network(error.to_string()))?;
        let mut line = Line::new(stream, have.len());
        line.say(&[Message::Bitfield(have.to_bytes())])?;
        Ok(Link {
            key,
            line,
            has: Bitfield::new(have.len()),
            interested: false,
            choking: true,
            we_are_interested: false,
            requests: VecDeque::new(),
            rate: Rate::new(),
            gave: 0,
            got: 0,
            before_turn: 0,
            since: now,
            heard: now,
        })
    }

    /// Whether it is no member of the swarm.
    pub fn is_guest(&self) -> bool {
        self.key.0 >= GUEST
    }

    /// Says that we want something from them, or nothing any more, if that is news.
    pub fn say_interest(&mut self, have: &Bitfield) -> Result<(), Ended> {
        let interested = self.has.has_any_missing_from(have);
        if std::mem::replace(&mut self.we_are_interested, interested) == interested {
            return Ok(());
        }
        self.line.say(&[match interested {
            true => Message::Interested,
            false => Message::NotInterested,
        }])
    }

    // ANCHOR: choke
    /// Chokes or unchokes them, if that is news.
    pub fn choke(&mut self, choking: bool) -> Result<(), Ended> {
        if std::mem::replace(&mut self.choking, choking) == choking {
            return Ok(());
        }
        if choking {
            // Without the fast extension a choke drops what was asked for, without a word.
            self.requests.clear();
        } else {
            self.before_turn = self.got;
        }
        self.line.say(&[match choking {
            true => Message::Choke,
            false => Message::Unchoke,
        }])
    }

    // ANCHOR_END: choke

    /// They ask for a block.
    pub fn asked(&mut self, block: BlockRequest) {
        if !self.choking && self.requests.len() < WAITING {
            self.requests.push_back(block);
        }
    }
}
