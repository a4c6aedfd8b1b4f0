//! The picker against a model that is naive and slow and can be seen to be right.

use std::collections::{BTreeMap, BTreeSet};

use blocks::Geometry;
use messages::{Bitfield, BlockRequest};
use picker::{END_GAME_REQUESTS, MOST_ASKED, PeerKey, Picker, RANDOM_FIRST, Receipt};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const PEERS: u32 = 5;

/// What happens to a picker. Numbers choose among what is there, modulo how much that is.
#[derive(Clone, Debug)]
enum Op {
    Join {
        peer: u32,
        has: Vec<bool>,
    },
    Leave {
        peer: u32,
    },
    Have {
        peer: u32,
        piece: u32,
    },
    Pick {
        peer: u32,
        count: usize,
    },
    /// A block that was asked for comes.
    Receive {
        which: usize,
        late: bool,
    },
    /// Any block comes, asked for or not.
    ReceiveAny {
        peer: u32,
        piece: u32,
        block: u32,
    },
    Release {
        which: usize,
    },
    /// A peer is slow: others may be asked for a block that it still owes.
    Yield {
        which: usize,
    },
    /// A peer is asked for what slow ones were asked for.
    PickAgain {
        peer: u32,
        slow: Vec<bool>,
        count: usize,
    },
    Choke {
        peer: u32,
    },
    Close {
        which: usize,
    },
    Fail {
        which: usize,
    },
    OnlyFrom {
        piece: u32,
        peer: Option<u32>,
    },
    Forget {
        which: usize,
    },
    /// A piece is found on disk, whatever is known of it.
    Found {
        piece: u32,
    },
    MaxOpen {
        count: u32,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let peer = 0..PEERS;
    let piece = 0u32..12;
    prop_oneof![
        2 => (peer.clone(), prop::collection::vec(any::<bool>(), 12))
            .prop_map(|(peer, has)| Op::Join { peer, has }),
        1 => peer.clone().prop_map(|peer| Op::Join { peer, has: vec![true; 12] }),
        1 => peer.clone().prop_map(|peer| Op::Leave { peer }),
        2 => (peer.clone(), piece.clone()).prop_map(|(peer, piece)| Op::Have { peer, piece }),
        8 => (peer.clone(), 0usize..12).prop_map(|(peer, count)| Op::Pick { peer, count }),
        20 => (any::<usize>(), prop::bool::weighted(0.05))
            .prop_map(|(which, late)| Op::Receive { which, late }),
        1 => (peer.clone(), piece.clone(), 0u32..4)
            .prop_map(|(peer, piece, block)| Op::ReceiveAny { peer, piece, block }),
        2 => any::<usize>().prop_map(|which| Op::Release { which }),
        2 => any::<usize>().prop_map(|which| Op::Yield { which }),
        2 => (peer.clone(), prop::collection::vec(any::<bool>(), PEERS as usize), 1usize..6)
            .prop_map(|(peer, slow, count)| Op::PickAgain { peer, slow, count }),
        1 => peer.clone().prop_map(|peer| Op::Choke { peer }),
        4 => any::<usize>().prop_map(|which| Op::Close { which }),
        1 => any::<usize>().prop_map(|which| Op::Fail { which }),
        1 => (piece.clone(), prop::option::of(peer))
            .prop_map(|(piece, peer)| Op::OnlyFrom { piece, peer }),
        1 => any::<usize>().prop_map(|which| Op::Forget { which }),
        1 => piece.prop_map(|piece| Op::Found { piece }),
        1 => (1u32..6).prop_map(|count| Op::MaxOpen { count }),
    ]
}

/// The picker, and beside it what must be true of it.
struct Model {
    picker: Picker,
    geometry: Geometry,
    max_open: usize,
    rng: ChaCha8Rng,
    peers: BTreeMap<PeerKey, Bitfield>,
    have: BTreeSet<u32>,
    /// Pieces that nobody wants.
    left_out: BTreeSet<u32>,
    open: BTreeSet<u32>,
    /// Who was asked for each block, without those who have yielded it.
    asked: BTreeMap<BlockRequest, BTreeSet<PeerKey>>,
    yielded: BTreeSet<(PeerKey, BlockRequest)>,
    /// The same by peers, in the order of asking, with those who have yielded.
    ledgers: BTreeMap<PeerKey, Vec<BlockRequest>>,
    here: BTreeMap<BlockRequest, PeerKey>,
    only: BTreeMap<u32, PeerKey>,
}

impl Model {
    fn new(pieces: u32, piece_length: u64, short: u64, max_open: u32) -> Model {
        let total = u64::from(pieces) * piece_length - short.min(piece_length - 1);
        let geometry = Geometry::new(total, piece_length).unwrap();
        Model {
            picker: Picker::new(geometry, max_open),
            geometry,
            max_open: max_open as usize,
            rng: ChaCha8Rng::seed_from_u64(9),
            peers: BTreeMap::new(),
            have: BTreeSet::new(),
            left_out: BTreeSet::new(),
            open: BTreeSet::new(),
            asked: BTreeMap::new(),
            yielded: BTreeSet::new(),
            ledgers: BTreeMap::new(),
            here: BTreeMap::new(),
            only: BTreeMap::new(),
        }
    }

    fn copies(&self, piece: u32) -> usize {
        self.peers.values().filter(|has| has.get(piece)).count()
    }

    fn may(&self, peer: PeerKey, piece: u32) -> bool {
        self.only.get(&piece).is_none_or(|&only| only == peer)
    }

    fn is_free(&self, block: &BlockRequest) -> bool {
        !self.here.contains_key(block) && !self.asked.contains_key(block)
    }

    fn is_whole(&self, piece: u32) -> bool {
        self.geometry
            .blocks(piece)
            .all(|block| self.here.contains_key(&block))
    }

    fn nth_whole(&self, which: usize) -> Option<u32> {
        let whole: Vec<u32> = self
            .open
            .iter()
            .copied()
            .filter(|&p| self.is_whole(p))
            .collect();
        (!whole.is_empty()).then(|| whole[which % whole.len()])
    }

    /// Pieces, neither open nor here, that this peer could be asked for.
    fn unopened(&self, peer: PeerKey) -> Vec<u32> {
        let has = &self.peers[&peer];
        (0..self.geometry.pieces())
            .filter(|piece| !self.have.contains(piece) && !self.open.contains(piece))
            .filter(|&piece| has.get(piece) && self.may(peer, piece))
            .filter(|piece| !self.left_out.contains(piece))
            .collect()
    }

    /// Whether an open piece has a free block that this peer could be asked for.
    fn has_free_block(&self, peer: PeerKey) -> bool {
        let has = &self.peers[&peer];
        let mut pieces = self
            .open
            .iter()
            .filter(|&&p| has.get(p) && self.may(peer, p));
        pieces.any(|&piece| {
            self.geometry
                .blocks(piece)
                .any(|block| self.is_free(&block))
        })
    }

    /// Every block that could be had from anyone is asked for or here. Open pieces that are fetched
    /// from one peer alone are that peer's business.
    fn end_game(&self) -> bool {
        let reserved = |piece| self.open.contains(&piece) && self.only.contains_key(&piece);
        let mut missing = (0..self.geometry.pieces())
            .filter(|&piece| !self.have.contains(&piece) && self.copies(piece) > 0)
            .filter(|piece| !self.left_out.contains(piece))
            .filter(|&piece| !reserved(piece));
        missing.all(|piece| {
            let mut blocks = self.geometry.blocks(piece);
            blocks.all(|block| !self.is_free(&block))
        })
    }

    /// The one who owes a block that others may be asked for is to deliver that first.
    fn owes_yielded(&self, peer: PeerKey) -> bool {
        self.yielded.iter().any(|&(other, _)| other == peer)
    }

    /// Takes a request out of all the books. Whether it was in them.
    fn strike(&mut self, peer: PeerKey, block: BlockRequest) -> bool {
        if let Some(askers) = self.asked.get_mut(&block) {
            askers.remove(&peer);
            if askers.is_empty() {
                self.asked.remove(&block);
            }
        }
        self.yielded.remove(&(peer, block));
        let Some(ledger) = self.ledgers.get_mut(&peer) else {
            return false;
        };
        let before = ledger.len();
        ledger.retain(|&asked| asked != block);
        ledger.len() < before
    }

    /// The requests that are out, of a piece if need be.
    fn out(&self, piece: Option<u32>) -> Vec<(PeerKey, BlockRequest)> {
        let all = self.ledgers.iter();
        let all = all.flat_map(|(&peer, out)| out.iter().map(move |&block| (peer, block)));
        all.filter(|(_, block)| piece.is_none_or(|piece| block.piece == piece))
            .collect()
    }

    fn note_asked(&mut self, peer: PeerKey, block: BlockRequest) {
        self.asked.entry(block).or_default().insert(peer);
        self.ledgers.entry(peer).or_default().push(block);
    }

    fn pick(&mut self, peer: PeerKey, count: usize) -> usize {
        let Some(has) = self.peers.get(&peer).cloned() else {
            return 0;
        };
        let mut picks = Vec::new();
        self.picker
            .pick(peer, &has, count, &mut self.rng, &mut picks);
        assert!(picks.len() <= count);
        for &block in &picks {
            let piece = block.piece;
            assert!(
                self.geometry.index_of(block).is_some(),
                "{block:?} is a block"
            );
            assert!(has.get(piece), "the peer has it");
            assert!(!self.have.contains(&piece), "it is missing");
            assert!(!self.left_out.contains(&piece), "it is wanted");
            assert!(self.may(peer, piece), "it may be asked of this peer");
            assert!(!self.here.contains_key(&block), "it is not here");
            if !self.open.contains(&piece) {
                self.opens(peer, piece);
            }
            if let Some(others) = self.asked.get(&block) {
                assert!(self.end_game(), "asked twice only in the end game");
                assert!(!others.contains(&peer), "never twice of one peer");
                assert!(others.len() < MOST_ASKED);
            }
            self.note_asked(peer, block);
        }
        if self.owes_yielded(peer) {
            assert_eq!(picks, [], "it owes one that others may be asked for");
            return 0;
        }
        if picks.len() < count {
            assert!(!self.has_free_block(peer), "free blocks are left");
            let full = self.open.len() >= self.max_open;
            assert!(full || self.unopened(peer).is_empty(), "pieces are left");
        }
        if picks.len() < count && self.end_game() {
            self.nothing_left_to_ask_again(peer, &has);
        }
        picks.len()
    }

    /// A piece is being opened for this peer: was it the right one?
    fn opens(&mut self, peer: PeerKey, piece: u32) {
        assert!(self.open.len() < self.max_open, "the budget holds");
        assert!(!self.has_free_block(peer), "open pieces come first");
        if self.have.len() as u32 >= RANDOM_FIRST {
            let rarest = self
                .unopened(peer)
                .into_iter()
                .map(|p| self.copies(p))
                .min();
            assert_eq!(Some(self.copies(piece)), rarest, "the rarest is opened");
        }
        self.open.insert(piece);
    }

    fn nothing_left_to_ask_again(&self, peer: PeerKey, has: &Bitfield) {
        let own = self.ledgers.get(&peer).map_or(0, Vec::len);
        assert!(
            own >= END_GAME_REQUESTS || self.to_ask_again(peer, has).is_empty(),
            "nobody waits in the end game"
        );
    }

    /// The blocks on their way that this peer may be asked for too, fewest asked first.
    fn to_ask_again(&self, peer: PeerKey, has: &Bitfield) -> Vec<BlockRequest> {
        let may = |(block, askers): &(&BlockRequest, &BTreeSet<PeerKey>)| {
            has.get(block.piece)
                && !self.only.contains_key(&block.piece)
                && !askers.contains(&peer)
                && askers.len() < MOST_ASKED
        };
        let mut again: Vec<(usize, BlockRequest)> = self
            .asked
            .iter()
            .filter(may)
            .map(|(&block, askers)| (askers.len(), block))
            .collect();
        again.sort_unstable();
        again.into_iter().map(|(_, block)| block).collect()
    }

    fn pick_again(&mut self, peer: PeerKey, slow: &[bool], count: usize) {
        let Some(has) = self.peers.get(&peer).cloned() else {
            return;
        };
        let slow = |peer: PeerKey| slow[peer.0 as usize];
        let mut expected = self.to_ask_again(peer, &has);
        expected.retain(|block| self.asked[block].iter().all(|&asker| slow(asker)));
        expected.truncate(count);
        if self.owes_yielded(peer) {
            expected.clear();
        }
        let mut picks = Vec::new();
        self.picker.pick_again(peer, &has, count, slow, &mut picks);
        assert_eq!(picks, expected);
        for block in picks {
            self.note_asked(peer, block);
        }
    }

    /// What the picker claims of a peer is true.
    fn has_nothing_for(&self, peer: PeerKey, has: &Bitfield) {
        if !self.picker.has_nothing_for(peer, has) || self.owes_yielded(peer) {
            return;
        }
        assert!(!self.has_free_block(peer), "{peer}: free blocks are left");
        let full = self.open.len() >= self.max_open;
        let none = self.unopened(peer).is_empty();
        assert!(full || none, "{peer}: pieces are left");
        if !self.picker.is_complete() && self.end_game() {
            let again = self.to_ask_again(peer, has);
            assert_eq!(again, [], "{peer}: it waits in the end game");
        }
    }

    fn receive(&mut self, peer: PeerKey, block: BlockRequest) {
        let receipt = self.picker.received(peer, block);
        let wanted = self.geometry.index_of(block).is_some()
            && self.open.contains(&block.piece)
            && self.may(peer, block.piece)
            && !self.here.contains_key(&block);
        if !wanted {
            assert_eq!(receipt, Receipt::Unwanted);
            return;
        }
        self.strike(peer, block);
        let others: BTreeSet<PeerKey> = self
            .out(Some(block.piece))
            .into_iter()
            .filter(|&(_, asked)| asked == block)
            .map(|(other, _)| other)
            .collect();
        for &other in &others {
            self.strike(other, block);
        }
        self.here.insert(block, peer);
        let Receipt::Kept { whole, also_asked } = receipt else {
            panic!("{block:?} is wanted");
        };
        assert_eq!(also_asked.into_iter().collect::<BTreeSet<_>>(), others);
        assert_eq!(whole, self.is_whole(block.piece));
    }

    /// The blocks of a piece are gone, and the requests for them.
    fn drop_blocks(&mut self, piece: u32) {
        self.here.retain(|block, _| block.piece != piece);
        for (peer, block) in self.out(Some(piece)) {
            self.strike(peer, block);
        }
    }

    fn release_all(&mut self, peer: PeerKey) {
        let out = self.ledgers.remove(&peer).unwrap_or_default();
        assert_eq!(self.picker.asked_of(peer), out.len());
        assert_eq!(self.picker.release_all(peer), out);
        self.released(peer, &out);
    }

    fn released(&mut self, peer: PeerKey, out: &[BlockRequest]) {
        for &block in out {
            self.strike(peer, block);
        }
    }

    fn close(&mut self, piece: u32) {
        let senders: Vec<PeerKey> = self.geometry.blocks(piece).map(|b| self.here[&b]).collect();
        assert_eq!(self.picker.contributors(piece), senders);
        self.picker.close(piece);
        self.has(piece);
    }

    fn found(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            self.picker.set_have(piece);
            self.has(piece);
        }
    }

    fn leave_out(&mut self, piece: u32) {
        if piece < self.geometry.pieces() {
            self.picker.leave_out(piece);
            self.left_out.insert(piece);
        }
    }

    fn is_finished(&self) -> bool {
        (0..self.geometry.pieces())
            .all(|piece| self.have.contains(&piece) || self.left_out.contains(&piece))
    }

    fn has(&mut self, piece: u32) {
        self.drop_blocks(piece);
        self.open.remove(&piece);
        self.only.remove(&piece);
        self.have.insert(piece);
    }

    fn forget(&mut self, piece: u32) {
        let out: BTreeSet<(PeerKey, BlockRequest)> =
            self.picker.forget(piece).into_iter().collect();
        assert_eq!(out, self.out(Some(piece)).into_iter().collect());
        self.drop_blocks(piece);
        self.open.remove(&piece);
    }

    fn only_from(&mut self, piece: u32, peer: Option<PeerKey>) {
        let void = self.picker.only_from(piece, peer);
        let void: BTreeSet<(PeerKey, BlockRequest)> = void.into_iter().collect();
        let mut expected = BTreeSet::new();
        if self.have.contains(&piece) || piece >= self.geometry.pieces() {
            // Nobody is to be asked for it.
        } else if let Some(peer) = peer {
            self.only.insert(piece, peer);
            expected.extend(self.out(Some(piece)));
            expected.retain(|&(other, _)| other != peer);
        } else {
            self.only.remove(&piece);
        }
        assert_eq!(void, expected);
        for (other, block) in void {
            self.strike(other, block);
        }
    }

    fn yields(&mut self, peer: PeerKey, block: BlockRequest) {
        let already = self.yielded.contains(&(peer, block));
        assert_eq!(self.picker.yield_to_others(peer, block), !already);
        self.yielded.insert((peer, block));
        if let Some(askers) = self.asked.get_mut(&block) {
            askers.remove(&peer);
            if askers.is_empty() {
                self.asked.remove(&block);
            }
        }
    }

    fn step(&mut self, op: Op) {
        let pieces = self.geometry.pieces();
        match op {
            Op::Join { peer, has } => {
                let mut set = Bitfield::new(pieces);
                for piece in 0..pieces {
                    if has[piece as usize] {
                        set.set(piece);
                    }
                }
                self.leave(PeerKey(peer));
                self.picker.peer_joined(&set);
                self.peers.insert(PeerKey(peer), set);
            }
            Op::Leave { peer } => self.leave(PeerKey(peer)),
            Op::Have { peer, piece } => {
                if let Some(has) = self.peers.get_mut(&PeerKey(peer))
                    && has.set(piece)
                {
                    self.picker.peer_has(piece);
                }
            }
            Op::Pick { peer, count } => {
                self.pick(PeerKey(peer), count);
            }
            Op::Receive { which, late } => {
                if let Some((block, peer)) = self.nth_asked(which) {
                    if late {
                        self.release(block, peer);
                    }
                    self.receive(peer, block);
                }
            }
            Op::ReceiveAny { peer, piece, block } => {
                let block = BlockRequest {
                    piece,
                    offset: block * blocks::BLOCK,
                    len: blocks::BLOCK,
                };
                self.receive(PeerKey(peer), block);
            }
            Op::Release { which } => {
                if let Some((block, peer)) = self.nth_asked(which) {
                    self.release(block, peer);
                }
            }
            Op::Yield { which } => {
                if let Some((block, peer)) = self.nth_asked(which) {
                    self.yields(peer, block);
                }
            }
            Op::PickAgain { peer, slow, count } => self.pick_again(PeerKey(peer), &slow, count),
            Op::Choke { peer } => self.release_all(PeerKey(peer)),
            Op::Close { which } => {
                if let Some(piece) = self.nth_whole(which) {
                    self.close(piece);
                }
            }
            Op::Fail { which } => {
                if let Some(piece) = self.nth_whole(which) {
                    self.picker.failed(piece);
                    self.drop_blocks(piece);
                }
            }
            Op::OnlyFrom { piece, peer } => self.only_from(piece, peer.map(PeerKey)),
            Op::Forget { which } => {
                let open: Vec<u32> = self.open.iter().copied().collect();
                if !open.is_empty() {
                    self.forget(open[which % open.len()]);
                }
            }
            Op::Found { piece } => self.found(piece),
            Op::MaxOpen { count } => {
                self.picker.set_max_open(count);
                self.max_open = count as usize;
            }
        }
        self.check();
    }

    fn nth_asked(&self, which: usize) -> Option<(BlockRequest, PeerKey)> {
        let mut all = self.out(None);
        all.sort_unstable_by_key(|&(peer, block)| (block, peer));
        let (peer, block) = *all.get(which.checked_rem(all.len())?)?;
        Some((block, peer))
    }

    fn release(&mut self, block: BlockRequest, peer: PeerKey) {
        assert!(self.picker.release(peer, block));
        assert!(!self.picker.release(peer, block), "it was taken back");
        assert!(self.strike(peer, block));
    }

    fn leave(&mut self, peer: PeerKey) {
        if let Some(has) = self.peers.remove(&peer) {
            let out = self.ledgers.remove(&peer).unwrap_or_default();
            assert_eq!(self.picker.peer_left(peer, &has), out);
            self.released(peer, &out);
        }
    }

    fn check(&self) {
        assert!(self.picker.open().eq(self.open.iter().copied()));
        let end_game = !self.picker.is_complete() && self.end_game();
        assert_eq!(self.picker.in_end_game(), end_game);
        assert!(self.picker.have().iter_ones().eq(self.have.iter().copied()));
        assert_eq!(
            self.picker.is_complete(),
            self.have.len() as u32 == self.geometry.pieces()
        );
        for (&peer, has) in &self.peers {
            self.has_nothing_for(peer, has);
        }
        self.the_books_agree();
    }

    /// Who was asked for what: the blocks, the ledgers and the model say the same.
    fn the_books_agree(&self) {
        for peer in (0..PEERS).map(PeerKey) {
            let out = self.ledgers.get(&peer).map_or(&[][..], Vec::as_slice);
            let asked: Vec<BlockRequest> = self.picker.asked(peer).collect();
            assert_eq!(asked, out, "in the order of asking");
            assert_eq!(self.picker.asked_of(peer), out.len());
            for block in (0..self.geometry.pieces()).flat_map(|p| self.geometry.blocks(p)) {
                let asked = self.picker.is_asked(peer, block);
                assert_eq!(asked, out.contains(&block), "{block:?} of {peer}");
            }
        }
    }

    /// Everybody leaves, one seed comes: whatever has happened, the download ends.
    fn finish(&mut self) {
        for peer in 0..PEERS {
            self.leave(PeerKey(peer));
        }
        for piece in 0..self.geometry.pieces() {
            self.only_from(piece, None);
        }
        let seed = PeerKey(100);
        let everything = Bitfield::full(self.geometry.pieces());
        self.picker.peer_joined(&everything);
        self.peers.insert(seed, everything);
        while !self.is_finished() {
            let mut moved = self.pick(seed, 7) > 0;
            while let Some((block, peer)) = self.nth_asked(0) {
                self.receive(peer, block);
            }
            while let Some(piece) = self.nth_whole(0) {
                self.close(piece);
                moved = true;
            }
            self.check();
            assert!(moved, "a peer has everything, and nothing goes on");
        }
    }

    /// Everybody leaves, and a peer comes that has just one missing piece: that piece is got, if
    /// need be by giving up open ones.
    fn get_one(&mut self, which: usize) {
        for peer in 0..PEERS {
            self.leave(PeerKey(peer));
        }
        while let Some(piece) = self.nth_whole(0) {
            self.close(piece);
        }
        let missing = self.picker.have().iter_zeros();
        let missing: Vec<u32> = missing
            .filter(|piece| !self.left_out.contains(piece))
            .collect();
        if missing.is_empty() {
            return;
        }
        let piece = missing[which % missing.len()];
        self.only_from(piece, None);
        let peer = PeerKey(101);
        let mut has = Bitfield::new(self.geometry.pieces());
        has.set(piece);
        self.picker.peer_joined(&has);
        self.peers.insert(peer, has.clone());
        // With fewer pieces allowed than are open, several may have to go.
        while self.pick(peer, 7) == 0 {
            let stuck = self.picker.stuck_open(|piece| has.get(piece));
            self.forget(stuck.expect("an open piece stands in the way"));
        }
        self.leave(peer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_picker_does_what_the_model_says(
        pieces in 1u32..12,
        piece_length in prop::sample::select(vec![10_000u64, 16_384, 40_000, 65_536]),
        short in 0u64..60_000,
        max_open in 1u32..6,
        left_out in prop::collection::vec(0u32..12, 0..3),
        which in any::<usize>(),
        ops in prop::collection::vec(op(), 0..150),
    ) {
        let mut model = Model::new(pieces, piece_length, short, max_open);
        for piece in left_out {
            model.leave_out(piece);
        }
        for op in ops {
            model.step(op);
        }
        model.get_one(which);
        model.finish();
    }
}
