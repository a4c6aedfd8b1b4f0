//! Escaping an info-hash as if it were text: the tracker answers that it knows no such torrent.
//!
//! It looks right, and it is right for one info-hash in a million.

// ANCHOR: naive
/// Escapes for a URL, the way one would escape a name.
fn naive_escape(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
// ANCHOR_END: naive

fn main() {
    let info_hash = [0x12, 0x34, 0xab, 0x20, 0xff];
    println!("as text:  {}", naive_escape(&info_hash));
    println!("as bytes: {}", tracker::percent_encode(&info_hash));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_and_a_hash_does_not() {
        assert_eq!(naive_escape(b"name"), tracker::percent_encode(b"name"));
        // ab and ff begin no UTF-8 character. Each becomes U+FFFD, whose three bytes are sent.
        assert_eq!(
            naive_escape(&[0x12, 0x34, 0xab, 0x20, 0xff]),
            "%124%EF%BF%BD+%EF%BF%BD"
        );
        assert_eq!(
            tracker::percent_encode(&[0x12, 0x34, 0xab, 0x20, 0xff]),
            "%124%AB%20%FF"
        );
    }
}
