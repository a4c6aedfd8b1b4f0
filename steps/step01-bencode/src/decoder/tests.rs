//! What is read, what is refused and where, what is forgiven.

use pretty_assertions::assert_eq;

use crate::{Error, Flaw, Kind, Limits, Mode, Options, Problem, Quirk, decode, decode_lenient};

#[track_caller]
fn refuses(input: &[u8], offset: usize, problem: Problem) {
    assert_eq!(decode(input).err(), Some(Error { offset, problem }));
}

#[track_caller]
fn forgives(input: &[u8], offset: usize, flaw: Flaw) {
    refuses(input, offset, Problem::NotCanonical(flaw));
    let document = decode_lenient(input).unwrap();
    assert_eq!(document.quirks(), [Quirk { offset, flaw }]);
}

fn with_limits(input: &[u8], limits: Limits) -> Result<usize, Error> {
    let mode = Mode::Strict;
    let document = Options { mode, limits }.decode(input)?;
    Ok(document.value_count())
}

// The examples of BEP 3.

#[test]
fn a_string() {
    let document = decode(b"4:spam").unwrap();
    assert_eq!(document.root().as_bytes(), Some(&b"spam"[..]));
    assert_eq!(document.root().as_str(), Some("spam"));
    assert_eq!(document.root().as_int(), None);
    assert!(document.root().list().is_none());
    assert!(document.root().dict().is_none());
}

#[test]
fn an_integer() {
    for (input, number) in [(&b"i3e"[..], 3), (b"i-3e", -3), (b"i0e", 0)] {
        let document = decode(input).unwrap();
        assert_eq!(document.root().as_int(), Some(number));
        assert_eq!(document.root().as_bytes(), None);
    }
    refuses(b"i-0e", 1, Problem::NotCanonical(Flaw::NegativeZero));
    refuses(b"i03e", 1, Problem::NotCanonical(Flaw::LeadingZero));
}

#[test]
fn a_list() {
    let document = decode(b"l4:spam4:eggse").unwrap();
    let list: Vec<_> = document
        .root()
        .list()
        .unwrap()
        .map(|value| value.as_str())
        .collect();
    assert_eq!(list, [Some("spam"), Some("eggs")]);
}

#[test]
fn a_dictionary() {
    let document = decode(b"d3:cow3:moo4:spaml1:a1:bee").unwrap();
    let root = document.root();
    let keys: Vec<_> = root.dict().unwrap().map(|(key, _)| key).collect();
    assert_eq!(keys, [&b"cow"[..], b"spam"]);
    assert_eq!(root.get("cow").unwrap().as_str(), Some("moo"));
    assert_eq!(root.get("spam").unwrap().raw(), b"l1:a1:be");
    assert!(root.get("eggs").is_none());
    assert!(root.get("cow").unwrap().get("spam").is_none());
}

// Where things are.

// ANCHOR: spans
#[test]
fn every_value_knows_its_span() {
    let document = decode(b"d3:bar4:spam3:fooli42e0:ee").unwrap();
    let root = document.root();
    assert_eq!(root.span(), 0..26);
    assert_eq!(root.get("bar").unwrap().span(), 6..12);
    let list = root.get("foo").unwrap();
    assert_eq!(list.span(), 17..25);
    let inside: Vec<_> = list.children().map(|value| value.span()).collect();
    assert_eq!(inside, [18..22, 22..24]);
    let keys_and_values: Vec<_> = root.children().map(|value| value.kind()).collect();
    assert_eq!(
        keys_and_values,
        [Kind::Bytes, Kind::Bytes, Kind::Bytes, Kind::List]
    );
}
// ANCHOR_END: spans

#[test]
fn strings_are_bytes_and_not_text() {
    let document = decode(b"l2:\xff\x005:i1e:ee").unwrap();
    let list: Vec<_> = document.root().list().unwrap().collect();
    assert_eq!(list[0].as_bytes(), Some(&b"\xff\0"[..]));
    assert_eq!(list[0].as_str(), None);
    assert_eq!(list[1].as_str(), Some("i1e:e"));
}

#[test]
fn keys_are_sorted_as_bytes() {
    decode(b"d1:Z0:1:a0:2:\xc3\xa40:e").unwrap();
    decode(b"d0:0:1:\x000:2:\x00\x000:1:\x010:e").unwrap();
}

#[test]
fn an_integer_of_any_length_is_a_value() {
    let document = decode(b"i9223372036854775807e").unwrap();
    assert_eq!(document.root().as_int(), Some(i64::MAX));
    let document = decode(b"i-9223372036854775808e").unwrap();
    assert_eq!(document.root().as_int(), Some(i64::MIN));
    let document = decode(b"i9223372036854775808e").unwrap();
    assert_eq!(document.root().as_int(), None);
    assert_eq!(document.root().digits(), Some("9223372036854775808"));
}

// What is refused, and where.

#[test]
fn an_empty_input_holds_no_value() {
    refuses(b"", 0, Problem::Empty);
}

#[test]
fn an_input_that_is_cut_short_ends_in_the_middle() {
    refuses(b"i", 1, Problem::UnexpectedEnd);
    refuses(b"i-", 2, Problem::UnexpectedEnd);
    refuses(b"i12", 3, Problem::UnexpectedEnd);
    refuses(b"4", 1, Problem::UnexpectedEnd);
    refuses(b"l", 1, Problem::UnexpectedEnd);
    refuses(b"d", 1, Problem::UnexpectedEnd);
    refuses(b"d1:a", 4, Problem::UnexpectedEnd);
    refuses(b"d1:ai1e", 7, Problem::UnexpectedEnd);
    refuses(
        b"l5:spam",
        1,
        Problem::StringTooLong {
            claimed: 5,
            left: 4,
        },
    );
}

#[test]
fn a_byte_that_begins_no_value_is_named() {
    refuses(b"x", 0, Problem::UnexpectedByte(b'x'));
    refuses(b"li1e\xffe", 4, Problem::UnexpectedByte(0xff));
    refuses(b"-1:a", 0, Problem::UnexpectedByte(b'-'));
    refuses(b"e", 0, Problem::NothingToEnd);
}

#[test]
fn a_number_is_made_of_digits() {
    refuses(b"ie", 1, Problem::NotADigit(b'e'));
    refuses(b"i-e", 2, Problem::NotADigit(b'e'));
    refuses(b"i--1e", 2, Problem::NotADigit(b'-'));
    refuses(b"i+1e", 1, Problem::NotADigit(b'+'));
    refuses(b"i1.5e", 2, Problem::NotADigit(b'.'));
    refuses(b"4 :spam", 1, Problem::NotADigit(b' '));
    refuses(b"4espam", 1, Problem::NotADigit(b'e'));
}

#[test]
fn a_length_that_no_number_holds_is_refused() {
    let claimed = u64::MAX;
    refuses(
        b"18446744073709551615:",
        0,
        Problem::StringTooLong { claimed, left: 0 },
    );
    refuses(b"18446744073709551616:", 0, Problem::LengthTooLarge);
    let long = [vec![b'9'; 100_000], b":".to_vec()].concat();
    refuses(&long, 0, Problem::LengthTooLarge);
}

#[test]
fn dictionaries_are_pairs_of_a_string_and_a_value() {
    refuses(b"di1ei2ee", 1, Problem::KeyNotString(b'i'));
    refuses(b"dle0:e", 1, Problem::KeyNotString(b'l'));
    refuses(b"d1:a0:dee", 6, Problem::KeyNotString(b'd'));
    refuses(b"d1:ae", 4, Problem::KeyWithoutValue);
}

// What lenient decoding forgives.

#[test]
fn unsorted_and_repeated_keys_are_forgiven() {
    forgives(b"d1:bi1e1:ai2ee", 7, Flaw::UnsortedKey);
    forgives(b"d1:ai1e1:ai2ee", 7, Flaw::RepeatedKey);
}

#[test]
fn of_a_repeated_key_the_first_counts() {
    let document = decode_lenient(b"d1:ai1e1:ai2ee").unwrap();
    assert_eq!(document.root().get("a").unwrap().as_int(), Some(1));
}

#[test]
fn odd_numbers_are_forgiven() {
    forgives(b"i007e", 1, Flaw::LeadingZero);
    forgives(b"i-007e", 1, Flaw::LeadingZero);
    forgives(b"i00e", 1, Flaw::LeadingZero);
    forgives(b"i-0e", 1, Flaw::NegativeZero);
    forgives(b"04:spam", 0, Flaw::LeadingZero);
    assert_eq!(decode_lenient(b"i-007e").unwrap().root().as_int(), Some(-7));
    assert_eq!(
        decode_lenient(b"04:spam").unwrap().root().as_str(),
        Some("spam")
    );
}

#[test]
fn bytes_after_the_value_are_forgiven() {
    forgives(b"lei1e", 2, Flaw::TrailingBytes(3));
    forgives(b"le\n", 2, Flaw::TrailingBytes(1));
}

#[test]
fn a_flood_of_quirks_is_kept_within_bounds() {
    let input = [&b"l"[..], &b"i00e".repeat(1_000), b"e"].concat();
    assert_eq!(decode_lenient(&input).unwrap().quirks().len(), 100);
}

#[test]
fn nonsense_is_not_forgiven() {
    for input in [
        &b""[..],
        b"x",
        b"i1",
        b"ie",
        b"d1:ae",
        b"di1ei1ee",
        b"5:abc",
        b"e",
    ] {
        assert_eq!(decode_lenient(input).err(), decode(input).err());
    }
}

// Limits.

#[test]
fn lists_in_lists_without_end_are_an_error() {
    for depth in [2_049, 100_000, 10_000_000] {
        let open = vec![b'l'; depth];
        refuses(&open, 2048, Problem::TooDeep(2048));
        let closed = [vec![b'l'; depth], vec![b'e'; depth]].concat();
        refuses(&closed, 2048, Problem::TooDeep(2048));
        let dictionaries = b"d0:".repeat(depth);
        refuses(&dictionaries, 3 * 2048, Problem::TooDeep(2048));
    }
    let allowed = [vec![b'l'; 2048], vec![b'e'; 2048]].concat();
    assert_eq!(decode(&allowed).unwrap().value_count(), 2048);
}

#[test]
fn an_input_of_many_small_values_does_not_eat_the_memory() {
    assert_eq!(size_of::<crate::value::Node>(), 16);
    let input = [&b"l"[..], &b"le".repeat(16 * 1024 * 1024)].concat();
    let limit = 4 * 1024 * 1024;
    refuses(&input, 2 * limit - 1, Problem::TooManyValues(limit));
}

#[test]
fn the_limits_are_exact() {
    let limits = Limits {
        max_depth: 2,
        max_size: 8,
        max_values: 3,
    };
    assert_eq!(with_limits(b"lli1eee", limits), Ok(3));
    let error = |offset, problem| Err(Error { offset, problem });
    assert_eq!(
        with_limits(b"llleee", limits),
        error(2, Problem::TooDeep(2))
    );
    assert_eq!(
        with_limits(b"l0:0:0:", limits),
        error(5, Problem::TooManyValues(3))
    );
    let too_large = Problem::TooLarge { size: 9, limit: 8 };
    assert_eq!(with_limits(b"l0:0:0:ee", limits), error(0, too_large));
}

// Messages.

#[test]
fn errors_say_where_and_what() {
    let message = |input: &[u8]| decode(input).unwrap_err().to_string();
    assert_eq!(
        message(b"l5:spam"),
        "at byte 1: a string of 5 bytes begins here, but only 4 bytes are left; the file may be cut short"
    );
    assert_eq!(
        message(b"<html>"),
        "at byte 0: the byte 0x3c '<' begins no value: i, l, d or a digit was expected"
    );
    assert_eq!(
        message(b"i1\x07e"),
        "at byte 2: a digit was expected in this number, not the byte 0x07"
    );
    let document = decode_lenient(b"d1:b0:1:a0:e").unwrap();
    assert_eq!(
        document.quirks()[0].to_string(),
        "at byte 6: this dictionary key should stand before the one in front of it"
    );
}

#[test]
fn a_value_is_shown_short_when_debugging() {
    let document = decode(b"l4:sp\xffme").unwrap();
    assert_eq!(format!("{:?}", document.root()), r"0..8 List l4:sp\xffme");
}

#[test]
fn every_question_may_be_asked_of_every_value() {
    for input in ["0:", "1:x", "i7e", "le", "de"] {
        let document = decode(input.as_bytes()).unwrap();
        let root = document.root();
        let answers = [
            root.as_bytes().is_some(),
            root.as_int().is_some(),
            root.list().is_some(),
            root.dict().is_some(),
        ];
        assert_eq!(answers.iter().filter(|is| **is).count(), 1, "{input}");
        assert_eq!(root.digits().is_some(), root.as_int().is_some(), "{input}");
    }
}
