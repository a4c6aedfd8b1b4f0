//! Lenient decoding ends, keeps every span inside the input, and takes all that strict decoding takes, without a quirk.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let strict = bencode::decode(input);
    let document = match bencode::decode_lenient(input) {
        Ok(document) => document,
        Err(error) => {
            assert!(strict.is_err(), "strict took what lenient refused: {error}");
            assert!(error.offset <= input.len());
            assert!(error.to_string().len() < 1000);
            return;
        }
    };
    assert_eq!(
        strict.is_ok(),
        document.quirks().is_empty(),
        "{:?}",
        document.quirks()
    );
    for quirk in document.quirks() {
        assert!(quirk.offset <= input.len());
    }
    let root = document.root();
    assert_eq!(root.span().start, 0);
    for value in root.children() {
        assert!(root.span().start < value.span().start && value.span().end < root.span().end);
        // What a value was written with decodes to the same value.
        let again = bencode::decode_lenient(value.raw()).expect("a value by itself");
        assert_eq!(again.root().kind(), value.kind());
        assert_eq!(again.root().as_int(), value.as_int());
        assert_eq!(again.root().as_bytes(), value.as_bytes());
    }
    if let Some(entries) = root.dict() {
        for (key, _) in entries {
            assert!(root.get(key).is_some());
        }
    }
});
