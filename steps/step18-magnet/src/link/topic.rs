//! What a link is about: `xt`, the exact topic.

use metainfo::InfoHash;

/// A hash of a torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    V1(InfoHash),
    V2([u8; 32]),
}

/// What a topic is: a hash, something of no other interest to us (`None`), or a hash that is none, and
/// why.
pub(super) fn topic(text: &str) -> Result<Option<Topic>, &'static str> {
    if let Some(hash) = after(text, "urn:btih:") {
        return info_hash(hash).map(Topic::V1).map(Some);
    }
    match after(text, "urn:btmh:") {
        Some(hash) => multihash(hash).map(Topic::V2).map(Some),
        None => Ok(None),
    }
}

/// What follows a prefix in whatever case.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

// ANCHOR: info_hash
/// Twenty bytes: as 40 hex digits, or as 32 letters of base32 (BEP 9).
fn info_hash(text: &str) -> Result<InfoHash, &'static str> {
    match text.len() {
        40 => {
            let hash = text.parse();
            hash.map_err(|_| "it has 40 characters, but not all of them are hex digits")
        }
        32 => {
            let hash = base32(text).map(InfoHash);
            hash.ok_or("it has 32 characters, but not all of them are A to Z and 2 to 7")
        }
        _ => Err("it has neither 40 hex digits nor 32 letters of base32"),
    }
}

/// Base32 (RFC 4648): five bits a letter, so that 32 of them are 20 bytes.
fn base32(text: &str) -> Option<[u8; 20]> {
    // ANCHOR: yours_base32 (chapter 18, "The link, taken apart")
    let mut bytes = [0; 20];
    let mut bits: u32 = 0;
    for (index, letter) in text.bytes().enumerate() {
        let value = match letter.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u32::from(value);
        // After this letter so many bits are there that have not become a byte.
        let ready = 5 * (index + 1) % 8;
        if ready < 5 {
            *bytes.get_mut(5 * (index + 1) / 8 - 1)? = (bits >> ready) as u8;
        }
    }
    Some(bytes)
    // ANCHOR_END: yours_base32
}
// ANCHOR_END: info_hash

/// A hash that says which one it is: `12` for SHA-256, `20` for its 32 bytes, and those.
fn multihash(text: &str) -> Result<[u8; 32], &'static str> {
    let Some(digits) = text.strip_prefix("1220") else {
        return Err("it does not begin with 1220, and so is no SHA-256");
    };
    let mut hash = [0; 32];
    let decoded = hex::decode_to_slice(digits, &mut hash);
    decoded.map_err(|_| "after its 1220 it has not 64 hex digits")?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    /// The way there, letter by letter.
    fn to_base32(bytes: &[u8]) -> String {
        let bits: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1))
            .collect();
        let value = |bits: &[u8]| bits.iter().fold(0, |value, bit| 2 * value + bit);
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let letter = |bits: &[u8]| char::from(letters[usize::from(value(bits))]);
        bits.chunks(5).map(letter).collect()
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        // RFC 4648, section 10: "foobar" is MZXW6YTBOI.
        let mut bytes = [0; 20];
        bytes[..5].copy_from_slice(b"fooba");
        assert_eq!(base32(&format!("MZXW6YTB{}", "A".repeat(24))), Some(bytes));
        assert_eq!(base32(&"7".repeat(32)), Some([0xff; 20]));
        for wrong in ["0", "1", "8", "9", "=", "ä"] {
            let text = format!("{wrong}{}", "A".repeat(32 - wrong.len()));
            assert_eq!(base32(&text), None, "{text}");
        }
    }

    #[test]
    fn other_topics_are_none_of_our_business() {
        for text in ["", "urn:sha1:ABC", "urn:btih", "urn:ed2k:31D6", "ä"] {
            assert_eq!(topic(text), Ok(None), "{text}");
        }
        assert!(topic("URN:BTIH:").is_err());
        assert!(topic("urn:btmh:1114").is_err());
        assert!(topic("urn:btmh:1220ab").is_err());
    }

    proptest! {
        #[test]
        fn a_hash_in_either_writing_and_either_case_is_the_same(bytes: [u8; 20]) {
            let is = Ok(Some(Topic::V1(InfoHash(bytes))));
            for text in [hex::encode(bytes), to_base32(&bytes)] {
                prop_assert_eq!(topic(&format!("urn:btih:{}", text.to_lowercase())), is);
                prop_assert_eq!(topic(&format!("urn:btih:{}", text.to_uppercase())), is);
            }
        }

        #[test]
        fn anything_can_be_read(text in "(urn:bt[im]h:)?(1220)?.{0,70}") {
            let _ = topic(&text);
        }
    }
}
