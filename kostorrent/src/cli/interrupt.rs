//! Ctrl-C, and what a system sends when it wants a program to end.

use std::io;

/// Requests to end, one after another. They are noted from the moment this is made.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
    #[cfg(windows)]
    signals: tokio::signal::windows::CtrlC,
}

impl Interrupts {
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Interrupts> {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ];
        Ok(Interrupts { signals })
    }

    #[cfg(windows)]
    pub(crate) fn new() -> io::Result<Interrupts> {
        Ok(Interrupts {
            signals: tokio::signal::windows::ctrl_c()?,
        })
    }

    /// The next one.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    /// The next one.
    #[cfg(windows)]
    pub(crate) async fn next(&mut self) {
        self.signals.recv().await;
    }
}
