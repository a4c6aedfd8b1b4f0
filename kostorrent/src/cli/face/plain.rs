//! Dated lines: for a file, a pipe, a log that is read tomorrow.

use std::time::Duration;

use super::{Face, Said, Subject, Summary, complete_sentence, sentence};
use crate::cli::text::printable;
use crate::cli::{clock, output};
use crate::session::{Notice, Phase, Snapshot};

/// The time between two lines of progress.
const EVERY: Duration = Duration::from_secs(10);

/// Prints a line every ten seconds, at each quarter of the way, and when something has changed.
#[derive(Default)]
pub(super) struct Plain {
    subject: Option<Subject>,
    /// What was told last.
    phase: Option<Phase>,
    quarter: u64,
    said: Duration,
}

impl Face for Plain {
    fn started(&mut self, subject: &Subject) -> Said {
        say(&format!(
            "{}: {} in {} pieces, into {}, listening on {}",
            printable(&subject.name),
            progress::bytes(subject.total),
            subject.pieces,
            printable(&subject.path.to_string_lossy()),
            subject.listening
        ));
        self.subject = Some(subject.clone());
        Ok(())
    }

    fn snapshot(&mut self, now: Duration, snapshot: &Snapshot) -> Said {
        let quarter = percent(snapshot) / 25;
        let changed = self.phase.is_some_and(|phase| phase != snapshot.phase);
        let further = snapshot.phase == Phase::Downloading && quarter > self.quarter;
        self.phase = Some(snapshot.phase);
        if (changed || further || now >= self.said + EVERY) && snapshot.phase != Phase::Ended {
            self.said = now;
            self.quarter = quarter;
            say(&describe(snapshot));
        }
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) -> Said {
        if let Some(sentence) = sentence(notice) {
            say(&sentence);
        }
        Ok(())
    }

    fn stopping(&mut self) -> Said {
        say("stopping");
        Ok(())
    }

    fn complete(&mut self, summary: &Summary) -> Said {
        let Some(subject) = &self.subject else {
            return Ok(());
        };
        let sentence = complete_sentence(subject, summary);
        output::result(|out| writeln!(out, "{sentence}"))
    }

    fn stopped(&mut self, last: &Snapshot) -> Said {
        say(&format!(
            "stopped with {} of {} pieces",
            last.pieces_have, last.pieces
        ));
        Ok(())
    }
}

fn say(sentence: &str) {
    output::error(&format!("{} {sentence}", clock::stamp(clock::now())));
}

fn describe(now: &Snapshot) -> String {
    let pieces = |have: u32| format!("{have} of {} pieces", now.pieces);
    let peers = match now.peers {
        1 => "1 peer".to_owned(),
        number => format!("{number} peers"),
    };
    match now.phase {
        Phase::Checking => format!("checking what is there: {}", pieces(now.checked)),
        Phase::Seeding => format!(
            "seeding: {peers}, {} up, {} sent so far",
            progress::rate(now.up_rate),
            progress::bytes(now.uploaded)
        ),
        Phase::Downloading | Phase::Ended => {
            let percent = 100
                - (now.left.saturating_mul(100))
                    .div_ceil(now.total.max(1))
                    .min(100);
            let eta = now.eta.map_or_else(String::new, |eta| {
                format!(", {} left", progress::duration(eta))
            });
            format!(
                "{percent} %, {}, {} down, {} up, {peers}{eta}",
                pieces(now.pieces_have),
                progress::rate(now.down_rate),
                progress::rate(now.up_rate)
            )
        }
    }
}

/// Rounded down: 100 only when nothing is left.
fn percent(now: &Snapshot) -> u64 {
    100 - now
        .left
        .saturating_mul(100)
        .div_ceil(now.total.max(1))
        .min(100)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_line_tells_what_matters_in_each_phase() {
        let mut snapshot = Snapshot {
            phase: Phase::Downloading,
            pieces_have: 5,
            pieces: 20,
            left: 700 << 10,
            total: 1000 << 10,
            down_rate: 100 << 10,
            peers: 1,
            eta: Some(Duration::from_secs(7)),
            ..Snapshot::default()
        };
        let text = describe(&snapshot);
        assert_eq!(
            text,
            "30 %, 5 of 20 pieces, 100 KiB/s down, 0 B/s up, 1 peer, 7 s left"
        );
        snapshot.left = 1;
        assert!(
            describe(&snapshot).starts_with("99 %"),
            "never 100 before the end"
        );
        snapshot.phase = Phase::Checking;
        assert_eq!(
            describe(&snapshot),
            "checking what is there: 0 of 20 pieces"
        );
    }
}
