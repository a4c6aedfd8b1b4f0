//! Work that blocks, beside a person who may lose patience.

use std::time::Duration;

use tokio::sync::oneshot;

use super::failure::Failure;
use super::interrupt::Interrupts;

/// How often whoever waits is asked to show how far the work is.
const TICK: Duration = Duration::from_millis(100);

/// Does the work on a thread of its own and waits for it, or for an interrupt. Then the work goes
/// on until the program ends, so it must be none that is to be finished.
pub(crate) async fn aside<T: Send + 'static>(
    interrupts: &mut Interrupts,
    work: impl FnOnce() -> T + Send + 'static,
    mut tick: impl FnMut(),
) -> Result<T, Failure> {
    let (sender, mut done) = oneshot::channel();
    let thread = std::thread::Builder::new().spawn(move || drop(sender.send(work())));
    thread.map_err(|error| Failure::Failed(format!("cannot start: {error}")))?;
    let mut ticks = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            biased;
            () = interrupts.next() => {
                return Err(Failure::Interrupted("interrupted; no torrent file was made".into()));
            }
            // The thread ends without a result only by a panic, which has been told.
            done = &mut done => {
                return done.map_err(|_| Failure::Failed("the work has ended unexpectedly".into()));
            }
            _ = ticks.tick() => tick(),
        }
    }
}
