//! Lenient decoding takes more than strict decoding, and reads the same in what both take.

mod near_valid;

use bencode::{Kind, Value, decode, decode_lenient};
use near_valid::{near_valid, tokens_in_any_order};
use proptest::prelude::*;

/// The bytes of every value, in the order of the input.
fn all<'d, 'a>(root: Value<'d, 'a>) -> Vec<Value<'d, 'a>> {
    let (mut all, mut open) = (vec![root], vec![root.children()]);
    while let Some(children) = open.last_mut() {
        match children.next() {
            Some(value) => {
                all.push(value);
                open.push(value.children());
            }
            None => {
                open.pop();
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn without_quirks_it_is_strict(input in prop_oneof![near_valid(), tokens_in_any_order()]) {
        match (decode(&input), decode_lenient(&input)) {
            (Ok(strict), Ok(lenient)) => {
                prop_assert!(strict.quirks().is_empty());
                prop_assert!(lenient.quirks().is_empty());
                prop_assert_eq!(strict.value_count(), lenient.value_count());
            }
            (Err(_), Ok(lenient)) => prop_assert!(!lenient.quirks().is_empty()),
            (Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => prop_assert!(false, "only strict decoding takes it: {}", error),
        }
    }

    #[test]
    fn every_value_is_where_its_span_says(input in prop_oneof![near_valid(), tokens_in_any_order()]) {
        let Ok(document) = decode_lenient(&input) else { return Ok(()) };
        let values = all(document.root());
        prop_assert_eq!(values.len(), document.value_count());
        for value in values {
            prop_assert_eq!(value.raw(), &input[value.span()]);
            // The bytes of a value are a whole value by themselves.
            let alone = decode_lenient(value.raw()).unwrap();
            prop_assert_eq!(alone.root().kind(), value.kind());
            prop_assert_eq!(alone.root().span(), 0..value.raw().len());
            // What is inside follows without a gap, between the first byte and the last.
            if matches!(value.kind(), Kind::List | Kind::Dict) {
                let mut at = value.span().start + 1;
                for child in value.children() {
                    prop_assert_eq!(child.span().start, at);
                    at = child.span().end;
                }
                prop_assert_eq!(at + 1, value.span().end);
            }
        }
    }

    #[test]
    fn an_error_is_inside_the_input(input in prop_oneof![near_valid(), tokens_in_any_order()]) {
        for error in [decode(&input).err(), decode_lenient(&input).err()].into_iter().flatten() {
            prop_assert!(error.offset <= input.len());
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
