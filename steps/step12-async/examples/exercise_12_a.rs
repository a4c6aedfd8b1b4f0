//! Exercise 12a: no longer than this.

#[path = "common/tiny.rs"]
mod tiny;
#[allow(dead_code)]
#[path = "common/tools.rs"]
mod tools;

use std::cell::Cell;
use std::rc::Rc;

use tiny::{Clock, Executor};
use tools::{First, first};

// ANCHOR: answer
/// Waits for something, but no longer than so many milliseconds.
async fn within<T>(clock: &Clock, millis: u64, what: impl Future<Output = T>) -> Option<T> {
    match first(what, clock.sleep(millis)).await {
        First::One(done) => Some(done),
        First::Other(()) => None,
    }
}
// ANCHOR_END: answer

/// Whether something that takes so long is done within a second.
fn is_in_time(takes: u64) -> bool {
    let (mut executor, result) = (Executor::default(), Rc::new(Cell::new(false)));
    let (clock, told) = (executor.clock.clone(), result.clone());
    executor.spawn(async move {
        let done = within(&clock, 1_000, clock.sleep(takes)).await;
        told.set(done.is_some());
    });
    executor.run();
    result.get()
}

fn main() {
    for takes in [10, 999, 1_001] {
        println!("{takes} ms: {}", is_in_time(takes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_is_given_up() {
        assert!(is_in_time(10) && is_in_time(999) && !is_in_time(1_001));
        main();
    }
}
