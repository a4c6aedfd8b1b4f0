//! Tit for tat as a game: five others who answer what they get, and the real choker.

use std::time::Duration;

use choker::{Candidate, Choker, PeerKey, ROUND, Reason};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// One of the others.
pub struct Player {
    pub name: &'static str,
    /// What it gives us in a round, in KiB a second, if it got something from us in the one before.
    pub gives: u64,
    /// What it takes from a seeder that serves it, in KiB a second.
    pub takes: u64,
    /// The round in which it comes.
    pub comes: usize,
    /// The round from which on it leaves our requests unanswered.
    pub stops: Option<usize>,
}

/// Who plays.
pub const PLAYERS: [Player; 5] = [
    player("ada", [40, 40], 1, Some(10)),
    player("ben", [30, 30], 1, None),
    player("carl", [20, 10], 1, None),
    player("dora", [0, 20], 1, None),
    player("emil", [50, 60], 5, None),
];

const fn player(
    name: &'static str,
    [gives, takes]: [u64; 2],
    comes: usize,
    stops: Option<usize>,
) -> Player {
    Player {
        name,
        gives,
        takes,
        comes,
        stops,
    }
}

/// Bytes of a piece.
const PIECE: u64 = 256 * 1024;

/// How we stand to one player in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// What it gave us since the round before, in bytes a second.
    pub rate: u64,
    pub unchoked: bool,
    pub reason: Reason,
}

/// So many rounds with so many slots: for each round, and each player that is there, how it stands.
/// Who seeds gets nothing; `rate` is then what a player takes.
pub fn play(rounds: usize, slots: usize, seeding: bool, seed: u64) -> Vec<Vec<Option<Stand>>> {
    let (mut choker, mut rng) = (Choker::new(slots), ChaCha8Rng::seed_from_u64(seed));
    let mut stands: Vec<Option<Stand>> = vec![None; PLAYERS.len()];
    let mut game = Vec::new();
    for round in 1..=rounds {
        let now = ROUND * (round as u32 - 1);
        let here = (0..PLAYERS.len()).filter(|&at| PLAYERS[at].comes <= round);
        let candidates: Vec<Candidate> = here
            .map(|at| candidate(at, round, seeding, stands[at], &game))
            .collect();
        let decisions = choker.round(now, seeding, &candidates, &mut rng);
        for (candidate, decision) in candidates.iter().zip(decisions) {
            stands[candidate.peer.0 as usize] = Some(Stand {
                rate: candidate.rate,
                unchoked: decision.unchoke,
                reason: decision.reason,
            });
        }
        game.push(stands.clone());
    }
    game
}

/// What the choker has to know of a player at the beginning of a round.
fn candidate(
    at: usize,
    round: usize,
    seeding: bool,
    before: Option<Stand>,
    game: &[Vec<Option<Stand>>],
) -> Candidate {
    let player = &PLAYERS[at];
    let had = before.is_some_and(|stand| stand.unchoked);
    let silent = !seeding && player.stops.is_some_and(|from| round >= from);
    let past = game.iter().filter_map(|stands| stands[at]);
    let gave: u64 = past.clone().map(|stand| stand.rate).sum();
    let turn = past.clone().rev().take_while(|stand| stand.unchoked);
    let turn = turn.count();
    // As in the client: one that has owed us something for twenty seconds is snubbed.
    let snubbed = silent && player.stops.is_some_and(|from| round >= from + 2);
    Candidate {
        peer: PeerKey(at as u32),
        host: (at as u32).to_be_bytes().into(),
        interested: true,
        unchoked: had,
        rate: match had && !silent {
            true if seeding => player.takes * 1024,
            true => player.gives * 1024,
            false => 0,
        },
        since: ROUND * (round - player.comes) as u32,
        snubbed,
        served: turn as u64 * ROUND.as_secs() * player.takes * 1024 >= PIECE,
        pieces: 10 * at as u32,
        gave,
        got: past.filter(|stand| stand.unchoked).count() as u64,
    }
}

/// The time at the beginning of a round.
pub fn time(round: usize) -> Duration {
    ROUND * (round as u32 - 1)
}
