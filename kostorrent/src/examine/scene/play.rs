//! The command at work, from its start to its end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, timeout};

use super::{Scene, SceneError};
use crate::examine::command::{Fill, Run};
use crate::examine::lock;
use crate::examine::status::Status;
use crate::examine::tape::What;

/// How often it is looked whether the command has ended, or everything is on disk.
const LOOK: Duration = Duration::from_millis(25);
/// When the command has ended, its connections tell their end within that.
const ECHO: Duration = Duration::from_millis(100);
/// A command that is told to end has that long for it, and for its goodbye to the tracker.
const GRACE: Duration = Duration::from_secs(4);
/// A client that has not been seen or heard of after so long does nothing any more.
const START: Duration = Duration::from_secs(30);

/// Why a run is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// What was waited for has happened.
    Happened,
    /// The command ended before.
    Ended(Status),
    /// Nothing of it within the time.
    Late,
    /// The client sends and sends.
    Flooded,
}

/// What a run was like.
#[derive(Clone, Debug)]
pub struct Played {
    /// Why it is over.
    pub over: Over,
    /// The most memory it had, in bytes, where the system tells.
    pub memory: Option<u64>,
}

impl Scene {
    /// Runs the command until something has happened, but no longer than that.
    pub async fn play(
        &self,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
    ) -> Result<Played, SceneError> {
        self.run(limit.max(START), limit, happened, false).await
    }

    /// The same with a client that may have no reason to let anything be seen of it: not even for that is it waited longer.
    pub async fn play_for(
        &self,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
    ) -> Result<Played, SceneError> {
        self.run(limit, limit, happened, false).await
    }

    /// The same, and then the command is asked to end, and given time for it.
    pub async fn play_and_end(
        &self,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
    ) -> Result<Played, SceneError> {
        self.run(limit.max(START), limit, happened, true).await
    }

    async fn run(
        &self,
        start: Duration,
        limit: Duration,
        happened: &(dyn Fn(&Scene) -> bool + Sync),
        gently: bool,
    ) -> Result<Played, SceneError> {
        let mut torrents = Vec::new();
        for torrent in [&self.torrent].into_iter().chain(&self.more) {
            let name = match torrents.len() {
                0 => "test.torrent".to_owned(),
                before => format!("test-{}.torrent", before + 1),
            };
            let path = self.folder.join(name);
            let written = fs::write(&path, torrent.file(&self.announce));
            written.map_err(|cause| self.error(cause))?;
            torrents.push(path);
        }
        let port = self.ground.take_port().await;
        let port = port.map_err(|cause| self.error(cause))?;
        // Where no DHT is looked at there is a node that does not answer: the client is not to ask those of the world.
        let silent = UdpSocket::bind((self.host(), 0)).await;
        let silent = silent.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (silent, _socket) = silent.map_err(|cause| self.error(cause))?;

        let fill = Fill {
            torrents: &torrents,
            magnet: self.magnet.as_deref(),
            router: self.router.unwrap_or(silent),
            output: &self.output(),
            data: &self.data(),
            port: port.number(),
        };
        self.tape.begin();
        let run = Run::start(&self.ground.template, &fill, &self.folder);
        let mut run = run.map_err(|cause| self.error(cause))?;
        *lock(&self.vitals) = Some(run.vitals());
        let over = loop {
            // Asked first: what it did before its end is then all seen.
            let status = run.status();
            if let Some(Status::NotStarted(why)) = status {
                let why = format!("the command could not be started: {why}");
                return Err(self.error(io::Error::other(why)));
            }
            if let Some(status) = status {
                sleep(ECHO).await;
                self.tape.note("", 0, What::Ended(status.clone()));
                break match happened(self) {
                    true => Over::Happened,
                    false => Over::Ended(status),
                };
            }
            if happened(self) {
                break Over::Happened;
            }
            // Some take long until they do anything, and more so on a busy machine.
            let until = match self.tape.first_sign() {
                Some(at) => at + limit,
                None => start,
            };
            if self.tape.now() > until {
                break Over::Late;
            }
            if self.tape.is_full() {
                break Over::Flooded;
            }
            // A change or a look, whichever comes first.
            let _ = timeout(LOOK, self.tape.changed()).await;
        };
        let memory = run.vitals().memory();
        if gently {
            self.part(&mut run).await;
        }
        self.tape.end();
        *lock(&self.vitals) = None;
        drop(run);
        // To what was seen of an earlier run of it.
        let seen = File::options()
            .append(true)
            .create(true)
            .open(self.folder.join("seen.txt"));
        let lines = self.tape.last(usize::MAX).join("\n") + "\n";
        let written = seen.and_then(|mut seen| seen.write_all(lines.as_bytes()));
        written.map_err(|cause| self.error(cause))?;
        Ok(Played { over, memory })
    }

    /// Asks the command to end, and waits until it has.
    async fn part(&self, run: &mut Run) {
        if run.status().is_some() {
            return;
        }
        run.interrupt();
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            if let Some(status) = run.status() {
                sleep(ECHO).await;
                self.tape.note("", 0, What::Ended(status));
                return;
            }
            sleep(LOOK).await;
        }
    }
}

impl Played {
    /// How it crashed, if it did: by a signal that we did not send.
    pub fn crash(&self) -> Option<String> {
        match &self.over {
            Over::Ended(status @ Status::Signal(_)) => Some(status.to_string()),
            _ => None,
        }
    }

    /// The end of a sentence about what did not come: why, if it was not that we have waited for long enough.
    pub fn because(&self) -> String {
        match &self.over {
            Over::Happened => String::new(),
            _ => format!(": {}", self.why()),
        }
    }

    /// Why it went no further, in words.
    pub fn why(&self) -> String {
        match &self.over {
            Over::Happened => "it went on".into(),
            Over::Ended(status) => format!("it {status}"),
            Over::Late => "nothing more came".into(),
            Over::Flooded => "it sends without end".into(),
        }
    }
}
