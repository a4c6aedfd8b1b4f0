//! Inputs that are bencode, or almost: random bytes alone never get past the first byte.

#![allow(dead_code)] // Each test program uses a part of this.

use proptest::prelude::*;
use proptest::sample::Index;

/// Good, though they may not look so.
pub const GOOD: &[&[u8]] = &[
    b"i0e",
    b"i-1e",
    b"0:",
    b"le",
    b"de",
    b"d0:0:e",
    b"d0:le1:a0:e",
    b"1:e",
    b"2:ie",
    b"lllleeee",
    b"d1:a0:2:aa0:1:b0:e",
    b"d1:\x7f0:1:\x800:1:\xff0:e",
    b"i9223372036854775807e",
    b"i-9223372036854775808e",
    b"i9223372036854775808e",
    b"i123456789012345678901234567890e",
    b"i-123456789012345678901234567890e",
];

/// Each is wrong in another way.
pub const FAULTS: &[&[u8]] = &[
    b"",
    b"e",
    b"x",
    b"-",
    b":",
    b"\0",
    b"\xff",
    b" i1e",
    b"I1e",
    b"i",
    b"ie",
    b"i-e",
    b"i-",
    b"i1",
    b"i+1e",
    b"i 1e",
    b"i1 e",
    b"i1.0e",
    b"ixe",
    b"i1-e",
    b"i--1e",
    b"i00e",
    b"i01e",
    b"i-0e",
    b"i-01e",
    b"i-00e",
    b"1",
    b"1:",
    b"2:a",
    b"00:",
    b"01:a",
    b"-1:a",
    b"1a",
    b"1 :a",
    b"1-:a",
    b"9999999999999999999999:a",
    b"18446744073709551615:",
    b"18446744073709551616:",
    b"l",
    b"li1e",
    b"lx",
    b"ll",
    b"lle",
    b"l1:",
    b"d",
    b"d1:a",
    b"d1:ae",
    b"d1:a1:",
    b"di1e0:e",
    b"dle0:e",
    b"dde0:e",
    b"d1:a0:",
    b"d1:a0:1:be",
    b"d1:b0:1:a0:e",
    b"d1:a0:1:a0:e",
    b"d2:aa0:1:a0:e",
    b"d0:0:0:0:e",
    b"d1:\x800:1:\x7f0:e",
    b"i1ei2e",
    b"i1e ",
    b"lee",
    b"le\n",
    b"0:0:",
    b"dede",
    b"d1:a0:ee",
];

/// A value, not yet bytes. Dictionaries may be unsorted, and numbers may be odd.
#[derive(Debug, Clone)]
enum Sketch {
    Number(String),
    Bytes(Vec<u8>),
    List(Vec<Sketch>),
    Dict {
        entries: Vec<(Vec<u8>, Sketch)>,
        sorted: bool,
    },
}

impl Sketch {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Sketch::Number(number) => out.extend(format!("i{number}e").bytes()),
            Sketch::Bytes(bytes) => write_bytes(&bytes, out),
            Sketch::List(list) => {
                out.push(b'l');
                list.into_iter().for_each(|value| value.write(out));
                out.push(b'e');
            }
            Sketch::Dict {
                mut entries,
                sorted,
            } => {
                if sorted {
                    entries.sort_by(|a, b| a.0.cmp(&b.0));
                    entries.dedup_by(|a, b| a.0 == b.0);
                }
                out.push(b'd');
                for (key, value) in entries {
                    write_bytes(&key, out);
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

fn sketch() -> impl Strategy<Value = Sketch> {
    let number = prop_oneof![
        8 => any::<i64>().prop_map(|number| number.to_string()),
        4 => (-9_i64..10).prop_map(|number| number.to_string()),
        1 => "-?[0-9]{0,40}",
    ];
    let leaf = prop_oneof![
        number.prop_map(Sketch::Number),
        key().prop_map(Sketch::Bytes),
        prop::collection::vec(any::<u8>(), 0..12).prop_map(Sketch::Bytes),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let entries = prop::collection::vec((key(), inner.clone()), 0..6);
        let sorted = prop::bool::weighted(0.95);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Sketch::List),
            (entries, sorted).prop_map(|(entries, sorted)| Sketch::Dict { entries, sorted }),
        ]
    })
}

/// Few letters, so that keys are often equal or near.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"ab\xffie1:".to_vec()), 0..3)
}

/// One small damage.
#[derive(Debug, Clone)]
enum Damage {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    CutShort(Index),
    Repeat(Index, Index),
}

impl Damage {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Damage::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), byte),
            _ if bytes.is_empty() => {}
            Damage::Replace(at, byte) => *at.get_mut(bytes) = byte,
            Damage::Remove(at) => {
                bytes.remove(at.index(bytes.len()));
            }
            Damage::CutShort(at) => bytes.truncate(at.index(bytes.len())),
            Damage::Repeat(from, to) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(from..from, part);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = || {
        prop_oneof![
            prop::sample::select(b"0123456789-:ilde".to_vec()),
            any::<u8>()
        ]
    };
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        any::<Index>().prop_map(Damage::Remove),
        any::<Index>().prop_map(Damage::CutShort),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

/// Bencode with at most two small damages.
pub fn near_valid() -> impl Strategy<Value = Vec<u8>> {
    (sketch(), prop::collection::vec(damage(), 0..3)).prop_map(|(sketch, damages)| {
        let mut bytes = Vec::new();
        sketch.write(&mut bytes);
        damages
            .into_iter()
            .for_each(|damage| damage.apply(&mut bytes));
        bytes
    })
}

/// The tokens of bencode in any order.
pub fn tokens_in_any_order() -> impl Strategy<Value = Vec<u8>> {
    let tokens: Vec<&[u8]> = vec![
        b"i", b"e", b"l", b"d", b"0", b"1", b"9", b"-", b":", b"0:", b"1:a", b"1:b", b"i0e", b"le",
        b"de",
    ];
    prop::collection::vec(prop::sample::select(tokens), 0..16).prop_map(|tokens| tokens.concat())
}

/// Lists and dictionaries in each other, some levels deep.
pub fn any_depth() -> impl Strategy<Value = Vec<u8>> {
    let level = prop::sample::select(vec![&b"l"[..], b"d1:a", b"lle", b"d0:le1:a"]);
    prop::collection::vec(level, 0..10).prop_map(|levels| {
        let inside: &[u8] = if levels.last().is_some_and(|level| level[0] == b'd') {
            b"0:"
        } else {
            b""
        };
        [levels.concat(), inside.to_vec(), vec![b'e'; levels.len()]].concat()
    })
}
