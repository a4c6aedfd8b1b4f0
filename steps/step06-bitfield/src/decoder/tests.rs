use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

const PIECES: u32 = 20;

/// What comes out of a stream that arrives in chunks: items, and the error that ended it.
fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Item>, Option<WireError>) {
    let mut decoder = Decoder::new(PIECES);
    let mut items = Vec::new();
    let mut payload = 0;
    for mut chunk in chunks {
        loop {
            // The payload of a block is the caller's.
            let taken = chunk.len().min(payload);
            payload -= taken;
            chunk = &chunk[taken..];
            match decoder.next(chunk) {
                Err(error) => return (items, Some(error)),
                Ok((used, None)) => {
                    assert_eq!(used, chunk.len(), "`None` means that all was taken");
                    break;
                }
                Ok((used, Some(item))) => {
                    if let Item::Block(header) = item {
                        payload = header.len as usize;
                    }
                    items.push(item);
                    chunk = &chunk[used..];
                }
            }
        }
    }
    (items, None)
}

fn decode_all(bytes: &[u8]) -> (Vec<Item>, Option<WireError>) {
    decode([bytes])
}

fn error_of(bytes: &[u8]) -> WireError {
    let (items, error) = decode_all(bytes);
    assert_eq!(items, []);
    error.expect("these bytes are refused")
}

fn every_message() -> Vec<Message> {
    let block = BlockRequest {
        piece: 19,
        offset: 0x4000,
        len: 0x4000,
    };
    vec![
        Message::KeepAlive,
        Message::Choke,
        Message::Unchoke,
        Message::Interested,
        Message::NotInterested,
        Message::Have(19),
        Message::Bitfield(vec![0xff, 0xff, 0xf0]),
        Message::Request(block),
        Message::Cancel(block),
    ]
}

#[test]
fn every_message_comes_back_as_it_was_sent() {
    let mut bytes = Vec::new();
    for message in every_message() {
        message.encode(&mut bytes);
    }
    let items: Vec<_> = every_message().into_iter().map(Item::Message).collect();
    assert_eq!(decode_all(&bytes), (items.clone(), None));
    assert_eq!(decode(bytes.chunks(1)), (items, None));
}

#[test]
fn a_block_is_announced_and_its_payload_left_to_the_caller() {
    let mut bytes = crate::piece_header(3, 0x8000, 5).to_vec();
    bytes.extend(b"hello");
    Message::Choke.encode(&mut bytes);

    let mut decoder = Decoder::new(PIECES);
    let header = BlockHeader {
        piece: 3,
        offset: 0x8000,
        len: 5,
    };
    assert_eq!(
        decoder.next(&bytes),
        Ok((13, Some(Item::Block(header)))),
        "the payload is not taken"
    );
    assert_eq!(
        decoder.next(&bytes[18..]),
        Ok((5, Some(Item::Message(Message::Choke))))
    );
}

#[test]
fn a_block_may_be_128_kib_and_no_more() {
    let (items, error) = decode_all(&crate::piece_header(0, 0, MAX_BLOCK));
    assert_eq!((items.len(), error), (1, None));
    assert_eq!(
        error_of(&crate::piece_header(0, 0, MAX_BLOCK + 1)),
        WireError::BlockTooLong { len: MAX_BLOCK + 1 }
    );
    assert_eq!(
        error_of(&crate::piece_header(0, 0, 0)),
        WireError::EmptyBlock { length: 9 }
    );
    assert_eq!(
        error_of(&[0, 0, 0, 1, 7]),
        WireError::EmptyBlock { length: 1 }
    );
}

#[test]
fn a_fixed_length_is_kept_to() {
    for (id, expected) in [(0, 1), (1, 1), (2, 1), (3, 1), (4, 5), (6, 13), (8, 13)] {
        for length in [expected - 1, expected + 1, u32::MAX] {
            if length == 0 {
                continue; // A keep-alive.
            }
            let mut bytes = length.to_be_bytes().to_vec();
            bytes.push(id);
            assert_eq!(
                error_of(&bytes),
                WireError::WrongLength {
                    id,
                    length,
                    expected
                }
            );
        }
    }
    assert_eq!(
        error_of(&[0, 0, 0, 4, 4, 0, 0, 0]).to_string(),
        "the peer sent a `have` message (id 4) of 4 bytes, which is always 5 long"
    );
}

#[test]
fn a_bitfield_has_the_size_of_the_torrent() {
    for length in [1, 3, 5, 1_000_000] {
        let mut bytes = u32::to_be_bytes(length).to_vec();
        bytes.push(ids::BITFIELD);
        assert_eq!(
            error_of(&bytes),
            WireError::WrongLength {
                id: ids::BITFIELD,
                length,
                expected: 4
            }
        );
    }
}

#[test]
fn a_torrent_without_pieces_has_an_empty_bitfield() {
    let mut decoder = Decoder::new(0);
    assert_eq!(
        decoder.next(&[0, 0, 0, 1, 5]),
        Ok((5, Some(Item::Message(Message::Bitfield(vec![])))))
    );
}

#[test]
fn pieces_beyond_the_end_are_refused_in_every_message() {
    let block = BlockRequest {
        piece: PIECES,
        offset: 0,
        len: 1,
    };
    let messages = [
        Message::Have(PIECES),
        Message::Request(block),
        Message::Cancel(block),
    ];
    for message in messages {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        assert_eq!(
            error_of(&bytes),
            WireError::NoSuchPiece {
                id: message.id().unwrap(),
                piece: PIECES,
                pieces: PIECES
            }
        );
    }
    assert_eq!(
        error_of(&crate::piece_header(u32::MAX, 0, 1)).to_string(),
        "the peer sent a `piece` message for piece 4294967295, but the torrent has 20 pieces, \
         counted from 0"
    );
}

#[test]
fn later_and_unknown_messages_are_skipped() {
    for (id, body) in [(9, 2), (13, 4), (14, 0), (16, 12), (20, 300), (255, 1000)] {
        let mut bytes = u32::to_be_bytes(1 + body).to_vec();
        bytes.push(id);
        bytes.extend(vec![0xaa; body as usize]);
        Message::Have(1).encode(&mut bytes);
        let items = vec![
            Item::Message(Message::Skipped(id)),
            Item::Message(Message::Have(1)),
        ];
        assert_eq!(decode_all(&bytes), (items.clone(), None));
        assert_eq!(decode(bytes.chunks(1)), (items, None));
    }
}

#[test]
fn a_message_of_one_mebibyte_is_skipped_and_no_more() {
    let mut bytes = MAX_SKIPPED.to_be_bytes().to_vec();
    bytes.push(20);
    bytes.extend(vec![0; MAX_SKIPPED as usize - 1]);
    assert_eq!(
        decode(bytes.chunks(1000)),
        (vec![Item::Message(Message::Skipped(20))], None)
    );

    let mut bytes = (MAX_SKIPPED + 1).to_be_bytes().to_vec();
    bytes.push(20);
    assert_eq!(
        error_of(&bytes),
        WireError::MessageTooLong {
            id: 20,
            length: MAX_SKIPPED + 1
        }
    );
}

#[test]
fn http_and_tls_are_not_taken_for_messages() {
    for bytes in [
        b"HTTP/1.1 400 Bad Request".as_slice(),
        b"\x16\x03\x01\x02\x00",
    ] {
        assert!(decode_all(bytes).1.is_some());
    }
}

#[test]
fn an_end_inside_a_message_is_noticed() {
    let mut bytes = Vec::new();
    Message::Bitfield(vec![0xff, 0xff, 0xf0]).encode(&mut bytes);
    for cut in 0..=bytes.len() {
        let mut decoder = Decoder::new(PIECES);
        decoder.next(&bytes[..cut]).unwrap();
        assert_eq!(decoder.is_mid_message(), cut != 0 && cut != bytes.len());
    }
}

#[test]
fn after_an_error_the_decoder_still_does_not_panic() {
    let mut decoder = Decoder::new(PIECES);
    for byte in [0, 0, 0, 9] {
        decoder.next(&[byte]).unwrap();
    }
    let error = decoder.next(&[0]).unwrap_err();
    assert_eq!(decoder.next(&[0; 100]), Err(error));
    assert_eq!(decoder.next(&[]), Err(error));
}

/// Bytes that look like messages often enough, but may be anything.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let encoded = prop::sample::select(every_message()).prop_map(|message| {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes
    });
    let block = (0u32..25, any::<u32>(), 1u32..40).prop_map(|(piece, offset, len)| {
        let mut bytes = crate::piece_header(piece, offset, len).to_vec();
        bytes.extend(vec![7; len as usize]);
        bytes
    });
    let framed = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(id, body)| {
        let mut bytes = (1 + body.len() as u32).to_be_bytes().to_vec();
        bytes.push(id);
        bytes.extend(body);
        bytes
    });
    let noise = prop::collection::vec(any::<u8>(), 0..10);
    let part = prop_oneof![8 => encoded, 4 => block, 4 => framed, 1 => noise];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_cut_of_the_stream_gives_the_same_items(
        bytes in stream(),
        cuts in prop::collection::vec(1usize..30, 1..20),
    ) {
        let whole = decode_all(&bytes);
        let mut chunks = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (chunk, after) = rest.split_at(rest.len().min(*cut));
            chunks.push(chunk);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(decode(chunks), whole);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_keep_little(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        cut in 1usize..50,
        pieces in 0u32..100,
    ) {
        let mut decoder = Decoder::new(pieces);
        'stream: for mut chunk in bytes.chunks(cut) {
            loop {
                match decoder.next(chunk) {
                    Err(_) => break 'stream,
                    Ok((_, None)) => break,
                    Ok((used, Some(item))) => {
                        chunk = &chunk[used..];
                        if let Item::Message(Message::Bitfield(bytes)) = item {
                            prop_assert_eq!(bytes.capacity(), Bitfield::byte_len(pieces));
                        }
                    }
                }
            }
            if let State::Bitfield(bytes) = &decoder.state {
                prop_assert!(bytes.capacity() <= Bitfield::byte_len(pieces));
            }
        }
    }
}

#[test]
fn before_the_number_of_pieces_is_known_any_piece_and_any_bitfield_are_taken() {
    let mut decoder = Decoder::new(UNKNOWN_PIECES);
    let mut bytes = vec![0, 0, 0, 4, ids::BITFIELD, 1, 2, 3];
    bytes.extend([0, 0, 0, 5, ids::HAVE, 0, 1, 0, 0]);
    let mut heard = Vec::new();
    // In whatever cuts it comes.
    for mut part in bytes.chunks(3) {
        while !part.is_empty() {
            let (used, item) = decoder.next(part).unwrap();
            heard.extend(item);
            part = &part[used..];
        }
    }
    let expected = [Message::Bitfield(vec![1, 2, 3]), Message::Have(65_536)];
    assert_eq!(heard, expected.map(Item::Message));
    let too_long = (MAX_SKIPPED + 1).to_be_bytes();
    let long = [&too_long[..], &[ids::BITFIELD]].concat();
    assert!(Decoder::new(UNKNOWN_PIECES).next(&long).is_err());
}
