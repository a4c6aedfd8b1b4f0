//! What a block costs the picker: chosen, received, its piece closed.

use std::collections::VecDeque;
use std::hint::black_box;

use blocks::Geometry;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use messages::{Bitfield, BlockRequest};
use picker::{PeerKey, Picker, Receipt};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const WINDOW: usize = 500;
const MIB: u64 = 1 << 20;

/// A download by peers that have everything, each with a full window, to the end.
fn download(mut picker: Picker, peers: u32) -> Picker {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let everything = Bitfield::full(picker.have().len());
    let mut asked: Vec<VecDeque<BlockRequest>> = vec![VecDeque::new(); peers as usize];
    let mut picks = Vec::new();
    while !picker.is_complete() {
        for peer in 0..peers {
            let key = PeerKey(peer);
            let asked = &mut asked[peer as usize];
            let free = WINDOW - asked.len();
            picker.pick(key, &everything, free, &mut rng, &mut picks);
            asked.extend(picks.drain(..));
            let Some(block) = asked.pop_front() else {
                continue;
            };
            if let Receipt::Kept { whole: true, .. } = picker.received(key, block) {
                picker.close(block.piece);
            }
        }
    }
    picker
}

fn picker(total: u64, piece_length: u64) -> Picker {
    let geometry = Geometry::new(total, piece_length).expect("a sane torrent");
    let max_open = (24 * MIB / piece_length).max(2);
    Picker::new(geometry, max_open as u32)
}

fn whole_downloads(c: &mut Criterion) {
    let mut group = c.benchmark_group("a block of a whole download");
    group.sample_size(10);
    for (name, total, piece_length, peers) in [
        ("1 MiB pieces, 1 peer", 256 * MIB, MIB, 1),
        ("1 MiB pieces, 4 peers", 256 * MIB, MIB, 4),
        ("16 KiB pieces, 4 peers", 256 * MIB, 16 * 1024, 4),
        ("16 MiB pieces, 4 peers", 256 * MIB, 16 * MIB, 4),
    ] {
        group.throughput(Throughput::Elements(total / u64::from(blocks::BLOCK)));
        let mut fresh = picker(total, piece_length);
        for _ in 0..peers {
            fresh.peer_joined(&Bitfield::full(fresh.have().len()));
        }
        group.bench_function(name, |b| {
            b.iter_batched(
                || fresh.clone(),
                |picker| download(picker, peers),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Three million pieces, and a peer that has few of them, none of the rarest.
fn many_pieces(c: &mut Criterion) {
    const PIECES: u32 = 3_000_000;
    let mut picker = picker(u64::from(PIECES) * 16 * 1024, 16 * 1024);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut few, mut others) = (Bitfield::new(PIECES), Bitfield::new(PIECES));
    for piece in 0..PIECES {
        if piece % 3000 == 0 {
            few.set(piece);
        }
        others.set(piece);
    }
    others.clear(1);
    picker.peer_joined(&few);
    picker.peer_joined(&others);
    (10..20).for_each(|piece| picker.set_have(piece));

    let mut group = c.benchmark_group("three million pieces");
    group.bench_function("open and forget one of few", |b| {
        let mut picks = Vec::new();
        b.iter(|| {
            picker.pick(PeerKey(1), &few, 1, &mut rng, &mut picks);
            let block = picks.pop().expect("it has something");
            black_box(picker.forget(block.piece));
        });
    });
    group.bench_function("a have", |b| {
        let mut piece = 0;
        b.iter(|| {
            piece = (piece + 7919) % PIECES;
            picker.peer_has(piece);
        });
    });
    group.finish();
}

criterion_group!(benches, whole_downloads, many_pieces);
criterion_main!(benches);
