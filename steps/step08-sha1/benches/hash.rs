//! How fast each form of SHA-1 is, and from how many messages on the lanes pay.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hashing::lanes::{self, Block};

const BLOCK: usize = 16 * 1024;

/// Each form alone, on 16 KiB of every message.
fn forms(c: &mut Criterion) {
    let data: Vec<Vec<u8>> = (0..16).map(|i| vec![i; BLOCK]).collect();
    let mut group = c.benchmark_group("one 16 KiB block a message");
    group.throughput(Throughput::Bytes(BLOCK as u64));
    group.bench_function("ours", |b| b.iter(|| hashing::sha1(&data[0])));
    group.bench_function("the sha1 crate", |b| {
        b.iter(|| hashing::digest(&[&data[0]]))
    });
    fn blocks<const N: usize>(data: &[Vec<u8>]) -> [&[Block]; N] {
        std::array::from_fn(|i| data[i].as_chunks().0)
    }
    group.throughput(Throughput::Bytes(4 * BLOCK as u64));
    group.bench_function("4 lanes", |b| {
        b.iter(|| lanes::run_4(&mut [[0; 5]; 4], blocks(&data)))
    });
    group.throughput(Throughput::Bytes(8 * BLOCK as u64));
    group.bench_function("8 lanes", |b| {
        b.iter(|| lanes::run_8(&mut [[0; 5]; 8], blocks(&data)))
    });
    group.throughput(Throughput::Bytes(16 * BLOCK as u64));
    group.bench_function("16 lanes", |b| {
        b.iter(|| lanes::run_16(&mut [[0; 5]; 16], blocks(&data)))
    });
    group.finish();
}

/// Pieces of 256 KiB in blocks, as a download verifies them: the more wait, the faster.
fn waiting(c: &mut Criterion) {
    let block = vec![7; BLOCK];
    let piece = vec![&block[..]; 16];
    let mut group = c.benchmark_group("pieces of 256 KiB");
    for count in [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 16, 24, 32] {
        let pieces = vec![piece.clone(); count];
        group.throughput(Throughput::Bytes((count * 16 * BLOCK) as u64));
        group.bench_function(format!("{count} wait"), |b| {
            b.iter(|| hashing::digest_many(&pieces))
        });
    }
    group.finish();
}

criterion_group!(benches, forms, waiting);
criterion_main!(benches);
