//! Ctrl-C, and what a system sends when it wants a program to end.

use std::io;
#[cfg(unix)]
use std::task::Poll;

/// Requests to end, one after another. They are noted from the moment this is made.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    signals: tokio::signal::windows::CtrlC,
}

impl Interrupts {
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Interrupts> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut signals = vec![
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ];
        if !hangup_is_ignored() {
            signals.push(signal(SignalKind::hangup())?);
        }
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
        std::future::poll_fn(|context| {
            let mut came = self.signals.iter_mut().map(|s| s.poll_recv(context));
            match came.any(|signal| signal.is_ready()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// The next one.
    #[cfg(windows)]
    pub(crate) async fn next(&mut self) {
        self.signals.recv().await;
    }
}

/// Whether we were started to outlive our terminal, as `nohup` does: it lets the signal of a closed
/// terminal be ignored, and listening to it would undo that. Linux tells; elsewhere `nohup` shows by
/// having led the output away from the terminal.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => ignores_hangup(&status),
        Err(_) => !io::IsTerminal::is_terminal(&io::stderr()),
    }
}

/// Reads the mask of ignored signals; the hangup is signal 1, its lowest bit.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_hangup_that_is_ignored_stays_so() {
        assert!(ignores_hangup("SigBlk:\t0\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("SigBlk:\t1\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }
}
