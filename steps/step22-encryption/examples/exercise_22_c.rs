//! Exercise: finding a private key that is too short.

use std::collections::BTreeMap;

/// A prime of 61 bits.
const PRIME: u64 = (1 << 61) - 1;

// ANCHOR: answer
/// `base` to the power of `exponent`, without the multiples of the prime: squares and products, as many
/// as the exponent has bits.
pub fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent /= 2;
    }
    result
}

/// The private key of at most `bits` bits that goes with a public key, in 2 · 2^(bits/2) steps: small
/// ones from 1 on are written down, then great ones go back from the public key until both meet.
pub fn find_key(public: u64, generator: u64, bits: u32) -> Option<u64> {
    let stride = 1u64 << bits.div_ceil(2);
    let mut small = BTreeMap::new();
    let mut at = 1;
    for n in 0..stride {
        small.entry(at).or_insert(n);
        at = times(at, generator);
    }
    // A step back is a step forward, around the whole circle but one stride.
    let back = power(generator, PRIME - 1 - stride);
    let mut at = public;
    for n in 0..stride {
        if let Some(rest) = small.get(&at) {
            return Some(n * stride + rest);
        }
        at = times(at, back);
    }
    None
}
// ANCHOR_END: answer

/// A product without the multiples of the prime.
fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(PRIME);
    product as u64
}

fn main() {
    let private = 0x1234_5678;
    let found = find_key(power(37, private), 37, 32);
    println!("private key {private:#x}, found {found:x?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn powers_are_what_they_should_be() {
        assert_eq!(power(2, 10), 1_024);
        assert_eq!(power(2, 61), 1);
        assert_eq!(power(5, 0), 1);
        assert_eq!(power(3, PRIME - 1), 1, "Fermat");
    }

    #[test]
    fn a_key_that_is_longer_is_not_found() {
        assert_eq!(find_key(power(37, 1 << 24), 37, 16), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn a_key_of_24_bits_is_found_in_some_thousand_steps(private in 0u64..1 << 24) {
            prop_assert_eq!(find_key(power(37, private), 37, 24), Some(private));
        }
    }
}
