//! What is known of one torrent, and what has to be remembered to draw it well.

use std::sync::Arc;
use std::time::Duration;

use progress::{Activity, Figures, History, Piece, TimeLeft};

use crate::cli::face::Subject;
use crate::cli::text::printable;
use crate::node::{Details, Snapshot, TorrentState};

/// How many seconds the sparkline remembers.
const SECONDS: usize = 240;

/// The sentence about what limits the speed changes no more often, so that it can be read.
const SENTENCE: Duration = Duration::from_secs(1);

/// So long does it take until a rate says how long the rest takes.
const SETTLES: Duration = Duration::from_secs(1);

/// One torrent.
pub(super) struct Shown {
    pub subject: Subject,
    pub now: Snapshot,
    pub details: Arc<Details>,
    pub down: History,
    pub up: History,
    pub left: Option<Duration>,
    /// What limits the speed, in a sentence.
    pub bound: String,
    bound_at: Option<Duration>,
    time_left: TimeLeft,
    /// Since when something comes.
    flows: Option<Duration>,
    /// What happens to it is over.
    pub ended: bool,
}

impl Shown {
    pub fn new(subject: &Subject) -> Shown {
        let subject = printed(subject);
        Shown {
            now: Snapshot {
                left: subject.total,
                total: subject.total,
                ..Snapshot::default()
            },
            subject,
            details: Arc::default(),
            down: History::new(SECONDS),
            up: History::new(SECONDS),
            left: None,
            bound: String::new(),
            bound_at: None,
            time_left: TimeLeft::new(),
            flows: None,
            ended: false,
        }
    }

    /// Other files are wanted.
    pub fn know(&mut self, subject: &Subject) {
        self.subject = printed(subject);
    }

    /// Whether other files can be chosen now.
    pub fn can_be_chosen_of(&self) -> bool {
        let is_over = self.ended || self.now.state == TorrentState::Ended;
        self.subject.choosable.is_some() && !is_over && self.now.state != TorrentState::Checking
    }

    /// Takes in figures. Whether anything changes that can be seen.
    pub fn take(&mut self, snapshot: &Snapshot) -> bool {
        std::mem::replace(&mut self.now, snapshot.clone()) != *snapshot
    }

    /// The time goes on.
    pub fn tick(&mut self, now: Duration) {
        let figures = &self.now;
        if matches!(
            figures.state,
            TorrentState::Downloading | TorrentState::Seeding
        ) {
            self.down.note(now, figures.down_rate);
            self.up.note(now, figures.up_rate);
        }
        let flows = match figures.down_rate {
            0 => *self.flows.insert(now),
            _ => *self.flows.get_or_insert(now),
        };
        self.left = match figures.state {
            // What the first peers send at once says nothing about the rest.
            TorrentState::Downloading if figures.down_rate > 0 && now < flows + SETTLES => None,
            TorrentState::Downloading => {
                let left = self.time_left.update(now, figures.left, figures.down_rate);
                // Something is left, so it takes a moment.
                left.map(|left| left.max(Duration::from_secs(1)))
            }
            _ => None,
        };
        if self.bound_at.is_none_or(|at| now >= at + SENTENCE) {
            let bound = self.sentence();
            if self.bound != bound {
                self.bound = bound;
                self.bound_at = Some(now);
            }
        }
    }

    fn sentence(&self) -> String {
        match self.now.state {
            TorrentState::Ended => "saying goodbye to the trackers".to_owned(),
            TorrentState::Checking => "what is there is compared with the hashes".to_owned(),
            TorrentState::Metadata => match self.now.metadata {
                (_, 0) => "nobody has said yet how long the metadata are".to_owned(),
                (here, of) => format!("{here} of {of} blocks of the metadata are here"),
            },
            _ => self.details.bound.to_string(),
        }
    }

    /// Whether something is to be drawn every second though nothing is heard of it.
    pub fn moves(&self) -> bool {
        !self.ended
            && match self.now.state {
                TorrentState::Downloading | TorrentState::Checking | TorrentState::Metadata => true,
                _ => self.now.down_rate + self.now.up_rate > 0,
            }
    }

    /// Where each piece stands, if that is known.
    pub fn pieces(&self) -> &[Piece] {
        match self.now.state {
            TorrentState::Checking => &[],
            _ => &self.details.pieces,
        }
    }

    /// The figures, as step13's line shows them.
    pub fn figures(&self) -> Figures {
        let now = &self.now;
        let checking = now.state == TorrentState::Checking;
        let checked = u64::from(now.checked)
            .saturating_mul(self.subject.piece_length)
            .min(self.subject.total);
        Figures {
            name: self.subject.name.clone(),
            activity: match now.state {
                TorrentState::Checking => Activity::Checking,
                TorrentState::Downloading | TorrentState::Metadata => Activity::Downloading,
                TorrentState::Paused => Activity::Paused,
                TorrentState::Waiting => Activity::Waiting,
                TorrentState::Seeding => Activity::Seeding,
                TorrentState::Ended if now.left == 0 => Activity::Complete,
                TorrentState::Ended => Activity::Downloading,
            },
            done: match checking {
                true => checked,
                false => self.subject.total.saturating_sub(now.left),
            },
            total: self.subject.total,
            pieces_done: match checking {
                true => now.checked,
                false => now.pieces_have,
            },
            pieces: self.subject.pieces,
            down: now.down_rate,
            up: now.up_rate,
            peers: now.peers,
            eta: self.left,
        }
    }

    /// Whether anything of it is still to come.
    pub fn is_fetching(&self) -> bool {
        self.now.left > 0
            && !matches!(
                self.now.state,
                TorrentState::Seeding | TorrentState::Checking
            )
    }
}

/// With a name that can be shown.
fn printed(subject: &Subject) -> Subject {
    Subject {
        name: printable(&subject.name).into_owned(),
        ..subject.clone()
    }
}
