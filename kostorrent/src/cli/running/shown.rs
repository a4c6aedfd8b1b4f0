//! One of the torrents at work, and what was seen of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metainfo::Metainfo;
use selection::{Files, Selection};
use storage::Names;

use super::SEED_ON;
use crate::cli::face::{FileSpan, Subject, Summary};
use crate::cli::following::Following;
use crate::cli::goal::{self, Counters, Goal, Reached};
use crate::cli::job::{Becomes, Found, Job, MagnetJob};
use crate::cli::several::Places;
use crate::cli::text::printable;
use crate::cli::{choosing, failure as cli};
use crate::control::{Standing, State};
use crate::node::{
    Command, Endpoint, Failure, Mode, NodeError, Outcome, Snapshot, Torrent, TorrentOptions,
    TorrentState,
};

/// A torrent, and what was seen of it.
pub(super) struct Shown {
    pub(super) subject: Subject,
    /// `None` while nothing is known but a magnet link.
    metainfo: Option<Arc<Metainfo>>,
    /// What becomes of the link.
    becomes: Option<Becomes>,
    /// Why nothing can become of it.
    pub(super) refused: Option<Failure>,
    root: PathBuf,
    pub(super) mode: Mode,
    /// `None` of one that could not even begin.
    following: Option<Following>,
    pub(super) last: Snapshot,
    /// How it was when everything was there.
    pub(super) completed: Option<Summary>,
    pub(super) outcome: Option<Outcome>,
    goal: Goal,
    /// How long it has been seeding in this life, up to `seeding_since`.
    seeded: Duration,
    seeding_since: Option<Instant>,
    /// Why it has been stopped: it has given enough.
    enough: Option<Reached>,
    /// Whether somebody has asked for its end from outside.
    pub(super) told_to_stop: bool,
}

impl Shown {
    /// Begins to work on something.
    pub(super) fn begin(
        job: Job,
        endpoint: &Endpoint,
        goal: Goal,
    ) -> (Shown, Result<Torrent, NodeError>) {
        let listening = endpoint.local_addr();
        match job {
            Job::Torrent(options) => {
                let mut shown = Shown::new(subject(&options, listening), options.mode, goal);
                shown.metainfo = Some(options.metainfo.clone());
                shown.root.clone_from(&options.root);
                (shown, endpoint.add(*options))
            }
            Job::Magnet(job) => {
                let subject = unknown(&job, listening);
                let mut shown = Shown::new(subject, job.mode, goal);
                shown.root = job.root;
                shown.becomes = Some(job.becomes);
                (shown, endpoint.add_magnet(job.options))
            }
        }
    }

    fn new(subject: Subject, mode: Mode, goal: Goal) -> Shown {
        Shown {
            subject,
            metainfo: None,
            becomes: None,
            refused: None,
            root: PathBuf::new(),
            mode,
            following: None,
            last: Snapshot::default(),
            completed: None,
            outcome: None,
            goal,
            seeded: Duration::ZERO,
            seeding_since: None,
            enough: None,
            told_to_stop: false,
        }
    }

    pub(super) fn follow(&mut self, following: Following) {
        self.following = Some(following);
    }

    /// The metadata of its link are here. Whether they are of a torrent that can be worked on; if not,
    /// it ends.
    pub(super) fn became(&mut self, found: Found, places: &mut Places) -> bool {
        let Some(becomes) = self.becomes.take() else {
            return false;
        };
        let options = becomes(found).map_err(cli::Failure::sentence);
        let options = options.and_then(|options| {
            let clash = places.add(&self.subject.name, &options);
            clash.map_or(Ok(options), Err)
        });
        match options {
            Ok(options) => {
                self.subject = subject(&options, self.subject.listening);
                self.metainfo = Some(options.metainfo.clone());
                self.root.clone_from(&options.root);
                if let Some(following) = &self.following {
                    following.begin(options);
                }
                true
            }
            Err(why) => {
                self.refused = Some(Failure::Shell(why));
                self.command(Command::Stop);
                false
            }
        }
    }

    /// Asks something of it, if it is there.
    pub(super) fn command(&self, command: Command) {
        if let Some(following) = &self.following {
            following.command(command);
        }
    }

    /// The files that a list names, as for `--files`; a sentence, if it names none, or there is
    /// nothing to choose.
    pub(super) fn listed(&self, list: &str) -> Result<Selection, String> {
        let Some(metainfo) = &self.metainfo else {
            return Err("its metadata are still to come: nobody knows its files".to_owned());
        };
        if self.subject.choosable.is_none() {
            return Err("it is only seeded: there is nothing to choose".to_owned());
        }
        let names = Names::of(metainfo).map_err(|error| error.to_string())?;
        choosing::listed(list, &Files::new(names.own()))
    }

    /// Wants other files of it, if it is there.
    pub(super) fn choose(&self, selection: Selection) {
        if let Some(following) = &self.following {
            following.choose(selection);
        }
    }

    /// Whether it has what was asked for. Whoever ends a seeder has got what he wanted.
    pub(super) fn is_done(&self) -> bool {
        self.completed.is_some()
            || self.mode == Mode::Seed
            || self.outcome == Some(Outcome::Complete)
    }

    /// New figures.
    pub(super) fn saw(&mut self, now: Snapshot) {
        let seeding = now.state == TorrentState::Seeding;
        match (seeding, self.seeding_since) {
            (true, None) => self.seeding_since = Some(Instant::now()),
            (false, Some(since)) => {
                self.seeded += since.elapsed();
                self.seeding_since = None;
            }
            _ => {}
        }
        self.last = now;
    }

    /// What it has given, over all its lives.
    fn counters(&self) -> Counters {
        let now = self.seeding_since.map_or(Duration::ZERO, |s| s.elapsed());
        Counters {
            uploaded: self
                .last
                .earlier
                .uploaded
                .saturating_add(self.last.uploaded),
            seeded: self.last.earlier.seeded.saturating_add(self.seeded + now),
        }
    }

    /// Bytes that are there.
    fn size(&self) -> u64 {
        self.last.total.saturating_sub(self.last.left)
    }

    /// Whether it has just given enough; told once.
    pub(super) fn has_enough(&mut self) -> Option<Reached> {
        // A download that has found everything says so soon.
        if self.enough.is_some() || self.seeding_since.is_none() || !self.is_done() {
            return None;
        }
        self.enough = self.goal.reached(self.counters(), self.size());
        self.enough
    }

    /// When it will have been seeding for long enough.
    pub(super) fn enough_at(&self) -> Option<Instant> {
        if self.enough.is_some() || self.outcome.is_some() || !self.is_done() {
            return None;
        }
        self.seeding_since?;
        let left = self.goal.time_left(self.counters())?;
        Instant::now().checked_add(left)
    }

    pub(super) fn summary(&self, began: Instant) -> Summary {
        let last = &self.last;
        Summary {
            path: self.subject.path.clone(),
            downloaded: last.downloaded,
            uploaded: last.uploaded,
            took: began.elapsed(),
        }
    }

    /// For whoever asks from outside.
    pub(super) fn standing(&self) -> Standing {
        let Shown { subject, last, .. } = self;
        // The very first figures come before the torrent's are known.
        let known = last.pieces > 0 || subject.pieces == 0;
        // Whoever asks may be in another folder.
        let path = std::path::absolute(&subject.path);
        let path = path.as_ref().unwrap_or(&subject.path);
        Standing {
            name: subject.name.clone(),
            info_hash: subject.info_hash.clone(),
            state: self.state(),
            checked: last.checked,
            pieces_have: last.pieces_have,
            pieces: subject.pieces,
            left: if known { last.left } else { subject.total },
            total_length: subject.total,
            downloaded: last.downloaded,
            uploaded: last.uploaded,
            down_rate: last.down_rate,
            up_rate: last.up_rate,
            peers: last.peers,
            seeds: last.seeds,
            known_seeders: last.counts.seeders,
            known_leechers: last.counts.leechers,
            ratio: goal::ratio(self.counters().uploaded, self.size()),
            eta: last.eta.map(|eta| eta.as_secs()),
            path: path.to_string_lossy().into_owned(),
            listening: subject.listening.to_string(),
        }
    }

    fn state(&self) -> State {
        match &self.outcome {
            Some(Outcome::Failed(_)) => return State::Failed,
            Some(Outcome::Complete) => return State::Complete,
            Some(Outcome::Stopped) if self.completed.is_some() => return State::Complete,
            Some(Outcome::Stopped) => return State::Stopped,
            None => {}
        }
        match self.last.state {
            TorrentState::Checking => State::Checking,
            TorrentState::Metadata => State::Metadata,
            TorrentState::Downloading => State::Downloading,
            TorrentState::Seeding => State::Seeding,
            TorrentState::Paused => State::Paused,
            TorrentState::Waiting => State::Waiting,
            TorrentState::Ended => State::Ending,
        }
    }

    /// Tells the face that everything is there, at most once, and keeps the figures for the end.
    pub(super) fn complete(&mut self, began: Instant) -> Option<Summary> {
        let summary = self.summary(began);
        self.completed = Some(summary.clone());
        (self.mode == SEED_ON).then_some(summary)
    }
}

/// What a face is told at the start.
fn subject(options: &TorrentOptions, listening: SocketAddr) -> Subject {
    let metainfo = &options.metainfo;
    Subject {
        name: metainfo.name.clone(),
        info_hash: metainfo
            .info_hash_v1
            .map_or_else(String::new, |hash| hash.to_string()),
        is_known: true,
        total: wanted(options),
        pieces: metainfo.piece_count(),
        piece_length: metainfo.piece_length,
        path: place(metainfo, &options.root),
        is_given: options.mode == Mode::Seed,
        listening,
        files: files(options),
        choosable: (options.mode != Mode::Seed).then(|| metainfo.clone()),
        selection: options.selection.clone(),
    }
}

/// What a face is told of a magnet link.
fn unknown(job: &MagnetJob, listening: SocketAddr) -> Subject {
    let magnet = &job.options.magnet;
    let info_hash = magnet.info_hash_v1.map(|hash| hash.to_string());
    let info_hash = info_hash.unwrap_or_default();
    Subject {
        name: magnet.name.clone().unwrap_or_else(|| info_hash.clone()),
        info_hash,
        is_known: false,
        total: 0,
        pieces: 0,
        piece_length: 1,
        path: job.root.clone(),
        is_given: false,
        listening,
        files: Arc::default(),
        choosable: None,
        selection: None,
    }
}

/// The files that a person may look at, named without the torrent's folder.
fn files(options: &TorrentOptions) -> Arc<[FileSpan]> {
    let (metainfo, selection) = (&options.metainfo, &options.selection);
    let mut start = 0;
    let mut files = Vec::new();
    for (number, file) in metainfo.files.iter().enumerate() {
        if !file.padding && file.symlink.is_none() {
            let path = match (metainfo.multi_file, &*file.path) {
                (true, [_, rest @ ..]) if !rest.is_empty() => rest,
                (_, path) => path,
            };
            files.push(FileSpan {
                path: printable(&path.join("/")).into_owned(),
                number,
                start,
                length: file.length,
                wanted: selection.as_ref().is_none_or(|s| s.is_wanted(number)),
            });
        }
        start += file.length;
    }
    files.into()
}

/// Bytes of the files that are wanted.
fn wanted(options: &TorrentOptions) -> u64 {
    let Some(selection) = &options.selection else {
        return options.metainfo.total_length;
    };
    let files = options.metainfo.files.iter().enumerate();
    let wanted = files.filter(|&(file, _)| selection.is_wanted(file));
    wanted.map(|(_, file)| file.length).sum()
}

/// Where a torrent's file or folder is, or will be if the disk keeps its name.
fn place(metainfo: &Metainfo, root: &Path) -> PathBuf {
    let own = || root.join(&metainfo.name);
    match metainfo.portable.files.is_empty() {
        true => own(),
        false => Names::of(metainfo).map_or_else(|_| own(), |names| names.place(root)),
    }
}
