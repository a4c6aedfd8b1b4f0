//! Events for programs: one JSON object a line, on stdout.
//!
//! Every object has `event`. Sizes are bytes, rates bytes a second, times seconds. Programs should
//! ignore events and fields they do not know: there may be more one day. Where several torrents are
//! at work, each event that is about one of them also has `torrent`, its name.
//!
//! | event | fields | when |
//! | --- | --- | --- |
//! | `start` | `name`, `info_hash`, `total_length`, `pieces`, `path`, `listening` | first, once for each torrent |
//! | `checking` | `checked`, `pieces` | while looking at what is there |
//! | `progress` | `phase` (`downloading`, `seeding`), `pieces_have`, `pieces`, `left`, `total_length`, `downloaded`, `uploaded`, `down_rate`, `up_rate`, `peers`, `seeds`, `eta` (null: unknown) | once a second, and when the phase changes |
//! | `piece_failed` | `piece`, `peers` (how many sent it), `message` | a piece did not match its hash |
//! | `peer_banned` | `addr`, `piece`, `message` | a peer sent wrong bytes |
//! | `tracker_failed`, `tracker_warning` | `tracker`, `message` | a tracker could not be asked, or warns |
//! | `stalled` | `message` | nothing has arrived for a minute |
//! | `file_failed` | `path`, `message` | a file that others want cannot be read; once for each file |
//! | `complete` | `name`, `path`, `total_length`, `downloaded`, `uploaded`, `seconds` | everything is there and verified |
//! | `stopping` | | a person asked to stop |
//! | `stopped` | `pieces_have`, `pieces`, `left` | it has stopped; what is there stays |
//! | `failed` | `message` | one of several torrents failed; the others go on |
//! | `error` | `message` | it failed: the last event |
//!
//! `verify --json` prints `file` (`path`, `fault`, `bad_pieces`) for each file that is not good,
//! then `verified` (`name`, `ok`, `pieces`, `pieces_good`, `files_bad`); `create --json` prints
//! `created` (`output`, `name`, `info_hash_v1`, `piece_length`, `pieces`, `total_length`, `files`).
//! Both print `error`, too, when they fail without having come so far.

use std::time::Duration;

use serde::Serialize;

use super::{Face, Job, Said, Summary, sentence};
use crate::cli::output;
use crate::node::{Notice, Report, Snapshot, TorrentState};

/// The time between two `progress` or `checking` events.
const EVERY: Duration = Duration::from_secs(1);

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Start {
        name: &'a str,
        info_hash: &'a str,
        total_length: u64,
        pieces: u32,
        path: String,
        listening: String,
    },
    Checking {
        checked: u32,
        pieces: u32,
    },
    Progress {
        phase: &'static str,
        pieces_have: u32,
        pieces: u32,
        left: u64,
        total_length: u64,
        downloaded: u64,
        uploaded: u64,
        down_rate: u64,
        up_rate: u64,
        peers: usize,
        seeds: usize,
        eta: Option<u64>,
    },
    PieceFailed {
        piece: u32,
        peers: usize,
        message: String,
    },
    PeerBanned {
        addr: String,
        piece: u32,
        message: String,
    },
    TrackerFailed {
        tracker: &'a str,
        message: String,
    },
    TrackerWarning {
        tracker: &'a str,
        message: &'a str,
    },
    Stalled {
        message: String,
    },
    FileFailed {
        path: String,
        message: &'a str,
    },
    Complete {
        name: &'a str,
        path: String,
        total_length: u64,
        downloaded: u64,
        uploaded: u64,
        seconds: f64,
    },
    Stopping,
    Stopped {
        pieces_have: u32,
        pieces: u32,
        left: u64,
    },
    Failed {
        message: &'a str,
    },
    Error {
        message: &'a str,
    },
}

/// An event of one of several torrents.
#[derive(Serialize)]
struct Named<'a> {
    #[serde(flatten)]
    event: &'a Event<'a>,
    torrent: &'a str,
}

/// Prints the events.
#[derive(Default)]
pub(super) struct Json {
    jobs: Vec<Job>,
    told: Vec<Told>,
}

/// What was told last of a torrent.
#[derive(Clone, Default)]
struct Told {
    state: Option<TorrentState>,
    said: Duration,
}

impl Json {
    fn say(&self, torrent: usize, event: &Event<'_>) -> Said {
        match &*self.jobs {
            [_] => output::json(event),
            jobs => {
                let torrent = jobs.get(torrent).map_or("", |job| &job.name);
                output::json(&Named { event, torrent })
            }
        }
    }
}

impl Face for Json {
    fn started(&mut self, jobs: &[Job]) -> Said {
        self.jobs = jobs.to_vec();
        self.told = vec![Told::default(); jobs.len()];
        for (torrent, job) in jobs.iter().enumerate() {
            let event = Event::Start {
                name: &job.name,
                info_hash: &job.info_hash,
                total_length: job.total,
                pieces: job.pieces,
                path: job.path.to_string_lossy().into_owned(),
                listening: job.listening.to_string(),
            };
            self.say(torrent, &event)?;
        }
        Ok(())
    }

    fn snapshot(&mut self, now: Duration, torrent: usize, snapshot: &Snapshot) -> Said {
        let Some(told) = self.told.get_mut(torrent) else {
            return Ok(());
        };
        let due = told.state != Some(snapshot.state) || now >= told.said + EVERY;
        if !due || snapshot.state == TorrentState::Ended {
            return Ok(());
        }
        told.state = Some(snapshot.state);
        told.said = now;
        // The very first figures come before the torrent's are known.
        let pieces = self
            .jobs
            .get(torrent)
            .map_or(snapshot.pieces, |job| job.pieces);
        self.say(torrent, &figures(snapshot, pieces))
    }

    fn due(&self) -> Option<Duration> {
        self.told.iter().map(|told| told.said + EVERY).min()
    }

    fn notice(&mut self, torrent: usize, notice: &Notice) -> Said {
        match event(notice) {
            Some(event) => self.say(torrent, &event),
            None => Ok(()),
        }
    }

    fn stopping(&mut self) -> Said {
        output::json(&Event::Stopping)
    }

    fn complete(&mut self, torrent: usize, summary: &Summary) -> Said {
        let Some(job) = self.jobs.get(torrent) else {
            return Ok(());
        };
        let event = Event::Complete {
            name: &job.name,
            path: job.path.to_string_lossy().into_owned(),
            total_length: job.total,
            downloaded: summary.downloaded,
            uploaded: summary.uploaded,
            seconds: summary.took.as_millis() as f64 / 1000.0,
        };
        self.say(torrent, &event)
    }

    fn stopped(&mut self, torrent: usize, last: &Snapshot) -> Said {
        let event = Event::Stopped {
            pieces_have: last.pieces_have,
            pieces: last.pieces,
            left: last.left,
        };
        self.say(torrent, &event)
    }

    fn failed(&mut self, torrent: usize, why: &str) -> Said {
        self.say(torrent, &Event::Failed { message: why })
    }
}

/// Prints the event of a failure.
pub(crate) fn error(message: &str) -> Said {
    output::json(&Event::Error { message })
}

fn figures(now: &Snapshot, pieces: u32) -> Event<'static> {
    let phase = match now.state {
        TorrentState::Checking => {
            return Event::Checking {
                checked: now.checked,
                pieces,
            };
        }
        TorrentState::Seeding => "seeding",
        TorrentState::Downloading | TorrentState::Ended => "downloading",
    };
    Event::Progress {
        phase,
        pieces_have: now.pieces_have,
        pieces: now.pieces,
        left: now.left,
        total_length: now.total,
        downloaded: now.downloaded,
        uploaded: now.uploaded,
        down_rate: now.down_rate,
        up_rate: now.up_rate,
        peers: now.peers,
        seeds: now.seeds,
        eta: now.eta.map(|eta| eta.as_secs()),
    }
}

fn event(notice: &Notice) -> Option<Event<'_>> {
    let message = sentence(notice).unwrap_or_default();
    let report = match notice {
        Notice::Torrent(report) => report,
        Notice::FileFailed { path, why } => {
            return Some(Event::FileFailed {
                path: path.to_string_lossy().into_owned(),
                message: why,
            });
        }
    };
    Some(match report {
        Report::PieceFailed { piece, from } => Event::PieceFailed {
            piece: *piece,
            peers: *from,
            message,
        },
        Report::PeerBanned { addr, piece } => Event::PeerBanned {
            addr: addr.to_string(),
            piece: *piece,
            message,
        },
        Report::TrackerWarning { tracker, warning } => Event::TrackerWarning {
            tracker,
            message: warning,
        },
        Report::TrackerFailed { tracker, why } => Event::TrackerFailed {
            tracker,
            message: why.to_string(),
        },
        Report::NoWayForward { why } => Event::Stalled {
            message: why.to_string(),
        },
        Report::Complete => return None,
    })
}

#[cfg(test)]
mod tests;
