//! Events for programs: one JSON object a line, on stdout.
//!
//! Every object has `event`. Sizes are bytes, rates bytes a second, times seconds. Programs should
//! ignore events and fields they do not know: there may be more one day. Where several torrents are
//! at work, each event that is about one of them also has `torrent`, its name.
//!
//! | event | fields | when |
//! | --- | --- | --- |
//! | `warning` | `message` | before the work begins: something of a torrent is left out, or another folder is meant than was given |
//! | `start` | `name`, `info_hash`, `total_length`, `pieces`, `path`, `listening` | first but for `warning`, once for each torrent |
//! | `magnet` | `name`, `info_hash`, `listening` | in the place of `start`, for a magnet link; `start` follows when the metadata are here |
//! | `metadata` | `blocks_have`, `blocks` (0: nobody has said), `peers` | while the metadata are looked for and fetched |
//! | `metadata_liar` | `addr`, `message` | a peer lied about the metadata, and is banned |
//! | `checking` | `checked`, `pieces` | while looking at what is there |
//! | `progress` | `phase` (`downloading`, `seeding`, `paused`, `waiting`: the disk has a fault), `pieces_have`, `pieces`, `left`, `total_length`, `downloaded`, `duplicate`, `unasked`, `failed` (of the bytes downloaded those that were here already, that were not asked for or not any more, and those of pieces that did not match), `uploaded`, `down_rate`, `up_rate`, `peers`, `seeds`, `known_seeders`, `known_leechers` (how many the trackers know, we among them; null: none has said), `eta` (null: unknown) | once a second, and when the phase changes |
//! | `bound` | `kind` (`few_peers`, `choked` and others: [`engine::Bound::kind`]), `message` | with `--explain`: what limits the speed, when that changes, and every ten seconds |
//! | `piece_failed` | `piece`, `peers` (how many sent it), `message` | a piece did not match its hash |
//! | `peer_banned` | `addr`, `piece`, `message` | a peer sent wrong bytes |
//! | `peer_doubted` | `addr`, `piece`, `message` | a peer sent wrong bytes, and is asked again because nobody else has what is missing |
//! | `bans_lifted` | `peers` (how many), `message` | nobody else is left: peers that were banned are asked again |
//! | `name_failed` | `name`, `message` | a peer that was named cannot be called: its host cannot be looked up |
//! | `tracker_failed`, `tracker_warning` | `tracker`, `message` | a tracker could not be asked, or warns |
//! | `stalled` | `message` | nothing has arrived for a minute |
//! | `file_failed` | `path`, `message` | a file cannot be read any more, or somebody has changed it |
//! | `file_back` | `path` | such a file is there again, and good |
//! | `low_space` | `path`, `needed`, `free`, `message` | a disk has less room than what is missing needs; the download goes on |
//! | `not_remembered` | `message` | what is on disk cannot be remembered: the next start reads it again |
//! | `not_trusted` | `path`, `message` | the resume file `path` is not used, and everything is read |
//! | `chosen` | `files` (as for `--files`), `wanted`, `of` (how many), `message` | somebody has chosen other files |
//! | `not_allocated` | `path`, `message` | `--allocate full`, and the file system below this folder cannot give files their space at once |
//! | `disk_fault` | `message` | the disk has a fault, and nothing is fetched until it is over; it is tried again every few seconds |
//! | `disk_well` | | the fault is over, and the download goes on |
//! | `super_seeded` | | everything has come out, or somebody else has everything: super-seeding is over |
//! | `interface_gone` | `interface`, `message` | the interface of `--interface` is not there: everything waits for it |
//! | `interface_back` | `interface` | it is there again, and everything goes on |
//! | `paused`, `resumed` | | somebody wanted a pause, or the end of it |
//! | `complete` | `name`, `path`, `total_length`, `downloaded`, `uploaded`, `seconds` | everything is there and verified |
//! | `given_enough` | `message` | what `--seed-ratio` or `--seed-time` wants is reached: it ends |
//! | `stopping` | | a person asked to stop |
//! | `stopped` | `pieces_have`, `pieces`, `left` | it has stopped; what is there stays |
//! | `failed` | `message` | one of several torrents failed; the others go on |
//! | `error` | `message` | it failed: the last event |
//!
//! `verify --json` prints `warning`, too, and `file` (`path`, `fault`, `bad_pieces`) for each file
//! that is not good, then `verified` (`name`, `ok`, `pieces`, `pieces_good`, `files_bad`); `create --json` prints
//! `warning` for what is left out and for names that not every system can keep, and `created` (`output`, `name`,
//! `info_hash_v1`, `piece_length`, `pieces`, `total_length`, `files`, `left_out`, `magnet` (null: it is private)).
//! Both print `error`, too, when they fail without having come so far.
//!
//! `status --json` prints `status` for each torrent: `pid`, `name`, `info_hash`, `state` (`metadata`, `checking`, `downloading`,
//! `seeding`, `paused`, `waiting`, `ending`, and, where others of its process go on, `complete`, `stopped`, `failed`),
//! `checked`, `pieces_have`, `pieces`, `left`, `total_length`, `downloaded`, `uploaded`, `down_rate`, `up_rate`, `peers`,
//! `seeds`, `known_seeders`, `known_leechers`, `ratio` (bytes sent for each that is there; null: nothing is), `eta` (null: unknown),
//! `path`, `listening`.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::explained::Explained;
use super::{Face, Looking, Said, Subject, Summary, sentence};
use crate::cli::output;
use crate::node::{Bound, Details, Notice, Report, Snapshot, TorrentState};

/// The time between two `progress` or `checking` events.
const EVERY: Duration = Duration::from_secs(1);

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum JsonLine<'a> {
    Warning {
        message: &'a str,
    },
    Start {
        name: &'a str,
        info_hash: &'a str,
        total_length: u64,
        pieces: u32,
        path: String,
        listening: String,
    },
    Magnet {
        name: &'a str,
        info_hash: &'a str,
        listening: String,
    },
    Metadata {
        blocks_have: u32,
        blocks: u32,
        peers: usize,
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
        duplicate: u64,
        unasked: u64,
        failed: u64,
        uploaded: u64,
        down_rate: u64,
        up_rate: u64,
        peers: usize,
        seeds: usize,
        known_seeders: Option<u32>,
        known_leechers: Option<u32>,
        eta: Option<u64>,
    },
    Bound {
        kind: &'static str,
        message: String,
    },
    PieceFailed {
        piece: u32,
        peers: usize,
        message: String,
    },
    MetadataLiar {
        addr: String,
        message: String,
    },
    PeerBanned {
        addr: String,
        piece: u32,
        message: String,
    },
    PeerDoubted {
        addr: String,
        piece: u32,
        message: String,
    },
    BansLifted {
        peers: usize,
        message: String,
    },
    NameFailed {
        name: &'a str,
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
    FileBack {
        path: String,
    },
    FileFailed {
        path: String,
        message: &'a str,
    },
    LowSpace {
        path: String,
        needed: u64,
        free: u64,
        message: String,
    },
    Chosen {
        files: String,
        wanted: usize,
        of: usize,
        message: String,
    },
    NotAllocated {
        path: String,
        message: String,
    },
    NotRemembered {
        message: String,
    },
    NotTrusted {
        path: String,
        message: String,
    },
    DiskFault {
        message: &'a str,
    },
    DiskWell,
    InterfaceGone {
        interface: &'a str,
        message: String,
    },
    InterfaceBack {
        interface: &'a str,
    },
    SuperSeeded,
    Paused,
    Resumed,
    Complete {
        name: &'a str,
        path: String,
        total_length: u64,
        downloaded: u64,
        uploaded: u64,
        seconds: f64,
    },
    GivenEnough {
        message: &'a str,
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
    event: &'a JsonLine<'a>,
    torrent: &'a str,
}

/// Prints the events.
#[derive(Default)]
pub(super) struct Json {
    subjects: Vec<Subject>,
    told: Vec<Told>,
    explains: bool,
}

/// What was told last of a torrent.
#[derive(Clone, Default)]
struct Told {
    state: Option<TorrentState>,
    said: Duration,
    explained: Explained,
}

impl Json {
    /// With `explains` it says what limits the speed, too.
    pub(super) fn new(explains: bool) -> Json {
        Json {
            explains,
            ..Json::default()
        }
    }

    fn say(&self, torrent: usize, event: &JsonLine<'_>) -> Said {
        match &*self.subjects {
            [_] => output::json(event),
            subjects => {
                let torrent = subjects.get(torrent).map_or("", |subject| &subject.name);
                output::json(&Named { event, torrent })
            }
        }
    }
}

impl Face for Json {
    fn started(&mut self, subjects: &[Subject]) -> Said {
        self.subjects = subjects.to_vec();
        self.told = vec![Told::default(); subjects.len()];
        for (torrent, subject) in subjects.iter().enumerate() {
            self.say(torrent, &start(subject))?;
        }
        Ok(())
    }

    fn known(&mut self, torrent: usize, subject: &Subject) -> Said {
        self.chosen(torrent, subject);
        self.say(torrent, &start(subject))
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
            .subjects
            .get(torrent)
            .map_or(snapshot.pieces, |subject| subject.pieces);
        self.say(torrent, &figures(snapshot, pieces))
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
            self.say(torrent, &bound(&details.bound))?;
        }
        Ok(())
    }

    fn due(&self) -> Option<Duration> {
        self.told.iter().map(|told| told.said + EVERY).min()
    }

    fn chosen(&mut self, torrent: usize, subject: &Subject) {
        if let Some(known) = self.subjects.get_mut(torrent) {
            *known = subject.clone();
        }
    }

    fn notice(&mut self, torrent: usize, notice: &Notice) -> Said {
        match event(notice) {
            Some(event) => self.say(torrent, &event),
            None => Ok(()),
        }
    }

    fn stopping(&mut self) -> Said {
        output::json(&JsonLine::Stopping)
    }

    fn complete(&mut self, torrent: usize, summary: &Summary) -> Said {
        let Some(subject) = self.subjects.get(torrent) else {
            return Ok(());
        };
        let event = JsonLine::Complete {
            name: &subject.name,
            path: summary.path.to_string_lossy().into_owned(),
            total_length: subject.total,
            downloaded: summary.downloaded,
            uploaded: summary.uploaded,
            seconds: summary.took.as_millis() as f64 / 1000.0,
        };
        self.say(torrent, &event)
    }

    fn given_enough(&mut self, torrent: usize, sentence: &str) -> Said {
        self.say(torrent, &JsonLine::GivenEnough { message: sentence })
    }

    fn stopped(&mut self, torrent: usize, last: &Snapshot) -> Said {
        let event = JsonLine::Stopped {
            pieces_have: last.pieces_have,
            pieces: last.pieces,
            left: last.left,
        };
        self.say(torrent, &event)
    }

    fn failed(&mut self, torrent: usize, why: &str) -> Said {
        self.say(torrent, &JsonLine::Failed { message: why })
    }
}

/// Prints the event of something that a person may not expect.
pub(super) fn warning(message: &str) -> Said {
    output::json(&JsonLine::Warning { message })
}

/// Prints the event of a failure.
pub(crate) fn error(message: &str) -> Said {
    output::json(&JsonLine::Error { message })
}

fn start(subject: &Subject) -> JsonLine<'_> {
    if !subject.is_known {
        return JsonLine::Magnet {
            name: &subject.name,
            info_hash: &subject.info_hash,
            listening: subject.listening.to_string(),
        };
    }
    JsonLine::Start {
        name: &subject.name,
        info_hash: &subject.info_hash,
        total_length: subject.total,
        pieces: subject.pieces,
        path: subject.path.to_string_lossy().into_owned(),
        listening: subject.listening.to_string(),
    }
}

fn bound(bound: &Bound) -> JsonLine<'static> {
    JsonLine::Bound {
        kind: bound.kind(),
        message: bound.to_string(),
    }
}

fn figures(now: &Snapshot, pieces: u32) -> JsonLine<'static> {
    let phase = match now.state {
        TorrentState::Metadata => {
            return JsonLine::Metadata {
                blocks_have: now.metadata.0,
                blocks: now.metadata.1,
                peers: now.peers,
            };
        }
        TorrentState::Checking => {
            return JsonLine::Checking {
                checked: now.checked,
                pieces,
            };
        }
        TorrentState::Seeding => "seeding",
        TorrentState::Paused => "paused",
        TorrentState::Waiting => "waiting",
        TorrentState::Downloading | TorrentState::Ended => "downloading",
    };
    JsonLine::Progress {
        phase,
        pieces_have: now.pieces_have,
        pieces: now.pieces,
        left: now.left,
        total_length: now.total,
        downloaded: now.downloaded,
        duplicate: now.waste.duplicate,
        unasked: now.waste.unasked,
        failed: now.waste.failed,
        uploaded: now.uploaded,
        down_rate: now.down_rate,
        up_rate: now.up_rate,
        peers: now.peers,
        seeds: now.seeds,
        known_seeders: now.counts.seeders,
        known_leechers: now.counts.leechers,
        eta: now.eta.map(|eta| eta.as_secs()),
    }
}

fn event(notice: &Notice) -> Option<JsonLine<'_>> {
    let message = sentence(notice).unwrap_or_default();
    let report = match notice {
        Notice::Torrent(report) => report,
        Notice::Metadata { .. } => return None,
        Notice::FileBack { path } => {
            return Some(JsonLine::FileBack {
                path: path.to_string_lossy().into_owned(),
            });
        }
        Notice::FileFailed { path, why } => {
            return Some(JsonLine::FileFailed {
                path: path.to_string_lossy().into_owned(),
                message: why,
            });
        }
        Notice::Chosen { selection } => {
            return Some(JsonLine::Chosen {
                files: selection.to_string(),
                wanted: selection.count(),
                of: selection.marks().len(),
                message,
            });
        }
        Notice::NotAllocated { path } => {
            return Some(JsonLine::NotAllocated {
                path: path.to_string_lossy().into_owned(),
                message,
            });
        }
        Notice::NotRemembered { .. } => return Some(JsonLine::NotRemembered { message }),
        Notice::NotTrusted { path, .. } => {
            return Some(JsonLine::NotTrusted {
                path: path.to_string_lossy().into_owned(),
                message,
            });
        }
        Notice::LowSpace { path, needed, free } => {
            return Some(JsonLine::LowSpace {
                path: path.to_string_lossy().into_owned(),
                needed: *needed,
                free: *free,
                message,
            });
        }
    };
    Some(match report {
        Report::PieceFailed { piece, from } => JsonLine::PieceFailed {
            piece: *piece,
            peers: *from,
            message,
        },
        Report::PeerBanned { addr, piece } => JsonLine::PeerBanned {
            addr: addr.to_string(),
            piece: *piece,
            message,
        },
        Report::MetadataLiar { addr, .. } => JsonLine::MetadataLiar {
            addr: addr.to_string(),
            message,
        },
        Report::PeerDoubted { addr, piece } => JsonLine::PeerDoubted {
            addr: addr.to_string(),
            piece: *piece,
            message,
        },
        Report::BansLifted { peers } => JsonLine::BansLifted {
            peers: *peers,
            message,
        },
        Report::NameFailed { name, .. } => JsonLine::NameFailed { name, message },
        Report::TrackerWarning { tracker, warning } => JsonLine::TrackerWarning {
            tracker,
            message: warning,
        },
        Report::TrackerFailed { tracker, why } => JsonLine::TrackerFailed {
            tracker,
            message: why.to_string(),
        },
        Report::NoWayForward { why } => JsonLine::Stalled {
            message: why.to_string(),
        },
        Report::DiskFault { why } => JsonLine::DiskFault { message: why },
        Report::DiskWell => JsonLine::DiskWell,
        Report::InterfaceGone { interface } => JsonLine::InterfaceGone { interface, message },
        Report::InterfaceBack { interface } => JsonLine::InterfaceBack { interface },
        Report::SuperSeeded => JsonLine::SuperSeeded,
        Report::Paused => JsonLine::Paused,
        Report::Resumed => JsonLine::Resumed,
        Report::Complete => return None,
    })
}

#[cfg(test)]
mod tests;
