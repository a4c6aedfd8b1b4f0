//! Exercise 8c: go on hashing where somebody else has stopped.

#[path = "common/plain.rs"]
mod plain;

use plain::{mix, pad};

// ANCHOR: answer
/// SHA-1 of a message that we do not know, followed by its padding and by `more`. We know its
/// digest and its length.
fn extend(digest: [u8; 20], length: u64, more: &[u8]) -> [u8; 20] {
    // The digest is the state after the message and its padding. Nothing is lost on the way out.
    let words = |i: usize| u32::from_be_bytes([0, 1, 2, 3].map(|j| digest[4 * i + j]));
    let state = [0, 1, 2, 3, 4].map(words);
    // 0x80 and eight bytes of length, filled up to a block.
    let padded = (length + 9).next_multiple_of(64);
    let bytes = mix(state, &pad(more, padded)).map(u32::to_be_bytes);
    std::array::from_fn(|i| bytes[i / 4][i % 4])
}
// ANCHOR_END: answer

fn main() {
    let secret = b"nobody knows this: pay 100 to Ann";
    let digest = hashing::sha1(secret);
    let extended = extend(digest, secret.len() as u64, b" and 900 to me");
    let mut whole = pad(secret, 0);
    whole.extend(b" and 900 to me");
    println!("{}", extended == hashing::sha1(&whole));
}

#[cfg(test)]
mod tests {
    use super::*;
    use plain::{START, rounds, schedule};

    #[test]
    fn the_extended_digest_is_right_for_every_length() {
        for length in 0..200 {
            let secret = vec![b's'; length];
            let mut whole = pad(&secret, 0);
            whole.extend(b"more");
            let digest = hashing::sha1(&secret);
            assert_eq!(
                extend(digest, length as u64, b"more"),
                hashing::sha1(&whole)
            );
        }
        main();
    }

    #[test]
    fn the_standards_first_round() {
        let mut first = None;
        rounds(START, &schedule(&pad(b"abc", 0)), |t, state| {
            if t == 0 {
                first = Some(state[0]);
            }
        });
        assert_eq!(first, Some(0x0116_fc33));
    }
}
