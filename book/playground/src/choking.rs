//! Chapter 16: a crowd that answers what it gets, for the reader and for the real choker.

use std::time::Duration;

use choker::{Candidate, Choker, PeerKey, ROUND};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::within;

/// A game has so many rounds; in each so many have a slot, the optimistic one among them.
const ROUNDS: usize = 16;
const SLOTS: usize = 3;

const KIB: u64 = 1024;

const NAMES: [&str; 7] = ["Ada", "Ben", "Carl", "Dora", "Emil", "Fay", "Gil"];

/// What is behind the names, which are dealt out anew in each game.
const KINDS: [Kind; 7] = [
    kind(60, 5, None),
    kind(50, 1, Some(9)),
    kind(40, 1, None),
    kind(25, 1, None),
    kind(10, 1, None),
    kind(0, 1, None),
    kind(0, 3, None),
];

/// One of the others.
#[derive(Clone, Copy)]
struct Kind {
    /// What it gives in a round, in KiB a second, if it had a slot in the one before.
    gives: u64,
    /// The round in which it comes.
    comes: usize,
    /// The round from which on it answers nobody.
    stops: Option<usize>,
}

const fn kind(gives: u64, comes: usize, stops: Option<usize>) -> Kind {
    Kind {
        gives,
        comes,
        stops,
    }
}

#[derive(Deserialize)]
pub(crate) struct Played {
    seed: u64,
    /// Who had a slot in each round so far: places of players.
    choices: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
pub(crate) struct Game {
    seed: u64,
}

#[derive(Serialize)]
pub(crate) struct Story {
    slots: usize,
    of: usize,
    names: [&'static str; 7],
    /// Every round that has begun.
    rounds: Vec<Vec<Stand>>,
    /// What was got in all, in KiB.
    got: u64,
    /// When the game is over, what everybody would have given, in KiB a second.
    gives: Option<[u64; 7]>,
}

/// How one of the others stands at the beginning of a round.
#[derive(Serialize, Clone)]
struct Stand {
    here: bool,
    /// What it gave in the round before, in KiB a second.
    gave: u64,
    /// Whether it has a slot in this round; in one that has not been decided yet, whether it had one
    /// in the last.
    slot: bool,
    /// Why the choker decided so.
    reason: Option<String>,
}

/// The game as the reader has played it so far, and the round that is to be decided.
pub(crate) fn play(played: Played) -> Result<Story, String> {
    within("rounds", played.choices.len(), [0, ROUNDS])?;
    for choice in &played.choices {
        within("slots", choice.len(), [0, SLOTS])?;
    }
    let decide = |round: usize, _: &[Candidate]| {
        let choice = played.choices.get(round - 1)?;
        Some(choice.iter().map(|&place| (place, None)).collect())
    };
    Ok(story(played.seed, decide))
}

/// The same game as the real choker plays it.
pub(crate) fn choker(game: Game) -> Result<Story, String> {
    let (mut choker, mut rng) = (Choker::new(SLOTS), ChaCha8Rng::seed_from_u64(game.seed));
    let decide = |round: usize, candidates: &[Candidate]| {
        let decisions = choker.round(time(round), false, candidates, &mut rng);
        let chosen = decisions.iter().filter(|decision| decision.unchoke);
        let chosen = chosen.map(|decision| {
            let reason = decision.reason.to_string();
            (decision.peer.0 as usize, Some(reason))
        });
        Some(chosen.collect())
    };
    Ok(story(game.seed, decide))
}

/// Who gets a slot, by place, with the reason if there is one.
type Choice = Vec<(usize, Option<String>)>;

/// Plays until nothing is decided any more.
fn story(seed: u64, mut decide: impl FnMut(usize, &[Candidate]) -> Option<Choice>) -> Story {
    let kinds = deal(seed);
    let (mut rounds, mut got): (Vec<Vec<Stand>>, u64) = (Vec::new(), 0);
    for round in 1..=ROUNDS + 1 {
        let mut stands: Vec<Stand> = (0..kinds.len())
            .map(|place| stand(&kinds[place], round, rounds.last().map(|last| &last[place])))
            .collect();
        got += stands.iter().map(|stand| stand.gave).sum::<u64>() * ROUND.as_secs();
        if round > ROUNDS {
            // Only what the last round has brought.
            rounds.push(stands);
            break;
        }
        let here = (0..kinds.len()).filter(|&place| stands[place].here);
        let candidates: Vec<Candidate> = here
            .map(|place| candidate(place, &kinds[place], round, &stands[place], &rounds))
            .collect();
        let Some(choice) = decide(round, &candidates) else {
            rounds.push(stands);
            break;
        };
        stands.iter_mut().for_each(|stand| stand.slot = false);
        for (place, reason) in choice {
            if let Some(stand) = stands.get_mut(place).filter(|stand| stand.here) {
                stand.slot = true;
                stand.reason = reason;
            }
        }
        rounds.push(stands);
    }
    let over = rounds.len() > ROUNDS;
    Story {
        slots: SLOTS,
        of: ROUNDS,
        names: NAMES,
        rounds,
        got,
        gives: over.then(|| kinds.map(|kind| kind.gives)),
    }
}

/// Who is behind which name in this game.
fn deal(seed: u64) -> [Kind; 7] {
    let mut kinds = KINDS;
    kinds.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    kinds
}

fn stand(kind: &Kind, round: usize, last: Option<&Stand>) -> Stand {
    let had = last.is_some_and(|last| last.slot);
    Stand {
        here: kind.comes <= round,
        gave: if had && !is_silent(kind, round) {
            kind.gives
        } else {
            0
        },
        slot: had,
        reason: None,
    }
}

fn is_silent(kind: &Kind, round: usize) -> bool {
    kind.stops.is_some_and(|from| round >= from)
}

/// What the choker has to know.
fn candidate(
    place: usize,
    kind: &Kind,
    round: usize,
    stand: &Stand,
    before: &[Vec<Stand>],
) -> Candidate {
    let past = || before.iter().map(|stands| &stands[place]);
    // As in the client: one that has owed us something for twenty seconds is snubbed.
    let owes = before.iter().rev().take(2).all(|stands| stands[place].slot) && before.len() >= 2;
    Candidate {
        peer: PeerKey(place as u32),
        host: (place as u32).to_be_bytes().into(),
        interested: true,
        unchoked: stand.slot,
        rate: stand.gave * KIB,
        since: ROUND * (round - kind.comes) as u32,
        snubbed: is_silent(kind, round) && owes,
        served: false,
        pieces: 0,
        gave: past().map(|stand| stand.gave * KIB).sum::<u64>() + stand.gave * KIB,
        got: past().filter(|stand| stand.slot).count() as u64,
    }
}

/// The time at the beginning of a round.
fn time(round: usize) -> Duration {
    ROUND * (round as u32 - 1)
}
