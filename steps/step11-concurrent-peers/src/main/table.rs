//! The table around which all threads sit: one picker, and the blocks of the open pieces.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blocks::{BlockBuf, BlockRequest, Geometry};
use messages::{Bitfield, Message};
use picker::{Order, PeerKey, Picker, Receipt};

use crate::report::Story;

/// Memory for open pieces, in bytes; but two pieces may be open in any case.
const MEMORY: u32 = 24 << 20;

// ANCHOR: shared
/// The table, for many threads: who wants to see it or to change it waits for its lock.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Table>>);

impl Shared {
    pub fn new(geometry: Geometry, order: Order, have: &Bitfield) -> Shared {
        let most = MEMORY / geometry.piece_length().max(1);
        let mut picker = Picker::new(geometry, most.max(2));
        picker.set_order(order);
        have.iter_ones().for_each(|piece| picker.set_have(piece));
        Shared(Arc::new(Mutex::new(Table {
            picker,
            geometry,
            threads: BTreeMap::new(),
            doubted: BTreeMap::new(),
            open: BTreeMap::new(),
            story: Story::new(geometry, order),
        })))
    }

    /// Waits until nobody else is at the table. A thread that has panicked there is not to take the
    /// others with it.
    pub fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: shared

// ANCHOR: table
/// What all threads share.
pub struct Table {
    pub picker: Picker,
    pub geometry: Geometry,
    /// How to reach the thread of each connected peer.
    pub threads: BTreeMap<PeerKey, Sender<Word>>,
    /// Pieces that were wrong once, and from whom alone each is fetched since.
    pub doubted: BTreeMap<u32, PeerKey>,
    /// What has come of the open pieces.
    open: BTreeMap<u32, Vec<Option<BlockBuf>>>,
    /// What is told at the end.
    pub story: Story,
}
// ANCHOR_END: table

/// What the thread of a peer is told by others.
#[derive(Debug)]
pub enum Word {
    /// Send this.
    Say(Message),
    /// End the connection, and why.
    Leave(String),
}

impl Table {
    /// Chooses up to `count` blocks to ask of a peer.
    pub fn pick(&mut self, peer: PeerKey, has: &Bitfield, count: usize) -> Vec<BlockRequest> {
        let mut blocks = Vec::new();
        self.picker
            .pick(peer, has, count, &mut rand::rng(), &mut blocks);
        for &block in &blocks {
            let all = self.threads.keys().copied();
            let mut others = all.filter(|&other| other != peer);
            let first = others.find(|&other| self.picker.is_asked(other, block));
            self.story.asked(block, peer, first);
        }
        blocks
    }

    /// A block has come. If it was the last of its piece: the piece.
    pub fn received(
        &mut self,
        peer: PeerKey,
        block: BlockRequest,
        data: BlockBuf,
    ) -> Option<Vec<BlockBuf>> {
        let Receipt::Kept { whole, also_asked } = self.picker.received(peer, block) else {
            self.story.came_twice += 1;
            return None;
        };
        self.story.came_first(block, peer);
        for other in also_asked {
            self.tell(other, Word::Say(Message::Cancel(block)));
        }
        let count = self.geometry.blocks_in(block.piece) as usize;
        let empty = || (0..count).map(|_| None).collect();
        let blocks = self.open.entry(block.piece).or_insert_with(empty);
        let index = self.geometry.index_of(block)? as usize;
        blocks[index] = Some(data);
        if !whole {
            return None;
        }
        let blocks = self.open.remove(&block.piece)?;
        Some(blocks.into_iter().flatten().collect())
    }

    /// Writes to the thread of a peer, if it is still there.
    pub fn tell(&self, peer: PeerKey, word: Word) {
        if let Some(thread) = self.threads.get(&peer) {
            let _ = thread.send(word);
        }
    }

    /// A piece is on disk: we have it, and say so to everybody.
    pub fn close(&mut self, piece: u32) {
        self.picker.close(piece);
        self.doubted.remove(&piece);
        self.story.kept(piece);
        for &peer in self.threads.keys() {
            self.tell(peer, Word::Say(Message::Have(piece)));
        }
    }

    /// A piece is not what the torrent promises. If one peer sent all of it, that one lied, and is
    /// named; else the piece is fetched from one alone, to see.
    pub fn failed(&mut self, piece: u32) -> Option<PeerKey> {
        let mut senders = self.picker.contributors(piece);
        senders.dedup();
        self.picker.failed(piece);
        let liar = match senders[..] {
            [one] => Some(one),
            _ => None,
        };
        let is_here = |peer: &PeerKey| self.threads.contains_key(peer);
        let only = match liar {
            Some(_) => None,
            None => senders.into_iter().find(is_here),
        };
        match only {
            Some(peer) => self.doubted.insert(piece, peer),
            None => self.doubted.remove(&piece),
        };
        // What others were asked for of this piece is void.
        for (other, block) in self.picker.only_from(piece, only) {
            self.tell(other, Word::Say(Message::Cancel(block)));
        }
        liar
    }

    /// A peer is gone. What only it was asked for may be asked of others.
    pub fn left(&mut self, peer: PeerKey, has: &Bitfield) {
        self.threads.remove(&peer);
        self.picker.peer_left(peer, has);
        let of_this = |&(_, &only): &(&u32, &PeerKey)| only == peer;
        let orphans: Vec<u32> = self
            .doubted
            .iter()
            .filter(of_this)
            .map(|(&p, _)| p)
            .collect();
        for piece in orphans {
            self.doubted.remove(&piece);
            // To lift it makes no request void.
            let _ = self.picker.only_from(piece, None);
        }
    }
}
