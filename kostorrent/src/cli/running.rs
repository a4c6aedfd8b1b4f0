//! Torrents at work, from their start to their end: the node, a face that shows it, and Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metainfo::Metainfo;
use storage::Names;
use tokio::sync::mpsc;

use super::face::{self, Face, Subject, Summary};
use super::failure::Failure;
use super::following::{Following, Seen, follow};
use super::interrupt::Interrupts;
use crate::node::{
    Endpoint, Mode, Node, NodeOptions, Notice, Outcome, Report, Snapshot, TorrentOptions,
    TorrentState,
};

/// The least time between two looks at figures that have not changed.
const LOOK: Duration = Duration::from_secs(1);

/// Within so long, several signals to end are one: `timeout` and others send one to the process, and
/// one to its group.
const TOGETHER: Duration = Duration::from_millis(300);

/// Torrents that are to be worked on together.
pub(crate) struct Plan {
    /// What they may use together.
    pub(crate) node: NodeOptions,
    /// Where peers may call.
    pub(crate) listen: SocketAddr,
    /// The torrents, at least one.
    pub(crate) torrents: Vec<TorrentOptions>,
}

/// Runs asynchronous work to its end, on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("cannot start: {error}")))?;
    runtime.block_on(work)
}

/// Where peers may call: any address of this machine.
pub(crate) fn listen_on(port: Option<u16>) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port.unwrap_or(0)))
}

/// Does the work; when it fails and JSON is wanted, the reason is also the last event. (A command
/// line that cannot be understood at all is told on stderr alone.)
pub(crate) fn told_in_json(
    json: bool,
    work: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let result = work();
    if let (true, Err(Failure::Failed(why) | Failure::Usage(why))) = (json, &result) {
        face::error_event(why)?;
    }
    result
}

/// Works on torrents until all are done, have failed or are interrupted.
pub(crate) async fn run(
    plan: Plan,
    face: &mut dyn Face,
    interrupts: &mut Interrupts,
) -> Result<(), Failure> {
    let (node, mut running) = Running::start(plan)?;
    let shown = running.show(face, interrupts).await;
    match &shown {
        Err(Failure::Interrupted(_)) => return shown,
        // Nobody listens any more, so nobody can want this to go on.
        Err(_) => running.end_unheard().await,
        Ok(()) => {}
    }
    drop(running.endpoint);
    node.end().await;
    let torrents = &running.torrents;
    if let Some(failure) = failures(torrents) {
        return Err(failure);
    }
    match torrents.iter().find(|torrent| !torrent.is_done()) {
        // The reader has gone before he had what he asked for.
        Some(_) if matches!(shown, Err(Failure::ClosedPipe)) => Err(Failure::Unheard),
        Some(torrent) if shown.is_ok() => Err(Failure::Interrupted(interrupted(&torrent.last))),
        _ => shown,
    }
}

/// What an interrupted download leaves behind.
fn interrupted(last: &Snapshot) -> String {
    if last.state == TorrentState::Checking {
        return "interrupted while checking what is on disk; the same command begins again"
            .to_owned();
    }
    format!(
        "interrupted with {} of {} pieces saved; the same command goes on from there",
        last.pieces_have, last.pieces
    )
}

/// What went wrong: of a single torrent, why; of several, which and why.
fn failures(torrents: &[Shown]) -> Option<Failure> {
    let failed = torrents
        .iter()
        .filter_map(|torrent| match &torrent.outcome {
            Some(Outcome::Failed(why)) => Some((&torrent.subject.name, why)),
            _ => None,
        });
    let failed: Vec<_> = failed.collect();
    match (&*failed, torrents.len()) {
        ([], _) => None,
        ([(_, why)], 1) => Some(Failure::failed(why)),
        (failed, all) => {
            let each = failed.iter().map(|(name, why)| format!("{name}: {why}"));
            let each = each.collect::<Vec<_>>().join("; ");
            Some(Failure::Failed(format!(
                "{} of {all} torrents failed: {each}",
                failed.len()
            )))
        }
    }
}

/// A download that goes on seeding when everything is there.
const SEED_ON: Mode = Mode::Download { keep_seeding: true };

struct Running {
    endpoint: Endpoint,
    torrents: Vec<Shown>,
    seen: mpsc::Receiver<(usize, Seen)>,
    began: Instant,
}

/// A torrent, and what was seen of it.
struct Shown {
    subject: Subject,
    metainfo: Arc<Metainfo>,
    root: PathBuf,
    mode: Mode,
    following: Following,
    last: Snapshot,
    /// How it was when everything was there.
    completed: Option<Summary>,
    outcome: Option<Outcome>,
}

impl Shown {
    /// Whether it has what was asked for. Whoever ends a seeder has got what he wanted.
    fn is_done(&self) -> bool {
        self.completed.is_some()
            || self.mode == Mode::Seed
            || self.outcome == Some(Outcome::Complete)
    }
}

impl Running {
    fn start(plan: Plan) -> Result<(Node, Running), Failure> {
        let began = Instant::now();
        let node = Node::start(plan.node).map_err(Failure::failed)?;
        let endpoint = node.listen(plan.listen).map_err(Failure::failed)?;
        let several = plan.torrents.len() > 1;
        let (to_seen, seen) = mpsc::channel(16);
        let mut torrents = Vec::new();
        for (index, options) in plan.torrents.into_iter().enumerate() {
            let (mode, metainfo) = (options.mode, options.metainfo.clone());
            let root = options.root.clone();
            let subject = subject(&options, endpoint.local_addr());
            let torrent = endpoint.add(options).map_err(|error| match several {
                true => Failure::Failed(format!("{}: {error}", subject.name)),
                false => Failure::failed(error),
            })?;
            torrents.push(Shown {
                subject,
                metainfo,
                root,
                mode,
                following: follow(index, torrent, to_seen.clone()),
                last: Snapshot::default(),
                completed: None,
                outcome: None,
            });
        }
        let running = Running {
            endpoint,
            torrents,
            seen,
            began,
        };
        Ok((node, running))
    }

    /// Shows what happens until there is nothing more to come.
    async fn show(
        &mut self,
        face: &mut dyn Face,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        let subjects: Vec<Subject> = self
            .torrents
            .iter()
            .map(|shown| shown.subject.clone())
            .collect();
        face.started(&subjects)?;
        let mut stopping: Option<Instant> = None;
        let mut looked = Duration::ZERO;
        while self.torrents.iter().any(|shown| shown.outcome.is_none()) {
            let due = face.due().map(|due| self.began + due.max(looked + LOOK));
            tokio::select! {
                biased;
                () = interrupts.next() => match stopping {
                    Some(since) if since.elapsed() < TOGETHER => {}
                    Some(_) => return Err(Failure::Interrupted("ended at once".into())),
                    None => {
                        stopping = Some(Instant::now());
                        self.stop();
                        face.stopping()?;
                    }
                },
                Some((torrent, seen)) = self.seen.recv() => self.seen(torrent, seen, face)?,
                () = sleep_until(due) => {
                    looked = self.began.elapsed();
                    let torrents = self.torrents.iter().enumerate();
                    for (index, shown) in torrents.filter(|(_, shown)| shown.outcome.is_none()) {
                        face.snapshot(looked, index, &shown.last)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn seen(&mut self, torrent: usize, seen: Seen, face: &mut dyn Face) -> Result<(), Failure> {
        let several = self.torrents.len() > 1;
        let Some(shown) = self.torrents.get_mut(torrent) else {
            return Ok(());
        };
        match seen {
            Seen::Figures(now) => {
                face.snapshot(self.began.elapsed(), torrent, &now)?;
                shown.last = now;
            }
            Seen::Notice(notice, now) => {
                // The figures that it comes with.
                shown.last = now;
                face.notice(torrent, &notice)?;
                if notice == Notice::Torrent(Report::Complete) {
                    let summary = summary(shown, self.began);
                    shown.completed = Some(summary.clone());
                    if shown.mode == SEED_ON {
                        face.complete(torrent, &summary)?;
                    }
                }
            }
            Seen::Ended(outcome) => {
                shown.outcome = Some(outcome.clone());
                match outcome {
                    Outcome::Failed(why) if several => face.failed(torrent, &why.to_string())?,
                    Outcome::Failed(_) => {}
                    Outcome::Complete if shown.mode == SEED_ON => {}
                    Outcome::Complete => {
                        let now = || summary(shown, self.began);
                        face.complete(torrent, &shown.completed.clone().unwrap_or_else(now))?;
                    }
                    Outcome::Stopped => face.stopped(torrent, &shown.last)?,
                }
            }
        }
        Ok(())
    }

    fn stop(&self) {
        for shown in &self.torrents {
            shown.following.stop();
        }
    }

    /// Stops everything, and shows nothing of it.
    async fn end_unheard(&mut self) {
        self.stop();
        while self.torrents.iter().any(|shown| shown.outcome.is_none()) {
            let Some((torrent, seen)) = self.seen.recv().await else {
                return;
            };
            if let (Some(shown), Seen::Ended(outcome)) = (self.torrents.get_mut(torrent), seen) {
                shown.outcome = Some(outcome);
            }
        }
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
        total: wanted(options),
        pieces: metainfo.piece_count(),
        piece_length: metainfo.piece_length,
        path: place(metainfo, &options.root),
        listening,
    }
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

fn summary(shown: &Shown, began: Instant) -> Summary {
    let last = &shown.last;
    Summary {
        path: place(&shown.metainfo, &shown.root),
        downloaded: last.downloaded,
        uploaded: last.uploaded,
        took: began.elapsed(),
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
