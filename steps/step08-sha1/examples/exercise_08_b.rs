//! Exercise 8b: hash a piece while its blocks arrive, in any order.

use std::collections::BTreeMap;

use hashing::Sha1;

// ANCHOR: answer
/// A piece whose hash is worked out as its blocks arrive.
#[derive(Default)]
struct Growing {
    hash: Sha1,
    /// The first byte of the piece that is not hashed.
    next: usize,
    /// Blocks that came too early, by their offsets.
    early: BTreeMap<usize, Vec<u8>>,
}

impl Growing {
    /// A block is here.
    fn add(&mut self, offset: usize, block: Vec<u8>) {
        if offset >= self.next {
            self.early.insert(offset, block);
        }
        while let Some(block) = self.early.remove(&self.next) {
            self.hash.update(&block);
            self.next += block.len();
        }
    }

    /// The digest, once all blocks of a piece of this length are here.
    fn finish(self, piece_len: usize) -> Option<[u8; 20]> {
        (self.next == piece_len).then(|| self.hash.finish())
    }
}
// ANCHOR_END: answer

fn main() {
    let piece: Vec<u8> = (0..57_344).map(|i| i as u8).collect();
    let mut growing = Growing::default();
    for block in [2, 0, 3, 1] {
        let begin = block * 16_384;
        let end = piece.len().min(begin + 16_384);
        growing.add(begin, piece[begin..end].to_vec());
        println!("block {block}: {} bytes hashed", growing.next);
    }
    println!(
        "{}",
        growing.finish(piece.len()) == Some(hashing::sha1(&piece))
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_order_gives_the_digest(
            piece in prop::collection::vec(any::<u8>(), 1..500),
            order in Just((0..10_usize).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut growing = Growing::default();
            let blocks: Vec<&[u8]> = piece.chunks(50).collect();
            for i in order {
                if let Some(block) = blocks.get(i) {
                    growing.add(50 * i, block.to_vec());
                    growing.add(50 * i, block.to_vec());
                }
            }
            prop_assert_eq!(growing.finish(piece.len()), Some(hashing::sha1(&piece)));
        }
    }

    #[test]
    fn a_gap_is_no_digest() {
        let mut growing = Growing::default();
        growing.add(16_384, vec![0; 16_384]);
        assert_eq!(growing.finish(32_768), None);
        main();
    }
}
