//! The version that is cheated: a piece is good when its bytes add up.
//!
//! `cargo run -p step08-sha1 --example naive_sum`

// ANCHOR: naive
/// Adds all bytes.
fn sum(piece: &[u8]) -> u32 {
    piece
        .iter()
        .fold(0, |sum, byte| sum.wrapping_add(u32::from(*byte)))
}
// ANCHOR_END: naive

fn main() {
    let good = b"pay 100 to Ann, 900 to Bob".to_vec();
    let mut noisy = good.clone();
    noisy[4] ^= 0b0000_0100;
    let mut swapped = good.clone();
    swapped.swap(4, 16);
    println!("                             sum   SHA-1");
    for piece in [good, noisy, swapped] {
        let digest = hashing::sha1(&piece);
        let hex: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        println!(
            "{}  {:>4}  {hex}…",
            String::from_utf8_lossy(&piece),
            sum(&piece)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_sees_noise_and_not_malice() {
        assert_ne!(sum(b"abc"), sum(b"abb"));
        assert_eq!(sum(b"abc"), sum(b"cba"));
        assert_ne!(hashing::sha1(b"abc"), hashing::sha1(b"cba"));
        main();
    }
}
