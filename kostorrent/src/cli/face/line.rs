//! One line that is redrawn: what a terminal shows.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use progress::Activity;

use super::{Face, Said, Subject, Summary, about, complete_sentence, sentence};
use crate::cli::text::one_line;
use crate::cli::{output, terminal};
use crate::node::{Notice, Snapshot, TorrentState};

/// Redraws a second, at most.
const REDRAWS: u8 = 10;

/// Draws the line on stderr; what is to stay is printed above it.
pub(super) struct Line {
    bar: ProgressBar,
    subjects: Vec<Subject>,
    /// The last figures of each.
    last: Vec<Snapshot>,
    ascii: bool,
}

impl Line {
    pub(super) fn new() -> Line {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(REDRAWS));
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Line {
            bar,
            subjects: Vec::new(),
            last: Vec::new(),
            ascii: !locale_is_utf8(),
        }
    }
}

impl Face for Line {
    fn started(&mut self, subjects: &[Subject]) -> Said {
        self.subjects = subjects.to_vec();
        let unknown = |subject: &Subject| Snapshot {
            left: subject.total,
            total: subject.total,
            ..Snapshot::default()
        };
        self.last = subjects.iter().map(unknown).collect();
        Ok(())
    }

    fn snapshot(&mut self, _: Duration, torrent: usize, snapshot: &Snapshot) -> Said {
        let Some(last) = self.last.get_mut(torrent) else {
            return Ok(());
        };
        last.clone_from(snapshot);
        let figures = self
            .subjects
            .iter()
            .zip(&self.last)
            .map(|(subject, now)| figures(subject, now));
        let Some(figures) = figures.reduce(sum) else {
            return Ok(());
        };
        let figures = match self.subjects.len() {
            1 => figures,
            number => progress::Figures {
                name: format!("{number} torrents"),
                ..figures
            },
        };
        let draw = if self.ascii {
            progress::line_ascii
        } else {
            progress::line
        };
        self.bar.set_message(draw(&figures, terminal::width()));
        Ok(())
    }

    fn notice(&mut self, torrent: usize, notice: &Notice) -> Said {
        if let Some(sentence) = sentence(notice) {
            self.bar.println(about(&self.subjects, torrent, &sentence));
        }
        Ok(())
    }

    fn stopping(&mut self) -> Said {
        self.bar
            .println("stopping; once more Ctrl-C to end at once");
        Ok(())
    }

    fn complete(&mut self, torrent: usize, summary: &Summary) -> Said {
        let Some(subject) = self.subjects.get(torrent) else {
            return Ok(());
        };
        let sentence = complete_sentence(subject, summary);
        self.bar
            .suspend(|| output::result(|out| writeln!(out, "{sentence}")))
    }

    fn given_enough(&mut self, torrent: usize, sentence: &str) -> Said {
        self.bar.println(about(&self.subjects, torrent, sentence));
        Ok(())
    }

    fn stopped(&mut self, torrent: usize, last: &Snapshot) -> Said {
        match &*self.subjects {
            [_] => self.bar.finish_and_clear(),
            // The others may go on.
            subjects => {
                let (have, pieces) = (last.pieces_have, last.pieces);
                let sentence = format!("stopped with {have} of {pieces} pieces");
                self.bar.println(about(subjects, torrent, &sentence));
            }
        }
        Ok(())
    }

    fn failed(&mut self, torrent: usize, why: &str) -> Said {
        let sentence = format!("failed: {}", one_line(why));
        self.bar.println(about(&self.subjects, torrent, &sentence));
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The figures as the line shows them.
fn figures(subject: &Subject, now: &Snapshot) -> progress::Figures {
    let checking = now.state == TorrentState::Checking;
    let checked = u64::from(now.checked)
        .saturating_mul(subject.piece_length)
        .min(subject.total);
    progress::Figures {
        name: subject.name.clone(),
        activity: match now.state {
            TorrentState::Checking => Activity::Checking,
            TorrentState::Downloading | TorrentState::Paused | TorrentState::Waiting => {
                Activity::Downloading
            }
            TorrentState::Seeding => Activity::Seeding,
            TorrentState::Ended if now.left == 0 => Activity::Complete,
            TorrentState::Ended => Activity::Downloading,
        },
        done: if checking {
            checked
        } else {
            subject.total.saturating_sub(now.left)
        },
        total: subject.total,
        pieces_done: if checking {
            now.checked
        } else {
            now.pieces_have
        },
        pieces: subject.pieces,
        down: now.down_rate,
        up: now.up_rate,
        peers: now.peers,
        eta: now.eta,
    }
}

/// The figures of two together: whoever is behind says what they are doing.
fn sum(a: progress::Figures, b: progress::Figures) -> progress::Figures {
    let behind = |phase| match phase {
        Activity::Checking => 0,
        Activity::Downloading => 1,
        Activity::Seeding => 2,
        _ => 3,
    };
    let longest = match (a.eta, b.eta) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (one, other) => one.or(other),
    };
    progress::Figures {
        activity: if behind(a.activity) <= behind(b.activity) {
            a.activity
        } else {
            b.activity
        },
        done: a.done + b.done,
        total: a.total + b.total,
        pieces_done: a.pieces_done.saturating_add(b.pieces_done),
        pieces: a.pieces.saturating_add(b.pieces),
        down: a.down + b.down,
        up: a.up + b.up,
        peers: a.peers + b.peers,
        eta: longest,
        name: a.name,
    }
}

/// On Windows the console takes Unicode; elsewhere the locale says what the terminal shows.
fn locale_is_utf8() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"))
    {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(windows) || cfg!(target_os = "macos"),
    }
}
