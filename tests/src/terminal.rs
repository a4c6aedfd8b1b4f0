//! A program on a terminal of its own, and what is to be seen there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::{kostorrent, process, programs, wait};

/// A client that runs on a terminal. Dropping it ends it.
#[derive(Debug)]
pub struct OnTerminal {
    child: Child,
    keyboard: File,
    /// The end of the terminal that the program has, too.
    line: OwnedFd,
    screen: Arc<Mutex<Screen>>,
}

impl OnTerminal {
    /// Starts the client with these arguments on a terminal of so many columns and rows.
    ///
    /// # Panics
    ///
    /// When there is no terminal to be had, or the program cannot be started.
    #[must_use]
    pub fn start(arguments: &[&str], columns: u16, rows: u16) -> OnTerminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it can be opened");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let line = open(&name, flags, Mode::empty()).expect("its other end");
        let screen = Arc::new(Mutex::new(Screen::default()));
        let end = || Stdio::from(line.try_clone().expect("one more of it"));
        resize(&line, &screen, columns, rows);
        let child = process::command("setsid")
            .arg("--ctty")
            .arg(programs::kostorrent())
            .args(arguments)
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env("XDG_STATE_HOME", kostorrent::state())
            .env_remove("NO_COLOR")
            .env("KOSTORRENT_LSD", "off")
            .env_remove("KOSTORRENT_LOG")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid, of util-linux, starts the program");
        let keyboard = File::from(master);
        let (output, seen) = (keyboard.try_clone().expect("one more"), screen.clone());
        thread::spawn(move || read(output, &seen));
        OnTerminal {
            child,
            keyboard,
            line,
            screen,
        }
    }

    /// What is to be seen, row by row.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.text()
    }

    /// Waits until some row has this in it.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub fn wait_for(&self, text: &str) {
        let there = || self.rows().iter().any(|row| row.contains(text));
        wait::until_true(&format!("{text:?} on the terminal"), there);
    }

    /// Types this.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn type_in(&mut self, text: &str) {
        self.keyboard
            .write_all(text.as_bytes())
            .expect("the terminal takes it");
    }

    /// Gives the terminal another size, of which the program is told.
    pub fn resize(&self, columns: u16, rows: u16) {
        resize(&self.line, &self.screen, columns, rows);
    }

    /// Sends the program a signal.
    ///
    /// # Panics
    ///
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the program is there");
    }

    /// Whether what is typed is shown, and comes line by line: as a shell leaves a terminal.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    #[must_use]
    pub fn is_as_usual(&self) -> bool {
        let modes = tcgetattr(&self.line).expect("a terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Whether the program stands still, as after Ctrl-Z.
    #[must_use]
    pub fn stands_still(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        // After the name, which is in brackets, comes the state.
        stat.is_ok_and(|stat| stat.rsplit(')').next().unwrap_or("").starts_with(" T"))
    }

    /// Waits for the end of the program.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn wait(&mut self) -> ExitStatus {
        wait::until("the end of the program", || {
            self.child.try_wait().expect("it can be waited for")
        })
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resize(line: &impl AsFd, screen: &Mutex<Screen>, columns: u16, rows: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
    screen.columns = columns.into();
    tcsetwinsize(line, size).expect("a terminal has a size");
}

fn read(mut output: File, screen: &Mutex<Screen>) {
    let mut bytes = [0; 4096];
    let mut rest = Vec::new();
    while let Ok(count @ 1..) = output.read(&mut bytes) {
        rest.extend_from_slice(&bytes[..count]);
        let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
        let used = screen.take(&rest);
        rest.drain(..used);
    }
}

/// As much of a terminal as the client uses. Rows are never too many; what a narrower one would wrap
/// stays as it is.
#[derive(Debug, Default)]
struct Screen {
    columns: usize,
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    /// Takes in what is whole of this: how many bytes of it.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
        };
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let mut used = c.len_utf8();
            match c {
                '\u{1b}' => {
                    let end = text[at + 1..].find(|c: char| c.is_ascii_alphabetic());
                    let Some(end) = end.map(|end| at + 1 + end) else {
                        return at;
                    };
                    self.control(&text[at + 2..=end]);
                    used = end + 1 - at;
                }
                '\r' => self.column = 0,
                '\n' => self.row += 1,
                c => self.print(c),
            }
            at += used;
        }
        at
    }

    fn control(&mut self, sequence: &str) {
        let (number, end) = sequence.split_at(sequence.len() - 1);
        match end {
            "A" => self.row = self.row.saturating_sub(number.parse().unwrap_or(1)),
            "K" | "J" => {
                if let Some(row) = self.rows.get_mut(self.row) {
                    row.truncate(self.column);
                }
                if end == "J" {
                    self.rows.truncate(self.row + 1);
                }
            }
            _ => {}
        }
    }

    fn print(&mut self, c: char) {
        if self.column >= self.columns {
            self.column = 0;
            self.row += 1;
        }
        if self.rows.len() <= self.row {
            self.rows.resize(self.row + 1, Vec::new());
        }
        let row = &mut self.rows[self.row];
        row.resize(row.len().max(self.column + 1), ' ');
        row[self.column] = c;
        self.column += 1;
    }

    fn text(&self) -> Vec<String> {
        let text = |row: &Vec<char>| row.iter().collect::<String>();
        self.rows.iter().map(text).collect()
    }
}
