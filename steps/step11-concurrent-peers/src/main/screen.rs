//! Lines that stay, and below them a picture that changes.

use std::io::{self, Write};
use std::time::{Duration, Instant};

/// The picture is drawn again at most so often.
const EVERY: Duration = Duration::from_millis(100);

/// Where nothing can be drawn again there is a picture every so many percent.
const PERCENT: u32 = 10;

/// The reader's screen, or a file.
pub struct Screen {
    is_terminal: bool,
    /// The picture that is to be seen, below everything else: how many lines.
    shown: usize,
    drawn_at: Option<Instant>,
    /// At how many percent the next picture is due, where it cannot be drawn again.
    due: u32,
}

impl Screen {
    pub fn new(is_terminal: bool) -> Screen {
        Screen {
            is_terminal,
            shown: 0,
            drawn_at: None,
            due: 0,
        }
    }

    /// Writes a line that stays.
    pub fn say(&mut self, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(self.wipe().as_bytes())?;
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// Whether a picture is to be shown now, when so many of all pieces are here.
    pub fn is_due(&self, have: u32, all: u32) -> bool {
        let due = match self.is_terminal {
            true => self.drawn_at.is_none_or(|at| at.elapsed() >= EVERY),
            false => have > 0 && percent(have, all) >= self.due,
        };
        due || have == all
    }

    /// Shows the picture. The last one stays.
    pub fn show(&mut self, picture: &[String], have: u32, all: u32) -> io::Result<()> {
        let is_last = have == all;
        self.drawn_at = Some(Instant::now());
        self.due = (percent(have, all) / PERCENT + 1) * PERCENT;
        let mut text = self.wipe();
        for line in picture {
            text += &format!("{line}\n");
        }
        if self.is_terminal && !is_last {
            self.shown = picture.len();
        } else {
            text += "\n";
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Takes the picture away: up to its first line, and clear all below.
    fn wipe(&mut self) -> String {
        match std::mem::take(&mut self.shown) {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\x1b[J"),
        }
    }
}

fn percent(have: u32, all: u32) -> u32 {
    (u64::from(have) * 100 / u64::from(all.max(1))) as u32
}
