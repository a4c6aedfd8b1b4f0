//! A torrent's progress on one line.

use std::time::Duration;

use crate::units::{duration, rate};
use crate::width::{clip, columns, printable};

/// What a torrent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Activity {
    /// Comparing what is on disk with the hashes.
    Checking,
    /// Fetching what is missing.
    #[default]
    Downloading,
    /// Everything is here, and others may have it.
    Seeding,
    /// Everything is here.
    Complete,
    /// Nothing is asked for and nothing given: the user wants that.
    Paused,
    /// Nothing is fetched: the disk has a fault.
    Waiting,
}

/// The figures of one torrent at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Figures {
    /// The torrent's name.
    pub name: String,
    /// What it is doing.
    pub activity: Activity,
    /// Bytes that are here (while checking: that have been looked at).
    pub done: u64,
    /// Bytes that are wanted in all.
    pub total: u64,
    /// Pieces that are here (while checking: that have been looked at).
    pub pieces_done: u32,
    /// Pieces that are wanted in all.
    pub pieces: u32,
    /// Bytes a second coming in.
    pub down: u64,
    /// Bytes a second going out.
    pub up: u64,
    /// Connected peers.
    pub peers: usize,
    /// How long the rest will take, if anything moves: see [`eta`](crate::eta).
    pub eta: Option<Duration>,
}

/// How much of `all` is done, in whole percent: 100 only when all is.
pub fn percent(done: u64, all: u64) -> u32 {
    match all {
        0 => 100,
        all => (u128::from(done.min(all)) * 100 / u128::from(all)) as u32,
    }
}

impl Figures {
    /// How much is done, in whole percent: 100 only when all is.
    pub fn percent(&self) -> u32 {
        percent(self.done, self.total)
    }

    fn progress(&self) -> String {
        let width = self.pieces.to_string().len();
        format!("{:>width$}/{} pieces", self.pieces_done, self.pieces)
    }

    fn incoming(&self, signs: &Signs) -> String {
        match self.activity {
            Activity::Downloading => format!("{}{:>10}", signs.down, rate(self.down)),
            _ => String::new(),
        }
    }

    fn outgoing(&self, signs: &Signs) -> String {
        match self.activity {
            Activity::Downloading | Activity::Seeding => {
                format!("{}{:>10}", signs.up, rate(self.up))
            }
            _ => String::new(),
        }
    }

    fn company(&self) -> String {
        match (self.activity, self.peers) {
            (Activity::Checking, _) => String::new(),
            (_, 1) => "1 peer".to_owned(),
            (_, count) => format!("{count} peers"),
        }
    }

    /// What is to be said of the time: how much is left, or why nobody knows.
    fn outlook(&self) -> String {
        match (self.activity, self.eta) {
            (Activity::Checking, _) => "checking".to_owned(),
            (Activity::Seeding, _) => "seeding".to_owned(),
            (Activity::Complete, _) => "complete".to_owned(),
            (Activity::Paused, _) => "paused".to_owned(),
            (Activity::Waiting, _) => "disk fault".to_owned(),
            (Activity::Downloading, Some(left)) => format!("{} left", duration(left)),
            (Activity::Downloading, None) if self.peers == 0 => "no peers yet".to_owned(),
            (Activity::Downloading, None) => "waiting".to_owned(),
        }
    }
}

/// The signs that a line is drawn with.
struct Signs {
    filled: char,
    empty: char,
    ends: [&'static str; 2],
    down: &'static str,
    up: &'static str,
    more: &'static str,
}

const UNICODE: Signs = Signs {
    filled: '━',
    empty: '─',
    ends: ["", ""],
    down: "↓ ",
    up: "↑ ",
    more: "…",
};

const ASCII: Signs = Signs {
    filled: '#',
    empty: '.',
    ends: ["[", "]"],
    down: "down ",
    up: "up ",
    more: "..",
};

/// Between two parts of a line.
const GAP: &str = "  ";

/// The bar is left out rather than drawn in fewer columns, and is not drawn in more.
const BAR: [usize; 2] = [8, 24];

/// The name is clipped to so many columns before anything else is left out for it.
const NAME: usize = 12;

/// A torrent's progress on one line of at most `width` columns, without a line end: name, bar,
/// percent, pieces, rates, peers, time left. On a narrow terminal what matters least is left out.
pub fn line(figures: &Figures, width: usize) -> String {
    draw(figures, width, &UNICODE)
}

/// The same for a terminal that shows ASCII only. (The torrent's name is as it is.)
pub fn line_ascii(figures: &Figures, width: usize) -> String {
    draw(figures, width, &ASCII)
}

/// The parts of a line, by their place in it, those that matter most first: they go last.
const BY_IMPORTANCE: [usize; 8] = [2, 4, 7, 0, 1, 3, 5, 6];

// ANCHOR: draw
fn draw(figures: &Figures, width: usize, signs: &Signs) -> String {
    let name = printable(&figures.name);
    // Name and bar are here in their shortest form, and get what is left over. The others are
    // padded, or the line would jump with every figure.
    let mut parts = [
        clip(&name, NAME, signs.more),
        bar(figures, BAR[0], signs),
        format!("{:>3}%", figures.percent()),
        figures.progress(),
        figures.incoming(signs),
        figures.outgoing(signs),
        figures.company(),
        format!("{:<14}", figures.outlook()),
    ];
    let mut left = width + GAP.len();
    for part in BY_IMPORTANCE {
        if parts[part].is_empty() {
            continue;
        }
        let cost = columns(&parts[part]) + GAP.len();
        if cost <= left {
            left -= cost;
        } else {
            parts[part].clear();
        }
    }
    if !parts[0].is_empty() {
        let room = columns(&parts[0]) + left;
        parts[0] = clip(&name, room, signs.more);
        // A character may make those before it narrower, so the longer name may take less room.
        left = room.saturating_sub(columns(&parts[0]));
    }
    if !parts[1].is_empty() {
        parts[1] = bar(figures, BAR[1].min(BAR[0] + left), signs);
    }
    let shown: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    shown.join(GAP).trim_end().to_owned()
}
// ANCHOR_END: draw

/// A bar of this many columns.
fn bar(figures: &Figures, width: usize, signs: &Signs) -> String {
    let inner = width - columns(signs.ends[0]) - columns(signs.ends[1]);
    let filled = inner * figures.percent() as usize / 100;
    let mut bar = signs.ends[0].to_owned();
    bar.extend((0..inner).map(|at| {
        if at < filled {
            signs.filled
        } else {
            signs.empty
        }
    }));
    bar + signs.ends[1]
}

#[cfg(test)]
mod tests;
