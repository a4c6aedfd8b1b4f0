//! Bencode, written the shortest way that is right: only for what the tests send.

use std::collections::BTreeMap;
use std::ops::Range;

/// A value to be encoded.
#[derive(Clone, Debug)]
pub enum Value {
    /// An integer.
    Int(i64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A dictionary; the map keeps its keys sorted, as they must be.
    Dict(BTreeMap<Vec<u8>, Value>),
}

impl Value {
    /// A dictionary from its entries.
    #[must_use]
    pub fn dict<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Dict(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    }

    /// Puts one more entry into a dictionary.
    ///
    /// # Panics
    ///
    /// When this is no dictionary.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        let Value::Dict(entries) = self else {
            panic!("not a dictionary")
        };
        entries.insert(key.into(), value.into());
    }

    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Int(number) => out.extend(format!("i{number}e").bytes()),
            Value::Bytes(bytes) => write_bytes(bytes, out),
            Value::List(values) => {
                out.push(b'l');
                values.iter().for_each(|value| value.write(out));
                out.push(b'e');
            }
            Value::Dict(entries) => {
                out.push(b'd');
                for (key, value) in entries {
                    write_bytes(key, out);
                    value.write(out);
                }
                out.push(b'e');
            }
        }
    }
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(format!("{}:", bytes.len()).bytes());
    out.extend(bytes);
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Bytes(text.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Int(i64::try_from(number).expect("a number that torrents can hold"))
    }
}

/// Where the value of a key of the outermost dictionary is. Only for good input, such as the tests make or fetch.
#[must_use]
pub fn entry(input: &[u8], key: &str) -> Option<Range<usize>> {
    let mut at = 1;
    while *input.get(at)? != b'e' {
        let value = end(input, at)?;
        let found = input[at..value].ends_with(format!(":{key}").as_bytes());
        at = end(input, value)?;
        if found {
            return Some(value..at);
        }
    }
    None
}

/// Where the value that starts at `at` ends.
fn end(input: &[u8], at: usize) -> Option<usize> {
    let find = |byte: u8| Some(at + input.get(at..)?.iter().position(|&b| b == byte)?);
    match *input.get(at)? {
        b'i' => Some(find(b'e')? + 1),
        b'l' | b'd' => {
            let mut next = at + 1;
            while *input.get(next)? != b'e' {
                next = end(input, next)?;
            }
            Some(next + 1)
        }
        _ => {
            let colon = find(b':')?;
            let length: usize = std::str::from_utf8(&input[at..colon]).ok()?.parse().ok()?;
            Some(colon + 1 + length)
        }
    }
}
