//! Three tasks on our own executor, in a time that needs none.
//!
//! `cargo run -p step12-async --example tiny_executor`

#[path = "common/tiny.rs"]
mod tiny;

use std::cell::RefCell;
use std::rc::Rc;

use tiny::{Clock, Executor};

/// What is said, and when.
type Said = Rc<RefCell<Vec<String>>>;

// ANCHOR: peer
/// A peer that takes so many milliseconds for a block.
async fn peer(name: &'static str, each: u64, clock: Clock, said: Said) {
    for block in 1..=3 {
        clock.sleep(each).await;
        let line = format!("{:>5} ms  {name}: block {block}", clock.now());
        said.borrow_mut().push(line);
    }
}

/// Three of them at once, in one thread.
fn three() -> Said {
    let (mut executor, said) = (Executor::default(), Said::default());
    for (name, each) in [("fast", 100), ("usual", 250), ("slow", 3_600_000)] {
        executor.spawn(peer(name, each, executor.clock.clone(), said.clone()));
    }
    executor.run();
    said
}
// ANCHOR_END: peer

fn main() {
    for line in three().borrow().iter() {
        println!("{line}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn all_run_at_once_and_three_hours_take_no_time() {
        let begun = Instant::now();
        let said = three();
        let said = said.borrow();
        let order: Vec<&str> = said.iter().map(|line| line[10..].trim()).collect();
        assert_eq!(
            order[..3],
            ["fast: block 1", "fast: block 2", "usual: block 1"]
        );
        assert!(said[8].starts_with("10800000 ms"), "{said:?}");
        assert!(begun.elapsed() < Duration::from_secs(60));
        main();
    }
}
