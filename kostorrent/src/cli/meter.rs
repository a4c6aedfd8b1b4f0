//! How far a long look at files has come.

use std::io::{self, IsTerminal, Write};

use super::terminal;

/// How far the hashing is, on a terminal only.
pub(crate) struct Meter {
    on: bool,
    percent: Option<u64>,
    /// The columns that the last text takes.
    drawn: usize,
}

impl Meter {
    pub(crate) fn new() -> Meter {
        Meter {
            on: io::stderr().is_terminal(),
            percent: None,
            drawn: 0,
        }
    }

    pub(crate) fn show(&mut self, done: u64, total: u64) {
        let percent = done.saturating_mul(100) / total.max(1);
        if self.on && total > 0 && self.percent != Some(percent) {
            self.percent = Some(percent);
            let text = text(percent, total, terminal::width());
            // What was longer is painted over, as far as it still is on the line.
            let before = self.drawn.min(terminal::width());
            let _ = write!(io::stderr(), "\r{text:before$}");
            self.drawn = text.len().max(before);
        }
    }

    pub(crate) fn clear(&mut self) {
        if self.percent.take().is_some() {
            let drawn = self.drawn.min(terminal::width());
            let _ = write!(io::stderr(), "\r{:drawn$}\r", "");
        }
    }
}

/// The longest text that fits.
fn text(percent: u64, total: u64, width: usize) -> String {
    let texts = [
        format!("hashing {percent:3} % of {}", progress::bytes(total)),
        format!("hashing {percent:3} %"),
        format!("{percent:3} %"),
    ];
    let fitting = texts.into_iter().find(|text| text.len() <= width);
    fitting.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_text_fits_any_width() {
        let total = 123_456_789_012;
        assert_eq!(text(7, total, 79), "hashing   7 % of 115 GiB");
        assert_eq!(text(7, total, 19), "hashing   7 %");
        assert_eq!(text(100, total, 9), "100 %");
        for width in 0..80 {
            assert!(text(100, total, width).len() <= width);
        }
    }
}
