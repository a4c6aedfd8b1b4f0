//! Exercise 5a: what two peers have in common.

use handshake::Reserved;

// ANCHOR: answer
/// The extensions that both sides speak: a bit counts when both have set it.
fn common(ours: Reserved, theirs: Reserved) -> Reserved {
    Reserved(std::array::from_fn(|i| ours.0[i] & theirs.0[i]))
}
// ANCHOR_END: answer

fn main() {
    let libtorrent = Reserved([0, 0, 0, 0, 0, 0x10, 0, 0x05]);
    let aria2 = Reserved([0, 0, 0, 0, 0, 0x10, 0, 0x04]);
    for bit in common(libtorrent, aria2).bits() {
        println!("{}", bit.name().unwrap_or("unknown"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_have_set_counts() {
        let ours = Reserved([0, 0, 0, 0, 0, 0x10, 0, 0x05]);
        let theirs = Reserved([0x80, 0, 0, 0, 0, 0x10, 0, 0x06]);
        let common = common(ours, theirs);
        assert!(common.extension_protocol());
        assert!(common.fast());
        assert!(!common.dht());
        assert_eq!(common.bits().count(), 2);
    }
}
