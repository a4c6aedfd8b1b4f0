//! Torrents at work, from their start to their end: the node, a face that shows it, and Ctrl-C.

mod answering;
mod shown;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::face::{self, Face, Looking, Subject, Want};
use super::failure::Failure;
use super::following::{Seen, follow};
use super::goal::Goal;
use super::interrupt::Interrupts;
use super::job::{Found, Job};
use super::several::Places;
use super::{args, service, several};
use crate::control::{Asked, Server};
use crate::node::{
    self, Command, DhtOptions, Endpoint, Mode, Node, NodeOptions, Notice, Outcome, Report,
    TorrentState,
};
use shown::Shown;

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
    /// How to take part in the DHT, if at all.
    pub(crate) dht: Option<DhtOptions>,
    /// The torrents and magnet links, at least one.
    pub(crate) jobs: Vec<Job>,
    /// Where files of theirs are to be.
    pub(crate) places: Places,
    /// Others that were asked for and cannot be worked on, and why.
    pub(crate) failed: Vec<String>,
    /// When seeding ends by itself.
    pub(crate) goal: Goal,
    /// How to say what a person may not expect.
    pub(crate) face: args::Face,
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
    let (node, mut running) = Running::start(plan, face.looks())?;
    let shown = running.show(face, interrupts).await;
    match &shown {
        Err(Failure::Interrupted(_)) => return shown,
        // Nobody listens any more, so nobody can want this to go on.
        Err(_) => running.end_unheard().await,
        Ok(()) => {}
    }
    let failures = failures(&running);
    drop((running.endpoint, running.control));
    node.end().await;
    if let Some(failure) = failures {
        return Err(failure);
    }
    let torrents = &running.torrents;
    match torrents.iter().find(|torrent| !torrent.is_done()) {
        // The reader has gone before he had what he asked for.
        Some(_) if matches!(shown, Err(Failure::ClosedPipe)) => Err(Failure::Unheard),
        Some(torrent) if shown.is_ok() => Err(Failure::Interrupted(interrupted(torrent))),
        _ => shown,
    }
}

/// What an interrupted download leaves behind.
fn interrupted(torrent: &Shown) -> String {
    let last = &torrent.last;
    if !torrent.subject.is_known {
        return "interrupted before anybody had sent the metadata; the same command begins again"
            .to_owned();
    }
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
fn failures(running: &Running) -> Option<Failure> {
    let all = running.torrents.len() + running.failed.len();
    let mut failed = running.failed.clone();
    for torrent in &running.torrents {
        if let Some(Outcome::Failed(why)) = &torrent.outcome {
            failed.push(match all {
                1 => why.to_string(),
                _ => format!("{}: {why}", torrent.subject.name),
            });
        }
    }
    match (&mut *failed, all) {
        ([], _) => None,
        ([why], 1) => Some(Failure::failed(why)),
        (failed, all) => Some(Failure::Failed(several::told(failed, all))),
    }
}

/// A download that goes on seeding when everything is there.
const SEED_ON: Mode = Mode::Download { keep_seeding: true };

struct Running {
    endpoint: Endpoint,
    torrents: Vec<Shown>,
    /// Those that could not be read, or are in the way of others, and why.
    failed: Vec<String>,
    places: Places,
    seen: mpsc::Receiver<(usize, Seen)>,
    /// Where other terminals speak to us, if they can.
    control: Option<Server>,
    began: Instant,
    /// Of whom the face wants to be told the details.
    looks: watch::Sender<Looking>,
    /// Since when all are about to end because somebody wants it.
    stopping: Option<Instant>,
}

impl Running {
    fn start(plan: Plan, looks: Looking) -> Result<(Node, Running), Failure> {
        let began = Instant::now();
        let node = Node::start(plan.node).map_err(Failure::failed)?;
        let endpoint = node
            .listen_with(plan.listen, plan.dht)
            .map_err(Failure::failed)?;
        let several = plan.jobs.len() + plan.failed.len() > 1;
        let (to_seen, seen) = mpsc::channel(16);
        let looks = watch::Sender::new(looks);
        let mut torrents = Vec::new();
        for (index, job) in plan.jobs.into_iter().enumerate() {
            let (mut shown, added) = Shown::begin(job, &endpoint, plan.goal);
            match added {
                Ok(torrent) => {
                    shown.follow(follow(index, torrent, looks.subscribe(), to_seen.clone()))
                }
                Err(error) if several => {
                    let why = node::Failure::Shell(error.to_string());
                    shown.outcome = Some(Outcome::Failed(why));
                }
                Err(error) => return Err(Failure::failed(error)),
            }
            torrents.push(shown);
        }
        let control = Server::open();
        if let Err(why) = &control {
            let sentence = format!("`kostorrent status` and others cannot reach this: {why}");
            face::warn(plan.face, &sentence)?;
        }
        let running = Running {
            endpoint,
            torrents,
            failed: plan.failed,
            places: plan.places,
            seen,
            looks,
            control: control.ok(),
            began,
            stopping: None,
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
        let mut inputs = face.inputs();
        for (index, shown) in self.torrents.iter().enumerate() {
            if let Some(Outcome::Failed(why)) = &shown.outcome {
                face.failed(index, &why.to_string())?;
            }
        }
        service::tell("READY=1");
        let mut looked = Duration::ZERO;
        while self.torrents.iter().any(|shown| shown.outcome.is_none()) {
            let due = face.due().map(|due| self.began + due.max(looked + LOOK));
            let enough = self.torrents.iter().filter_map(Shown::enough_at).min();
            let mut wanted = None;
            tokio::select! {
                biased;
                () = interrupts.next() => match self.stopping {
                    Some(since) if since.elapsed() < TOGETHER => {}
                    Some(_) => return Err(Failure::Interrupted("ended at once".into())),
                    None => wanted = Some(Want::Stop),
                },
                Some(input) = next(&mut inputs) => wanted = face.input(input),
                // Before what is to be seen, or there might never be time for it.
                () = sleep_until(face.redraw_at()) => face.redraw(),
                Some((torrent, seen)) = self.seen.recv() => self.seen(torrent, seen, face)?,
                asked = asked(&mut self.control) => self.asked(asked, face)?,
                () = sleep_until(enough) => {}
                () = sleep_until(due) => {
                    looked = self.began.elapsed();
                    let torrents = self.torrents.iter().enumerate();
                    for (index, shown) in torrents.filter(|(_, shown)| shown.outcome.is_none()) {
                        face.snapshot(looked, index, &shown.last)?;
                    }
                }
            }
            match wanted {
                Some(Want::Stop) if self.stopping.is_none() => {
                    self.stop();
                    self.is_stopping(face)?;
                }
                Some(Want::Command(torrent, command)) => {
                    if let Some(shown) = self.torrents.get(torrent) {
                        shown.command(command);
                    }
                }
                Some(Want::Choose(torrent, selection)) => {
                    if let Some(shown) = self.torrents.get(torrent) {
                        shown.choose(selection);
                    }
                }
                _ => {}
            }
            self.end_those_that_gave_enough(face)?;
            let looks = face.looks();
            self.looks
                .send_if_modified(|last| std::mem::replace(last, looks) != looks);
        }
        Ok(())
    }

    /// Stops the seeders that have reached what was wanted of them.
    fn end_those_that_gave_enough(&mut self, face: &mut dyn Face) -> Result<(), Failure> {
        for (index, shown) in self.torrents.iter_mut().enumerate() {
            if let Some(reached) = shown.has_enough() {
                face.given_enough(index, &reached.sentence())?;
                shown.command(Command::Stop);
            }
        }
        Ok(())
    }

    /// All are about to end: somebody wants it.
    fn is_stopping(&mut self, face: &mut dyn Face) -> Result<(), Failure> {
        self.stopping = Some(Instant::now());
        service::tell("STOPPING=1");
        face.stopping()
    }

    fn seen(&mut self, torrent: usize, seen: Seen, face: &mut dyn Face) -> Result<(), Failure> {
        let several = self.torrents.len() + self.failed.len() > 1;
        let Some(shown) = self.torrents.get_mut(torrent) else {
            return Ok(());
        };
        match seen {
            Seen::Figures(now) => {
                face.snapshot(self.began.elapsed(), torrent, &now)?;
                shown.saw(now);
            }
            Seen::Details(details) => face.details(self.began.elapsed(), torrent, &details)?,
            Seen::Notice(notice, now) => {
                // The figures that it comes with.
                shown.saw(now);
                if let Notice::Metadata { metainfo, info } = &notice {
                    let (metainfo, info) = (metainfo.clone(), info.clone());
                    if shown.became(
                        Found {
                            metainfo,
                            info,
                            nodes: Vec::new(),
                        },
                        &mut self.places,
                    ) {
                        face.known(torrent, &shown.subject)?;
                    }
                }
                if let Notice::Chosen { selection } = &notice {
                    shown.subject.choose(selection);
                    face.chosen(torrent, &shown.subject);
                }
                face.notice(torrent, &notice)?;
                if notice == Notice::Torrent(Report::Complete)
                    && let Some(summary) = shown.complete(self.began)
                {
                    face.complete(torrent, &summary)?;
                }
            }
            Seen::Ended(outcome) => {
                let outcome = shown.refused.take().map_or(outcome, Outcome::Failed);
                shown.outcome = Some(outcome.clone());
                match outcome {
                    Outcome::Failed(why) if several => face.failed(torrent, &why.to_string())?,
                    Outcome::Failed(_) => {}
                    Outcome::Complete if shown.mode == SEED_ON => {}
                    Outcome::Complete => {
                        let now = || shown.summary(self.began);
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
            shown.command(Command::Stop);
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

/// What is asked from another terminal; never, where nobody can.
async fn asked(control: &mut Option<Server>) -> Asked {
    match control {
        Some(server) => server.next().await,
        None => std::future::pending().await,
    }
}

/// What comes from a keyboard; nothing, for ever, if there is none.
async fn next(inputs: &mut Option<mpsc::UnboundedReceiver<face::Input>>) -> Option<face::Input> {
    inputs.as_mut()?.recv().await
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
