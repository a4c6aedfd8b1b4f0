//! Bytes in a URL.

// ANCHOR: percent_encode
/// Writes any bytes so that they may stand in a URL: letters, digits and `-._~` as
/// they are, every other byte as `%` and two hex digits (RFC 3986, section 2).
///
/// The bytes of an info-hash are no text, and are never treated as text on the way.
pub fn percent_encode(bytes: &[u8]) -> String {
    // ANCHOR: yours_percent_encode (chapter 4, "Build it")
    let mut out = String::with_capacity(3 * bytes.len());
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
    // ANCHOR_END: yours_percent_encode
}
// ANCHOR_END: percent_encode

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    /// The way back, for the tests.
    fn decode(text: &str) -> Vec<u8> {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'%' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        out
    }

    #[test]
    fn only_unreserved_characters_stand_as_they_are() {
        assert_eq!(percent_encode(b"azAZ09-._~"), "azAZ09-._~");
        assert_eq!(
            percent_encode(b" !\"#$%&'()*+,/:;<=>?@[\\]^`{|}"),
            "%20%21%22%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D"
        );
        assert_eq!(percent_encode(&[0x00, 0x7f, 0x80, 0xff]), "%00%7F%80%FF");
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(bytes: Vec<u8>) {
            let text = percent_encode(&bytes);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            prop_assert_eq!(decode(&text), bytes);
        }
    }
}
