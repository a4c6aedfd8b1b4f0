//! Exercise 21a: what is said first.

use fast::Fast;
use messages::{Bitfield, Message};

// ANCHOR: answer
/// The message right after the handshake that says what we have; without the extension there may be none.
fn first_message(has: &Bitfield, both_fast: bool) -> Option<Message> {
    match has.count() {
        0 if both_fast => Some(Fast::HaveNone.into()),
        0 => None,
        count if count == has.len() && both_fast => Some(Fast::HaveAll.into()),
        _ => Some(Message::Bitfield(has.to_bytes())),
    }
}
// ANCHOR_END: answer

fn main() {
    println!("{:?}", first_message(&Bitfield::full(22), true));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(has: &Bitfield, both_fast: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(message) = first_message(has, both_fast) {
            message.encode(&mut bytes);
        }
        bytes
    }

    #[test]
    fn with_the_extension_there_is_exactly_one() {
        let mut some = Bitfield::new(10);
        some.set(3);
        assert_eq!(bytes(&Bitfield::full(10), true), [0, 0, 0, 1, 14]);
        assert_eq!(bytes(&Bitfield::new(10), true), [0, 0, 0, 1, 15]);
        assert_eq!(bytes(&some, true), [0, 0, 0, 3, 5, 0x10, 0]);
    }

    #[test]
    fn without_it_nothing_is_said_of_nothing() {
        assert_eq!(bytes(&Bitfield::new(10), false), []);
        assert_eq!(
            bytes(&Bitfield::full(10), false),
            [0, 0, 0, 3, 5, 0xff, 0xc0]
        );
    }
}
