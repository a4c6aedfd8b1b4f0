//! Two threads, a lock, and a piece that is taken twice all the same.
//!
//! `cargo run -p step11-concurrent-peers --example naive_look_then_take`

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;

/// The pieces that nobody has asked for, for many threads.
type Free = Arc<Mutex<BTreeSet<u32>>>;

// ANCHOR: naive
/// Looks which piece is free, and then takes it. `moment` is what may come between.
fn look_then_take(free: &Free, moment: impl Fn()) -> Option<u32> {
    let piece = free.lock().ok()?.first().copied()?;
    moment();
    free.lock().ok()?.remove(&piece);
    Some(piece)
}
// ANCHOR_END: naive

// ANCHOR: take
/// Looks and takes while nobody else can do either.
fn take(free: &Free, moment: impl Fn()) -> Option<u32> {
    let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
    let piece = free.first().copied()?;
    moment();
    free.remove(&piece);
    Some(piece)
} // the lock is given back here
// ANCHOR_END: take

/// What two threads take that begin at the same moment.
fn both(how: impl Fn(&Free) -> Option<u32> + Copy + Send + 'static) -> Vec<u32> {
    let free: Free = Arc::new(Mutex::new((0..10).collect()));
    let threads = [free.clone(), free].map(|free| thread::spawn(move || how(&free)));
    let taken = threads.map(|thread| thread.join().ok().flatten());
    let mut taken: Vec<u32> = taken.into_iter().flatten().collect();
    taken.sort_unstable();
    taken
}

/// Between look and take the naive ones wait for each other, so that it happens each time.
fn naive() -> Vec<u32> {
    static BOTH_HAVE_LOOKED: std::sync::LazyLock<Barrier> =
        std::sync::LazyLock::new(|| Barrier::new(2));
    both(|free| {
        look_then_take(free, || {
            BOTH_HAVE_LOOKED.wait();
        })
    })
}

fn main() {
    println!(
        "look, then take:   the two threads ask for pieces {:?}",
        naive()
    );
    let taken = both(|free| take(free, thread::yield_now));
    println!("both in one:       the two threads ask for pieces {taken:?}");
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_lock_that_is_given_back_between_protects_nothing() {
        assert_eq!(naive(), [0, 0]);
        for _ in 0..100 {
            assert_eq!(both(|free| take(free, thread::yield_now)), [0, 1]);
        }
        main();
    }
}
