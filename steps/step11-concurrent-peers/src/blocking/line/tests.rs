use std::collections::VecDeque;

use blocks::BLOCK;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

/// What the peer sends, read by read, and what it was sent.
#[derive(Default)]
struct Script {
    reads: VecDeque<Vec<u8>>,
    sent: Vec<u8>,
}

impl Read for Script {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(bytes) = self.reads.pop_front() else {
            return Err(ErrorKind::WouldBlock.into());
        };
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn block(index: u32) -> BlockRequest {
    BlockRequest {
        piece: 1,
        offset: index * BLOCK,
        len: BLOCK,
    }
}

/// The bytes of a block, different everywhere.
fn data(block: BlockRequest) -> Vec<u8> {
    let bytes = block.offset..block.offset + block.len;
    bytes.map(|at| (at / 7) as u8).collect()
}

/// A `piece` message.
fn piece(block: BlockRequest) -> Vec<u8> {
    let header = piece_header(block.piece, block.offset, block.len);
    [&header[..], &data(block)].concat()
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// A line on which these blocks were asked for, and whose peer sends these bytes in so small parts.
fn line(asked: &[BlockRequest], bytes: &[u8], each: usize) -> Line<Script> {
    let mut line = Line::new(Script::default(), 4);
    let requests: Vec<Message> = asked.iter().copied().map(Message::Request).collect();
    line.say(&requests).unwrap();
    line.stream.reads = bytes.chunks(each).map(<[u8]>::to_vec).collect();
    line
}

/// Everything that is heard, until the peer is silent: blocks, and the names of messages.
fn all(line: &mut Line<Script>) -> (Vec<BlockRequest>, Vec<Message>) {
    let (mut blocks, mut messages) = (Vec::new(), Vec::new());
    while !line.stream.reads.is_empty() {
        for heard in line.listen().unwrap() {
            match heard {
                Heard::Message(message) => messages.push(message),
                Heard::Block { block, data: bytes } => {
                    assert_eq!(bytes[..block.len as usize], data(block));
                    blocks.push(block);
                }
            }
        }
    }
    (blocks, messages)
}

proptest! {
    #[test]
    fn blocks_and_messages_come_whole_in_any_cut(each in 1usize..60_000) {
        let bytes = [
            encoded(&Message::Unchoke),
            piece(block(1)),
            encoded(&Message::Have(3)),
            piece(block(0)),
        ];
        let mut line = line(&[block(0), block(1)], &bytes.concat(), each);
        let heard = all(&mut line);
        prop_assert_eq!(heard, (vec![block(1), block(0)], vec![Message::Unchoke, Message::Have(3)]));
        prop_assert!(!line.is_choked());
        prop_assert!(line.begun.is_empty());
    }

    #[test]
    fn no_bytes_of_a_peer_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), each in 1usize..50) {
        let mut line = line(&[block(0)], &bytes, each);
        while !line.stream.reads.is_empty() && line.listen().is_ok() {}
    }
}

#[test]
fn one_answer_of_32_kib_is_two_blocks() {
    let both = BlockRequest {
        len: 2 * BLOCK,
        ..block(0)
    };
    let mut line = line(&[block(0), block(1)], &piece(both), 5_000);
    assert_eq!(all(&mut line).0, [block(0), block(1)]);
}

#[test]
fn what_nobody_asked_for_is_read_past() {
    let bytes = [piece(block(1)), piece(block(0)), piece(block(0))].concat();
    let mut line = line(&[block(0)], &bytes, 9_999);
    assert_eq!(all(&mut line).0, [block(0)]);
    assert!(line.begun.is_empty());
}

#[test]
fn a_choke_forgets_what_was_asked_for() {
    let bytes = [
        piece(block(0))[..100].to_vec(),
        data(block(0))[87..].to_vec(),
        encoded(&Message::Choke),
        piece(block(1)),
    ];
    let mut line = line(&[block(0), block(1)], &bytes.concat(), 9_999);
    assert_eq!(all(&mut line).0, [block(0)]);
    assert!(line.is_choked());
}

#[test]
fn a_cancelled_block_that_is_on_its_way_still_comes() {
    let mut line = line(&[block(0)], &piece(block(0)), 9_999);
    line.say(&[Message::Cancel(block(0))]).unwrap();
    assert_eq!(all(&mut line).0, [block(0)]);
}

#[test]
fn a_silent_peer_is_no_error_and_an_ended_stream_is() {
    let mut line = line(&[], &[], 1);
    assert!(line.listen().unwrap().is_empty());
    line.stream.reads.push_back(Vec::new());
    assert_eq!(line.listen().unwrap_err(), Ended::HungUp);
}

#[test]
fn what_is_no_message_ends_the_line() {
    let mut line = line(&[], &[255; 8], 8);
    assert!(matches!(line.listen(), Err(Ended::Broke(_))));
}

#[test]
fn a_block_is_sent_behind_its_header() {
    let mut line = line(&[], &[], 1);
    line.send(block(1), &data(block(1))).unwrap();
    assert_eq!(line.stream.sent, piece(block(1)));
}
