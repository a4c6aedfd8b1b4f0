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
        ("256 MiB pieces, 4 peers", 512 * MIB, 256 * MIB, 4),
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
    group.bench_function("a peer that has nothing", |b| {
        let mut picks = Vec::new();
        let none = Bitfield::new(PIECES);
        b.iter(|| {
            picker.pick(PeerKey(2), &none, 1, &mut rng, &mut picks);
            assert!(picks.is_empty());
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

/// A peer with a large torrent's bitfield comes and goes.
fn bitfields(c: &mut Criterion) {
    const PIECES: u32 = 3_000_000;
    let mut picker = picker(u64::from(PIECES) * 16 * 1024, 16 * 1024);
    let mut most = Bitfield::full(PIECES);
    most.clear(77);
    let mut group = c.benchmark_group("three million pieces");
    group.sample_size(10);
    group.bench_function("a bitfield with all of them but one, and goodbye", |b| {
        b.iter(|| {
            picker.peer_joined(&most);
            picker.peer_left(PeerKey(1), &most);
        });
    });
    group.finish();
}

/// Two pieces of 256 MiB, of which the last 500 blocks are asked of one peer.
fn end_game(c: &mut Criterion) {
    let (slow, other) = (PeerKey(1), PeerKey(2));
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut picker = picker(512 * MIB, 256 * MIB);
    let all = Bitfield::full(2);
    picker.peer_joined(&all);
    picker.peer_joined(&all);
    let mut picks = Vec::new();
    picker.pick(slow, &all, usize::MAX / 2, &mut rng, &mut picks);
    for block in picks.drain(..picks.len() - WINDOW) {
        picker.received(slow, block);
    }
    assert!(picker.in_end_game());

    let mut group = c.benchmark_group("two pieces of 256 MiB");
    group.bench_function("32 blocks asked again, and a choke", |b| {
        b.iter(|| {
            picks.clear();
            picker.pick(other, &all, 100, &mut rng, &mut picks);
            assert_eq!(picks.len(), 32);
            black_box(picker.release_all(other));
        });
    });
    group.bench_function("a choke by a peer that owes nothing", |b| {
        b.iter(|| black_box(picker.release_all(other)));
    });
    group.bench_function("one block asked again", |b| {
        let mut fresh = picker.clone();
        picks.clear();
        fresh.pick(other, &all, 100, &mut rng, &mut picks);
        let last = picks[31];
        b.iter(|| {
            fresh.release(other, last);
            picks.clear();
            fresh.pick(other, &all, 100, &mut rng, &mut picks);
            assert_eq!(picks, [last]);
        });
    });
    group.bench_function("nothing is left to ask again", |b| {
        for peer in 3..100 {
            picks.clear();
            picker.pick(PeerKey(peer), &all, 100, &mut rng, &mut picks);
        }
        b.iter(|| {
            picks.clear();
            picker.pick(other, &all, 100, &mut rng, &mut picks);
            assert!(picks.is_empty());
        });
    });
    group.finish();
}

/// 1,536 pieces of one block are open, and all were asked of one peer.
fn many_open(c: &mut Criterion) {
    let (one, other) = (PeerKey(1), PeerKey(2));
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut picker = picker(256 * MIB, 16 * 1024);
    let all = Bitfield::full(picker.have().len());
    let none = Bitfield::new(picker.have().len());
    picker.peer_joined(&all);
    let mut picks = Vec::new();
    let mut group = c.benchmark_group("1,536 open pieces");
    group.bench_function("asked of one peer, which chokes us", |b| {
        b.iter(|| {
            picks.clear();
            picker.pick(one, &all, 1536, &mut rng, &mut picks);
            black_box(picker.release_all(one));
        });
    });
    group.bench_function("a block asked and released", |b| {
        b.iter(|| {
            picks.clear();
            picker.pick(one, &all, 1, &mut rng, &mut picks);
            picker.release(one, picks[0]);
        });
    });
    group.bench_function("a peer that has none of them", |b| {
        b.iter(|| {
            picks.clear();
            picker.pick(other, &none, 100, &mut rng, &mut picks);
            assert!(picks.is_empty());
        });
    });
    group.finish();
}

criterion_group!(
    benches,
    whole_downloads,
    many_pieces,
    bitfields,
    end_game,
    many_open
);
criterion_main!(benches);
