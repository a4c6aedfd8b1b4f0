//! However the stream is cut, the same is heard.

use messages::BlockHeader;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

const PIECES: u32 = 4;

/// What is heard, in a form that can be compared.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Message(Message),
    Block(BlockRequest, Vec<u8>),
}

/// What is heard but for what is of no use, and how many bytes of payload all of it is.
fn said(heard: Vec<Heard>) -> (Vec<Said>, u64) {
    let mut payload = 0;
    let said = heard.into_iter().filter_map(|heard| match heard {
        Heard::Message(message) => Some(Said::Message(message)),
        Heard::Block { block, data } => {
            payload += u64::from(block.len);
            Some(Said::Block(block, data[..block.len as usize].to_vec()))
        }
        Heard::Wasted { bytes, .. } => {
            payload += bytes;
            None
        }
        other => panic!("{other:?}"),
    });
    (said.collect(), payload)
}

/// A reader without any art: it takes the whole stream and copies every byte.
struct Plain {
    decoder: Decoder,
    outstanding: Outstanding,
    blocks: BTreeMap<BlockRequest, Vec<u8>>,
    /// The parts of the payload that is arriving, the next one last, and how much of that is here.
    parts: Vec<Part>,
    arrived: usize,
    choked: bool,
    /// How many bytes of payload have come.
    payload: u64,
}

impl Plain {
    fn new() -> Plain {
        Plain {
            decoder: Decoder::new(PIECES),
            outstanding: Outstanding::new(),
            blocks: BTreeMap::new(),
            parts: Vec::new(),
            arrived: 0,
            choked: false,
            payload: 0,
        }
    }

    fn sent(&mut self, message: &Message) {
        match message {
            Message::Request(block) if !self.choked => {
                if let Some(forgotten) = self.outstanding.ask(*block) {
                    self.blocks.remove(&forgotten);
                }
            }
            Message::Cancel(block) => {
                self.outstanding.cancel(block);
                self.blocks.remove(block);
            }
            _ => {}
        }
    }

    fn take(&mut self, stream: &[u8], said: &mut Vec<Said>) -> Result<(), Ended> {
        let mut at = 0;
        while at < stream.len() {
            if let Some(part) = self.parts.last().copied() {
                let len = (part.len as usize - self.arrived).min(stream.len() - at);
                if let Some(target) = part.target {
                    let empty = || vec![0; target.request.len as usize];
                    let block = self.blocks.entry(target.request).or_insert_with(empty);
                    let to = target.offset as usize + self.arrived;
                    block[to..to + len].copy_from_slice(&stream[at..at + len]);
                }
                at += len;
                self.arrived += len;
                self.payload += len as u64;
                if self.arrived == part.len as usize {
                    self.landed(part, said);
                }
                continue;
            }
            let (used, item) = self.decoder.next(&stream[at..])?;
            at += used;
            match item {
                Some(Item::Message(message)) => {
                    match message {
                        Message::Choke => {
                            self.outstanding.clear();
                            self.blocks.clear();
                            self.choked = true;
                        }
                        Message::Unchoke => self.choked = false,
                        _ => {}
                    }
                    said.push(Said::Message(message));
                }
                Some(Item::Block(header)) => {
                    self.parts = self.outstanding.arriving(header).collect();
                    self.parts.reverse();
                }
                None => {}
            }
        }
        Ok(())
    }

    fn landed(&mut self, part: Part, said: &mut Vec<Said>) {
        self.parts.pop();
        self.arrived = 0;
        let Some(target) = part.target else {
            return;
        };
        match self.outstanding.landed(target, part.len) {
            Landed::Whole(block) => {
                let data = self.blocks.remove(&block).unwrap();
                said.push(Said::Block(block, data));
            }
            Landed::Partial => {}
            Landed::Forgotten => {
                self.blocks.remove(&target.request);
            }
        }
    }
}

/// Gives the stream to `read`, at most as many bytes at a time as `cuts` says, again and again.
fn read_all(
    incoming: &mut Incoming,
    mut stream: &[u8],
    cuts: &mut impl Iterator<Item = usize>,
    heard: &mut Vec<Heard>,
) -> Result<(), Ended> {
    while !stream.is_empty() {
        let most = cuts.next().unwrap();
        incoming.read(
            |slices| {
                let mut filled = 0;
                for slice in slices {
                    let len = slice.len().min(most - filled).min(stream.len());
                    slice[..len].copy_from_slice(&stream[..len]);
                    stream = &stream[len..];
                    filled += len;
                }
                Ok(filled)
            },
            heard,
        )?;
    }
    Ok(())
}

fn block(piece: u32, index: u32) -> BlockRequest {
    BlockRequest {
        piece,
        offset: index * BLOCK,
        len: BLOCK,
    }
}

/// A `piece` message, with payload that is different at every place of the torrent.
fn piece(header: BlockHeader, out: &mut Vec<u8>) {
    let BlockHeader { piece, offset, len } = header;
    out.extend(piece_header(piece, offset, len));
    let byte = |at: u32| (at.wrapping_mul(31) >> 3) as u8 ^ piece as u8;
    out.extend((offset..offset + len).map(byte));
}

fn answer(block: BlockRequest, out: &mut Vec<u8>) {
    let BlockRequest {
        piece: p,
        offset,
        len,
    } = block;
    piece(
        BlockHeader {
            piece: p,
            offset,
            len,
        },
        out,
    );
}

/// A torrent's worth of blocks, asked for as a window of 30 and answered in order, by a peer that
/// says a word in between now and then.
fn realistic(cuts: &[usize], word_every: u32) -> (Incoming, u64, Pool) {
    let pool = Pool::new(100);
    let mut incoming = Incoming::new(1000, pool.clone());
    let (mut asked, mut heard, mut payload) = (0, Vec::new(), 0);
    let mut cuts = cuts.iter().copied().cycle();
    let number = |i: u32| block(i / 64, i % 64);
    let mut stream = Vec::new();
    for i in 0..2_000 {
        while asked < i + 30 {
            incoming.sent(&Message::Request(number(asked)));
            asked += 1;
        }
        answer(number(i), &mut stream);
        if i % word_every == word_every - 1 {
            Message::Have(i % 1000).encode(&mut stream);
        }
        // The socket holds some 200 KiB when it is read.
        if i % 13 == 12 {
            read_all(&mut incoming, &stream, &mut cuts, &mut heard).unwrap();
            stream.clear();
            for heard in heard.drain(..) {
                if let Heard::Block { block, data } = heard {
                    payload += u64::from(block.len);
                    pool.give(data);
                }
            }
        }
    }
    (incoming, payload, pool)
}

#[test]
fn payload_that_comes_as_it_was_asked_for_is_not_copied() {
    // Whole segments, what a slow line gives at a time, and all that is there.
    for cuts in [
        &[1_448, 2_896, 14_480][..],
        &[999_999],
        &[65_160, 130_320, 7_240],
    ] {
        let (incoming, payload, _) = realistic(cuts, 64);
        let share = incoming.copied() as f64 / payload as f64;
        println!(
            "{cuts:?}: {:.2} % of {payload} bytes are copied",
            share * 100.0
        );
        assert!(share < 0.05, "{share}");
    }
}

#[test]
fn laying_places_out_costs_no_memory_between_reads() {
    let (mut incoming, _, pool) = realistic(&[100_000], 64);
    assert!(pool.free() <= 13 + AHEAD, "{}", pool.free());
    let before = pool.free();
    let nothing = |_: &mut [IoSliceMut<'_>]| Err(io::ErrorKind::WouldBlock.into());
    assert_eq!(incoming.read(nothing, &mut Vec::new()), Ok(false));
    assert_eq!(pool.free(), before);
}

#[test]
fn the_end_and_a_fault_of_the_network_are_told_apart() {
    let mut incoming = Incoming::new(PIECES, Pool::new(1));
    let end = incoming.read(|_| Ok(0), &mut Vec::new());
    assert_eq!(end, Err(Ended::HungUp));
    let reset = incoming.read(
        |_| Err(io::ErrorKind::ConnectionReset.into()),
        &mut Vec::new(),
    );
    assert_eq!(reset, Err(Ended::Network("connection reset".to_owned())));
    let nonsense = incoming.take(&[0xff; 10], &mut Vec::new());
    assert!(matches!(nonsense, Err(Ended::Broke(_))));
}

#[test]
fn a_request_that_crossed_a_choke_is_forgotten() {
    let mut incoming = Incoming::new(PIECES, Pool::new(1));
    let mut heard = Vec::new();
    let (mut choke, mut unchoke) = (Vec::new(), Vec::new());
    Message::Choke.encode(&mut choke);
    Message::Unchoke.encode(&mut unchoke);
    for _ in 0..10 {
        incoming.take(&choke, &mut heard).unwrap();
        // Sent by somebody who has not heard of the choke yet.
        incoming.sent(&Message::Request(block(0, 0)));
        incoming.take(&unchoke, &mut heard).unwrap();
    }
    assert!(incoming.outstanding.is_empty());
    incoming.sent(&Message::Request(block(0, 1)));
    assert_eq!(
        incoming.outstanding.iter().collect::<Vec<_>>(),
        [block(0, 1)]
    );
}

#[test]
fn with_the_fast_extension_a_choke_forgets_nothing_and_a_reject_one_request() {
    let mut incoming = Incoming::new(PIECES, Pool::new(1)).on(Terms {
        later: &[16],
        choke_forgets_nothing: true,
    });
    let mut heard = Vec::new();
    let mut choke = Vec::new();
    Message::Choke.encode(&mut choke);
    incoming.sent(&Message::Request(block(0, 0)));
    incoming.take(&choke, &mut heard).unwrap();
    // Sent by somebody who has not heard of the choke yet: it is answered, too.
    incoming.sent(&Message::Request(block(0, 1)));
    let out = |incoming: &Incoming| incoming.outstanding.iter().collect::<Vec<_>>();
    assert_eq!(out(&incoming), [block(0, 0), block(0, 1)]);
    incoming.rejected(&block(0, 0));
    assert_eq!(out(&incoming), [block(0, 1)]);
    // And the message that says so is passed on whole.
    let reject = [0, 0, 0, 3, 16, 7, 8];
    heard.clear();
    incoming.take(&reject, &mut heard).unwrap();
    let later = Message::Later {
        id: 16,
        body: vec![7, 8],
    };
    assert_eq!(said(heard).0, [Said::Message(later)]);
}

#[test]
fn what_is_of_no_use_is_told_with_its_place() {
    let mut incoming = Incoming::new(PIECES, Pool::new(1));
    let wasted = |incoming: &mut Incoming, stream: &[u8]| {
        let mut heard = Vec::new();
        incoming.take(stream, &mut heard).unwrap();
        let wasted = heard.into_iter().filter_map(|heard| match heard {
            Heard::Wasted { block, bytes } => Some((block, bytes)),
            _ => None,
        });
        wasted.collect::<Vec<_>>()
    };
    let mut stream = Vec::new();
    answer(block(2, 1), &mut stream);
    let whole = (Some(block(2, 1)), u64::from(BLOCK));
    assert_eq!(wasted(&mut incoming, &stream), [whole], "nobody asked");
    // A cancel in the middle of its block.
    incoming.sent(&Message::Request(block(2, 1)));
    assert_eq!(wasted(&mut incoming, &stream[..1_000]), []);
    incoming.sent(&Message::Cancel(block(2, 1)));
    assert_eq!(wasted(&mut incoming, &stream[1_000..]), [whole]);
    // Twice as much as was asked for.
    incoming.sent(&Message::Request(block(0, 1)));
    let mut both = Vec::new();
    let (piece, offset, len) = (0, 0, 2 * BLOCK);
    self::piece(BlockHeader { piece, offset, len }, &mut both);
    let first = (Some(block(0, 0)), u64::from(BLOCK));
    assert_eq!(wasted(&mut incoming, &both), [first]);
    // A part of a block, of which nobody knows yet what becomes of it.
    assert_eq!(incoming.untold(), 0);
    wasted(&mut incoming, &stream[..1_013]);
    assert_eq!(incoming.untold(), 1_000);
}

/// Something that happens to a connection.
#[derive(Clone, Debug)]
enum Step {
    Sent(Message),
    Message(Message),
    /// The next of the blocks asked for, in order.
    InOrder,
    /// One of them, out of turn.
    OutOfTurn(prop::sample::Index),
    /// Anything else.
    Piece(BlockHeader),
    Garbage(Vec<u8>),
    /// Until here the bytes come together.
    Arrive,
}

fn any_block() -> impl Strategy<Value = BlockRequest> {
    // Also blocks that are cut short, as the last of a piece is.
    (
        0..2_u32,
        0..4_u32,
        prop::sample::select(vec![BLOCK, BLOCK, BLOCK, 100]),
    )
        .prop_map(|(piece, index, len)| BlockRequest {
            len,
            ..block(piece, index)
        })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let header = (0..2_u32, 0..60_000_u32, 1..40_000_u32)
        .prop_map(|(piece, offset, len)| BlockHeader { piece, offset, len });
    let message = prop::sample::select(vec![
        Message::KeepAlive,
        Message::Choke,
        Message::Unchoke,
        Message::Have(3),
        Message::Bitfield(vec![0x80]),
    ]);
    let step = prop_oneof![
        12 => any_block().prop_map(|block| Step::Sent(Message::Request(block))),
        1 => any_block().prop_map(|block| Step::Sent(Message::Cancel(block))),
        12 => Just(Step::InOrder),
        2 => any::<prop::sample::Index>().prop_map(Step::OutOfTurn),
        2 => message.prop_map(Step::Message),
        2 => header.prop_map(Step::Piece),
        4 => Just(Step::Arrive),
        1 => prop::collection::vec(any::<u8>(), 1..40).prop_map(Step::Garbage),
    ];
    prop::collection::vec(step, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_stream_cut_anywhere_is_heard_as_a_plain_reader_hears_it(
        steps in steps(),
        cuts in prop::collection::vec(prop_oneof![1..20_usize, 1..20_000_usize, Just(1 << 20)], 1..20),
    ) {
        let pool = Pool::new(1000);
        let mut incoming = Incoming::new(PIECES, pool.clone());
        let mut plain = Plain::new();
        let (mut heard, mut expected) = (Vec::new(), Vec::new());
        let mut cuts = cuts.into_iter().cycle();
        let mut stream = Vec::new();
        // What the peer believes it was asked for.
        let mut asked: Vec<BlockRequest> = Vec::new();
        for step in steps.into_iter().chain([Step::Arrive]) {
            match step {
                Step::Sent(message) => {
                    incoming.sent(&message);
                    plain.sent(&message);
                    if let Message::Request(block) = message {
                        asked.push(block);
                    }
                }
                Step::InOrder if asked.is_empty() => {}
                Step::InOrder => answer(asked.remove(0), &mut stream),
                Step::OutOfTurn(_) if asked.is_empty() => {}
                Step::OutOfTurn(index) => {
                    let index = index.index(asked.len());
                    answer(asked.remove(index), &mut stream);
                }
                Step::Piece(header) => piece(header, &mut stream),
                Step::Message(message) => message.encode(&mut stream),
                Step::Garbage(bytes) => stream.extend(bytes),
                Step::Arrive => {
                    let ours = read_all(&mut incoming, &stream, &mut cuts, &mut heard);
                    let theirs = plain.take(&stream, &mut expected);
                    stream.clear();
                    prop_assert_eq!(&ours, &theirs);
                    if ours.is_err() {
                        break;
                    }
                }
            }
        }
        let (said, payload) = said(heard);
        prop_assert!(said == expected, "{} and {} were heard", said.len(), expected.len());
        prop_assert_eq!(payload + incoming.untold(), plain.payload, "every byte is told, or will be");
    }
}
