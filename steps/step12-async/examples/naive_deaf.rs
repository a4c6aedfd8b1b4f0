//! A task that waits for one thing, while another comes.
//!
//! `cargo run -p step12-async --example naive_deaf`

#[path = "common/tiny.rs"]
mod tiny;
#[allow(dead_code)]
#[path = "common/tools.rs"]
mod tools;

use std::cell::RefCell;
use std::rc::Rc;

use tiny::{Clock, Executor};
use tools::{Channel, First, first};

type Words = Channel<&'static str>;
type Said = Rc<RefCell<Vec<String>>>;

// ANCHOR: naive
/// A connection that listens to its peer, and then looks for orders.
async fn deaf(peer: Words, orders: Words, say: impl Fn(&str)) {
    while let Some(message) = peer.recv().await {
        say(message);
        if let Some(order) = orders.recv().await {
            say(order);
        }
    }
}
// ANCHOR_END: naive

// ANCHOR: select
/// A connection that listens to both at once.
async fn both(peer: Words, orders: Words, say: impl Fn(&str)) {
    loop {
        match first(peer.recv(), orders.recv()).await {
            First::One(Some(message)) => say(message),
            First::Other(Some(order)) => say(order),
            _ => return,
        }
    }
}
// ANCHOR_END: select

/// The peer speaks after ten seconds; an order comes after a tenth of one.
async fn speak(clock: Clock, peer: Words, orders: Words) {
    clock.sleep(100).await;
    orders.send("we say: cancel").await;
    clock.sleep(9_900).await;
    peer.send("it says: have").await;
    peer.close();
}

/// What is said, and when.
fn story(hears_both: bool) -> Vec<String> {
    let mut executor = Executor::default();
    let (clock, said) = (executor.clock.clone(), Said::default());
    let (peer, orders) = (Channel::new(8), Channel::new(8));
    executor.spawn(speak(clock.clone(), peer.clone(), orders.clone()));
    let lines = said.clone();
    let say = move |what: &str| {
        let line = format!("{:>6.1} s  {what}", clock.now() as f64 / 1000.0);
        lines.borrow_mut().push(line);
    };
    match hears_both {
        false => executor.spawn(deaf(peer, orders, say)),
        true => executor.spawn(both(peer, orders, say)),
    }
    executor.run();
    said.take()
}

fn main() {
    println!("one ear:");
    story(false).iter().for_each(|line| println!("{line}"));
    println!("both:");
    story(true).iter().for_each(|line| println!("{line}"));
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn an_order_waits_for_the_peer_unless_both_are_heard() {
        assert_eq!(
            story(false),
            ["  10.0 s  it says: have", "  10.0 s  we say: cancel"]
        );
        assert_eq!(
            story(true),
            ["   0.1 s  we say: cancel", "  10.0 s  it says: have"]
        );
        main();
    }
}
