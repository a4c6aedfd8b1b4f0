//! Bytes that stand in a link as `%` and two digits.

/// The bytes that a value stands for. A `%` without two hex digits behind it stands for itself: so
/// browsers read it, and so some sites write it.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(16 * high + low);
                    rest = after;
                }
                _ => out.push(byte),
            },
            _ => out.push(byte),
        }
    }
    out
}

/// The same of a name, in which a `+` is a space, as web forms write it. In a URL it is a plus.
pub(super) fn decode_name(text: &str) -> Vec<u8> {
    decode(&text.replace('+', " "))
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use tracker::percent_encode;

    use super::*;

    #[test]
    fn a_sign_without_two_digits_stands_for_itself() {
        for (text, bytes) in [
            ("a%20b", &b"a b"[..]),
            ("%C3%a4", "ä".as_bytes()),
            ("100%", b"100%"),
            ("%2", b"%2"),
            ("%zz%2", b"%zz%2"),
            ("%%41", b"%A"),
            ("a+b", b"a+b"),
        ] {
            assert_eq!(decode(text), bytes, "{text}");
        }
        assert_eq!(decode_name("a+b%2Bc"), b"a b+c");
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&percent_encode(&bytes)), bytes.clone());
            prop_assert_eq!(decode_name(&percent_encode(&bytes)), bytes);
        }

        #[test]
        fn anything_can_be_read(text: String) {
            prop_assert!(decode(&text).len() <= text.len());
        }
    }
}
