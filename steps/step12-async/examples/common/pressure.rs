//! A task that sends faster than another one takes.

use std::cell::RefCell;
use std::rc::Rc;

use super::tiny::{Clock, Executor};
use super::tools::Channel;

/// A piece comes every so many milliseconds, and the disk takes so many for each.
const COMES: u64 = 20;
const TAKES: u64 = 100;

// ANCHOR: naive
/// Sends pieces as fast as they come. If the channel is full, it waits.
async fn connection(clock: Clock, pieces: Channel<u32>, count: u32) {
    for piece in 0..count {
        clock.sleep(COMES).await;
        pieces.send(piece).await;
    }
    pieces.close();
}

/// Writes them, as fast as it can.
async fn disk(clock: Clock, pieces: Channel<u32>) {
    while pieces.recv().await.is_some() {
        clock.sleep(TAKES).await;
    }
}
// ANCHOR_END: naive

/// How many pieces wait after each tenth of a second, and when all were written.
pub fn levels(places: usize, count: u32) -> (Vec<(u64, usize)>, u64) {
    let mut executor = Executor::default();
    let clock = executor.clock.clone();
    let pieces = Channel::new(places);
    let levels: Rc<RefCell<Vec<(u64, usize)>>> = Rc::default();
    executor.spawn(connection(clock.clone(), pieces.clone(), count));
    executor.spawn(disk(clock.clone(), pieces.clone()));
    let (seen, now) = (levels.clone(), clock.clone());
    executor.spawn(async move {
        while now.now() < u64::from(count) * TAKES {
            seen.borrow_mut().push((now.now(), pieces.len()));
            now.sleep(100).await;
        }
    });
    executor.run();
    (levels.take(), clock.now())
}
