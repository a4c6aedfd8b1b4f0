//! A client that believes the first size it hears, and each block that comes.

use magnet::limits::BLOCK;
use magnet::{block_count, block_len};
use metainfo::InfoHash;

/// Somebody to ask: a name, the size that it claims, and what it sends when it is asked for a block.
struct Peer {
    name: &'static str,
    claims: u64,
    sends: fn(u32) -> Vec<u8>,
}

/// The metadata, as they are.
fn info() -> Vec<u8> {
    (0..2 * BLOCK + 500).map(|n| (n % 251) as u8).collect()
}

fn honest(piece: u32) -> Vec<u8> {
    let len = block_len(info().len() as u64, piece);
    let rest = info().into_iter().skip(piece as usize * BLOCK);
    rest.take(len).collect()
}

// ANCHOR: naive
/// Asks the peers in turn, a block each.
fn naive_fetch(peers: &[Peer]) -> Vec<u8> {
    let size = peers[0].claims;
    let mut metadata = Vec::new();
    for piece in 0..block_count(size) {
        let peer = &peers[piece as usize % peers.len()];
        metadata.extend((peer.sends)(piece));
    }
    metadata
}
// ANCHOR_END: naive

fn ask(peers: &[Peer]) {
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    let metadata = naive_fetch(peers);
    let is_right = InfoHash::of(&metadata) == InfoHash::of(&info());
    let verdict = if is_right {
        "right"
    } else {
        "wrong, and nobody knows why"
    };
    println!(
        "{:<15} {:>9} bytes, {verdict}",
        names.join(" and "),
        metadata.len()
    );
}

fn main() {
    let size = info().len() as u64;
    let ada = Peer {
        name: "ada",
        claims: size,
        sends: honest,
    };
    let ben = Peer {
        name: "ben",
        claims: size,
        sends: honest,
    };
    let eve = Peer {
        name: "eve",
        claims: size,
        sends: |_| vec![0; BLOCK],
    };
    let max = Peer {
        name: "max",
        claims: 64 << 20,
        sends: |_| vec![0; BLOCK],
    };
    let mut peers = vec![ada, ben];
    ask(&peers);
    peers[1] = eve;
    ask(&peers);
    peers.insert(0, max);
    ask(&peers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works_among_friends_and_nowhere_else() {
        let size = info().len() as u64;
        let ada = || Peer {
            name: "ada",
            claims: size,
            sends: honest,
        };
        assert_eq!(naive_fetch(&[ada(), ada()]), info());
        let eve = Peer {
            name: "eve",
            claims: size,
            sends: |_| vec![0; BLOCK],
        };
        assert_ne!(naive_fetch(&[ada(), eve]), info());
        let max = Peer {
            name: "max",
            claims: 1 << 20,
            sends: |_| vec![0; BLOCK],
        };
        assert!(naive_fetch(&[max, ada()]).len() > 32 * BLOCK);
    }
}
