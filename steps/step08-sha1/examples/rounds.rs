//! The 80 rounds of "abc", and what one flipped bit does to them.
//!
//! `cargo run -p step08-sha1 --example rounds`

#[path = "common/plain.rs"]
mod plain;

use plain::{START, mix, pad, rounds, schedule};

/// The state after each round of a message of one block.
fn states(message: &[u8]) -> Vec<[u32; 5]> {
    let mut states = vec![START];
    rounds(START, &schedule(&pad(message, 0)), |_, state| {
        states.push(state);
    });
    states
}

/// How many bits differ.
fn differ(one: [u32; 5], other: [u32; 5]) -> u32 {
    one.iter()
        .zip(other)
        .map(|(x, y)| (x ^ y).count_ones())
        .sum()
}

fn main() {
    let (abc, abb) = (states(b"abc"), states(b"abb"));
    println!("rounds  the state for \"abc\"                          bits that differ for \"abb\"");
    for done in [0, 1, 2, 3, 4, 5, 10, 15, 20, 40, 60, 79, 80] {
        let words: Vec<String> = abc[done].iter().map(|word| format!("{word:08x}")).collect();
        let bits = differ(abc[done], abb[done]);
        println!("{done:>6}  {}  {bits:>4} of 160", words.join(" "));
    }
    for message in ["abc", "abb"] {
        let digest = mix(START, &pad(message.as_bytes(), 0));
        let words: Vec<String> = digest.iter().map(|word| format!("{word:08x}")).collect();
        println!("SHA-1 of \"{message}\": {}", words.join(""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix A.1, prints these.
    #[test]
    fn the_standards_example_round_by_round() {
        let states = states(b"abc");
        let first = [
            0x0116_fc33,
            0x6745_2301,
            0x7bf3_6ae2,
            0x98ba_dcfe,
            0x1032_5476,
        ];
        let last = [
            0x4254_1b35,
            0x5738_d5e1,
            0x2183_4873,
            0x681e_6df6,
            0xd8fd_f6ad,
        ];
        assert_eq!((states[1], states[80]), (first, last));
    }

    #[test]
    fn the_plain_form_is_the_librarys() {
        for length in 0..200 {
            let message = vec![0x5a; length];
            let digest = mix(START, &pad(&message, 0));
            let bytes: Vec<u8> = digest.iter().flat_map(|word| word.to_be_bytes()).collect();
            assert_eq!(bytes, hashing::sha1(&message));
        }
        main();
    }
}
