//! Lines that stay, and below them a picture that is drawn again in its place.

use std::io::{self, Write};

use progress::{Colour, Text};

pub struct Screen {
    /// Whether a picture replaces the one before.
    redraws: bool,
    colour: Colour,
    /// The picture that is to be replaced.
    shown: Vec<Text>,
}

impl Screen {
    pub fn new(redraws: bool, colour: Colour) -> Screen {
        Screen {
            redraws,
            colour,
            shown: Vec::new(),
        }
    }

    /// Writes a line that stays, above the picture.
    pub fn say(&mut self, line: &Text) -> io::Result<()> {
        let wiped = self.wipe();
        let line = line.ansi(self.colour);
        self.write(&format!("{wiped}{line}\n{}", self.lines(&self.shown)))
    }

    // ANCHOR: show
    /// Shows a picture; where none can be replaced, with an empty line after it.
    pub fn show(&mut self, picture: &[Text]) -> io::Result<()> {
        let (wiped, lines) = (self.wipe(), self.lines(picture));
        if !self.redraws {
            return self.write(&format!("{lines}\n"));
        }
        self.shown = picture.to_vec();
        self.write(&format!("{wiped}{lines}"))
    }

    fn lines(&self, picture: &[Text]) -> String {
        let lines = picture.iter().map(|line| line.ansi(self.colour) + "\n");
        lines.collect()
    }

    /// Takes the picture away: up to its first line, and clear from there on.
    fn wipe(&self) -> String {
        match self.shown.len() {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\x1b[J"),
        }
    }
    // ANCHOR_END: show

    fn write(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}
