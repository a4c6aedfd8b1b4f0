//! What a flood of each kind of message costs: decoded, and cut along what was asked for. A peer
//! that sends the cheapest bytes it can must not cost us much more than it takes to read them.

use std::hint::black_box;

use blocks::{BLOCK, Geometry, Landed, MAX_OUTSTANDING, Outstanding, Window};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use messages::{BlockRequest, Decoder, Item, Message, piece_header};

const PIECES: u32 = 2_000;
const MESSAGES: usize = 1_000;

/// Pieces of 1 MiB.
fn geometry() -> Geometry {
    Geometry::new(u64::from(PIECES) << 20, 1 << 20).expect("a sane torrent")
}

/// So many requests are out, piece after piece.
fn asked(count: usize) -> (Outstanding, Vec<BlockRequest>) {
    let mut outstanding = Outstanding::new();
    let blocks = (0..PIECES).flat_map(|piece| geometry().blocks(piece));
    let blocks: Vec<BlockRequest> = blocks.take(count).collect();
    for &block in &blocks {
        outstanding.ask(block);
    }
    (outstanding, blocks)
}

/// Takes in a stream; how many messages were in it.
fn hear(bytes: &[u8], decoder: &mut Decoder, outstanding: &mut Outstanding) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let (used, item) = decoder.next(&bytes[at..]).expect("these are messages");
        at += used;
        count += 1;
        match black_box(item) {
            Some(Item::Block(header)) => {
                for part in outstanding.arriving(header) {
                    at += part.len as usize;
                    if let Some(target) = part.target {
                        black_box(outstanding.landed(target, part.len));
                    }
                }
            }
            _ => continue,
        }
    }
    count
}

/// The same message, again and again.
fn again(message: &[u8]) -> Vec<u8> {
    message.repeat(MESSAGES)
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// A `piece` message with one byte.
fn tiny(piece: u32, offset: u32) -> Vec<u8> {
    let mut bytes = piece_header(piece, offset, 1).to_vec();
    bytes.push(0);
    bytes
}

fn floods(c: &mut Criterion) {
    let block = geometry().block(7, 0);
    let (_, blocks) = asked(Window::MOST);
    let newest = blocks[blocks.len() - 1];
    let kinds = [
        ("keep-alive", encoded(&Message::KeepAlive)),
        ("choke", encoded(&Message::Choke)),
        ("have", encoded(&Message::Have(7))),
        ("an unknown id", vec![0, 0, 0, 1, 200]),
        ("request", encoded(&Message::Request(block))),
        ("cancel", encoded(&Message::Cancel(block))),
        ("bitfield", encoded(&Message::Bitfield(vec![0; 250]))),
        ("a byte that nobody asked for", tiny(PIECES - 1, 0)),
        (
            "a byte of the newest request",
            tiny(newest.piece, newest.offset + 1),
        ),
    ];
    let mut group = c.benchmark_group("a flood");
    group.throughput(Throughput::Elements(MESSAGES as u64));
    for (name, message) in kinds {
        let bytes = again(&message);
        let (mut outstanding, _) = asked(Window::MOST);
        let mut decoder = Decoder::new(PIECES);
        group.bench_function(name, |b| {
            b.iter(|| assert_eq!(hear(&bytes, &mut decoder, &mut outstanding), MESSAGES));
        });
    }
    group.finish();
}

/// What honest peers cost, with a full window.
fn blocks(c: &mut Criterion) {
    let mut group = c.benchmark_group("a block asked for and answered");
    for (name, count) in [
        ("500 out", Window::MOST),
        ("all that can be out", MAX_OUTSTANDING - 1),
    ] {
        let (fresh, all) = asked(count);
        for (order, from) in [("in order", 0), ("the newest first", count - 1)] {
            let mut outstanding = fresh.clone();
            let mut at = 0;
            let next = geometry().block(PIECES - 1, 0);
            group.bench_function(format!("{name}, {order}"), |b| {
                b.iter(|| {
                    let block = match from {
                        0 => all[at],
                        _ => next,
                    };
                    at = (at + 1) % count;
                    if from > 0 {
                        outstanding.ask(block);
                    }
                    let BlockRequest { piece, offset, len } = block;
                    let header = blocks::BlockHeader { piece, offset, len };
                    for part in outstanding.arriving(header) {
                        let target = part.target.expect("it was asked for");
                        let landed = outstanding.landed(target, BLOCK);
                        assert_eq!(landed, Landed::Whole(block));
                    }
                    if from == 0 {
                        outstanding.ask(block);
                    }
                });
            });
        }
        group.bench_function(format!("{name}, the newest is cancelled"), |b| {
            let mut outstanding = fresh.clone();
            let block = all[count - 1];
            b.iter(|| {
                assert!(outstanding.cancel(&block));
                outstanding.ask(block);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, floods, blocks);
criterion_main!(benches);
