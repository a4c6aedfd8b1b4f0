//! The terminal while it is ours: keys come one by one, unseen, and what the user types is no line.
//!
//! It is not made raw. Ctrl-C and Ctrl-Z stay the signals that they are, so that they reach every
//! program of a pipeline and work even if this one hangs; and a line end stays one, so that what
//! anybody else prints, a panic too, is printed as it should be.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::Mutex;
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read};
use rustix::process::{Signal, getpgrp, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use selection::terminal::Hook;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::keys::{Input, parse};

/// How the terminal was, while it is ours.
static FORMER: Mutex<Option<Termios>> = Mutex::new(None);

/// How often a program in the background looks whether it has the terminal again.
const IN_BACKGROUND: Duration = Duration::from_millis(500);

/// The terminal; given back when it is dropped, and before a panic speaks.
pub(super) struct Tty {
    has_keys: bool,
    hidden: bool,
    _hook: Hook,
}

impl Tty {
    /// Keys, if there is a keyboard, and everything else that happens at the terminal go to `inputs`.
    pub fn new(inputs: UnboundedSender<Input>) -> Tty {
        let has_keys = io::stdin().is_terminal();
        if has_keys {
            let inputs = inputs.clone();
            let thread = std::thread::Builder::new().name("keys".to_owned());
            // It ends with the program: nothing can be waited for while a read waits for a key.
            let _ = thread.spawn(move || listen(&inputs));
        }
        tokio::spawn(hear_signals(inputs));
        Tty {
            has_keys,
            hidden: false,
            _hook: Hook::before_a_panic(give_back),
        }
    }

    /// Whether a person can press keys.
    pub fn has_keys(&self) -> bool {
        self.has_keys
    }

    /// Takes the terminal, if it can be had; whether it is ours.
    pub fn take(&mut self) -> bool {
        if !in_foreground() {
            return false;
        }
        if self.has_keys {
            let _ = take_keys();
        }
        if !std::mem::replace(&mut self.hidden, true) {
            let _ = execute!(io::stderr(), Hide);
        }
        true
    }

    /// Gives the terminal back.
    pub fn give_back(&mut self) {
        if std::mem::take(&mut self.hidden) {
            give_back();
        }
    }

    /// Stands still until the user wants to go on. The terminal is to be given back before.
    pub fn stand_still(&self) {
        // Only this process: the others of its group got a signal of their own.
        let _ = kill_process(getpid(), Signal::STOP);
    }

    /// It stood still, and the shell may have changed the terminal.
    pub fn continued(&mut self) {
        self.hidden = false;
        if let Ok(mut former) = FORMER.try_lock() {
            *former = None;
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Lets keys come one by one and unseen.
fn take_keys() -> rustix::io::Result<()> {
    let mut former = FORMER.lock().unwrap_or_else(|lock| lock.into_inner());
    if former.is_none() {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(&stdin, OptionalActions::Now, &modes)?;
        *former = Some(before);
    }
    Ok(())
}

/// Gives the terminal back. If a part of that fails, the rest is done all the same.
fn give_back() {
    let _ = execute!(io::stderr(), Show);
    let _ = io::stderr().flush();
    // A program in the background that touches the terminal is stopped.
    if let Ok(mut former) = FORMER.try_lock()
        && let Some(former) = former.take()
        && in_foreground()
    {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &former);
    }
}

/// Whether the terminal is there for this program, and not for a shell that runs it in the
/// background. Where there is no such thing, it is.
fn in_foreground() -> bool {
    match tcgetpgrp(io::stderr().as_fd()) {
        Ok(group) => group == getpgrp(),
        Err(_) => true,
    }
}

/// Waits for keys, until nobody wants them.
fn listen(inputs: &UnboundedSender<Input>) {
    let stdin = io::stdin();
    let mut bytes = [0; 256];
    while !inputs.is_closed() {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return,
        }
        // What is typed then is for the shell; and who reads it is stopped.
        if !in_foreground() {
            std::thread::sleep(IN_BACKGROUND);
            continue;
        }
        match read(&stdin, &mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                for key in parse(&bytes[..count]) {
                    let _ = inputs.send(Input::Key(key));
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return,
        }
    }
}

async fn hear_signals(inputs: UnboundedSender<Input>) {
    let kind = |signal: Signal| SignalKind::from_raw(signal.as_raw());
    let resized = signal(SignalKind::window_change());
    let suspend = signal(kind(Signal::TSTP));
    let continued = signal(kind(Signal::CONT));
    let (Ok(mut resized), Ok(mut suspend), Ok(mut continued)) = (resized, suspend, continued)
    else {
        return;
    };
    loop {
        let input = tokio::select! {
            _ = resized.recv() => Input::Resized,
            _ = suspend.recv() => Input::Suspend,
            _ = continued.recv() => Input::Continued,
            () = inputs.closed() => return,
        };
        let _ = inputs.send(input);
    }
}
