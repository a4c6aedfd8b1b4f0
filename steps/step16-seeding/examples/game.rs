//! Tit for tat, round by round, with what the choker decides and why.
//!
//! `cargo run -p step16-seeding --example game [-- ROUNDS [seed]]`

#[path = "common/game.rs"]
mod game;

use game::{PLAYERS, play, time};

/// Slots that we have: two for those who give most, and the optimistic one.
const SLOTS: usize = 3;

/// The chances of this game.
const SEED: u64 = 92;

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds = args.next().and_then(|arg| arg.parse().ok()).unwrap_or(6);
    let seeding = args.next().is_some();
    let slots = if seeding { 2 } else { SLOTS };
    for (round, stands) in (1..).zip(play(rounds, slots, seeding, SEED)) {
        println!("round {round}, second {}", time(round).as_secs());
        for (player, stand) in PLAYERS.iter().zip(stands) {
            let Some(stand) = stand else { continue };
            let what = match stand.unchoked {
                true => "UNCHOKED",
                false => "choked",
            };
            println!("  {:<5}{what:<9} {}", player.name, stand.reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use choker::Reason;
    use game::Stand;

    use super::*;

    #[test]
    fn those_who_give_most_are_served_and_the_free_rider_is_only_tried() {
        let game = play(12, SLOTS, false, SEED);
        for stands in &game {
            let count = |is: fn(&Reason) -> bool| {
                let all = stands.iter().flatten();
                all.filter(|stand| stand.unchoked && is(&stand.reason))
                    .count()
            };
            assert_eq!(count(|_| true), SLOTS);
            assert_eq!(
                count(|reason| matches!(reason, Reason::Optimistic { .. })),
                1
            );
        }
        let last = &game[11];
        let name = |at: usize| (PLAYERS[at].name, last[at].map(|stand| stand.unchoked));
        assert_eq!(name(1), ("ben", Some(true)));
        assert_eq!(name(4), ("emil", Some(true)));
        assert_eq!(last[0].map(|stand| stand.reason), Some(Reason::Snubbed));
        main();
    }

    #[test]
    fn a_seeder_gives_each_his_turn_again_and_again() {
        let mut turns = [0; PLAYERS.len()];
        let begins = |stand: &Stand| matches!(stand.reason, Reason::WaitedLongest { .. });
        for stands in play(60, 2, true, SEED) {
            for (at, stand) in stands.iter().enumerate() {
                turns[at] += usize::from(stand.as_ref().is_some_and(begins));
            }
        }
        // In sixty rounds; a slow line has longer turns, and so fewer.
        assert!(turns.iter().all(|&turn| turn >= 12), "{turns:?}");
    }
}
