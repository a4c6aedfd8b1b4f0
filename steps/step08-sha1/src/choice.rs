//! What is fastest on this machine. All of it is measured: `cargo bench -p step08-sha1`.

use multiversion::multiversion;
use multiversion::target::match_target;

/// How many words one instruction of this machine works on, as far as we know: 16, 8, 4 or 1.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn vector_words() -> usize {
    match_target! {
        "x86_64+avx512f+avx512bw+avx512vl" => 16,
        "x86_64+avx2" => 8,
        // What every processor of these kinds has.
        "x86_64" => 4,
        "aarch64" => 4,
        _ => 1,
    }
}

/// Whether this machine has instructions made for SHA-1; the `sha1` crate uses them.
pub fn has_sha_instructions() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("sha");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sha2");
    #[allow(unreachable_code)]
    false
}

/// How many messages this machine hashes at once when there are many: 16, 8 or 4; 1 when lanes are
/// no gain here.
///
/// ```
/// assert!([1, 4, 8, 16].contains(&hashing::lane_count()));
/// ```
pub fn lane_count() -> usize {
    lanes_for(usize::MAX)
}

/// How many lanes to use when `waiting` messages have something to hash; 1 is to hash them one by
/// one.
pub fn lanes_for(waiting: usize) -> usize {
    choose(vector_words(), has_sha_instructions(), waiting)
}

// ANCHOR: choose
/// Lanes cost the same however few of them are in use, so few messages are faster one by one.
///
/// Where this was measured, 16, 8 and 4 lanes hashed a byte in 0.39, 0.46 and 1.0 of the time that
/// the SHA instructions took, and in 0.16, 0.2 and 0.45 of the time of plain code. So 8 lanes are a
/// gain from 4 messages on, or from 5 to be sure, and 16 lanes from 11 on, where 8 lanes and three
/// more messages would take longer.
fn choose(vector_words: usize, sha_instructions: bool, waiting: usize) -> usize {
    match (vector_words, sha_instructions) {
        (16, true) if waiting >= 11 => 16,
        (16, false) if waiting >= 9 => 16,
        (8 | 16, true) if waiting >= 5 => 8,
        (8 | 16, false) if waiting >= 2 => 8,
        (4, false) if waiting >= 2 => 4,
        _ => 1,
    }
}
// ANCHOR_END: choose

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn a_single_message_takes_no_lanes() {
        for words in [1, 4, 8, 16] {
            for sha in [true, false] {
                assert_eq!(choose(words, sha, 1), 1);
            }
        }
    }

    #[test]
    fn lanes_are_never_wider_than_the_machine() {
        for words in [1, 4, 8, 16] {
            for sha in [true, false] {
                for waiting in 0..40 {
                    let lanes = choose(words, sha, waiting);
                    assert!(lanes <= words && [1, 4, 8, 16].contains(&lanes));
                }
            }
        }
    }

    #[test]
    fn half_filled_wide_lanes_give_way_to_narrow_ones() {
        assert_eq!(
            (
                choose(16, true, 16),
                choose(16, true, 8),
                choose(16, true, 4)
            ),
            (16, 8, 1)
        );
    }
}
