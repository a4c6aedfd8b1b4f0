//! Every way of hashing gives what the `sha1` crate gives.

use pretty_assertions::assert_eq;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn judge(message: &[u8]) -> Digest {
    sha1::Sha1::digest(message).into()
}

fn sample(seed: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i * 31 + seed * 17 + i / 251) as u8)
        .collect()
}

#[test]
fn no_messages() {
    assert_eq!(digest_many(&[]), Vec::<Digest>::new());
    assert_eq!(Batch::new(0).finish(), Vec::<Digest>::new());
}

#[test]
fn messages_without_parts_are_empty_ones() {
    assert_eq!(digest(&[]), judge(b""));
    assert_eq!(digest_many(&[vec![], vec![&b""[..]]]), vec![judge(b""); 2]);
}

#[test]
fn any_number_of_pieces_side_by_side() {
    for count in 0..40 {
        let pieces: Vec<Vec<u8>> = (0..count).map(|i| sample(i, 3 * 256 + 7)).collect();
        let parts: Vec<Vec<&[u8]>> = pieces
            .iter()
            .map(|piece| piece.chunks(256).collect())
            .collect();
        let expected: Vec<Digest> = pieces.iter().map(|piece| judge(piece)).collect();
        assert_eq!(digest_many(&parts), expected, "{count} pieces");
    }
}

#[test]
fn the_million_a_of_the_standard_in_every_lane() {
    let part = vec![b'a'; 16 * 1024];
    let rest = 1_000_000 % part.len();
    let mut parts = vec![&part[..]; 1_000_000 / part.len()];
    parts.push(&part[..rest]);
    let digests = digest_many(&vec![parts; 16]);
    let expected = [0x34, 0xaa, 0x97, 0x3c, 0xd4, 0xc4, 0xda, 0xa4, 0xf6, 0x1e];
    assert!(digests.iter().all(|digest| digest[..10] == expected));
}

#[test]
#[should_panic(expected = "one chunk for each message")]
fn chunks_and_messages_must_be_as_many() {
    Batch::new(2).update(&[b"one"]);
}

/// Runs one width by itself, with fewer messages than lanes too, whatever this machine would
/// choose.
fn one_width<const N: usize>(run: fn(&mut [State; N], [&[Block]; N])) {
    for used in 1..=N {
        let messages: Vec<Vec<Block>> = (0..used)
            .map(|i| sample(i, 64 * (5 + i % 3)).as_chunks().0.to_vec())
            .collect();
        let mut states = vec![INITIAL; used];
        let mut waiting: Vec<(&mut State, &[Block])> = states
            .iter_mut()
            .zip(&messages)
            .map(|(state, blocks)| (state, &blocks[..]))
            .collect();
        while !waiting.is_empty() {
            side_by_side(&mut waiting, run);
            waiting.retain(|(_, blocks)| !blocks.is_empty());
        }
        for (state, message) in states.iter().zip(&messages) {
            let mut expected = INITIAL;
            compress_one(&mut expected, message);
            assert_eq!(*state, expected, "{used} of {N} lanes");
        }
    }
}

#[test]
fn sixteen_lanes() {
    one_width(run_16);
}

#[test]
fn eight_lanes() {
    one_width(run_8);
}

#[test]
fn four_lanes() {
    one_width(run_4);
}

proptest! {
    #[test]
    fn messages_of_any_lengths_in_any_cuts(
        messages in vec((vec(any::<u8>(), 0..1500), 1..400_usize), 0..24),
    ) {
        let parts: Vec<Vec<&[u8]>> = messages.iter().map(|(bytes, cut)| bytes.chunks(*cut).collect()).collect();
        let expected: Vec<Digest> = messages.iter().map(|(bytes, _)| judge(bytes)).collect();
        prop_assert_eq!(digest_many(&parts), expected.clone());
        let singly: Vec<Digest> = parts.iter().map(|parts| digest(parts)).collect();
        prop_assert_eq!(singly, expected);
    }

    #[test]
    fn a_batch_grows_by_uneven_chunks(rounds in vec(vec(vec(any::<u8>(), 0..300), 13), 0..8)) {
        let mut batch = Batch::new(13);
        let mut whole = vec![Vec::new(); 13];
        for chunks in &rounds {
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            batch.update(&chunks);
            for (message, chunk) in whole.iter_mut().zip(chunks) {
                message.extend_from_slice(chunk);
            }
        }
        let expected: Vec<Digest> = whole.iter().map(|message| judge(message)).collect();
        prop_assert_eq!(batch.finish(), expected);
    }
}
