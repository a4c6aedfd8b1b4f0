//! The decoder that comes to mind first. It reads good input well, and one line of bad input ends
//! the whole program: `cargo run -p step01-bencode --example naive_recursive`.

use std::collections::BTreeMap;

// ANCHOR: value
/// A bencoded value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An integer.
    Int(i64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A list of values.
    List(Vec<Value>),
    /// A dictionary.
    Dict(BTreeMap<Vec<u8>, Value>),
}
// ANCHOR_END: value

// ANCHOR: decode
/// Reads the value at the start of `input`, and gives it with the input that is left.
pub fn decode(input: &[u8]) -> Option<(Value, &[u8])> {
    match input.first()? {
        b'i' => {
            let (digits, rest) = until(&input[1..], b'e')?;
            Some((Value::Int(digits.parse().ok()?), rest))
        }
        b'l' => {
            let (mut list, mut rest) = (Vec::new(), &input[1..]);
            while *rest.first()? != b'e' {
                let value;
                (value, rest) = decode(rest)?;
                list.push(value);
            }
            Some((Value::List(list), &rest[1..]))
        }
        b'd' => {
            let (mut dict, mut rest) = (BTreeMap::new(), &input[1..]);
            while *rest.first()? != b'e' {
                let (key, value);
                (key, rest) = decode(rest)?;
                (value, rest) = decode(rest)?;
                let Value::Bytes(key) = key else { return None };
                dict.insert(key, value);
            }
            Some((Value::Dict(dict), &rest[1..]))
        }
        _ => {
            let (length, rest) = until(input, b':')?;
            let (bytes, rest) = rest.split_at_checked(length.parse().ok()?)?;
            Some((Value::Bytes(bytes.to_vec()), rest))
        }
    }
}
// ANCHOR_END: decode

/// The text up to a byte, and what is behind it.
fn until(input: &[u8], end: u8) -> Option<(&str, &[u8])> {
    let at = input.iter().position(|&byte| byte == end)?;
    Some((std::str::from_utf8(&input[..at]).ok()?, &input[at + 1..]))
}

// ANCHOR: nested
/// So many lists, each inside the one before.
pub fn nested_lists(depth: usize) -> Vec<u8> {
    [vec![b'l'; depth], vec![b'e'; depth]].concat()
}
// ANCHOR_END: nested

fn main() {
    for depth in [10, 1_000, 100_000] {
        println!("{depth} lists in each other…");
        let input = nested_lists(depth);
        let decoded = decode(&input).is_some();
        println!("  decoded: {decoded}");
    }
}
