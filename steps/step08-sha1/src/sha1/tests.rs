//! The standard's vectors, and the `sha1` crate as the judge.

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use sha1::Digest as _;

use super::*;

/// Digests as the standard prints them.
fn hex(digest: Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn no_bytes_at_all() {
    assert_eq!(hex(sha1(b"")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

/// FIPS 180, appendix A.1: a message of one block.
#[test]
fn the_standards_one_block_message() {
    assert_eq!(
        hex(sha1(b"abc")),
        "a9993e364706816aba3e25717850c26c9cd0d89d"
    );
}

/// FIPS 180, appendix A.2: 56 bytes, so the padding needs a block of its own.
#[test]
fn the_standards_two_block_message() {
    let message = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(
        hex(sha1(message)),
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
    );
}

/// FIPS 180, appendix A.3.
#[test]
fn the_standards_one_million_times_a() {
    let mut hash = Sha1::new();
    for _ in 0..1000 {
        hash.update(&[b'a'; 1000]);
    }
    assert_eq!(
        hex(hash.finish()),
        "34aa973cd4c4daa4f61eeb2bdbad27316534016f"
    );
}

#[test]
fn padding_always_ends_a_block() {
    for length in 0..200 {
        let padding = padding(length);
        assert_eq!((length + padding.len() as u64) % 64, 0);
        assert!((9..=72).contains(&padding.len()));
    }
}

#[test]
fn every_length_around_the_end_of_a_block() {
    let message = [0x5a; 200];
    for length in 0..message.len() {
        let theirs: Digest = sha1::Sha1::digest(&message[..length]).into();
        assert_eq!(sha1(&message[..length]), theirs, "{length} bytes");
    }
}

proptest! {
    #[test]
    fn agrees_with_the_crate_however_the_message_is_cut(
        message in proptest::collection::vec(any::<u8>(), 0..2000),
        cuts in proptest::collection::vec(0..500_usize, 0..20),
    ) {
        let mut hash = Sha1::new();
        let mut rest = &message[..];
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            hash.update(now);
            rest = later;
        }
        hash.update(rest);
        let theirs: Digest = sha1::Sha1::digest(&message).into();
        prop_assert_eq!(hash.finish(), theirs);
    }
}
