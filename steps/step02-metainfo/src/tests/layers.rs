//! The hashes of version 2 (BEP 52): roots in `info`, layers beside it.

use pretty_assertions::assert_eq;
use sha2::{Digest, Sha256};

use super::*;

const KIB: usize = 1024;
const BLOCK: usize = 16 * KIB;

type Hash = [u8; 32];

/// A file's content and its hash tree, made as BEP 52 describes it: from the leaves up.
struct Tree {
    length: usize,
    root: Hash,
    /// One hash for each piece.
    layer: Vec<Hash>,
}

impl Tree {
    fn of(length: usize, piece_length: usize) -> Tree {
        let content: Vec<u8> = (0..length).map(|at| (at / 7) as u8).collect();
        let blocks = content
            .chunks(BLOCK)
            .map(|block| Sha256::digest(block).into());
        let mut hashes: Vec<Hash> = blocks.collect();
        hashes.resize(hashes.len().next_power_of_two(), [0; 32]);
        let (mut layer, mut covers) = (Vec::new(), BLOCK);
        loop {
            if covers == piece_length {
                layer = hashes[..length.div_ceil(piece_length)].to_vec();
            }
            if hashes.len() == 1 {
                break;
            }
            let pairs = hashes
                .chunks(2)
                .map(|pair| Sha256::digest(pair.concat()).into());
            hashes = pairs.collect();
            covers *= 2;
        }
        Tree {
            length,
            root: hashes[0],
            layer,
        }
    }

    fn leaf(&self) -> Ben {
        let root = Ben::Bytes(self.root.to_vec());
        let properties = vec![("length", int(self.length as i128)), ("pieces root", root)];
        Ben::Dict(vec![("", Ben::Dict(properties))])
    }
}

/// The `info` of files called a, b, c.
fn info(trees: &[&Tree], piece_length: usize) -> Ben {
    let files = ["a", "b", "c"].into_iter().zip(trees);
    let files = files.map(|(name, tree)| (name, tree.leaf())).collect();
    Ben::Dict(vec![
        ("file tree", Ben::Dict(files)),
        ("meta version", int(2)),
        ("name", text("folder")),
        ("piece length", int(piece_length as i128)),
    ])
}

/// A torrent with these layers, each under its root.
fn with_layers(info: &Ben, layers: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut sorted = layers.to_vec();
    sorted.sort();
    let mut bytes = [b"d4:info", &info.bytes()[..], b"12:piece layersd"].concat();
    for (root, layer) in sorted {
        bytes.extend(Ben::Bytes(root.to_vec()).bytes());
        bytes.extend(Ben::Bytes(layer.to_vec()).bytes());
    }
    bytes.extend(b"ee");
    bytes
}

#[track_caller]
fn taken(torrent: &[u8]) {
    let torrent = Metainfo::parse(torrent).unwrap();
    assert_eq!(torrent.warnings, []);
}

#[track_caller]
fn refused(torrent: &[u8], message: &str) {
    assert_eq!(Metainfo::parse(torrent).unwrap_err().to_string(), message);
}

#[test]
fn layers_that_give_the_roots_are_taken() {
    for piece_length in [BLOCK, 2 * BLOCK, 16 * BLOCK] {
        for pieces in 2..=9 {
            for length in [pieces * piece_length, (pieces - 1) * piece_length + 1] {
                let tree = Tree::of(length, piece_length);
                assert_eq!(tree.layer.len(), pieces);
                let layer = tree.layer.as_flattened();
                let info = info(&[&tree], piece_length);
                taken(&with_layers(&info, &[(&tree.root, layer)]));
            }
        }
    }
}

#[test]
fn a_file_of_one_piece_needs_no_layer() {
    let tree = Tree::of(2 * BLOCK, 2 * BLOCK);
    let info = info(&[&tree], 2 * BLOCK);
    taken(&with_layers(&info, &[]));
    taken(&[b"d4:info", &info.bytes()[..], b"e"].concat());
    refused(
        &with_layers(&info, &[(&tree.root, tree.layer.as_flattened())]),
        "\"piece layers\" has hashes (at byte 200) that no file of the torrent needs",
    );
}

#[test]
fn a_layer_that_is_not_there() {
    let (one, two) = (Tree::of(5 * BLOCK, BLOCK), Tree::of(3 * BLOCK, BLOCK));
    let info = info(&[&one, &two], BLOCK);
    let one = (&one.root[..], one.layer.as_flattened());
    let two = (&two.root[..], two.layer.as_flattened());
    taken(&with_layers(&info, &[one, two]));
    refused(
        &with_layers(&info, &[one]),
        "\"piece layers\" has no hashes for the file \"folder/b\"",
    );
    refused(
        &[b"d4:info", &info.bytes()[..], b"e"].concat(),
        "the torrent has no \"piece layers\"; it is no torrent file, or incomplete",
    );
    let none = [b"d4:info", &info.bytes()[..], b"12:piece layersi1ee"].concat();
    let message = Metainfo::parse(&none).unwrap_err().to_string();
    assert!(message.ends_with("must be a dictionary"), "{message}");
}

#[test]
fn a_layer_of_another_length() {
    let tree = Tree::of(5 * BLOCK, BLOCK);
    let info = info(&[&tree], BLOCK);
    let layer = tree.layer.as_flattened();
    for found in [0, 31, 4 * 32, 5 * 32 - 1, 5 * 32 + 1, 6 * 32, 8 * 32] {
        let mut layer = layer.to_vec();
        layer.resize(found, 0);
        refused(
            &with_layers(&info, &[(&tree.root, &layer)]),
            &format!(
                "\"piece layers\" has {found} bytes of hashes for the file \"folder/a\", but it has \
                 5 pieces, and each needs 32"
            ),
        );
    }
    // Each piece covers two leaves, and the leaves are the wrong layer.
    let leaves = Tree::of(5 * BLOCK, BLOCK).layer;
    refused(
        &with_layers(
            &self::info(&[&tree], 2 * BLOCK),
            &[(&tree.root, leaves.as_flattened())],
        ),
        "\"piece layers\" has 160 bytes of hashes for the file \"folder/a\", but it has 3 pieces, and \
         each needs 32",
    );
}

#[test]
fn a_layer_that_does_not_give_the_root() {
    let tree = Tree::of(5 * BLOCK, BLOCK);
    let info = info(&[&tree], BLOCK);
    let right = tree.layer.as_flattened();
    taken(&with_layers(&info, &[(&tree.root, right)]));
    let does_not_fit =
        "the hashes of the file \"folder/a\" in \"piece layers\" do not fit its \"pieces root\"";
    for damage in [0, 70, right.len() - 1] {
        let mut layer = right.to_vec();
        layer[damage] ^= 1;
        refused(&with_layers(&info, &[(&tree.root, &layer)]), does_not_fit);
    }
    let mut swapped = tree.layer.clone();
    swapped.swap(1, 2);
    let swapped = swapped.as_flattened();
    refused(&with_layers(&info, &[(&tree.root, swapped)]), does_not_fit);
}

#[test]
fn layers_under_keys_that_are_no_roots() {
    let tree = Tree::of(5 * BLOCK, BLOCK);
    let info = info(&[&tree], BLOCK);
    let layer = (&tree.root[..], tree.layer.as_flattened());
    for stranger in [&[0xff; 32][..], b"short", b"", &[0xff; 33]] {
        let torrent = with_layers(&info, &[layer, (stranger, &[1; 32])]);
        let message = Metainfo::parse(&torrent).unwrap_err().to_string();
        assert!(
            message.ends_with("that no file of the torrent needs"),
            "{message}"
        );
    }
    let number = [
        &b"d4:info"[..],
        &info.bytes(),
        b"12:piece layersd",
        &Ben::Bytes(tree.root.to_vec()).bytes(),
        b"i1eee",
    ];
    let message = Metainfo::parse(&number.concat()).unwrap_err().to_string();
    assert!(message.ends_with("must be made of strings"), "{message}");
}

#[test]
fn equal_files_share_a_layer() {
    let tree = Tree::of(3 * BLOCK, BLOCK);
    let layer = (&tree.root[..], tree.layer.as_flattened());
    taken(&with_layers(&info(&[&tree, &tree, &tree], BLOCK), &[layer]));
    // Equal roots, but not equal files.
    let longer = Tree {
        length: 5 * BLOCK,
        ..Tree::of(3 * BLOCK, BLOCK)
    };
    refused(
        &with_layers(&info(&[&tree, &longer], BLOCK), &[layer]),
        "\"piece layers\" has 96 bytes of hashes for the file \"folder/b\", but it has 5 pieces, and \
         each needs 32",
    );
}

#[test]
fn a_root_of_zeros_is_none() {
    let zeros = Tree {
        root: [0; 32],
        ..Tree::of(5, BLOCK)
    };
    refused(
        &with_layers(&info(&[&zeros], BLOCK), &[]),
        "\"info.file tree.pieces root\" (at byte 52) must be a hash, which zeros are not",
    );
}

#[test]
fn an_empty_file_has_no_root() {
    let empty = Tree {
        length: 0,
        ..Tree::of(5, BLOCK)
    };
    refused(
        &with_layers(&info(&[&empty], BLOCK), &[]),
        "\"info.file tree.pieces root\" (at byte 52) must be left out of an empty file",
    );
}

#[test]
fn a_layer_of_a_large_torrent_is_hashed_once() {
    // A thousand files of one content, and a layer of a million hashes: hashed for each of them,
    // this would take hours.
    const PIECES: usize = 1 << 20;
    let hashes = vec![[7; 32]; PIECES];
    let mut root = [7; 32];
    for _ in 0..PIECES.ilog2() {
        root = Sha256::digest([root, root].concat()).into();
    }
    let tree = Tree {
        length: PIECES * BLOCK,
        root,
        layer: Vec::new(),
    };
    let mut info = b"d9:file treed".to_vec();
    for number in 0..1_000 {
        info.extend(format!("8:{number:08}").bytes());
        info.extend(tree.leaf().bytes());
    }
    info.extend(b"e12:meta versioni2e4:name6:folder12:piece lengthi16384ee");
    let mut bytes = [b"d4:info", &info[..], b"12:piece layersd32:", &root].concat();
    bytes.extend(Ben::Bytes(hashes.as_flattened().to_vec()).bytes());
    bytes.extend(b"ee");
    assert_eq!(Metainfo::parse(&bytes).unwrap().files.len(), 1_000);
}
