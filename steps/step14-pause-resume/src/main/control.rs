//! What the user wants meanwhile: `p` and Enter, and Ctrl-C.

use std::io::{self, Read, Write};
use std::process;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crate::INTERRUPTED;

// ANCHOR: wish
/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Go on.
    Go,
    /// Pause until something else is wanted.
    Pause,
    /// End in order.
    Stop,
}
// ANCHOR_END: wish

// ANCHOR: control
/// Listens to the user.
#[derive(Clone)]
pub struct Control(Arc<(Mutex<Wish>, Condvar)>);
// ANCHOR_END: control

impl Control {
    /// Begins to listen, to the keyboard and to the signals that ask a program to end.
    pub fn listen() -> io::Result<Control> {
        let control = Control(Arc::new((Mutex::new(Wish::Go), Condvar::new())));
        let keys = control.clone();
        thread::spawn(move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                if line.trim().eq_ignore_ascii_case("p") {
                    keys.change(|wish| match wish {
                        Wish::Go => Wish::Pause,
                        Wish::Pause => Wish::Go,
                        Wish::Stop => Wish::Stop,
                    });
                }
            }
        });
        let mut signals = Signals::new()?;
        let stopped = control.clone();
        thread::spawn(move || {
            signals.next();
            stopped.change(|_| Wish::Stop);
            signals.next();
            process::exit(INTERRUPTED.into());
        });
        Ok(control)
    }

    /// What is wanted now.
    pub fn wish(&self) -> Wish {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ANCHOR: wait
    /// Waits while a pause is wanted.
    pub fn wait(&self) {
        let (wish, changed) = &*self.0;
        let wish = wish.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_while(wish, |wish| *wish == Wish::Pause));
    }
    // ANCHOR_END: wait

    // ANCHOR: change
    fn change(&self, change: impl FnOnce(Wish) -> Wish) {
        let (wish, changed) = &*self.0;
        let mut wish = wish.lock().unwrap_or_else(PoisonError::into_inner);
        *wish = change(*wish);
        changed.notify_all();
    }
    // ANCHOR_END: change
}

/// A stream that ends as soon as the user wants something else than to go on. It is asked between
/// two reads, so each must not last long.
pub struct Stoppable<S> {
    pub stream: S,
    pub control: Control,
}

// ANCHOR: stoppable
impl<S: Read> Read for Stoppable<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.control.wish() {
            Wish::Go => self.stream.read(buffer),
            Wish::Pause | Wish::Stop => Err(io::Error::other("the user has interrupted it")),
        }
    }
}
// ANCHOR_END: stoppable

impl<S: Write> Write for Stoppable<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Requests to end, noted from the moment this is made.
struct Signals {
    runtime: tokio::runtime::Runtime,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let inside = runtime.enter();
        #[cfg(unix)]
        let (interrupt, terminate) = {
            use tokio::signal::unix::{SignalKind, signal};
            let interrupt = signal(SignalKind::interrupt())?;
            (interrupt, signal(SignalKind::terminate())?)
        };
        #[cfg(windows)]
        let interrupt = tokio::signal::windows::ctrl_c()?;
        drop(inside);
        Ok(Signals {
            runtime,
            interrupt,
            #[cfg(unix)]
            terminate,
        })
    }

    /// Waits for the next one.
    #[cfg(unix)]
    fn next(&mut self) {
        let (interrupt, terminate) = (&mut self.interrupt, &mut self.terminate);
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
    }

    /// Waits for the next one.
    #[cfg(windows)]
    fn next(&mut self) {
        self.runtime.block_on(self.interrupt.recv());
    }
}
