//! Exercise 1b: an encoder that cannot write anything but canonical bencode.

use std::collections::BTreeMap;

// ANCHOR: answer
/// A value that is to be written.
enum Value {
    Int(i64),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    /// A `BTreeMap` keeps its keys sorted by their bytes, each of them once.
    Dict(BTreeMap<Vec<u8>, Value>),
}

/// Appends the one canonical spelling of a value.
fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Int(number) => out.extend(format!("i{number}e").bytes()),
        Value::Bytes(bytes) => string(bytes, out),
        Value::List(values) => {
            out.push(b'l');
            values.iter().for_each(|value| encode(value, out));
            out.push(b'e');
        }
        Value::Dict(pairs) => {
            out.push(b'd');
            for (key, value) in pairs {
                string(key, out);
                encode(value, out);
            }
            out.push(b'e');
        }
    }
}

fn string(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(format!("{}:", bytes.len()).bytes());
    out.extend(bytes);
}
// ANCHOR_END: answer

fn example() -> Value {
    let bytes = |text: &str| Value::Bytes(text.into());
    let list = vec![Value::Int(-7), bytes(""), Value::List(vec![])];
    let pairs = [
        (b"zero".to_vec(), Value::Int(0)),
        (b"Zoo".to_vec(), bytes("animals")),
        (b"list".to_vec(), Value::List(list)),
    ];
    Value::Dict(pairs.into())
}

fn main() {
    let mut out = Vec::new();
    encode(&example(), &mut out);
    println!("{}", out.escape_ascii());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capital_letters_stand_before_small_ones() {
        let mut out = Vec::new();
        encode(&example(), &mut out);
        let expected = b"d3:Zoo7:animals4:listli-7e0:lee4:zeroi0ee";
        assert_eq!(
            out.escape_ascii().to_string(),
            expected.escape_ascii().to_string()
        );
    }

    #[test]
    fn the_strict_decoder_takes_what_it_writes() {
        let mut out = Vec::new();
        encode(&example(), &mut out);
        let document = bencode::decode(&out).unwrap();
        assert_eq!(document.root().get("zero").unwrap().as_int(), Some(0));
    }
}
