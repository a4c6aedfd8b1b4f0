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
        1 => peer.clone().prop_map(|peer| Op::Choke { peer }),
        4 => any::<usize>().prop_map(|which| Op::Close { which }),
        1 => any::<usize>().prop_map(|which| Op::Fail { which }),
        1 => (piece, prop::option::of(peer)).prop_map(|(piece, peer)| Op::OnlyFrom { piece, peer }),
        1 => any::<usize>().prop_map(|which| Op::Forget { which }),
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
    open: BTreeSet<u32>,
    asked: BTreeMap<BlockRequest, BTreeSet<PeerKey>>,
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
            open: BTreeSet::new(),
            asked: BTreeMap::new(),
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
            .filter(|&piece| !reserved(piece));
        missing.all(|piece| {
            let mut blocks = self.geometry.blocks(piece);
            blocks.all(|block| !self.is_free(&block))
        })
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
            self.asked.entry(block).or_default().insert(peer);
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
        let own = self
            .asked
            .values()
            .filter(|askers| askers.contains(&peer))
            .count();
        let again = self.asked.iter().any(|(block, askers)| {
            has.get(block.piece)
                && !self.only.contains_key(&block.piece)
                && !askers.contains(&peer)
                && askers.len() < MOST_ASKED
        });
        assert!(
            own >= END_GAME_REQUESTS || !again,
            "nobody waits in the end game"
        );
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
        let mut others = self.asked.remove(&block).unwrap_or_default();
        others.remove(&peer);
        self.here.insert(block, peer);
        let Receipt::Kept { whole, also_asked } = receipt else {
            panic!("{block:?} is wanted");
        };
        assert_eq!(also_asked.into_iter().collect::<BTreeSet<_>>(), others);
        assert_eq!(whole, self.is_whole(block.piece));
    }

    /// The blocks of a piece are gone.
    fn drop_blocks(&mut self, piece: u32) {
        self.here.retain(|block, _| block.piece != piece);
        self.asked.retain(|block, _| block.piece != piece);
    }

    fn release_all(&mut self, peer: PeerKey) {
        let before = self
            .asked
            .values()
            .filter(|askers| askers.contains(&peer))
            .count();
        assert_eq!(self.picker.asked_of(peer), before);
        assert_eq!(self.picker.release_all(peer), before);
        for askers in self.asked.values_mut() {
            askers.remove(&peer);
        }
        self.asked.retain(|_, askers| !askers.is_empty());
    }

    fn close(&mut self, piece: u32) {
        let senders: Vec<PeerKey> = self.geometry.blocks(piece).map(|b| self.here[&b]).collect();
        assert_eq!(self.picker.contributors(piece), senders);
        self.picker.close(piece);
        self.drop_blocks(piece);
        self.open.remove(&piece);
        self.only.remove(&piece);
        self.have.insert(piece);
    }

    fn forget(&mut self, piece: u32) {
        let out: BTreeSet<(PeerKey, BlockRequest)> =
            self.picker.forget(piece).into_iter().collect();
        let expected = self.asked.iter().filter(|(block, _)| block.piece == piece);
        let expected =
            expected.flat_map(|(&block, askers)| askers.iter().map(move |&p| (p, block)));
        assert_eq!(out, expected.collect());
        self.drop_blocks(piece);
        self.open.remove(&piece);
    }

    fn only_from(&mut self, piece: u32, peer: Option<PeerKey>) {
        self.picker.only_from(piece, peer);
        let Some(peer) = peer else {
            self.only.remove(&piece);
            return;
        };
        if self.have.contains(&piece) || piece >= self.geometry.pieces() {
            return;
        }
        self.only.insert(piece, peer);
        for (_, askers) in self
            .asked
            .iter_mut()
            .filter(|(block, _)| block.piece == piece)
        {
            askers.retain(|&asker| asker == peer);
        }
        self.asked.retain(|_, askers| !askers.is_empty());
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
        }
        self.check();
    }

    fn nth_asked(&self, which: usize) -> Option<(BlockRequest, PeerKey)> {
        let all: Vec<(BlockRequest, PeerKey)> = self
            .asked
            .iter()
            .flat_map(|(&block, askers)| askers.iter().map(move |&peer| (block, peer)))
            .collect();
        (!all.is_empty()).then(|| all[which % all.len()])
    }

    fn release(&mut self, block: BlockRequest, peer: PeerKey) {
        self.picker.release(peer, block);
        let askers = self.asked.get_mut(&block).unwrap();
        askers.remove(&peer);
        if askers.is_empty() {
            self.asked.remove(&block);
        }
    }

    fn leave(&mut self, peer: PeerKey) {
        if let Some(has) = self.peers.remove(&peer) {
            self.picker.peer_left(&has);
            self.release_all(peer);
        }
    }

    fn check(&self) {
        assert!(self.picker.open().eq(self.open.iter().copied()));
        assert!(self.open.len() <= self.max_open, "the budget holds");
        let end_game = !self.picker.is_complete() && self.end_game();
        assert_eq!(self.picker.in_end_game(), end_game);
        assert!(self.picker.have().iter_ones().eq(self.have.iter().copied()));
        assert_eq!(
            self.picker.is_complete(),
            self.have.len() as u32 == self.geometry.pieces()
        );
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
        while !self.picker.is_complete() {
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
        let missing: Vec<u32> = self.picker.have().iter_zeros().collect();
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
        if self.pick(peer, 7) == 0 {
            let stuck = self.picker.stuck_open(|piece| has.get(piece));
            self.forget(stuck.expect("an open piece stands in the way"));
            assert!(self.pick(peer, 7) > 0);
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
        which in any::<usize>(),
        ops in prop::collection::vec(op(), 0..150),
    ) {
        let mut model = Model::new(pieces, piece_length, short, max_open);
        for op in ops {
            model.step(op);
        }
        model.get_one(which);
        model.finish();
    }
}
