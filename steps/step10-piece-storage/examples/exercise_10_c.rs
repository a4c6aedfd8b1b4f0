//! Exercise 10c: a disk that forgets, and what may be claimed of it.

use std::collections::BTreeMap;

// ANCHOR: disk
/// What a program does to its disk: it writes to a block, or waits until all is durable.
#[derive(Clone, Copy, Debug)]
enum Call {
    Write(u32, u8),
    Sync,
}

/// What is on the disk itself after these calls and a power cut. Of the writes since the last sync
/// the system may have brought any there by itself, in any order: `lucky` has a bit for each.
fn after_power_cut(calls: &[Call], lucky: u32) -> BTreeMap<u32, u8> {
    let synced = calls.iter().rposition(|call| matches!(call, Call::Sync));
    let (durable, cached) = calls.split_at(synced.map_or(0, |at| at + 1));
    let survives = |index: &usize| lucky >> index & 1 == 1;
    let cached = cached
        .iter()
        .enumerate()
        .filter(|(index, _)| survives(index));
    let writes = durable.iter().chain(cached.map(|(_, call)| call));
    let writes = writes.filter_map(|call| match call {
        Call::Write(block, byte) => Some((*block, *byte)),
        Call::Sync => None,
    });
    writes.collect()
}
// ANCHOR_END: disk

// ANCHOR: answer
/// The block that notes how many pieces, from the first on, may be relied upon.
const RECORD: u32 = 1000;

/// Writes pieces, and notes after every third how many there are.
fn download(pieces: u8, is_careful: bool) -> Vec<Call> {
    let mut calls = Vec::new();
    for piece in 0..pieces {
        calls.push(Call::Write(piece.into(), 1));
        if (piece + 1).is_multiple_of(3) {
            if is_careful {
                calls.push(Call::Sync); // first what is claimed, then the claim
            }
            calls.push(Call::Write(RECORD, piece + 1));
            calls.push(Call::Sync);
        }
    }
    calls
}

/// Power cuts after which the record claims a piece that is not there: after how many calls, and
/// which writes were lucky.
fn broken_promises(calls: &[Call]) -> Vec<(usize, u32)> {
    let mut broken = Vec::new();
    for made in 0..=calls.len() {
        for lucky in 0..16 {
            let disk = after_power_cut(&calls[..made], lucky);
            let claimed = disk.get(&RECORD).copied().unwrap_or(0);
            if (0..claimed).any(|piece| !disk.contains_key(&piece.into())) {
                broken.push((made, lucky));
            }
        }
    }
    broken
}
// ANCHOR_END: answer

fn main() {
    for (name, is_careful) in [("sync once", false), ("sync, note, sync", true)] {
        let broken = broken_promises(&download(9, is_careful));
        println!("{name}: {} broken promises", broken.len());
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_synced_stays_and_of_the_rest_anything_may() {
        let calls = [
            Call::Write(1, 7),
            Call::Sync,
            Call::Write(1, 8),
            Call::Write(2, 9),
        ];
        let after = |lucky| {
            after_power_cut(&calls, lucky)
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(after(0b00), [(1, 7)]);
        assert_eq!(after(0b10), [(1, 7), (2, 9)]);
        assert_eq!(after(0b11), [(1, 8), (2, 9)]);
    }

    #[test]
    fn the_claim_comes_after_what_is_claimed() {
        assert_eq!(broken_promises(&download(9, true)), []);
        // Three pieces and their record are cached: the record alone is lucky.
        assert!(broken_promises(&download(9, false)).contains(&(4, 0b1000)));
        main();
    }
}
