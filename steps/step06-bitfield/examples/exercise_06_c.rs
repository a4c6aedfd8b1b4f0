//! Exercise 6c: `have all` and `have none`, the two shortest messages of the fast extension (BEP 6).

use messages::{Bitfield, BitfieldError, Message};

const HAVE_ALL: u8 = 14;
const HAVE_NONE: u8 = 15;

// ANCHOR: answer
/// Why a peer's account of its pieces cannot be true.
#[derive(Debug, PartialEq)]
enum Wrong {
    /// It says `have all` or `have none`, and we have not both set the bit.
    NotAgreed,
    /// It says so after it has said something else about its pieces.
    TooLate,
    /// Its bitfield is none.
    Bitfield(BitfieldError),
}

/// What one peer has, with or without the fast extension.
struct Pieces {
    fast: bool,
    told: bool,
    has: Bitfield,
}

impl Pieces {
    fn new(pieces: u32, fast: bool) -> Pieces {
        let (told, has) = (false, Bitfield::new(pieces));
        Pieces { fast, told, has }
    }

    /// Takes note of a message, whatever it is about.
    fn hear(&mut self, message: &Message) -> Result<(), Wrong> {
        match message {
            Message::Skipped(HAVE_ALL | HAVE_NONE) if !self.fast => return Err(Wrong::NotAgreed),
            Message::Skipped(HAVE_ALL | HAVE_NONE) if self.told => return Err(Wrong::TooLate),
            Message::Skipped(HAVE_ALL) => self.has = Bitfield::full(self.has.len()),
            Message::Skipped(HAVE_NONE) => {}
            Message::Have(piece) => drop(self.has.set(*piece)),
            Message::Bitfield(bytes) => {
                let said = Bitfield::from_bytes(self.has.len(), bytes).map_err(Wrong::Bitfield)?;
                for piece in said.iter_ones() {
                    self.has.set(piece);
                }
            }
            _ => return Ok(()),
        }
        self.told = true;
        Ok(())
    }
}
// ANCHOR_END: answer

fn main() {
    let mut pieces = Pieces::new(22, true);
    let _ = pieces.hear(&Message::Skipped(HAVE_ALL));
    println!("{:?}", pieces.has);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_says_what_a_bitfield_would() {
        let mut pieces = Pieces::new(22, true);
        pieces.hear(&Message::Skipped(HAVE_ALL)).unwrap();
        assert!(pieces.has.is_full());
        let mut pieces = Pieces::new(22, true);
        pieces.hear(&Message::Skipped(HAVE_NONE)).unwrap();
        assert_eq!(pieces.has.count(), 0);
        pieces.hear(&Message::Have(3)).unwrap();
        assert_eq!(pieces.has.count(), 1);
    }

    #[test]
    fn other_messages_may_come_before_it_and_pieces_may_not() {
        let mut pieces = Pieces::new(22, true);
        pieces.hear(&Message::Unchoke).unwrap();
        pieces.hear(&Message::Skipped(20)).unwrap();
        pieces.hear(&Message::Skipped(HAVE_ALL)).unwrap();
        assert_eq!(
            pieces.hear(&Message::Skipped(HAVE_ALL)),
            Err(Wrong::TooLate)
        );
        let mut pieces = Pieces::new(22, true);
        pieces.hear(&Message::Have(3)).unwrap();
        assert_eq!(
            pieces.hear(&Message::Skipped(HAVE_NONE)),
            Err(Wrong::TooLate)
        );
    }

    #[test]
    fn without_the_bit_it_is_an_error_and_a_bitfield_is_not() {
        let mut pieces = Pieces::new(9, false);
        assert_eq!(
            pieces.hear(&Message::Skipped(HAVE_ALL)),
            Err(Wrong::NotAgreed)
        );
        pieces.hear(&Message::Have(0)).unwrap();
        pieces.hear(&Message::Bitfield(vec![0x40, 0x80])).unwrap();
        assert_eq!(pieces.has.iter_ones().collect::<Vec<_>>(), [0, 1, 8]);
        let wrong = pieces.hear(&Message::Bitfield(vec![0x40, 0x40]));
        assert!(matches!(wrong, Err(Wrong::Bitfield(_))));
    }
}
