//! Exercise: the other side of the fence. A box on the line looks at the first packet of a connection.

use encryption::limits::{KEY_LEN, MAX_PAD};

// ANCHOR: answer
/// Whether the first packet of a connection may be the beginning of an exchange: of its length, and of
/// bytes of which no value is common. It does not know; it suspects.
pub fn is_suspicious(packet: &[u8]) -> bool {
    if !(KEY_LEN..=KEY_LEN + MAX_PAD).contains(&packet.len()) {
        return false;
    }
    let mut counts = [0usize; 256];
    for &byte in packet {
        counts[usize::from(byte)] += 1;
    }
    // Of random bytes half are below 128. Of text nearly all are, and of what a program has laid out,
    // zeros are the most.
    let low: usize = counts[..128].iter().sum();
    let most = counts.iter().max().copied().unwrap_or(0);
    let len = packet.len();
    (len / 3..=len * 2 / 3).contains(&low) && most <= 4 + len / 32
}
// ANCHOR_END: answer

fn main() {
    let text = [b'a'; 200];
    println!("200 letters: {}", is_suspicious(&text));
}

#[cfg(test)]
mod tests {
    use encryption::{Initiator, Methods};
    use metainfo::InfoHash;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn nearly_every_exchange_is_suspected() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let first = |_| {
            let caller = Initiator::new(InfoHash([7; 20]), Methods::RC4, Vec::new(), rng);
            caller.unwrap().poll_transmit().unwrap()
        };
        let calls: Vec<Vec<u8>> = (0..1_000).map(first).collect();
        let found = calls.iter().filter(|call| is_suspicious(call)).count();
        assert!(found >= 990, "{found} of 1000");
    }

    #[test]
    fn what_others_begin_with_is_not() {
        let request = format!(
            "GET /a/page HTTP/1.1\r\nHost: example.org\r\nUser-Agent: somebody/1.0\r\nAccept: {}\r\n\r\n",
            "text/html,".repeat(8)
        );
        assert!(!is_suspicious(request.as_bytes()));
        let handshake = [&b"\x13BitTorrent protocol"[..], &[0; 8], &[7; 40], &[0; 60]].concat();
        assert!(!is_suspicious(&handshake));
        assert!(!is_suspicious(&[0; 300]));
        assert!(!is_suspicious(b"short"));
    }
}
