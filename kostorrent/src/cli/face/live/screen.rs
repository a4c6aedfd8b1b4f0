//! Lines that stay, and below them a picture that is drawn again in its place.

use std::io::{self, Write as _};

use crossterm::Command;
use crossterm::cursor::MoveUp;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use progress::{Colour, Text};

/// The end of the terminal that the picture is drawn on.
pub(super) struct Screen {
    colour: Colour,
    /// The picture that is to be seen; the cursor stands at the beginning of its last line.
    shown: Vec<Text>,
    /// The columns that the terminal had then.
    columns: usize,
}

impl Screen {
    pub fn new(colour: Colour) -> Screen {
        Screen {
            colour,
            shown: Vec::new(),
            columns: 0,
        }
    }

    /// Writes lines that stay, and below them a picture of lines that fit.
    pub fn show(&mut self, stay: &[String], picture: Vec<Text>, columns: usize) {
        let out = self.update(stay, picture, columns);
        write(&out);
    }

    /// Takes the picture away.
    pub fn clear(&mut self) {
        if !self.shown.is_empty() {
            let mut out = self.to_first_line(self.columns);
            ansi(&mut out, Clear(ClearType::FromCursorDown));
            self.shown.clear();
            write(&out);
        }
    }

    /// The picture stays where it is, and another is drawn below whatever has come after it.
    pub fn abandon(&mut self) {
        self.shown.clear();
    }

    // ANCHOR: update
    /// What is written to come from the picture that is shown to another; nothing, if they are the
    /// same. Lines that have not changed are not drawn again: nothing flickers.
    fn update(&mut self, stay: &[String], picture: Vec<Text>, columns: usize) -> String {
        if stay.is_empty() && columns == self.columns && picture == self.shown {
            return String::new();
        }
        let mut out = String::new();
        ansi(&mut out, BeginSynchronizedUpdate);
        out += &self.to_first_line(columns);
        // Where everything moves, or the terminal has wrapped it, there is nothing to be kept.
        let anew = !stay.is_empty() || columns != self.columns;
        if columns != self.columns && !self.shown.is_empty() {
            ansi(&mut out, Clear(ClearType::FromCursorDown));
        }
        for line in stay {
            out += line;
            ansi(&mut out, Clear(ClearType::UntilNewLine));
            out += "\r\n";
        }
        for (at, line) in picture.iter().enumerate() {
            if at > 0 {
                out += "\r\n";
            }
            if anew || self.shown.get(at) != Some(line) {
                out += &line.ansi(self.colour);
                ansi(&mut out, Clear(ClearType::UntilNewLine));
            }
        }
        out.push('\r');
        let above = stay.len() + picture.len();
        if above < self.shown.len() || anew {
            clear_below(&mut out, picture.last(), self.colour);
        }
        ansi(&mut out, EndSynchronizedUpdate);
        self.shown = picture;
        self.columns = columns;
        out
    }
    // ANCHOR_END: update

    /// To the first line of the picture: a terminal that has become narrower shows a line in several
    /// rows.
    fn to_first_line(&self, columns: usize) -> String {
        let rows = |line: &Text| line.columns().div_ceil(columns.max(1)).max(1);
        let mut above: usize = self.shown.iter().map(rows).sum();
        // The cursor stands at the beginning of the last line, in whichever row that is.
        let last = self.shown.last().map_or(0, rows);
        above -= last;
        let mut out = String::from("\r");
        if let Ok(above @ 1..) = u16::try_from(above) {
            ansi(&mut out, MoveUp(above));
        }
        out
    }
}

/// Clears what stands below the last line, which stays.
fn clear_below(out: &mut String, last: Option<&Text>, colour: Colour) {
    ansi(out, Clear(ClearType::FromCursorDown));
    if let Some(last) = last {
        *out += &last.ansi(colour);
        out.push('\r');
    }
}

fn ansi(out: &mut String, command: impl Command) {
    let _ = command.write_ansi(out);
}

/// All at once; when that is impossible there is nobody left to look.
fn write(out: &str) {
    if !out.is_empty() {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(out.as_bytes());
        let _ = stderr.flush();
    }
}

#[cfg(test)]
mod tests;
