//! One member at work. It has one thread, which turns from one connection to the next.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use blocks::blocking::PATIENCE;
use blocks::{BlockBuf, Geometry};
use choker::Choker;
use handshake::Handshake;
use handshake::blocking::{TIMEOUT, connect};
use messages::{Bitfield, BlockRequest, Ended, Message};
use picker::blocking::Heard;
use picker::{PeerKey, Picker, Receipt};
use storage::blocking::Store;

use crate::giving::SNUBBED;
use crate::link::{self, Link};
use crate::swarm::{Member, Swarm};

/// How many requests are out at each peer.
const OUT: usize = 4;

/// How many pieces are open at a time.
const OPEN: u32 = 8;

/// How many others a member serves at a time: one who gives, and the optimistic one.
const SLOTS: usize = 2;

/// Connections that one member has at most.
const LINKS: usize = 20;

/// The keys of guests begin here.
pub const GUEST: u32 = 1000;

/// A member of the swarm at work.
pub struct Party {
    pub swarm: Arc<Swarm>,
    pub member: usize,
    pub store: Store,
    pub picker: Picker,
    pub choker: Choker,
    pub links: Vec<Link>,
    /// The blocks that are here of the open pieces.
    pub open: BTreeMap<u32, BTreeMap<u32, BlockBuf>>,
    /// How many bytes it may still give now, and since when it was given none.
    pub allowance: f64,
    pub paid: Duration,
    pub round: u32,
    /// When something last came.
    pub moved: Duration,
    /// How many guests there were.
    pub guests: u32,
    /// What keeps it from going on.
    pub trouble: Option<String>,
}

impl Party {
    pub fn new(swarm: Arc<Swarm>, member: usize, (store, have): (Store, Bitfield)) -> Party {
        let mut picker = Picker::new(store.layout().geometry(), OPEN);
        have.iter_ones().for_each(|piece| picker.set_have(piece));
        Party {
            swarm,
            member,
            store,
            picker,
            choker: Choker::new(SLOTS),
            links: Vec::new(),
            open: BTreeMap::new(),
            allowance: 0.0,
            paid: Duration::ZERO,
            round: 0,
            moved: Duration::ZERO,
            guests: 0,
            trouble: None,
        }
    }

    fn me(&self) -> &Member {
        &self.swarm.members[self.member]
    }

    /// Whether it gives, or takes only.
    pub fn gives(&self) -> bool {
        self.me().gives
    }

    pub fn handshake(&self) -> Handshake {
        self.me().handshake
    }

    pub fn geometry(&self) -> Geometry {
        self.store.layout().geometry()
    }

    pub fn have(&self) -> &Bitfield {
        self.picker.have()
    }

    /// Says something, with its name before it.
    pub fn say(&self, what: &str) {
        self.swarm.say(&format!("{:<5} {what}\n", self.me().name));
    }

    /// Writes a piece, if it is right.
    pub fn keep(&mut self, piece: u32, blocks: Vec<BlockBuf>) -> Result<bool, String> {
        let kept = self.store.keep(piece, blocks).map_err(|e| e.to_string())?;
        if kept {
            self.picker.close(piece);
        }
        Ok(kept)
    }

    /// Trades until the swarm is over.
    pub fn trade(&mut self) -> Result<(), String> {
        let result = self.work();
        // When it is over, some may still be about to begin.
        if self.swarm.is_over() {
            return Ok(());
        }
        // Whatever keeps one of them from going on ends it for all.
        self.swarm.stop();
        result
    }

    fn work(&mut self) -> Result<(), String> {
        (self.paid, self.moved) = (self.swarm.time(), self.swarm.time());
        self.call_others()?;
        let mut was_complete = false;
        while !self.swarm.is_over() {
            self.take_calls();
            for at in (0..self.links.len()).rev() {
                if self.attend(at).is_err() {
                    self.hang_up(at);
                }
            }
            if let Some(trouble) = self.trouble.take() {
                return Err(format!("{}: {trouble}", self.me().name));
            }
            if self.gives() {
                self.give();
                self.decide();
                if self.have().is_full() && !was_complete {
                    was_complete = true;
                    self.say("has everything");
                    self.swarm.is_complete();
                }
                self.look_for_trouble()?;
            }
        }
        Ok(())
    }

    /// Calls those who came before it, if one of the two gives.
    fn call_others(&mut self) -> Result<(), String> {
        for other in 0..self.member {
            let member = &self.swarm.members[other];
            if !member.gives {
                continue;
            }
            let trouble = |what: String| format!("{} cannot be called: {what}", member.name);
            let mut stream = connect(member.addr, TIMEOUT).map_err(|e| trouble(e.to_string()))?;
            link::call(&mut stream, &self.handshake()).map_err(|e| trouble(e.to_string()))?;
            let now = self.swarm.time();
            let link = Link::new(stream, PeerKey(other as u32), self.picker.have(), now);
            self.links.push(link.map_err(|e| trouble(e.to_string()))?);
        }
        Ok(())
    }

    // ANCHOR: take_calls
    /// Takes the calls of those who came after it, and of guests.
    fn take_calls(&mut self) {
        while let Ok((stream, _)) = self.me().listener.accept() {
            // Who cannot shake hands is not let in.
            if let Some(link) = self.let_in(stream) {
                self.links.push(link);
            }
        }
    }

    fn let_in(&mut self, mut stream: TcpStream) -> Option<Link> {
        let theirs = link::answer(&mut stream, &self.handshake()).ok()?;
        let key = match self.swarm.find(theirs.peer_id) {
            Some(member) => PeerKey(member as u32),
            None => {
                self.guests += 1;
                PeerKey(GUEST + self.guests)
            }
        };
        if self.links.len() >= LINKS || self.links.iter().any(|link| link.key == key) {
            return None;
        }
        Link::new(stream, key, self.picker.have(), self.swarm.time()).ok()
    }

    // ANCHOR_END: take_calls

    /// Turns to one connection: asks, listens.
    fn attend(&mut self, at: usize) -> Result<(), Ended> {
        self.ask(at)?;
        for heard in self.links[at].line.listen()? {
            match heard {
                Heard::Message(message) => self.hear(at, message)?,
                Heard::Block { block, data } => self.take(at, block, data)?,
            }
        }
        self.links[at].say_interest(self.picker.have())
    }

    /// Asks for what the picker says.
    fn ask(&mut self, at: usize) -> Result<(), Ended> {
        let link = &mut self.links[at];
        // Guests are given to, and not asked: they may lie.
        if link.line.is_choked() || link.is_guest() {
            return Ok(());
        }
        let out = self.picker.asked_of(link.key);
        if out == 0 {
            link.heard = self.swarm.time();
        }
        let (mut blocks, free) = (Vec::new(), OUT.saturating_sub(out));
        self.picker
            .pick(link.key, &link.has, free, &mut rand::rng(), &mut blocks);
        let requests: Vec<Message> = blocks.into_iter().map(Message::Request).collect();
        match requests.is_empty() {
            true => Ok(()),
            false => link.line.say(&requests),
        }
    }

    fn hear(&mut self, at: usize, message: Message) -> Result<(), Ended> {
        let link = &mut self.links[at];
        match message {
            Message::Bitfield(bytes) => {
                let has = Bitfield::from_bytes(link.has.len(), &bytes);
                let has = has.map_err(|error| Ended::Network(error.to_string()))?;
                self.picker.peer_joined(&has);
                link.has = has;
            }
            Message::Have(piece) if link.has.set(piece) => self.picker.peer_has(piece),
            Message::Choke => drop(self.picker.release_all(link.key)),
            Message::Interested => link.interested = true,
            Message::NotInterested => link.interested = false,
            Message::Request(block) => link.asked(block),
            Message::Cancel(block) => link.requests.retain(|waiting| *waiting != block),
            _ => {}
        }
        Ok(())
    }

    /// Takes a block. A whole piece is verified, written, and told to everybody.
    fn take(&mut self, at: usize, block: BlockRequest, data: BlockBuf) -> Result<(), Ended> {
        let now = self.swarm.time();
        let link = &mut self.links[at];
        (link.heard, self.moved) = (now, now);
        link.rate.add(now, block.len.into());
        link.gave += u64::from(block.len);
        self.swarm.note(self.member, link.key, block.len.into());
        let Receipt::Kept { whole, also_asked } = self.picker.received(link.key, block) else {
            return Ok(());
        };
        for other in self
            .links
            .iter_mut()
            .filter(|link| also_asked.contains(&link.key))
        {
            other.line.say(&[Message::Cancel(block)])?;
        }
        let blocks = self.open.entry(block.piece).or_default();
        blocks.insert(block.offset, data);
        if !whole {
            return Ok(());
        }
        let blocks = self.open.remove(&block.piece).unwrap_or_default();
        match self.keep(block.piece, blocks.into_values().collect()) {
            Ok(true) => return self.tell_all(block.piece),
            Ok(false) => self.trouble = Some(format!("piece {} is wrong", block.piece)),
            Err(error) => self.trouble = Some(error),
        }
        Ok(())
    }

    /// Tells everybody that a piece is here. Who takes only keeps it to himself.
    fn tell_all(&mut self, piece: u32) -> Result<(), Ended> {
        if self.gives() {
            for link in &mut self.links {
                link.line.say(&[Message::Have(piece)])?;
            }
        }
        Ok(())
    }

    pub fn hang_up(&mut self, at: usize) {
        let link = self.links.remove(at);
        self.picker.peer_left(link.key, &link.has);
    }

    /// Whether nothing has come for so long that nothing will.
    fn look_for_trouble(&self) -> Result<(), String> {
        let waited = self.swarm.time().saturating_sub(self.moved);
        let missing = self.have().len() - self.have().count();
        if missing > 0 && waited > PATIENCE + self.swarm.round * (2 * SNUBBED) {
            let name = self.me().name;
            return Err(format!(
                "{name} lacks {missing} pieces, and nobody gives any"
            ));
        }
        Ok(())
    }
}
