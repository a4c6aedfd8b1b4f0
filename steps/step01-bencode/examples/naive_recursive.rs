//! The decoder that comes to mind first. It reads good input well, and one line of bad input ends
//! the whole program: `cargo run -p step01-bencode --example naive_recursive`. With a file it shows
//! what is in it.

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
        b'i' => integer(&input[1..]),
        b'l' => list(&input[1..]),
        b'd' => dictionary(&input[1..]),
        _ => string(input),
    }
}
// ANCHOR_END: decode

// ANCHOR: until
/// The text up to a byte, and the input that is left behind that byte.
fn until(input: &[u8], end: u8) -> Option<(&str, &[u8])> {
    let at = input.iter().position(|&byte| byte == end)?;
    let text = std::str::from_utf8(&input[..at]).ok()?;
    Some((text, &input[at + 1..]))
}

fn integer(input: &[u8]) -> Option<(Value, &[u8])> {
    let (digits, rest) = until(input, b'e')?;
    let number = digits.parse().ok()?;
    Some((Value::Int(number), rest))
}

fn string(input: &[u8]) -> Option<(Value, &[u8])> {
    let (digits, rest) = until(input, b':')?;
    let length = digits.parse().ok()?;
    let (bytes, rest) = rest.split_at_checked(length)?;
    Some((Value::Bytes(bytes.to_vec()), rest))
}
// ANCHOR_END: until

// ANCHOR: list
fn list(mut input: &[u8]) -> Option<(Value, &[u8])> {
    let mut values = Vec::new();
    while *input.first()? != b'e' {
        let (value, rest) = decode(input)?;
        values.push(value);
        input = rest;
    }
    Some((Value::List(values), &input[1..]))
}
// ANCHOR_END: list

// ANCHOR: dictionary
fn dictionary(mut input: &[u8]) -> Option<(Value, &[u8])> {
    let mut values = BTreeMap::new();
    while *input.first()? != b'e' {
        let (key, rest) = decode(input)?;
        let Value::Bytes(key) = key else {
            return None;
        };
        let (value, rest) = decode(rest)?;
        values.insert(key, value);
        input = rest;
    }
    Some((Value::Dict(values), &input[1..]))
}
// ANCHOR_END: dictionary

// ANCHOR: nested
/// So many lists, each inside the one before.
pub fn nested_lists(depth: usize) -> Vec<u8> {
    [vec![b'l'; depth], vec![b'e'; depth]].concat()
}
// ANCHOR_END: nested

/// A dictionary line by line; of anything else as much as fits on a line.
fn show(value: &Value, indent: usize) -> String {
    match value {
        Value::Int(number) => format!(" {number}"),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= 60 && !text.contains(char::is_control) => format!(" {text}"),
            _ => format!(" {} bytes", bytes.len()),
        },
        Value::List(values) => format!(" a list of {}", values.len()),
        Value::Dict(values) => {
            let line = |(key, value): (&Vec<u8>, &Value)| {
                let key = String::from_utf8_lossy(key);
                format!("\n{:indent$}{key}:{}", "", show(value, indent + 2))
            };
            values.iter().map(line).collect()
        }
    }
}

fn main() {
    if let Some(file) = std::env::args_os().nth(1) {
        let input = std::fs::read(file).unwrap_or_default();
        let value = decode(&input).map(|(value, _)| show(&value, 0));
        println!("{}", value.unwrap_or("no bencode".into()).trim_start());
        return;
    }
    for depth in [10, 1_000, 100_000] {
        println!("{depth} lists in each other…");
        let input = nested_lists(depth);
        let decoded = decode(&input).is_some();
        println!("  decoded: {decoded}");
    }
}
