//! What the task does with what it is told.

use std::error::Error;
use std::io;
use std::time::Instant;

use blocks::blocking::PATIENCE;
use blocks::{BlockBuf, BlockRequest};
use connection::{Heard, Order};
use messages::{Bitfield, Message};
use picker::{PeerKey, Receipt};

use crate::disk::{Kept, Piece};
use crate::torrent::{NEWS, OUT, Peer, Torrent};
use crate::trace::say;
use crate::trouble::Trouble;
use crate::words::{DISK, TORRENT, Task, name, name_of};

impl Torrent<'_> {
    /// A connection has something to tell.
    pub fn hear(&mut self, key: PeerKey, heard: Heard) -> io::Result<()> {
        let channel = &self.channels.heard;
        let level = [channel.len() + 1, channel.max_capacity()];
        let what = name(&heard);
        self.trace
            .woken("heard", [&Task(key), &TORRENT], level, &what)?;
        if !self.peers.contains_key(&key) {
            // It was let go while this was on its way.
            return Ok(());
        }
        match heard {
            Heard::Message(message) => self.message(key, message)?,
            Heard::Block { block, data } => self.block(key, block, data)?,
            Heard::Closed(why) => self.let_go(key, &why.to_string())?,
            Heard::Room(_) | Heard::Unsent(_) | Heard::Wasted { .. } => {}
        }
        self.ask(key)
    }

    fn message(&mut self, key: PeerKey, message: Message) -> io::Result<()> {
        let Some(peer) = self.peers.get_mut(&key) else {
            return Ok(());
        };
        match message {
            Message::Bitfield(bytes) => match Bitfield::from_bytes(peer.has.len(), &bytes) {
                Ok(has) => {
                    for piece in has.iter_ones() {
                        if peer.has.set(piece) {
                            self.picker.peer_has(piece);
                        }
                    }
                }
                Err(error) => self.let_go(key, &error.to_string())?,
            },
            Message::Have(piece) if peer.has.set(piece) => self.picker.peer_has(piece),
            Message::Choke => {
                peer.choked = true;
                self.picker.release_all(key);
            }
            Message::Unchoke => peer.choked = false,
            _ => {}
        }
        Ok(())
    }

    /// Asks a peer for the next blocks.
    fn ask(&mut self, key: PeerKey) -> io::Result<()> {
        let Some(peer) = self.peers.get_mut(&key).filter(|peer| !peer.choked) else {
            return Ok(());
        };
        let out = self.picker.asked_of(key);
        if out == 0 {
            peer.since = Instant::now();
        }
        let (mut blocks, free) = (Vec::new(), OUT.saturating_sub(out));
        self.picker
            .pick(key, &peer.has, free, &mut rand::rng(), &mut blocks);
        for block in blocks {
            self.send(key, Message::Request(block))?;
        }
        Ok(())
    }

    /// A block has come. A whole piece waits for the disk.
    fn block(&mut self, key: PeerKey, block: BlockRequest, data: BlockBuf) -> io::Result<()> {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.since = Instant::now();
        }
        let Receipt::Kept { whole, also_asked } = self.picker.received(key, block) else {
            self.pool.give(data);
            return Ok(());
        };
        for other in also_asked {
            self.send(other, Message::Cancel(block))?;
        }
        let piece = block.piece;
        self.open
            .entry(piece)
            .or_default()
            .insert(block.offset, data);
        if whole && let Some(blocks) = self.open.remove(&piece) {
            let blocks = blocks.into_values().collect();
            self.whole.push_back(Piece { piece, blocks });
            if self.channels.pieces.capacity() == 0 {
                self.trace.note_full("pieces", true)?;
            }
        }
        Ok(())
    }

    /// A whole piece has gone to the disk.
    pub fn passed(&mut self, piece: u32, used: usize) -> io::Result<()> {
        let level = [used, self.channels.pieces.max_capacity()];
        let what = format!("piece {piece}, whole");
        self.trace.woken("pieces", [&TORRENT, &DISK], level, &what)
    }

    /// The disk has looked at a piece.
    pub fn kept(&mut self, Kept { piece, result }: Kept) -> Result<(), Box<dyn Error>> {
        let is_right = result?;
        let what = match is_right {
            true => format!("piece {piece} is written"),
            false => format!("piece {piece} is wrong"),
        };
        let channel = &self.channels.kept;
        let level = [channel.len() + 1, channel.max_capacity()];
        self.trace.woken("kept", [&DISK, &TORRENT], level, &what)?;
        self.since = Instant::now();
        if is_right {
            self.picker.close(piece);
            for key in self.keys() {
                self.send(key, Message::Have(piece))?;
            }
        } else {
            self.wrong(piece)?;
        }
        for key in self.keys() {
            self.ask(key)?;
        }
        Ok(())
    }

    /// A piece is wrong. If one peer sent all of it, it is let go; else one alone is asked for it now,
    /// to see who lied.
    fn wrong(&mut self, piece: u32) -> io::Result<()> {
        let mut senders = self.picker.contributors(piece);
        senders.dedup();
        self.picker.failed(piece);
        let only = match senders[..] {
            [liar] => {
                let why = format!("piece {piece} was wrong, and all of it came from this peer");
                self.let_go(liar, &why)?;
                None
            }
            _ => senders
                .into_iter()
                .find(|peer| self.peers.contains_key(peer)),
        };
        for (other, block) in self.picker.only_from(piece, only) {
            self.send(other, Message::Cancel(block))?;
        }
        Ok(())
    }

    /// A second has passed: who has been silent for long, and is there hope?
    pub fn look_around(&mut self) -> Result<(), Box<dyn Error>> {
        self.say_how_far()?;
        for key in self.keys() {
            let is_silent = |peer: &Peer| peer.since.elapsed() > PATIENCE;
            if self.picker.asked_of(key) > 0 && self.peers.get(&key).is_some_and(is_silent) {
                let seconds = PATIENCE.as_secs();
                let why = format!("it was asked, and has sent nothing for {seconds} seconds");
                self.let_go(key, &why)?;
            }
        }
        let have = self.picker.have();
        let missing = have.len() - have.count();
        let waited = self.since.elapsed();
        let somebody_has = have.iter_zeros().any(|piece| self.picker.copies(piece) > 0);
        match somebody_has {
            _ if self.peers.is_empty() => Ok(()),
            false if waited > NEWS => Err(Trouble::NobodyHas { missing }.into()),
            true if waited > PATIENCE => Err(Trouble::Nothing { missing }.into()),
            _ => Ok(()),
        }
    }

    /// Ends a connection, and says why. What it was asked for may be asked of others.
    pub fn let_go(&mut self, key: PeerKey, why: &str) -> io::Result<()> {
        let Some(peer) = self.peers.remove(&key) else {
            return Ok(());
        };
        // It may have ended by itself.
        let _ = peer.orders.send(Order::Close);
        self.picker.peer_left(key, &peer.has);
        // What only this peer was asked for, anybody may be asked for now.
        for piece in self.picker.have().clone().iter_zeros() {
            if peer.has.get(piece) {
                let _ = self.picker.only_from(piece, None);
            }
        }
        self.last = Some(format!("{}: {why}", self.addr(key)));
        say(&format!("peer {key} is let go: {why}"))?;
        for other in self.keys() {
            self.ask(other)?;
        }
        Ok(())
    }

    /// Orders a connection to send a message.
    pub fn send(&mut self, key: PeerKey, message: Message) -> io::Result<()> {
        let Some(peer) = self.peers.get(&key) else {
            return Ok(());
        };
        let what = name_of(&message);
        self.trace.sent("orders", [&TORRENT, &Task(key)], &what)?;
        let _ = peer.orders.send(Order::Send(message));
        Ok(())
    }
}
