//! Base64, in which pictures come and the playground's module goes.

/// Encodes, with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for letter in 0..4 {
            let value = bits >> (18 - 6 * letter) & 63;
            text.push(match letter <= three.len() {
                true => char::from(LETTERS[value as usize]),
                false => '=',
            });
        }
    }
    text
}

/// Decodes; what is no base64 is left out.
#[must_use]
pub fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for value in text.bytes().filter_map(value) {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

fn value(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn what_is_encoded_is_decoded() {
        assert_eq!(encode(b"hello"), "aGVsbG8=");
        for length in 0..10 {
            let bytes: Vec<u8> = (250 - length..250).collect();
            assert_eq!(decode(&encode(&bytes)), bytes);
        }
    }

    #[test]
    fn it_decodes() {
        assert_eq!(decode("aGVsbG8="), b"hello");
        assert_eq!(decode("/+8A"), [0xff, 0xef, 0]);
        assert_eq!(decode(""), b"");
    }
}
