//! The pieces that a peer may have while it is choked.

use std::net::Ipv4Addr;

use metainfo::InfoHash;
use sha1::{Digest, Sha1};

/// How many pieces a peer is allowed: BEP 6's figure.
pub const ALLOWED: usize = 10;

// ANCHOR: allowed_fast
/// The *allowed fast set* of the peer at this address: at most `count` pieces of a torrent that has
/// `pieces` (BEP 6, "Allowed Fast Set Generation"). All who compute it get the same, so that who asks
/// many peers does not get many sets; and addresses of one network (/24) have one set together.
///
/// The BEP knows no set for IPv6.
pub fn allowed_fast(address: Ipv4Addr, info_hash: InfoHash, pieces: u32, count: usize) -> Vec<u32> {
    // ANCHOR: yours_allowed_fast (chapter 21, "The set")
    let [a, b, c, _] = address.octets();
    let mut x = [&[a, b, c, 0], &info_hash.0[..]].concat();
    let mut allowed = Vec::new();
    // There is a number for every piece in the end, but it may take long to come.
    let count = count.min(pieces as usize);
    while allowed.len() < count {
        x = Sha1::digest(&x).to_vec();
        let (numbers, _) = x.as_chunks::<4>();
        for number in numbers {
            let piece = u32::from_be_bytes(*number) % pieces;
            if allowed.len() < count && !allowed.contains(&piece) {
                allowed.push(piece);
            }
        }
    }
    allowed
    // ANCHOR_END: yours_allowed_fast
}
// ANCHOR_END: allowed_fast

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const HASH: InfoHash = InfoHash([0xaa; 20]);

    fn address() -> Ipv4Addr {
        Ipv4Addr::new(80, 4, 4, 200)
    }

    #[test]
    fn it_is_as_the_bep_has_it() {
        let nine = [1059, 431, 808, 1217, 287, 376, 1188, 353, 508];
        assert_eq!(allowed_fast(address(), HASH, 1313, 7), nine[..7]);
        assert_eq!(allowed_fast(address(), HASH, 1313, 9), nine);
    }

    #[test]
    fn neighbours_have_one_set_together() {
        let set = |address| allowed_fast(address, HASH, 1313, ALLOWED);
        let neighbour = Ipv4Addr::new(80, 4, 4, 1);
        assert_eq!(set(neighbour), set(address()));
        assert!(set(Ipv4Addr::new(80, 4, 5, 200)) != set(address()));
    }

    #[test]
    fn a_small_torrent_has_no_more_than_there_is() {
        for pieces in 0..20 {
            let mut set = allowed_fast(address(), HASH, pieces, ALLOWED);
            assert_eq!(set.len(), ALLOWED.min(pieces as usize));
            set.sort_unstable();
            set.dedup();
            assert_eq!(set.len(), ALLOWED.min(pieces as usize), "each once");
            assert!(set.iter().all(|&piece| piece < pieces));
        }
    }
}
