//! Strict decoding takes exactly what `bendy` takes, and reads the same in it.
#![no_main]

use bencode::{Kind, Limits, Mode, Options};
use bendy::decoding::Decoder;
use bendy::state_tracker::Token;
use libfuzzer_sys::fuzz_target;

const DEPTH: usize = 100;

/// The input's values in order, each written in one common way.
type Reading = Vec<(char, Vec<u8>)>;

fn by_bendy(input: &[u8]) -> Option<Reading> {
    let mut reading = Reading::new();
    let mut depth = 0;
    for token in Decoder::new(input).with_max_depth(DEPTH).tokens() {
        if depth == 0 && !reading.is_empty() {
            return None; // bendy goes on after the first value; a file has only one
        }
        match token.ok()? {
            Token::Num(digits) => reading.push(('i', digits.into())),
            Token::String(bytes) => reading.push(('s', bytes.into())),
            Token::List => reading.push(('l', Vec::new())),
            Token::Dict => reading.push(('d', Vec::new())),
            Token::End => reading.push(('e', Vec::new())),
        }
        match reading.last().map(|entry| entry.0) {
            Some('l' | 'd') => depth += 1,
            Some('e') => depth -= 1,
            _ => {}
        }
    }
    Some(reading).filter(|reading| !reading.is_empty())
}

fn by_us(input: &[u8]) -> Option<Reading> {
    let limits = Limits {
        max_depth: DEPTH,
        ..Limits::DEFAULT
    };
    let document = Options {
        mode: Mode::Strict,
        limits,
    }
    .decode(input)
    .ok()?;
    assert!(document.quirks().is_empty());
    let mut reading = Reading::new();
    let mut open = Vec::new();
    let mut next = Some(document.root());
    loop {
        if let Some(value) = next {
            assert_eq!(value.raw(), &input[value.span()]);
            match value.kind() {
                Kind::Int => reading.push(('i', value.digits().unwrap().into())),
                Kind::Bytes => reading.push(('s', value.as_bytes().unwrap().into())),
                kind => {
                    reading.push((if kind == Kind::List { 'l' } else { 'd' }, Vec::new()));
                    open.push(value.children());
                }
            }
        }
        let Some(children) = open.last_mut() else {
            return Some(reading);
        };
        next = children.next();
        if next.is_none() {
            open.pop();
            reading.push(('e', Vec::new()));
        }
    }
}

fuzz_target!(|input: &[u8]| assert_eq!(by_us(input), by_bendy(input)));
