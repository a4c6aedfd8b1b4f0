//! A program that ends while a task of its still works.
//!
//! `cargo run -p step12-async --example naive_goodbye`

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::sleep;

// ANCHOR: disk
/// Writes pieces, and counts those that are written.
async fn disk(mut pieces: mpsc::Receiver<u32>, written: Rc<Cell<u32>>) {
    while pieces.recv().await.is_some() {
        sleep(Duration::from_millis(5)).await;
        written.set(written.get() + 1);
    }
}
// ANCHOR_END: disk

// ANCHOR: naive
/// Hands five pieces to the disk, and is done.
async fn naive(written: Rc<Cell<u32>>) {
    let (pieces, disk_pieces) = mpsc::channel(8);
    spawn_local(disk(disk_pieces, written));
    for piece in 0..5 {
        let _ = pieces.send(piece).await;
    }
}
// ANCHOR_END: naive

// ANCHOR: careful
/// The same, and says that no more will come, and waits.
async fn careful(written: Rc<Cell<u32>>) {
    let (pieces, disk_pieces) = mpsc::channel(8);
    let disk = spawn_local(disk(disk_pieces, written));
    for piece in 0..5 {
        let _ = pieces.send(piece).await;
    }
    drop(pieces); // the channel is closed: `recv` gives `None` when it is empty
    let _ = disk.await;
}
// ANCHOR_END: careful

/// How many pieces are written when the program has ended.
fn run<F: Future<Output = ()>>(program: impl FnOnce(Rc<Cell<u32>>) -> F) -> io::Result<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let written = Rc::new(Cell::new(0));
    LocalSet::new().block_on(&runtime, program(written.clone()));
    Ok(written.get())
}

fn main() -> io::Result<()> {
    println!("just ended:       {} of 5 pieces are written", run(naive)?);
    println!(
        "closed, waited:   {} of 5 pieces are written",
        run(careful)?
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_waited_for_is_dropped() {
        assert_eq!(run(naive).unwrap(), 0);
        assert_eq!(run(careful).unwrap(), 5);
        main().unwrap();
    }
}
