//! Exercise 12c: everybody stops.

#[path = "common/tiny.rs"]
mod tiny;
#[allow(dead_code)]
#[path = "common/tools.rs"]
mod tools;

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use tiny::{Clock, Executor};
use tools::{First, first};

// ANCHOR: answer
/// Tells any number of tasks that it is time to stop.
#[derive(Clone, Default)]
struct Stop(Rc<RefCell<(bool, Vec<Waker>)>>);

impl Stop {
    /// It is time.
    fn ask(&self) {
        let mut stop = self.0.borrow_mut();
        stop.0 = true;
        stop.1.drain(..).for_each(Waker::wake);
    }

    /// Waits until it is time.
    async fn asked(&self) {
        poll_fn(|context| {
            let mut stop = self.0.borrow_mut();
            if stop.0 {
                return Poll::Ready(());
            }
            stop.1.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Works until it is asked to stop: what is begun is ended, and then it says goodbye.
async fn work(name: u32, clock: Clock, stop: Stop, said: Rc<RefCell<Vec<String>>>) {
    let mut blocks = 0;
    while let First::Other(()) = first(stop.asked(), clock.sleep(70)).await {
        blocks += 1;
    }
    let goodbye = format!("{} ms: peer {name} goes after {blocks} blocks", clock.now());
    said.borrow_mut().push(goodbye);
}
// ANCHOR_END: answer

/// Three peers, and somebody who presses Ctrl-C after half a second.
fn story() -> Vec<String> {
    let mut executor = Executor::default();
    let (stop, said) = (Stop::default(), Rc::<RefCell<Vec<String>>>::default());
    for name in 1..=3 {
        let clock = executor.clock.clone();
        executor.spawn(work(name, clock, stop.clone(), said.clone()));
    }
    let clock = executor.clock.clone();
    executor.spawn(async move {
        clock.sleep(500).await;
        stop.ask();
    });
    executor.run();
    said.take()
}

fn main() {
    story().iter().for_each(|line| println!("{line}"));
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn all_stop_at_once_and_none_is_forgotten() {
        let lines = [1, 2, 3].map(|peer| format!("500 ms: peer {peer} goes after 7 blocks"));
        assert_eq!(story(), lines);
        main();
    }
}
