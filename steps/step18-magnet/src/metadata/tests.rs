use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn told(bytes: &[u8]) -> String {
    MetadataMessage::decode(bytes).unwrap_err().to_string()
}

#[test]
fn the_examples_of_bep_9_are_read_and_written() {
    let block = vec![b'x'; 3425];
    let data = [&b"d8:msg_typei1e5:piecei0e10:total_sizei3425ee"[..], &block].concat();
    for (bytes, message) in [
        (
            &b"d8:msg_typei0e5:piecei0ee"[..],
            MetadataMessage::Request { piece: 0 },
        ),
        (
            &data,
            MetadataMessage::Data {
                piece: 0,
                total_size: Some(3425),
                block,
            },
        ),
        // In BEP 9 the bytes of this example say 1, by mistake; its text says 2.
        (
            b"d8:msg_typei2e5:piecei0ee",
            MetadataMessage::Reject { piece: 0 },
        ),
    ] {
        assert_eq!(MetadataMessage::decode(bytes).as_ref(), Ok(&message));
        assert_eq!(message.to_body(3), [&[3], bytes].concat());
    }
}

#[test]
fn the_block_begins_where_the_dictionary_ends_even_if_it_looks_like_more_of_it() {
    let block = b"e5:piecei9ee";
    let bytes = [&b"d5:piecei2e8:msg_typei1e5:otherd1:ai1eee"[..], block].concat();
    let message = MetadataMessage::Data {
        piece: 2,
        total_size: None,
        block: block.to_vec(),
    };
    assert_eq!(MetadataMessage::decode(&bytes), Ok(message));
}

#[test]
fn an_unknown_kind_is_to_be_ignored_and_so_is_what_follows_a_request() {
    let unknown = MetadataMessage::decode(b"d8:msg_typei3ee");
    assert_eq!(unknown, Ok(MetadataMessage::Unknown { kind: 3 }));
    let request = MetadataMessage::decode(b"d8:msg_typei0e5:piecei7eerubbish");
    assert_eq!(request, Ok(MetadataMessage::Request { piece: 7 }));
}

#[test]
fn what_is_no_message_is_told_in_a_sentence() {
    assert!(told(b"").starts_with("a message about metadata cannot be read: at byte 0: "));
    assert!(
        told(b"d8:msg_type").starts_with("a message about metadata cannot be read: at byte 11: ")
    );
    assert_eq!(
        told(b"le"),
        "a message about metadata does not begin with a dictionary"
    );
    assert_eq!(
        told(b"de"),
        "a message about metadata has no number as its `msg_type`"
    );
    assert_eq!(
        told(b"d8:msg_typei0e5:piece1:0e"),
        "a message about metadata has no number as its `piece`"
    );
    for piece in ["-1", "4294967296"] {
        assert_eq!(
            told(format!("d8:msg_typei0e5:piecei{piece}ee").as_bytes()),
            format!("a message about metadata is about block {piece}, which there cannot be")
        );
    }
    assert_eq!(
        told(b"d8:msg_typei1e5:piecei0ee"),
        "a block of metadata came with 0 bytes; it has 1 to 16384"
    );
    let long = [&b"d8:msg_typei1e5:piecei0ee"[..], &[0; BLOCK + 1]].concat();
    assert_eq!(
        told(&long),
        "a block of metadata came with 16385 bytes; it has 1 to 16384"
    );
    assert_eq!(
        told(&[b'd'; MAX_MESSAGE + 1]),
        "a message about metadata has 17409 bytes; more than 17408 are not read"
    );
    assert!(MetadataMessage::decode(&b"l".repeat(MAX_MESSAGE)).is_err());
}

#[test]
fn a_size_below_zero_is_none() {
    let bytes = b"d8:msg_typei1e5:piecei0e10:total_sizei-5eex";
    let Ok(MetadataMessage::Data { total_size, .. }) = MetadataMessage::decode(bytes) else {
        panic!()
    };
    assert_eq!(total_size, Some(0));
}

#[test]
fn blocks_are_counted_and_the_last_one_is_what_is_left() {
    for (size, blocks, last) in [
        (1, 1, 1),
        (16383, 1, 16383),
        (16384, 1, 16384),
        (16385, 2, 1),
        (67_108_864, 4096, 16384),
    ] {
        assert_eq!(block_count(size), blocks);
        assert_eq!(block_len(size, blocks - 1), last);
        assert_eq!(block_len(size, blocks), 0);
    }
    assert_eq!(block_count(0), 0);
    assert_eq!(block_len(u64::MAX, u32::MAX), BLOCK);
    assert_eq!(block_count(u64::MAX), u32::MAX);
}

fn a_message() -> impl Strategy<Value = MetadataMessage> {
    let block = prop::collection::vec(any::<u8>(), 1..200);
    prop_oneof![
        any::<u32>().prop_map(|piece| MetadataMessage::Request { piece }),
        any::<u32>().prop_map(|piece| MetadataMessage::Reject { piece }),
        (any::<u32>(), any::<Option<u32>>(), block).prop_map(|(piece, size, block)| {
            let total_size = size.map(u64::from);
            MetadataMessage::Data {
                piece,
                total_size,
                block,
            }
        }),
        (3i64..).prop_map(|kind| MetadataMessage::Unknown { kind }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(message in a_message(), id: u8) {
        let body = message.to_body(id);
        prop_assert_eq!(body[0], id);
        prop_assert_eq!(MetadataMessage::decode(&body[1..]), Ok(message));
    }

    #[test]
    fn anything_can_be_read(bytes: Vec<u8>) {
        let _ = MetadataMessage::decode(&bytes);
    }

    #[test]
    fn what_differs_from_a_message_in_a_byte_can_be_read(message in a_message(), at: prop::sample::Index, byte: u8) {
        let mut body = message.to_body(1);
        let at = at.index(body.len());
        body[at] = byte;
        if let Ok(read) = MetadataMessage::decode(&body[1..]) {
            prop_assert_eq!(MetadataMessage::decode(&read.to_body(1)[1..]), Ok(read));
        }
    }
}
