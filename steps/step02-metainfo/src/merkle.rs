//! The hash trees of version 2 (BEP 52): over each file stands a tree of SHA-256, and the torrent
//! says its root.

use sha2::{Digest, Sha256};

/// What the leaves of a tree are hashes of, in bytes.
const BLOCK: u64 = 16 * 1024;

pub(crate) type Hash = [u8; 32];

/// The root of the tree whose layer of pieces is `layer`: one hash for each piece, at least one.
/// `padding` stands for each piece beyond the end of the file.
///
/// Two hashes make the one above them, until one is left. Where one stands alone at the end of its
/// layer, the padding stands beside it.
pub(crate) fn root(layer: &[Hash], mut padding: Hash) -> Hash {
    if let [only] = layer {
        return *only;
    }
    let mut above = parents(layer, &padding);
    while above.len() > 1 {
        padding = parent(&padding, &padding);
        above = parents(&above, &padding);
    }
    above.pop().unwrap_or(padding)
}

/// The layer above a layer.
fn parents(layer: &[Hash], padding: &Hash) -> Vec<Hash> {
    let pairs = layer.chunks(2).map(|pair| match pair {
        [left, right] => parent(left, right),
        [left, ..] => parent(left, padding),
        [] => *padding,
    });
    pairs.collect()
}

/// The hash of a piece that lies wholly beyond the end of its file: a tree whose leaves are zeros.
/// (Its leaves, not what they are hashes of.)
pub(crate) fn padding(piece_length: u64) -> Hash {
    let mut hash = [0; 32];
    let mut covers = BLOCK;
    while covers < piece_length {
        hash = parent(&hash, &hash);
        covers *= 2;
    }
    hash
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// The same, as BEP 52 says it: all leaves up to a power of two, then layer by layer.
    fn slow_root(mut layer: Vec<Hash>, padding: Hash) -> Hash {
        layer.resize(layer.len().next_power_of_two(), padding);
        while layer.len() > 1 {
            layer = layer
                .chunks(2)
                .map(|pair| Sha256::digest(pair.concat()).into())
                .collect();
        }
        layer[0]
    }

    #[test]
    fn a_root_is_that_of_the_layer_filled_up_to_a_power_of_two() {
        let hashes: Vec<Hash> = (0..40).map(|number: u8| [number; 32]).collect();
        for count in 1..hashes.len() {
            for piece_length in [BLOCK, 16 * BLOCK] {
                let padding = padding(piece_length);
                let layer = &hashes[..count];
                assert_eq!(root(layer, padding), slow_root(layer.to_vec(), padding));
            }
        }
    }

    #[test]
    fn the_padding_of_a_piece_is_a_tree_of_zeros() {
        assert_eq!(padding(BLOCK), [0; 32]);
        for blocks in [2, 8, 1024] {
            let leaves = vec![[0; 32]; blocks];
            assert_eq!(padding(BLOCK * blocks as u64), slow_root(leaves, [0; 32]));
        }
    }
}
