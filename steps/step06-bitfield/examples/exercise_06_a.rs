//! Exercise 6a: bytes read by hand, and the same by the decoder.

use messages::{Decoder, Item, Message};

/// What the exercise gives, from a peer of a torrent with 12 pieces.
const BYTES: [u8; 25] = [
    0, 0, 0, 3, 5, 0xa0, 0x10, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 5, 4, 0, 0, 0, 1,
];

// ANCHOR: answer
fn messages(mut bytes: &[u8]) -> Vec<Message> {
    let mut decoder = Decoder::new(12);
    let mut found = Vec::new();
    while let Ok((used, Some(Item::Message(message)))) = decoder.next(bytes) {
        found.push(message);
        bytes = &bytes[used..];
    }
    found
}
// ANCHOR_END: answer

fn main() {
    for message in messages(&BYTES) {
        println!("{message:?}");
    }
}

#[cfg(test)]
mod tests {
    use messages::Bitfield;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_answer_in_the_book_is_right() {
        assert_eq!(
            messages(&BYTES),
            [
                Message::Bitfield(vec![0xa0, 0x10]),
                Message::Interested,
                Message::KeepAlive,
                Message::Have(1),
            ]
        );
        let has = Bitfield::from_bytes(12, &[0xa0, 0x10]).unwrap();
        assert_eq!(has.iter_ones().collect::<Vec<_>>(), [0, 2, 11]);
    }
}
