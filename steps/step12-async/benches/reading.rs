//! The reading side of a connection: bytes a second from memory to block buffers, where all the
//! work of the network is one copy; and what encryption adds to that.

use blocks::BLOCK;
use connection::{Heard, Incoming, Pool};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use messages::{BlockRequest, Message, piece_header};
use rc4::{KeyInit, Rc4, StreamCipher};

/// How many blocks are asked for, and arrive.
const BLOCKS: u32 = 256;

fn block(number: u32) -> BlockRequest {
    BlockRequest {
        piece: 0,
        offset: number * BLOCK,
        len: BLOCK,
    }
}

/// What a peer sends; with a `have` after every so many blocks.
fn stream(word_every: u32) -> Vec<u8> {
    let mut stream = Vec::new();
    for number in 0..BLOCKS {
        stream.extend(piece_header(0, number * BLOCK, BLOCK));
        stream.extend((0..BLOCK).map(|i| (i * 7 + number) as u8));
        if number % word_every == word_every - 1 {
            Message::Have(0).encode(&mut stream);
        }
    }
    stream
}

/// Reads all of it, at most `most` bytes at a time, through a cipher.
fn read_all(
    incoming: &mut Incoming,
    mut stream: &[u8],
    most: usize,
    pool: &Pool,
    cipher: &mut dyn FnMut(&mut [u8]),
) {
    for number in 0..BLOCKS {
        incoming.sent(&Message::Request(block(number)));
    }
    let mut heard = Vec::new();
    while !stream.is_empty() {
        let read = incoming.read(
            |slices| {
                let mut filled = 0;
                for slice in slices {
                    let len = slice.len().min(most - filled).min(stream.len());
                    slice[..len].copy_from_slice(&stream[..len]);
                    cipher(&mut slice[..len]);
                    stream = &stream[len..];
                    filled += len;
                }
                Ok(filled)
            },
            &mut heard,
        );
        assert_eq!(read, Ok(true));
        for heard in heard.drain(..) {
            if let Heard::Block { data, .. } = heard {
                pool.give(data);
            }
        }
    }
}

fn reading(c: &mut Criterion) {
    let mut group = c.benchmark_group("256 blocks");
    group.throughput(Throughput::Bytes(u64::from(BLOCKS * BLOCK)));
    let all = usize::MAX;
    for (name, word_every, most) in [
        ("all that is there", BLOCKS + 1, all),
        ("64,000 bytes at a time", BLOCKS + 1, 64_000),
        ("a segment at a time", BLOCKS + 1, 1_448),
        ("a have after each 64", 64, all),
        ("a have after each block", 1, all),
    ] {
        let stream = stream(word_every);
        let pool = Pool::new(BLOCKS as usize);
        let mut incoming = Incoming::new(1, pool.clone());
        group.bench_function(name, |b| {
            b.iter(|| read_all(&mut incoming, &stream, most, &pool, &mut |_| {}));
        });
    }
    // Each time from the beginning of the keystream, so that what comes out is the stream.
    let rc4 = || Rc4::new_from_slice(b"an encrypted stream").expect("a key of 20 bytes or fewer");
    let mut encrypted = stream(BLOCKS + 1);
    rc4().apply_keystream(&mut encrypted);
    let pool = Pool::new(BLOCKS as usize);
    let mut incoming = Incoming::new(1, pool.clone());
    group.bench_function("all that is there, in RC4", |b| {
        b.iter(|| {
            let mut rc4 = rc4();
            let mut cipher = |bytes: &mut [u8]| rc4.apply_keystream(bytes);
            read_all(&mut incoming, &encrypted, all, &pool, &mut cipher);
        });
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
