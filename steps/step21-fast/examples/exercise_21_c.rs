//! Exercise 21c: what an allowed fast set tells about an address.

use std::net::Ipv4Addr;

use fast::allowed_fast;
use metainfo::InfoHash;

// ANCHOR: answer
/// The networks (/24), of these, whose peers are allowed just these pieces, in whatever order.
fn whose(
    allowed: &[u32],
    info_hash: InfoHash,
    pieces: u32,
    networks: impl Iterator<Item = Ipv4Addr>,
) -> Vec<Ipv4Addr> {
    let mut wanted = allowed.to_vec();
    wanted.sort_unstable();
    let is_theirs = |network: &Ipv4Addr| {
        // Most fail with their first piece, and cost one hash.
        let first = allowed_fast(*network, info_hash, pieces, 1);
        first.iter().all(|piece| wanted.contains(piece)) && {
            let mut set = allowed_fast(*network, info_hash, pieces, wanted.len());
            set.sort_unstable();
            set == wanted
        }
    };
    networks.filter(is_theirs).collect()
}
// ANCHOR_END: answer

/// All networks of four /16: as many as a city's provider may have.
fn networks() -> impl Iterator<Item = Ipv4Addr> {
    (4..8).flat_map(|second| (0..=255).map(move |third| Ipv4Addr::new(80, second, third, 0)))
}

fn main() {
    let info_hash = InfoHash([0xaa; 20]);
    let secret = Ipv4Addr::new(80, 5, 77, 200);
    let allowed = allowed_fast(secret, info_hash, 1313, 10);
    println!("{allowed:?}");
    println!("{:?}", whose(&allowed, info_hash, 1313, networks()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_pieces_of_many_name_one_network() {
        let info_hash = InfoHash([0xaa; 20]);
        let secret = Ipv4Addr::new(80, 5, 77, 200);
        let mut allowed = allowed_fast(secret, info_hash, 1313, 10);
        allowed.sort_unstable();
        let found = whose(&allowed, info_hash, 1313, networks());
        assert_eq!(found, [Ipv4Addr::new(80, 5, 77, 0)]);
    }

    #[test]
    fn of_a_torrent_with_ten_pieces_they_name_nobody() {
        let info_hash = InfoHash([0xaa; 20]);
        let all: Vec<u32> = (0..10).collect();
        assert_eq!(whose(&all, info_hash, 10, networks()).len(), 4 * 256);
    }
}
