//! The picker against a model that is naive and slow and can be seen to be right.

use std::collections::{BTreeMap, BTreeSet};

use blocks::Geometry;
use messages::{Bitfield, BlockRequest};
use picker::{PeerKey, Picker};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

mod acts;
mod looks;
mod op;

use op::{Op, op};

const PEERS: u32 = 5;

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
            Op::LeaveOut { piece } => self.leave_out(piece),
            Op::TakeIn { piece } => self.take_in(piece),
        }
        self.check();
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
