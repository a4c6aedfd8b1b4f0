//! Exercise 12b: no more than so many at once.

#[path = "common/tiny.rs"]
mod tiny;
#[allow(dead_code)]
#[path = "common/tools.rs"]
mod tools;

use std::cell::Cell;
use std::rc::Rc;

use tiny::Executor;
use tools::Channel;

// ANCHOR: answer
/// Lets so many in at a time. It is a channel: a place in it is the right to be in.
#[derive(Clone)]
struct Gate(Channel<()>);

impl Gate {
    fn new(places: usize) -> Gate {
        Gate(Channel::new(places))
    }

    /// Does something as soon as there is a place.
    async fn through<T>(&self, what: impl Future<Output = T>) -> T {
        self.0.send(()).await;
        let done = what.await;
        self.0.recv().await;
        done
    }
}
// ANCHOR_END: answer

/// Makes so many calls of a second each; the most that rang at once, and when the last was over.
fn calls(count: u32, places: usize) -> (u32, u64) {
    let (mut executor, gate) = (Executor::default(), Gate::new(places));
    let (ringing, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    for _ in 0..count {
        let (gate, clock) = (gate.clone(), executor.clock.clone());
        let (ringing, most) = (ringing.clone(), most.clone());
        executor.spawn(async move {
            let call = async {
                ringing.set(ringing.get() + 1);
                most.set(most.get().max(ringing.get()));
                clock.sleep(1_000).await;
                ringing.set(ringing.get() - 1);
            };
            gate.through(call).await;
        });
    }
    executor.run();
    (most.get(), executor.clock.now())
}

fn main() {
    for (count, places) in [(10, 20), (100, 20), (100, 1)] {
        let (most, end) = calls(count, places);
        println!(
            "{count} calls, {places} places: {most} at once, over after {} s",
            end / 1000
        );
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn never_more_than_there_are_places_and_no_place_is_left_empty() {
        assert_eq!(calls(10, 20), (10, 1_000));
        assert_eq!(calls(100, 20), (20, 5_000));
        assert_eq!(calls(3, 1), (1, 3_000));
        main();
    }
}
