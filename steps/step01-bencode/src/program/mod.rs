//! What the program prints.

pub mod broken;
pub mod tree;

/// Bytes as pairs of hex digits.
pub fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
