use std::collections::VecDeque;

use messages::{BlockRequest, Message, piece_header};
use pretty_assertions::assert_eq;

use super::*;
use crate::{BLOCK, Window};

/// A stream that gives these bytes, then nothing for ever; what is written to it is kept.
struct Script {
    reads: VecDeque<Vec<u8>>,
    written: Vec<u8>,
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.reads.pop_front().ok_or(ErrorKind::TimedOut)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A peer of a torrent of two pieces, of two and one and a half blocks.
fn peer(reads: Vec<Vec<u8>>) -> Peer<Script> {
    let geometry = Geometry::new(57_344, 32_768).unwrap();
    let stream = Script {
        reads: reads.into(),
        written: Vec::new(),
    };
    let mut peer = Peer::new(stream, geometry, Ahead::Window(Window::new()));
    peer.patience = Duration::ZERO;
    peer
}

fn bytes(messages: &[Message]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        message.encode(&mut bytes);
    }
    bytes
}

fn block(piece: u32, offset: u32, len: u32) -> Vec<u8> {
    let mut bytes = piece_header(piece, offset, len).to_vec();
    bytes.extend((0..len).map(|at| (offset + at) as u8));
    bytes
}

#[test]
fn bytes_that_come_one_at_a_time_make_a_piece() {
    let mut stream = bytes(&[Message::Bitfield(vec![0x40]), Message::Unchoke]);
    stream.extend(block(1, BLOCK, BLOCK / 2));
    stream.extend(block(1, 0, BLOCK));
    let mut peer = peer(stream.into_iter().map(|byte| vec![byte]).collect());
    peer.patience = PATIENCE;
    let data = peer.fetch(1, &mut |_| {}).unwrap();
    let expected: Vec<u8> = (0..BLOCK + BLOCK / 2).map(|at| at as u8).collect();
    assert!(data == expected);

    let request = |offset, len| {
        Message::Request(BlockRequest {
            piece: 1,
            offset,
            len,
        })
    };
    let asked = [
        Message::Interested,
        request(0, BLOCK),
        request(BLOCK, BLOCK / 2),
    ];
    assert_eq!(peer.stream.written, bytes(&asked));
}

#[test]
fn one_connection_fetches_piece_after_piece() {
    let greeting = bytes(&[Message::Have(0), Message::Have(1), Message::Unchoke]);
    let reads = vec![
        greeting,
        block(1, 0, BLOCK), // nobody has asked for it yet
        block(0, 0, 2 * BLOCK),
        block(1, 0, BLOCK + BLOCK / 2),
    ];
    let mut peer = peer(reads);
    peer.patience = PATIENCE;
    assert_eq!(
        peer.fetch(0, &mut |_| {}).unwrap().len(),
        2 * BLOCK as usize
    );
    assert_eq!(
        peer.fetch(1, &mut |_| {}).unwrap().len(),
        (BLOCK + BLOCK / 2) as usize
    );
}

#[test]
fn a_peer_that_has_not_the_piece_is_not_waited_for_for_ever() {
    let mut peer = peer(vec![bytes(&[Message::Have(0)])]);
    let error = peer.fetch(1, &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the peer does not say that it has piece 1"
    );
    assert_eq!(peer.has().iter_ones().collect::<Vec<_>>(), [0]);
    assert_eq!(peer.wait_for(None, &mut |_| {}).unwrap(), 0);
}

#[test]
fn the_first_piece_that_we_lack_is_found_or_waited_for() {
    let reads = [
        Message::Bitfield(vec![0x80]),
        Message::KeepAlive,
        Message::Have(1),
    ];
    let mut peer = peer(reads.map(|message| bytes(&[message])).into());
    let mut have = Bitfield::new(2);
    assert_eq!(peer.first_missing(&have, PATIENCE).unwrap(), Some(0));
    have.set(0);
    assert_eq!(peer.first_missing(&have, PATIENCE).unwrap(), Some(1));
    have.set(1);
    assert_eq!(peer.first_missing(&have, Duration::ZERO).unwrap(), None);
}

#[test]
fn a_peer_that_hangs_up_between_pieces_broke_nothing_off() {
    let mut peer = peer(vec![Vec::new()]);
    let error = peer.first_missing(&Bitfield::new(2), PATIENCE).unwrap_err();
    assert_eq!(error.to_string(), "the peer hung up");
}

#[test]
fn nor_is_one_that_chokes_us() {
    let mut peer = peer(vec![bytes(&[Message::Have(0)])]);
    let error = peer.fetch(0, &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the peer keeps us choked: it has others to serve"
    );
    assert_eq!(peer.stream.written, bytes(&[Message::Interested]));
}

#[test]
fn nor_is_one_that_stops_answering() {
    let greeting = bytes(&[Message::Have(0), Message::Unchoke]);
    let mut peer = peer(vec![greeting, block(0, 0, BLOCK)]);
    let error = peer.fetch(0, &mut |_| {}).unwrap_err();
    assert!(
        matches!(error, FetchError::Silent { missing: 1 }),
        "{error}"
    );
}

#[test]
fn what_is_no_message_ends_it() {
    let mut peer = peer(vec![vec![0xff; 8]]);
    let error = peer.fetch(0, &mut |_| {}).unwrap_err();
    assert!(matches!(error, FetchError::Wire(_)), "{error}");
}
