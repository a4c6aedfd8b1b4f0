//! Exercise 18, friendly: an info-hash in base32.

use metainfo::InfoHash;

// ANCHOR: answer
/// The 32 letters of an info-hash: five bits each, the highest first.
fn to_base32(hash: InfoHash) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in hash.0 {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            let value = bits >> count & 0b11111;
            text.push(char::from(letters[value as usize]));
        }
    }
    text
}
// ANCHOR_END: answer

fn main() {
    println!("{}", to_base32(InfoHash([0xff; 20])));
}

#[cfg(test)]
mod tests {
    use magnet::Magnet;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn twenty_bytes_are_thirty_two_letters() {
        assert_eq!(to_base32(InfoHash([0; 20])), "A".repeat(32));
        assert_eq!(to_base32(InfoHash([0xff; 20])), "7".repeat(32));
    }

    proptest! {
        #[test]
        fn a_link_with_it_is_about_the_same_torrent(bytes: [u8; 20]) {
            let link = format!("magnet:?xt=urn:btih:{}", to_base32(InfoHash(bytes)));
            let magnet: Magnet = link.parse().unwrap();
            prop_assert_eq!(magnet.info_hash_v1, Some(InfoHash(bytes)));
        }
    }
}
