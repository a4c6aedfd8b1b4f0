//! The version that fails: everything is encrypted, with the info-hash as the key.

use encryption::{Initiator, Keystream, Methods};
use handshake::{Handshake, Reserved};
use metainfo::InfoHash;
use peer_id::PeerId;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

// ANCHOR: naive
/// The first bytes of a call: a handshake, encrypted with what both sides know.
fn naive_call(ours: &Handshake) -> Vec<u8> {
    let mut bytes = ours.to_bytes().to_vec();
    Keystream::new(ours.info_hash.0).apply(&mut bytes);
    bytes
}
// ANCHOR_END: naive

/// The first bytes of a call that begins with a key exchange.
fn call(ours: &Handshake, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let initial = ours.to_bytes().to_vec();
    let mut initiator = Initiator::new(ours.info_hash, Methods::RC4, initial, rng)
        .expect("a handshake fits into an exchange");
    initiator.poll_transmit().expect("it begins")
}

fn main() {
    let rng = &mut ChaCha8Rng::seed_from_u64(22);
    let callers = [
        "-KO0100-ada.........",
        "-KO0100-ben.........",
        "-KO0100-carl........",
    ];
    let handshakes = callers.map(|peer_id| Handshake {
        reserved: Reserved::none(),
        info_hash: InfoHash(*b"an info-hash has 20b"),
        peer_id: PeerId(peer_id.as_bytes().try_into().expect("20 bytes")),
    });
    println!("The first 16 bytes of three calls\n");
    println!("encrypted with the info-hash:");
    for ours in &handshakes {
        show(&naive_call(ours));
    }
    println!("after an exchange of keys:");
    for ours in &handshakes {
        show(&call(ours, rng));
    }
}

/// The first bytes in hex.
fn show(bytes: &[u8]) {
    let digits: Vec<String> = bytes[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("  {}", digits.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(peer_id: u8) -> Handshake {
        Handshake {
            reserved: Reserved::none(),
            info_hash: InfoHash([7; 20]),
            peer_id: PeerId([peer_id; 20]),
        }
    }

    #[test]
    fn the_naive_calls_of_one_torrent_all_begin_the_same() {
        let [a, b] = [naive_call(&ours(1)), naive_call(&ours(2))];
        assert_eq!(a[..48], b[..48], "a signature like any other");
        // And what is mixed into both falls out: 1 xor 2.
        let both: Vec<u8> = a[48..].iter().zip(&b[48..]).map(|(a, b)| a ^ b).collect();
        assert_eq!(both, [3; 20]);
    }

    #[test]
    fn calls_with_an_exchange_do_not() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let [a, b] = [call(&ours(1), rng), call(&ours(1), rng)];
        assert_ne!(a[..16], b[..16]);
    }
}
