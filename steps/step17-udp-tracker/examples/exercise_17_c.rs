//! Exercise 17c: connection ids of several machines that change their key.

use sha1::{Digest as _, Sha1};

// ANCHOR: answer
/// A key is good for an hour, and an id for two minutes at least.
const HOUR: u64 = 60 * 60;
const TAKEN: u64 = 2 * 60;

/// A connection id for who is at this address, by the key of this hour. Each machine makes the keys
/// itself, of one secret that all of them have; which of them answers makes no difference.
fn id_at(secret: &[u8; 20], addr: &[u8], second: u64) -> [u8; 8] {
    let hour = (second / HOUR).to_be_bytes();
    let key = Sha1::new().chain_update(secret).chain_update(hour);
    let minute = (second / 60).to_be_bytes();
    let hash = Sha1::new().chain_update(key.finalize());
    let hash = hash.chain_update(addr).chain_update(minute).finalize();
    std::array::from_fn(|i| hash[i])
}

/// Whether this id was given to this address in the last two minutes, or in the minute before. In the
/// first minutes of an hour some of them were made with the key of the hour before.
fn is_good(secret: &[u8; 20], id: [u8; 8], addr: &[u8], now: u64) -> bool {
    let mut minutes = (0..=TAKEN / 60).filter_map(|ago| now.checked_sub(60 * ago));
    minutes.any(|then| id_at(secret, addr, then) == id)
}
// ANCHOR_END: answer

fn main() {
    let secret = [7; 20];
    let given = id_at(&secret, b"ada", HOUR - 1);
    println!("{}", is_good(&secret, given, b"ada", HOUR + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 20] = [7; 20];

    #[test]
    fn every_id_is_good_for_two_minutes_also_over_a_change_of_keys_and_never_for_three() {
        for given in (0..3 * HOUR).step_by(7).chain([HOUR - 1, HOUR]) {
            let id = id_at(&SECRET, b"ada", given);
            for after in [0, 1, 59, 60, 119, 120] {
                assert!(is_good(&SECRET, id, b"ada", given + after), "{given}");
            }
            assert!(!is_good(&SECRET, id, b"ada", given + 180), "{given}");
            assert!(!is_good(&SECRET, id, b"eve", given));
            assert!(!is_good(&[8; 20], id, b"ada", given));
        }
        main();
    }

    #[test]
    fn the_key_of_another_hour_makes_other_ids() {
        // The same minute number cannot come twice, so this can be seen only in the keys.
        let ids: Vec<_> = (0..4)
            .map(|hour| id_at(&SECRET, b"ada", hour * HOUR))
            .collect();
        assert!((1..4).all(|n| !ids[..n].contains(&ids[n])));
    }
}
