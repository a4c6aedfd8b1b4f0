//! A torrent's progress on a few lines: what a terminal has room for.

use crate::line::{Figures, line, line_ascii};
use crate::map::{Piece, map};
use crate::sparkline::{History, sparkline};
use crate::text::{Letters, Role, Text};
use crate::units::{part, rate, ratio};

/// How many lines the map of the pieces gets at most.
const MAP_ROWS: usize = 2;

/// The sparkline is left out rather than drawn in fewer columns.
const LEAST_SPARK: usize = 8;

/// Between two things on a line.
const GAP: &str = "  ";

/// What is known of a torrent at one moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The figures of the first line.
    pub figures: &'a Figures,
    /// Where each piece stands; nothing, if that is not known.
    pub pieces: &'a [Piece],
    /// How fast it came in.
    pub history: &'a History,
    /// Payload bytes that came in, those in vain included.
    pub downloaded: u64,
    /// Payload bytes that went out.
    pub uploaded: u64,
}

/// Draws it in lines of at most `width` columns: [`line()`](crate::line()), the [`map`] of the
/// pieces, and the rates of the last seconds beside what was moved in all. What does not fit is left out.
pub fn view(view: &View<'_>, width: usize, letters: Letters) -> Vec<Text> {
    let first = match letters {
        Letters::Unicode => line(view.figures, width),
        Letters::Ascii => line_ascii(view.figures, width),
    };
    let mut lines = vec![plain(&first)];
    lines.extend(map(view.pieces, width, MAP_ROWS, letters));
    lines.push(rates(view, width, letters));
    lines.retain(|line| line.columns() > 0);
    lines
}

fn plain(text: &str) -> Text {
    let mut line = Text::new();
    line.push(Role::Plain, text);
    line
}

/// The sparkline, the peak in it, and what was moved; the last ones are left out first.
fn rates(view: &View<'_>, width: usize, letters: Letters) -> Text {
    let figures = view.figures;
    let words = [
        format!("peak {}", rate(view.history.peak())),
        part(figures.done, figures.total),
        format!("ratio {}", ratio(view.uploaded, view.downloaded)),
    ];
    let mut line = Text::new();
    let mut left = width.saturating_sub(LEAST_SPARK);
    let mut shown = Vec::new();
    for words in words {
        let cost = GAP.len() + words.len();
        if cost > left {
            break;
        }
        left -= cost;
        shown.push(words);
    }
    if width < LEAST_SPARK {
        return line;
    }
    let room = LEAST_SPARK + left;
    line.push(Role::Here, &sparkline(view.history, room, letters));
    for words in shown {
        line.push(Role::Quiet, GAP);
        line.push(Role::Quiet, &words);
    }
    line
}

#[cfg(test)]
mod tests;
