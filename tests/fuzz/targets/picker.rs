//! Whatever peers do, the picker asks each for what it has and we lack, within the budget, and loses no block.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use blocks::Geometry;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use messages::{Bitfield, BlockRequest};
use picker::{PeerKey, Picker, Receipt};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

const BUDGET: u32 = 3;

#[derive(Arbitrary, Debug)]
struct Input {
    total: u32,
    piece_length: u8,
    seed: u64,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Join { peer: u8, has: u64 },
    Leave { peer: u8 },
    Have { peer: u8, piece: u8 },
    Pick { peer: u8, count: u8 },
    Receive { peer: u8, which: u8, verified: bool },
    Choked { peer: u8 },
    TimedOut { peer: u8, which: u8 },
    Yield { peer: u8, which: u8 },
    Memory { pieces: u8 },
    OnlyFrom { piece: u8, peer: Option<u8> },
    Forget { piece: u8 },
    Fellow { peer: u8, ahead: Option<u8> },
}

struct Peer {
    has: Bitfield,
    asked: BTreeSet<BlockRequest>,
}

fuzz_target!(|input: Input| {
    let piece_length =
        (u64::from(input.piece_length % 4) + 1) * 16_384 - u64::from(input.piece_length / 4);
    let Ok(geometry) = Geometry::new(u64::from(input.total % 2_000_000) + 1, piece_length) else {
        return;
    };
    let pieces = geometry.pieces();
    let mut picker = Picker::new(geometry, BUDGET);
    let mut rng = ChaCha8Rng::seed_from_u64(input.seed);
    let mut peers: BTreeMap<u8, Peer> = BTreeMap::new();
    let key = |peer: u8| PeerKey(u32::from(peer));

    for step in input.steps {
        match step {
            Step::Join { peer, has } => {
                peers.entry(peer % 8).or_insert_with(|| {
                    let mut field = Bitfield::new(pieces);
                    (0..pieces)
                        .filter(|piece| has >> (piece % 64) & 1 == 1)
                        .for_each(|piece| {
                            field.set(piece);
                        });
                    picker.peer_joined(&field);
                    Peer {
                        has: field,
                        asked: BTreeSet::new(),
                    }
                });
            }
            Step::Leave { peer } => {
                if let Some(gone) = peers.remove(&(peer % 8)) {
                    let out = picker.peer_left(key(peer % 8), &gone.has);
                    assert_eq!(out.into_iter().collect::<BTreeSet<_>>(), gone.asked);
                }
            }
            Step::Have { peer, piece } => {
                let piece = u32::from(piece) % pieces;
                if let Some(peer) = peers.get_mut(&(peer % 8))
                    && peer.has.set(piece)
                {
                    picker.peer_has(piece);
                }
            }
            Step::Pick { peer, count } => {
                if let Some(state) = peers.get_mut(&(peer % 8)) {
                    let mut out = Vec::new();
                    picker.pick(
                        key(peer % 8),
                        &state.has,
                        usize::from(count),
                        &mut rng,
                        &mut out,
                    );
                    assert!(out.len() <= usize::from(count));
                    for block in out {
                        assert!(
                            state.has.get(block.piece),
                            "it has not got piece {}",
                            block.piece
                        );
                        assert!(
                            !picker.have().get(block.piece),
                            "piece {} is here",
                            block.piece
                        );
                        assert!(geometry.index_of(block).is_some(), "{block:?} is no block");
                        assert!(state.asked.insert(block), "asked twice: {block:?}");
                    }
                }
            }
            Step::Receive {
                peer,
                which,
                verified,
            } => {
                let Some(state) = peers.get_mut(&(peer % 8)) else {
                    continue;
                };
                let Some(&block) = state
                    .asked
                    .iter()
                    .nth(usize::from(which) % state.asked.len().max(1))
                else {
                    continue;
                };
                state.asked.remove(&block);
                if let Receipt::Kept { whole, also_asked } = picker.received(key(peer % 8), block) {
                    for other in also_asked {
                        assert_ne!(other, key(peer % 8));
                        if let Some(other) = peers.get_mut(&(other.0 as u8)) {
                            assert!(other.asked.remove(&block));
                        }
                    }
                    if whole {
                        assert_eq!(
                            picker.contributors(block.piece).len(),
                            geometry.blocks_in(block.piece) as usize
                        );
                        if verified {
                            picker.close(block.piece);
                            assert!(picker.have().get(block.piece));
                        } else {
                            picker.failed(block.piece);
                        }
                    }
                }
            }
            Step::Choked { peer } => {
                if let Some(state) = peers.get_mut(&(peer % 8)) {
                    let out = picker.release_all(key(peer % 8));
                    assert_eq!(out.len(), state.asked.len());
                    state.asked.clear();
                }
            }
            Step::TimedOut { peer, which } => {
                let Some(state) = peers.get_mut(&(peer % 8)) else {
                    continue;
                };
                let Some(&block) = state
                    .asked
                    .iter()
                    .nth(usize::from(which) % state.asked.len().max(1))
                else {
                    continue;
                };
                state.asked.remove(&block);
                assert!(picker.release(key(peer % 8), block));
            }
            Step::Yield { peer, which } => {
                let asked = picker.asked_of(key(peer % 8));
                if asked > 0 {
                    let block = picker.asked(key(peer % 8)).nth(usize::from(which) % asked);
                    picker.yield_to_others(key(peer % 8), block.expect("that many are out"));
                }
            }
            Step::Memory { pieces } => picker.set_max_open(u32::from(pieces) % (BUDGET + 1)),
            Step::OnlyFrom { piece, peer } => {
                let piece = u32::from(piece) % pieces;
                for (other, block) in picker.only_from(piece, peer.map(|peer| key(peer % 8))) {
                    if let Some(other) = peers.get_mut(&(other.0 as u8)) {
                        assert!(other.asked.remove(&block));
                    }
                }
            }
            Step::Fellow { peer, ahead } => match ahead {
                Some(ahead) if peers.contains_key(&(peer % 8)) => {
                    picker.set_fellow(key(peer % 8), &[peer % 8; 20], usize::from(ahead));
                }
                _ => picker.remove_fellow(key(peer % 8)),
            },
            Step::Forget { piece } => {
                for (peer, block) in picker.forget(u32::from(piece) % pieces) {
                    if let Some(peer) = peers.get_mut(&(peer.0 as u8)) {
                        peer.asked.remove(&block);
                    }
                }
            }
        }
        for (&peer, state) in &peers {
            let out: BTreeSet<BlockRequest> = picker.asked(key(peer)).collect();
            assert_eq!(out, state.asked);
            assert_eq!(picker.asked_of(key(peer)), out.len());
            assert!(out.iter().all(|&block| picker.is_asked(key(peer), block)));
        }
        assert!(picker.open().count() <= BUDGET as usize);
        assert_eq!(picker.is_complete(), picker.have().is_full());
    }

    // One honest seeder now finishes everything: nothing was lost on the way.
    for (&peer, state) in &peers {
        picker.peer_left(key(peer), &state.has);
    }
    let seeder = PeerKey(1000);
    let all = Bitfield::full(pieces);
    picker.peer_joined(&all);
    for piece in 0..pieces {
        assert_eq!(picker.only_from(piece, None), []);
    }
    picker.set_max_open(BUDGET);
    let mut out = Vec::new();
    while !picker.is_complete() {
        out.clear();
        picker.pick(seeder, &all, 64, &mut rng, &mut out);
        assert!(
            !out.is_empty(),
            "nothing to ask for, with {} of {pieces} pieces",
            picker.have().count()
        );
        for block in out.drain(..) {
            if let Receipt::Kept { whole: true, .. } = picker.received(seeder, block) {
                picker.close(block.piece);
            }
        }
    }
});
