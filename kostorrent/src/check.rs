//! What is on disk already, looked at with every core.

use std::num::NonZero;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use layout::Layout;
use messages::Bitfield;
use storage::{Checker, DiskError, Hashes, Parts, PieceState};

/// What a thread takes at a time: enough that it reads in order, and little enough that all
/// threads end together. In bytes.
const SHARE: u64 = 16 * 1024 * 1024;

/// How far a check has come, and whether it is to go on; shared between threads.
#[derive(Debug, Default)]
pub struct Progress {
    checked: AtomicU32,
    stopped: AtomicBool,
}

impl Progress {
    /// How many pieces have been looked at.
    pub fn checked(&self) -> u32 {
        self.checked.load(Ordering::Relaxed)
    }

    /// Whether [`Progress::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Lets the check end soon, without a result for every piece.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Compares pieces below `root` with the torrent's hashes: those of `which`. All others, and those
/// that were not looked at because [`Progress::stop`] was called, count as missing. What is in no
/// file is read from the part file; what lies in a file that nobody wants, too, if it is not good
/// without.
///
/// # Errors
///
/// [`DiskError`] for the first file that is there and cannot be read.
pub fn check(
    root: &Path,
    layout: &Arc<Layout>,
    hashes: &Hashes,
    (parts, unwanted): &(Parts, Vec<bool>),
    which: &Bitfield,
    progress: &Progress,
) -> Result<Vec<PieceState>, DiskError> {
    let pieces = layout.geometry().pieces();
    let skipped = pieces - which.count();
    progress.checked.fetch_add(skipped, Ordering::Relaxed);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = pieces_in_a_share(layout, threads);
    let next = AtomicU32::new(0);
    let take = || take_share(&next, share, pieces);
    let work = || -> Result<Vec<(u32, PieceState)>, DiskError> {
        let mut found = Vec::new();
        let mut checker = Checker::new(root, layout.clone(), hashes.clone())
            .open_files(storage::OPEN_FILES / threads)
            .parts(parts.clone(), unwanted.clone());
        while let Some(range) = take() {
            if progress.is_stopped() {
                break;
            }
            for run in runs(which, range) {
                let result = checker.check(run, |piece, state| {
                    found.push((piece, state));
                    progress.checked.fetch_add(1, Ordering::Relaxed);
                });
                if result.is_err() {
                    progress.stop();
                }
                result?;
            }
        }
        Ok(found)
    };
    let found: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    let mut states = vec![PieceState::Missing; pieces as usize];
    for found in found {
        for (piece, state) in found? {
            states[piece as usize] = state;
        }
    }
    Ok(states)
}

/// The pieces of `which` in a range, those that are next to each other together.
fn runs(which: &Bitfield, range: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let mut pieces = range.filter(|&piece| which.get(piece)).peekable();
    std::iter::from_fn(move || {
        let first = pieces.next()?;
        let mut end = first + 1;
        while pieces.next_if_eq(&end).is_some() {
            end += 1;
        }
        Some(first..end)
    })
}

/// Enough pieces for the hash lanes, if there are so many for each thread.
fn pieces_in_a_share(layout: &Layout, threads: usize) -> u32 {
    let geometry = layout.geometry();
    let by_size = SHARE / u64::from(geometry.piece_length()).max(1);
    let for_all_lanes = hashing::lane_count() as u64;
    let for_each_thread = u64::from(geometry.pieces()).div_ceil(threads as u64);
    let share = by_size.max(for_all_lanes).min(for_each_thread).max(1);
    u32::try_from(share).unwrap_or(u32::MAX)
}

fn take_share(next: &AtomicU32, share: u32, pieces: u32) -> Option<Range<u32>> {
    let taken = next.try_update(Ordering::Relaxed, Ordering::Relaxed, |from| {
        (from < pieces).then(|| from.saturating_add(share).min(pieces))
    });
    let from = taken.ok()?;
    Some(from..from.saturating_add(share).min(pieces))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn pieces_that_are_next_to_each_other_are_read_together() {
        let mut which = Bitfield::new(20);
        for piece in [0, 2, 3, 4, 9, 10, 19] {
            which.set(piece);
        }
        let runs = |range| runs(&which, range).collect::<Vec<_>>();
        assert_eq!(runs(0..20), [0..1, 2..5, 9..11, 19..20]);
        assert_eq!(runs(3..10), [3..5, 9..10]);
        assert_eq!(runs(11..19), []);
    }
}
