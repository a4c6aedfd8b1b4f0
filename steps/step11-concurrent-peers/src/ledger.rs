//! What was asked of each peer and has not come: the one book about it.

use std::collections::VecDeque;

use messages::BlockRequest;

use crate::{PeerKey, Picker};

/// What was asked of one peer.
///
/// The blocks of the open pieces know whom they were asked of; this is the same the other way
/// round. So what a peer does to its own requests, a choke for example, costs what it has out, and
/// nothing if that is nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// The requests that are out, in the order of asking.
    pub out: VecDeque<BlockRequest>,
    /// How many of them are free for others all the same.
    pub yielded: usize,
    /// There was no unopened piece for it: how many pieces it had then, and
    /// [`Picker::returned`](crate::Picker).
    pub nothing_unopened: Option<(u32, u64)>,
    /// There was nothing for it at all: how many pieces it had then, and [`Picker::news`].
    pub nothing: Option<(u32, u64)>,
}

impl Ledger {
    /// Notes requests that go out.
    pub fn asked(&mut self, blocks: &[BlockRequest]) {
        self.out.extend(blocks);
    }

    /// Strikes out a request. Blocks come mostly in the order of asking, so the search ends at the
    /// front.
    pub fn strike(&mut self, block: BlockRequest) -> bool {
        let at = self.out.iter().position(|&asked| asked == block);
        at.is_some_and(|at| self.out.remove(at).is_some())
    }
}

impl Picker {
    /// The requests that are out at this peer, in the order of asking: what `pick` gave, without
    /// what has come, and what was taken back.
    pub fn asked(&self, peer: PeerKey) -> impl Iterator<Item = BlockRequest> + '_ {
        let out = self.ledgers.get(&peer).map(|ledger| ledger.out.iter());
        out.into_iter().flatten().copied()
    }

    /// How many requests are out at this peer. Kept, not counted.
    pub fn asked_of(&self, peer: PeerKey) -> usize {
        self.ledgers.get(&peer).map_or(0, |ledger| ledger.out.len())
    }

    /// Whether this block was asked of this peer, and has not come. The block itself knows.
    pub fn is_asked(&self, peer: PeerKey, block: BlockRequest) -> bool {
        let Some(index) = self.geometry.index_of(block) else {
            return false;
        };
        let open = self.open.get(&block.piece);
        open.is_some_and(|open| open.askers(index).contains(&peer))
            || self.yielded.contains(&(block, peer))
    }

    // ANCHOR: release
    /// A block that was asked of `peer` will not come: it was too slow. Others may be asked. False
    /// if it was not asked of this peer.
    pub fn release(&mut self, peer: PeerKey, block: BlockRequest) -> bool {
        let struck = match self.ledgers.get_mut(&peer) {
            Some(ledger) => ledger.strike(block),
            None => false,
        };
        if struck {
            self.let_go(peer, block);
        }
        struck
    }

    /// Nothing that was asked of `peer` will come: it choked us. Others may be asked. Returns the
    /// requests that were out, in the order of asking; it costs what they are.
    pub fn release_all(&mut self, peer: PeerKey) -> Vec<BlockRequest> {
        let Some(ledger) = self.ledgers.get_mut(&peer) else {
            return Vec::new();
        };
        let out = Vec::from(std::mem::take(&mut ledger.out));
        // Backwards, so that the piece that was asked for first is the first to be asked of others.
        for &block in out.iter().rev() {
            self.let_go(peer, block);
        }
        out
    }
    // ANCHOR_END: release

    /// Leaves a request out at `peer`, but lets others be asked for the block as if it were free.
    /// That is for a peer that has been silent for long: what it still sends shows that it is back,
    /// and nobody waits for it meanwhile.
    ///
    /// While it owes such a block, `pick` gives the peer nothing more. When the block comes from
    /// somebody else, this peer is among the `also_asked`. False if the block was not asked of this
    /// peer, or is yielded already.
    pub fn yield_to_others(&mut self, peer: PeerKey, block: BlockRequest) -> bool {
        let Some(index) = self.geometry.index_of(block) else {
            return false;
        };
        let asked = self.change(block.piece, |open| open.release(index, peer));
        if asked != Some(true) {
            return false;
        }
        self.yielded.insert((block, peer));
        self.ledgers.entry(peer).or_default().yielded += 1;
        true
    }

    /// Takes a request that is struck from the ledger off its block.
    fn let_go(&mut self, peer: PeerKey, block: BlockRequest) {
        if !self.take_yielded(peer, block)
            && let Some(index) = self.geometry.index_of(block)
        {
            self.change(block.piece, |open| open.release(index, peer));
        }
        // The peer itself may be asked for it anew.
        if let Some(ledger) = self.ledgers.get_mut(&peer) {
            ledger.nothing = None;
        }
    }

    /// Forgets that a block was yielded. True if it was.
    fn take_yielded(&mut self, peer: PeerKey, block: BlockRequest) -> bool {
        let was = self.yielded.remove(&(block, peer));
        if was && let Some(ledger) = self.ledgers.get_mut(&peer) {
            ledger.yielded -= 1;
        }
        was
    }

    /// Strikes out requests that are void; the blocks themselves have been changed already.
    pub(crate) fn strike(&mut self, peer: PeerKey, block: BlockRequest) {
        if let Some(ledger) = self.ledgers.get_mut(&peer) {
            ledger.strike(block);
        }
        self.take_yielded(peer, block);
    }

    /// Who has yielded blocks between these two, both included, and which.
    pub(crate) fn yielded_between(
        &self,
        first: BlockRequest,
        last: BlockRequest,
    ) -> Vec<(PeerKey, BlockRequest)> {
        if self.yielded.is_empty() {
            return Vec::new();
        }
        let (from, to) = ((first, PeerKey(0)), (last, PeerKey(u32::MAX)));
        let yielded = self.yielded.range(from..=to);
        yielded.map(|&(block, peer)| (peer, block)).collect()
    }
}
