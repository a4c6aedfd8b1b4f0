//! What a caller begins with.

use handshake::PROTOCOL;

// ANCHOR: opening
/// How a caller begins, by the first bytes that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With a handshake in plain text: 19 and `BitTorrent protocol`.
    Plain,
    /// With anything else: a public key, or nothing of BitTorrent's at all. Which of the two, the
    /// exchange will show.
    Encrypted,
    /// It cannot be said yet: up to 19 bytes are the same in both.
    NeedMore,
}

impl Opening {
    /// Looks at all bytes that have come so far, from the first one on. With 20 there is always an
    /// answer, and most public keys differ in the first. One in 2^160 is taken for a handshake.
    pub fn of(bytes: &[u8]) -> Opening {
        // ANCHOR: yours_of (chapter 22, "Who begins")
        if bytes.starts_with(&PROTOCOL) {
            Opening::Plain
        } else if PROTOCOL.starts_with(bytes) {
            Opening::NeedMore
        } else {
            Opening::Encrypted
        }
        // ANCHOR_END: yours_of
    }
}
// ANCHOR_END: opening

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_handshake_is_known_by_its_twentieth_byte() {
        for n in 0..20 {
            assert_eq!(Opening::of(&PROTOCOL[..n]), Opening::NeedMore, "{n}");
        }
        assert_eq!(Opening::of(&PROTOCOL), Opening::Plain);
        assert_eq!(
            Opening::of(b"\x13BitTorrent protocol and more"),
            Opening::Plain
        );
    }

    #[test]
    fn anything_else_is_known_by_the_first_byte_that_differs() {
        assert_eq!(Opening::of(b"\x14"), Opening::Encrypted);
        assert_eq!(Opening::of(b"\x13bitTorrent"), Opening::Encrypted);
        assert_eq!(Opening::of(b"\x13BitTorrent protocoL"), Opening::Encrypted);
    }

    proptest! {
        #[test]
        fn what_has_been_said_stays_true(keep in 0usize..=20, more: [u8; 20]) {
            let bytes = [&PROTOCOL[..keep], &more].concat();
            let whole = Opening::of(&bytes);
            prop_assert_ne!(whole, Opening::NeedMore);
            for n in 0..bytes.len() {
                let part = Opening::of(&bytes[..n]);
                prop_assert!(part == whole || part == Opening::NeedMore);
            }
        }
    }
}
