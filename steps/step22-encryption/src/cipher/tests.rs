use pretty_assertions::assert_eq;

use super::*;

/// Bytes 1024 to 1055 of the keystreams of RFC 6229. A key of 20 bytes that repeats one of 5 or 10 is
/// the same key to RC4.
#[test]
fn the_stream_begins_at_byte_1024_of_the_published_one() {
    let key5 = [1, 2, 3, 4, 5].repeat(4);
    let key10 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].repeat(2);
    let vectors = [
        (
            key5,
            "30abbcc7c20b01609f23ee2d5f6bb7df73262dec31a8a8ff5f9f977001c90b72",
        ),
        (
            key10,
            "f449031de312814ec6f319291f4a051611de048316ea8df81ebbeceaaa9af6dd",
        ),
    ];
    for (key, stream) in vectors {
        let mut bytes = [0; 32];
        Keystream::new(key.try_into().unwrap()).apply(&mut bytes);
        assert_eq!(hex::encode(bytes), stream);
    }
}

#[test]
fn in_parts_it_is_the_same_as_at_once() {
    let mut at_once = [7; 100];
    Keystream::new([1; 20]).apply(&mut at_once);
    let mut in_parts = [7; 100];
    let mut keystream = Keystream::new([1; 20]);
    for part in in_parts.chunks_mut(7) {
        keystream.apply(part);
    }
    assert_eq!(in_parts, at_once);
}

#[test]
fn what_is_applied_twice_is_gone() {
    let mut bytes = *b"a piece of a file";
    let mut there = Cipher::Rc4(Box::new(Keystream::new([9; 20])));
    let mut back = Cipher::Rc4(Box::new(Keystream::new([9; 20])));
    there.apply(&mut bytes);
    assert_ne!(bytes, *b"a piece of a file");
    back.apply(&mut bytes);
    assert_eq!(bytes, *b"a piece of a file");
    assert!(!there.is_plain());
}

#[test]
fn plain_text_is_left_alone() {
    let mut bytes = *b"a piece of a file";
    Cipher::Plain.apply(&mut bytes);
    assert_eq!(bytes, *b"a piece of a file");
    assert!(Cipher::Plain.is_plain());
}

#[test]
fn nothing_secret_is_ever_printed() {
    let cipher = Cipher::Rc4(Box::new(Keystream::new([9; 20])));
    assert_eq!(format!("{cipher:?}"), "Rc4(Keystream(…))");
}
