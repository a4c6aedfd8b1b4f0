//! One torrent at work, from its start to its end: the session, a face that shows it, and Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use tokio::sync::mpsc::UnboundedReceiver;

use super::face::{self, Face, Subject, Summary};
use super::failure::Failure;
use super::interrupt::Interrupts;
use crate::session::{Mode, Notice, Options, Outcome, Phase, Report, Session, Snapshot};

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

/// Works on a torrent until it is done, fails or is interrupted.
pub(crate) async fn run(
    options: Options,
    face: &mut dyn Face,
    interrupts: &mut Interrupts,
) -> Result<(), Failure> {
    let mut running = Running::start(options)?;
    let shown = running.follow(face, interrupts).await;
    match &shown {
        Ok(()) => {}
        Err(Failure::Interrupted(_)) => return shown,
        // Nobody listens any more, so nobody can want this to go on.
        Err(_) => running.session.stop(),
    }
    let outcome = running.session.wait().await;
    // Whoever ends a seeder has got what he wanted.
    let done =
        running.completed.is_some() || running.mode == Mode::Seed || outcome == Outcome::Complete;
    let (last, told) = (&running.last, running.mode == SEED_ON);
    let result = match outcome {
        Outcome::Failed(why) => return Err(Failure::failed(why)),
        _ if shown.is_err() => shown,
        Outcome::Complete if told => Ok(()),
        Outcome::Complete => {
            let now = || summary(last, running.began);
            face.complete(&running.completed.unwrap_or_else(now))
        }
        Outcome::Stopped if done => face.stopped(last),
        Outcome::Stopped => face
            .stopped(last)
            .and_then(|()| Err(Failure::Interrupted(interrupted(last)))),
    };
    match result {
        // The reader has gone before he had what he asked for.
        Err(Failure::ClosedPipe) if !done => Err(Failure::Unheard),
        result => result,
    }
}

/// What an interrupted download leaves behind.
fn interrupted(last: &Snapshot) -> String {
    if !matches!(last.phase, Phase::Downloading | Phase::Ended) {
        return "interrupted while checking what is on disk; the same command begins again"
            .to_owned();
    }
    format!(
        "interrupted with {} of {} pieces saved; the same command goes on from there",
        last.pieces_have, last.pieces
    )
}

/// A download that goes on seeding when everything is there.
const SEED_ON: Mode = Mode::Download { keep_seeding: true };

struct Running {
    session: Session,
    notices: UnboundedReceiver<Notice>,
    mode: Mode,
    subject: Subject,
    began: Instant,
    last: Snapshot,
    /// How it was when everything was there.
    completed: Option<Summary>,
}

impl Running {
    fn start(options: Options) -> Result<Running, Failure> {
        let began = Instant::now();
        let mode = options.mode;
        let mut subject = Subject {
            name: options.metainfo.name.clone(),
            info_hash: options
                .metainfo
                .info_hash_v1
                .map_or_else(String::new, |h| h.to_string()),
            total: options.metainfo.total_length,
            pieces: options.metainfo.piece_count(),
            piece_length: options.metainfo.piece_length,
            path: options.root.join(&options.metainfo.name),
            listening: options.listen,
        };
        let mut session = Session::start(options).map_err(Failure::failed)?;
        subject.listening = session.local_addr();
        let notices = session.notices();
        Ok(Running {
            session,
            notices,
            mode,
            subject,
            began,
            last: Snapshot::default(),
            completed: None,
        })
    }

    /// Shows what happens until there is nothing more to come.
    async fn follow(
        &mut self,
        face: &mut dyn Face,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        face.started(&self.subject)?;
        let mut snapshots = self.session.snapshots();
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    if stopping {
                        return Err(Failure::Interrupted("ended at once".into()));
                    }
                    stopping = true;
                    self.session.stop();
                    face.stopping()?;
                }
                Some(notice) = self.notices.recv() => {
                    // The figures that it comes with are there already.
                    self.last = snapshots.borrow().clone();
                    self.notice(&notice, face)?;
                }
                changed = snapshots.changed() => {
                    // The session's end closes the channel; its last figures stay in it.
                    self.last = snapshots.borrow_and_update().clone();
                    face.snapshot(self.began.elapsed(), &self.last)?;
                    if changed.is_err() {
                        break;
                    }
                }
            }
        }
        while let Ok(notice) = self.notices.try_recv() {
            self.notice(&notice, face)?;
        }
        Ok(())
    }

    fn notice(&mut self, notice: &Notice, face: &mut dyn Face) -> Result<(), Failure> {
        face.notice(notice)?;
        if *notice == Notice::Torrent(Report::Complete) {
            let summary = summary(&self.last, self.began);
            self.completed = Some(summary);
            if self.mode == SEED_ON {
                face.complete(&summary)?;
            }
        }
        Ok(())
    }
}

fn summary(last: &Snapshot, began: Instant) -> Summary {
    Summary {
        downloaded: last.downloaded,
        uploaded: last.uploaded,
        took: began.elapsed(),
    }
}
