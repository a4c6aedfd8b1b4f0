//! Strict decoding and the `bendy` crate take exactly the same inputs, and read the same in them.

mod near_valid;

use bencode::{Document, Kind, Limits, Mode, Options, Value};
use bendy::decoding::Decoder;
use bendy::encoding::{Encoder, SingleItemEncoder, ToBencode};
use bendy::state_tracker::Token;
use near_valid::{any_depth, near_valid, tokens_in_any_order};
use proptest::prelude::*;

/// What an input holds, in the order of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Begin(Kind),
    Int(String),
    Bytes(Vec<u8>),
    End,
}

/// What bendy reads, if it takes the input as one value and nothing more.
fn by_bendy(input: &[u8], max_depth: usize) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut depth = 0;
    for token in Decoder::new(input).with_max_depth(max_depth).tokens() {
        // bendy goes on to a second value; for us that is trailing bytes.
        if depth == 0 && !pieces.is_empty() {
            return None;
        }
        pieces.push(match token.ok()? {
            Token::List => Piece::Begin(Kind::List),
            Token::Dict => Piece::Begin(Kind::Dict),
            Token::Num(digits) => Piece::Int(digits.into()),
            Token::String(bytes) => Piece::Bytes(bytes.into()),
            Token::End => Piece::End,
        });
        match pieces.last() {
            Some(Piece::Begin(_)) => depth += 1,
            Some(Piece::End) => depth -= 1,
            _ => {}
        }
    }
    // To bendy nothing is nothing; to us it is an error.
    Some(pieces).filter(|pieces| !pieces.is_empty())
}

/// What we read.
fn by_us(input: &[u8], max_depth: usize) -> Option<Vec<Piece>> {
    let limits = Limits {
        max_depth,
        ..Limits::DEFAULT
    };
    let mode = Mode::Strict;
    let document = Options { mode, limits }.decode(input).ok()?;
    Some(pieces(&document))
}

fn pieces(document: &Document<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open = vec![];
    let mut next = Some(document.root());
    loop {
        if let Some(value) = next {
            match value.kind() {
                Kind::Int => pieces.push(Piece::Int(value.digits().unwrap().into())),
                Kind::Bytes => pieces.push(Piece::Bytes(value.as_bytes().unwrap().into())),
                kind => {
                    pieces.push(Piece::Begin(kind));
                    open.push(value.children());
                }
            }
        }
        let Some(children) = open.last_mut() else {
            return pieces;
        };
        next = children.next();
        if next.is_none() {
            pieces.push(Piece::End);
            open.pop();
        }
    }
}

/// A value that bendy can write.
struct Rewrite<'d, 'a>(Value<'d, 'a>);

impl ToBencode for Rewrite<'_, '_> {
    const MAX_DEPTH: usize = 64;

    fn encode(&self, encoder: SingleItemEncoder<'_>) -> Result<(), bendy::encoding::Error> {
        match self.0.kind() {
            Kind::Int => match self.0.as_int() {
                Some(number) => encoder.emit_int(number),
                None => encoder.emit_int(self.0.digits().unwrap().parse::<i128>().unwrap()),
            },
            Kind::Bytes => encoder.emit_bytes(self.0.as_bytes().unwrap()),
            Kind::List => encoder.emit_list(|list| {
                self.0
                    .list()
                    .unwrap()
                    .try_for_each(|value| list.emit(Rewrite(value)))
            }),
            Kind::Dict => encoder.emit_dict(|mut dict| {
                let mut entries = self.0.dict().unwrap();
                entries.try_for_each(|(key, value)| dict.emit_pair(key, Rewrite(value)))
            }),
        }
    }
}

fn rewritten(input: &[u8]) -> Vec<u8> {
    let document = bencode::decode(input).unwrap();
    let mut encoder = Encoder::new();
    encoder.emit(Rewrite(document.root())).unwrap();
    encoder.get_output().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn on_near_valid_input(input in near_valid()) {
        prop_assert_eq!(by_us(&input, 2048), by_bendy(&input, 2048));
    }

    #[test]
    fn on_tokens_in_any_order(input in tokens_in_any_order()) {
        prop_assert_eq!(by_us(&input, 2048), by_bendy(&input, 2048));
    }

    #[test]
    fn on_any_bytes(input: Vec<u8>) {
        prop_assert_eq!(by_us(&input, 2048), by_bendy(&input, 2048));
    }

    #[test]
    fn on_how_deep_is_too_deep(input in any_depth(), max_depth in 0_usize..8) {
        prop_assert_eq!(by_us(&input, max_depth), by_bendy(&input, max_depth));
    }

    #[test]
    fn what_strict_decoding_takes_bendy_writes_byte_for_byte(input in near_valid()) {
        // 128 bits is the longest integer bendy can write.
        let longest = input.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).max();
        if bencode::decode(&input).is_ok() && longest < Some(38) {
            prop_assert_eq!(rewritten(&input), input);
        }
    }
}

#[test]
fn on_each_kind_of_fault() {
    for input in near_valid::FAULTS {
        assert_eq!(
            by_us(input, 2048),
            by_bendy(input, 2048),
            "{}",
            input.escape_ascii()
        );
        assert_eq!(by_us(input, 2048), None, "{}", input.escape_ascii());
    }
}

#[test]
fn on_each_kind_of_odd_but_good_input() {
    for input in near_valid::GOOD {
        assert_eq!(
            by_us(input, 2048),
            by_bendy(input, 2048),
            "{}",
            input.escape_ascii()
        );
        assert_ne!(by_us(input, 2048), None, "{}", input.escape_ascii());
    }
}
