//! Dated lines: for a file, a pipe, a log that is read tomorrow.

use std::sync::Arc;
use std::time::Duration;

use super::explained::Explained;
use super::{Face, Looking, Said, Subject, Summary, about, complete_sentence, sentence};
use crate::cli::text::{one_line, printable};
use crate::cli::{clock, output};
use crate::node::{Details, Notice, Snapshot, TorrentState};

/// The time between two lines of progress.
const EVERY: Duration = Duration::from_secs(10);

/// Prints a line every ten seconds, at each quarter of the way, and when something has changed.
#[derive(Default)]
pub(super) struct Plain {
    subjects: Vec<Subject>,
    told: Vec<Told>,
    explains: bool,
}

/// What was told last of a torrent.
#[derive(Clone, Default)]
struct Told {
    state: Option<TorrentState>,
    quarter: u32,
    said: Duration,
    explained: Explained,
}

impl Plain {
    /// With `explains` it says what limits the speed, too.
    pub(super) fn new(explains: bool) -> Plain {
        Plain {
            explains,
            ..Plain::default()
        }
    }

    fn say(&self, torrent: usize, sentence: &str) {
        say(&about(&self.subjects, torrent, sentence));
    }
}

impl Face for Plain {
    fn started(&mut self, subjects: &[Subject]) -> Said {
        for subject in subjects {
            say(&introduction(subject));
        }
        self.subjects = subjects.to_vec();
        self.told = vec![Told::default(); subjects.len()];
        Ok(())
    }

    fn snapshot(&mut self, now: Duration, torrent: usize, snapshot: &Snapshot) -> Said {
        let Some(told) = self.told.get_mut(torrent) else {
            return Ok(());
        };
        let quarter = percent(snapshot) / 25;
        let changed = told.state.is_some_and(|state| state != snapshot.state);
        let further = snapshot.state == TorrentState::Downloading && quarter > told.quarter;
        told.state = Some(snapshot.state);
        let due = changed || further || now >= told.said + EVERY;
        if due && snapshot.state != TorrentState::Ended {
            told.said = now;
            told.quarter = quarter;
            self.say(torrent, &describe(snapshot));
        }
        Ok(())
    }

    fn looks(&self) -> Looking {
        match self.explains {
            true => Looking::All,
            false => Looking::Nobody,
        }
    }

    fn details(&mut self, now: Duration, torrent: usize, details: &Arc<Details>) -> Said {
        if let Some(told) = self.told.get_mut(torrent)
            && told.explained.is_news(now, &details.bound)
        {
            self.say(
                torrent,
                &format!("speed: {}", one_line(&details.bound.to_string())),
            );
        }
        Ok(())
    }

    fn due(&self) -> Option<Duration> {
        self.told.iter().map(|told| told.said + EVERY).min()
    }

    fn known(&mut self, torrent: usize, subject: &Subject) -> Said {
        say(&introduction(subject));
        self.chosen(torrent, subject);
        Ok(())
    }

    fn chosen(&mut self, torrent: usize, subject: &Subject) {
        if let Some(known) = self.subjects.get_mut(torrent) {
            *known = subject.clone();
        }
    }

    fn notice(&mut self, torrent: usize, notice: &Notice) -> Said {
        if let Some(sentence) = sentence(notice) {
            self.say(torrent, &sentence);
        }
        Ok(())
    }

    fn stopping(&mut self) -> Said {
        say("stopping");
        Ok(())
    }

    fn complete(&mut self, torrent: usize, summary: &Summary) -> Said {
        let Some(subject) = self.subjects.get(torrent) else {
            return Ok(());
        };
        let sentence = complete_sentence(subject, summary);
        output::result(|out| writeln!(out, "{sentence}"))
    }

    fn given_enough(&mut self, torrent: usize, sentence: &str) -> Said {
        self.say(torrent, sentence);
        Ok(())
    }

    fn stopped(&mut self, torrent: usize, last: &Snapshot) -> Said {
        let Snapshot {
            pieces_have,
            pieces,
            ..
        } = last;
        let sentence = format!("stopped with {pieces_have} of {pieces} pieces");
        self.say(torrent, &sentence);
        Ok(())
    }

    fn failed(&mut self, torrent: usize, why: &str) -> Said {
        self.say(torrent, &format!("failed: {}", one_line(why)));
        Ok(())
    }
}

fn say(sentence: &str) {
    output::error(&format!("{} {sentence}", clock::stamp(clock::now())));
}

fn introduction(subject: &Subject) -> String {
    let name = printable(&subject.name);
    let listening = match subject.listening.port() {
        0 => "taking no calls".to_owned(),
        _ => format!("listening on {}", subject.listening),
    };
    if !subject.is_known {
        return format!("{name}: a magnet link, its metadata are to be found, {listening}");
    }
    let way = if subject.is_given { "from" } else { "into" };
    format!(
        "{name}: {} in {} pieces, {way} {}, {listening}",
        progress::bytes(subject.total),
        subject.pieces,
        printable(&subject.path.to_string_lossy())
    )
}

fn describe(now: &Snapshot) -> String {
    let pieces = |have: u32| format!("{have} of {} pieces", now.pieces);
    let peers = match now.peers {
        1 => "1 peer".to_owned(),
        number => format!("{number} peers"),
    };
    match now.state {
        TorrentState::Metadata => match now.metadata {
            (_, 0) => format!("looking for the metadata: {peers}"),
            (here, of) => format!("fetching the metadata: {here} of {of} blocks, {peers}"),
        },
        TorrentState::Checking => format!("checking what is there: {}", pieces(now.checked)),
        TorrentState::Seeding => format!(
            "seeding: {peers}, {} up, {} sent so far",
            progress::rate(now.up_rate),
            progress::bytes(now.uploaded)
        ),
        TorrentState::Paused => format!("paused: {}, {peers}", pieces(now.pieces_have)),
        TorrentState::Waiting => format!("waiting for the disk: {}", pieces(now.pieces_have)),
        TorrentState::Downloading | TorrentState::Ended => {
            let percent = percent(now);
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
fn percent(now: &Snapshot) -> u32 {
    progress::percent(now.total.saturating_sub(now.left), now.total)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_fetched_goes_into_a_folder_and_what_is_given_comes_from_one() {
        let fetched = Subject {
            name: "sample".to_owned(),
            info_hash: String::new(),
            is_known: true,
            total: 700 << 10,
            pieces: 22,
            piece_length: 32 << 10,
            path: "data/sample".into(),
            is_given: false,
            listening: ([127, 0, 0, 1], 6881).into(),
            files: Arc::default(),
            choosable: None,
            selection: None,
        };
        assert_eq!(
            introduction(&fetched),
            "sample: 700 KiB in 22 pieces, into data/sample, listening on 127.0.0.1:6881"
        );
        let given = Subject {
            is_given: true,
            listening: ([127, 0, 0, 1], 0).into(),
            ..fetched
        };
        assert_eq!(
            introduction(&given),
            "sample: 700 KiB in 22 pieces, from data/sample, taking no calls"
        );
    }

    #[test]
    fn a_line_tells_what_matters_in_each_state() {
        let mut snapshot = Snapshot {
            state: TorrentState::Downloading,
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
        snapshot.state = TorrentState::Checking;
        assert_eq!(
            describe(&snapshot),
            "checking what is there: 0 of 20 pieces"
        );
    }
}
