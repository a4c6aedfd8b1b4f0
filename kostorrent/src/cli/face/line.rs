//! One line that is redrawn: what a terminal shows.

use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use progress::{Activity, Figures};

use super::{Face, Said, Subject, Summary, complete_sentence, sentence};
use crate::cli::output;
use crate::session::{Notice, Phase, Snapshot};

/// Redraws a second, at most.
const REDRAWS: u8 = 10;
/// The width of a terminal that does not tell.
const WIDTH: u16 = 80;

/// Draws the line on stderr; what is to stay is printed above it.
pub(super) struct Line {
    bar: ProgressBar,
    subject: Option<Subject>,
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
            subject: None,
            ascii: !locale_is_utf8(),
        }
    }

    fn width(&self) -> usize {
        // Asked anew each time: windows change.
        let size = terminal_size::terminal_size_of(io::stderr());
        let width = size.map_or(WIDTH, |(terminal_size::Width(columns), _)| columns);
        // The last column stays free: some terminals break the line after it.
        usize::from(width.saturating_sub(1).max(20))
    }
}

impl Face for Line {
    fn started(&mut self, subject: &Subject) -> Said {
        self.subject = Some(subject.clone());
        Ok(())
    }

    fn snapshot(&mut self, _: Duration, snapshot: &Snapshot) -> Said {
        let Some(subject) = &self.subject else {
            return Ok(());
        };
        let figures = figures(subject, snapshot);
        let draw = if self.ascii {
            progress::line_ascii
        } else {
            progress::line
        };
        self.bar.set_message(draw(&figures, self.width()));
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) -> Said {
        if let Some(sentence) = sentence(notice) {
            self.bar.println(sentence);
        }
        Ok(())
    }

    fn stopping(&mut self) -> Said {
        self.bar
            .println("stopping; once more Ctrl-C to end at once");
        Ok(())
    }

    fn complete(&mut self, summary: &Summary) -> Said {
        let Some(subject) = &self.subject else {
            return Ok(());
        };
        let sentence = complete_sentence(subject, summary);
        self.bar
            .suspend(|| output::result(|out| writeln!(out, "{sentence}")))
    }

    fn stopped(&mut self, _: &Snapshot) -> Said {
        self.bar.finish_and_clear();
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The figures as the line shows them.
fn figures(subject: &Subject, now: &Snapshot) -> Figures {
    let checking = now.phase == Phase::Checking;
    let checked = u64::from(now.checked)
        .saturating_mul(subject.piece_length)
        .min(subject.total);
    Figures {
        name: subject.name.clone(),
        activity: match now.phase {
            Phase::Checking => Activity::Checking,
            Phase::Downloading => Activity::Downloading,
            Phase::Seeding => Activity::Seeding,
            Phase::Ended if now.left == 0 => Activity::Complete,
            Phase::Ended => Activity::Downloading,
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
