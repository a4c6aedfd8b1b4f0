//! A future that is dropped in the middle, and what it had in its hand.
//!
//! `cargo run -p step12-async --example naive_cut_short`

#[path = "common/tiny.rs"]
mod tiny;
#[allow(dead_code)]
#[path = "common/tools.rs"]
mod tools;

use std::cell::RefCell;
use std::rc::Rc;

use tiny::{Clock, Executor};
use tools::{Channel, First, first};

/// What a socket brings, byte by byte.
type Bytes = Channel<u8>;

// ANCHOR: naive
/// Reads a message: a byte says how long it is.
async fn read(bytes: &Bytes) -> Option<Vec<u8>> {
    let length = bytes.recv().await?;
    let mut message = Vec::new();
    while message.len() < usize::from(length) {
        message.push(bytes.recv().await?);
    }
    Some(message)
}

/// Reads messages, and looks around ten times a second.
async fn naive(clock: Clock, bytes: Bytes, say: impl Fn(&[u8])) {
    loop {
        match first(read(&bytes), clock.sleep(100)).await {
            First::One(Some(message)) => say(&message),
            First::One(None) => return,
            First::Other(()) => {} // a look around: and what was read is gone
        }
    }
}
// ANCHOR_END: naive

// ANCHOR: kept
/// What has come of a message, kept where nobody drops it.
#[derive(Default)]
struct Reader {
    begun: Vec<u8>,
}

impl Reader {
    /// Reads on. Dropped at its only `await`, it has lost nothing.
    async fn read(&mut self, bytes: &Bytes) -> Option<Vec<u8>> {
        loop {
            if let Some((&length, message)) = self.begun.split_first()
                && message.len() == usize::from(length)
            {
                return Some(std::mem::take(&mut self.begun).split_off(1));
            }
            self.begun.push(bytes.recv().await?);
        }
    }
}
// ANCHOR_END: kept

async fn careful(clock: Clock, bytes: Bytes, say: impl Fn(&[u8])) {
    let mut reader = Reader::default();
    loop {
        match first(reader.read(&bytes), clock.sleep(100)).await {
            First::One(Some(message)) => say(&message),
            First::One(None) => return,
            First::Other(()) => {}
        }
    }
}

/// A peer that says four words, a byte every 30 milliseconds.
async fn speak(clock: Clock, bytes: Bytes) {
    for byte in b"\x02hi\x06choked\x03now\x03bye" {
        bytes.send(*byte).await;
        clock.sleep(30).await;
    }
    bytes.close();
}

/// The messages that are heard.
fn story(is_careful: bool) -> Vec<String> {
    let mut executor = Executor::default();
    let (clock, bytes) = (executor.clock.clone(), Channel::new(8));
    executor.spawn(speak(clock.clone(), bytes.clone()));
    let said: Rc<RefCell<Vec<String>>> = Rc::default();
    let lines = said.clone();
    let say = move |message: &[u8]| {
        lines.borrow_mut().push(message.escape_ascii().to_string());
    };
    match is_careful {
        false => executor.spawn(naive(clock, bytes, say)),
        true => executor.spawn(careful(clock, bytes, say)),
    }
    executor.run();
    said.take()
}

fn main() {
    println!("dropped in the middle: {:?}", story(false));
    println!("kept:                  {:?}", story(true));
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_a_dropped_future_has_read_is_lost() {
        assert_eq!(story(true), ["hi", "choked", "now", "bye"]);
        let naive = story(false);
        assert_eq!(naive[0], "hi");
        assert!(!naive.contains(&"choked".to_owned()), "{naive:?}");
        main();
    }
}
