//! Waiting for something to become true. Tests never measure time; this is the bound after which they give up.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a test waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `ready` returns something, and gives that.
///
/// # Panics
///
/// When nothing came within [`PATIENCE`]; `what` is in the message.
pub fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "waited {} s for {what}",
            PATIENCE.as_secs()
        );
        sleep(Duration::from_millis(20));
    }
}

/// Waits until `condition` holds.
///
/// # Panics
///
/// Like [`until`].
pub fn until_true(what: &str, mut condition: impl FnMut() -> bool) {
    until(what, || condition().then_some(()));
}
