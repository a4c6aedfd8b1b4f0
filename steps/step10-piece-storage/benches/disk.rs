//! Checking and storing, from and to the page cache.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blocks::{BlockBuf, BlockDigests, block_buf};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use layout::{Kind, Layout};
use storage::{Checker, Disk, Hashes, Job, PieceState, Storage};

const TOTAL: u64 = 256 * 1024 * 1024;
const PIECE: u64 = 1024 * 1024;

/// A torrent in files of equal length, and the digests of its pieces, which are all alike.
fn torrent(files: u64) -> (Arc<Layout>, Hashes, Vec<u8>) {
    let file = |i| {
        (
            PathBuf::from(format!("t/{i}")),
            TOTAL / files,
            Kind::Regular { executable: false },
        )
    };
    let layout = Layout::new((0..files).map(file), PIECE).expect("a good layout");
    let piece: Vec<u8> = (0..PIECE).map(|i| (i * 7 + i / 256) as u8).collect();
    let digests = vec![hashing::digest(&[&piece]); layout.geometry().pieces() as usize];
    (Arc::new(layout), Hashes::from(&digests[..]), piece)
}

/// Puts the torrent's data on disk.
fn fill(root: &Path, layout: &Layout, piece: &[u8]) {
    for file in layout.files() {
        let start = (file.offset % PIECE) as usize;
        let bytes: Vec<u8> = piece
            .iter()
            .copied()
            .cycle()
            .skip(start)
            .take(file.length as usize)
            .collect();
        std::fs::write(root.join(&file.path), bytes).expect("room on the disk");
    }
}

/// Reading and hashing what is there, in 16 pieces a turn, by some threads.
fn check(c: &mut Criterion) {
    let mut group = c.benchmark_group("check 256 MiB");
    group.throughput(Throughput::Bytes(TOTAL)).sample_size(20);
    for (files, name) in [(1, "one file"), (2048, "2048 files")] {
        let dir = tempfile::tempdir().expect("a folder");
        let (layout, digests, piece) = torrent(files);
        Storage::create(dir.path(), layout.clone(), digests.clone()).expect("a folder");
        fill(dir.path(), &layout, &piece);
        for threads in [1, 2] {
            let pieces = layout.geometry().pieces();
            group.bench_function(format!("{name}, {threads} threads"), |b| {
                b.iter(|| {
                    std::thread::scope(|scope| {
                        for thread in 0..threads {
                            let mut checker =
                                Checker::new(dir.path(), layout.clone(), digests.clone());
                            let range = pieces * thread / threads..pieces * (thread + 1) / threads;
                            scope.spawn(move || {
                                let good = |_, state| assert_eq!(state, PieceState::Good);
                                checker.check(range, good).expect("files to read");
                            });
                        }
                    });
                });
            });
        }
    }
    group.finish();
}

/// A piece in blocks.
fn blocks(piece: &[u8]) -> Vec<BlockBuf> {
    let mut blocks = Vec::new();
    for bytes in piece.chunks(blocks::BLOCK as usize) {
        let mut block = block_buf();
        block[..bytes.len()].copy_from_slice(bytes);
        blocks.push(block);
    }
    blocks
}

/// Makes the jobs anew for each turn.
type Jobs<'j> = dyn Fn() -> Vec<((), Job)> + 'j;

/// What a download does with a piece: verify it, then write it. And what a seeder does with a
/// block.
fn serve(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder");
    let (layout, digests, piece) = torrent(2048);
    let storage = Storage::create(dir.path(), layout.clone(), digests).expect("a folder");
    fill(dir.path(), &layout, &piece);
    let mut disk = Disk::new();
    disk.add((), storage);
    let mut wrong = piece.clone();
    wrong[0] ^= 1;
    let store = |piece: &[u8], digests| -> Vec<((), Job)> {
        let job = |p| Job::Store {
            piece: p,
            blocks: blocks(piece),
            digests,
        };
        (0..16).map(|p| ((), job(p))).collect()
    };
    let read = || -> Vec<((), Job)> {
        let blocks = (0..16).flat_map(|p| layout.geometry().blocks(p));
        let job = |block| Job::Read {
            block,
            buf: block_buf(),
        };
        blocks.map(|block| ((), job(block))).collect()
    };
    let mut group = c.benchmark_group("16 pieces of 1 MiB, 8 files a piece");
    group
        .throughput(Throughput::Bytes(16 * PIECE))
        .sample_size(20);
    let jobs: [(&str, &Jobs<'_>); 4] = [
        ("store", &|| store(&piece, BlockDigests::IfWrong)),
        ("wrong", &|| store(&wrong, BlockDigests::Never)),
        ("wrong, with digests", &|| {
            store(&wrong, BlockDigests::IfWrong)
        }),
        ("read", &read),
    ];
    for (name, jobs) in jobs {
        group.bench_function(name, |b| {
            b.iter_batched(
                jobs,
                |jobs| {
                    let mut done = Vec::new();
                    disk.serve(jobs, &mut |_, answer| done.push(answer));
                    black_box(done)
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, check, serve);
criterion_main!(benches);
