//! The test that any BitTorrent client can take: swarms made for it alone, in which each peer and each
//! tracker does something that real ones do, and a verdict on what the client makes of it.
//!
//! - `stage`: what a stage is; `stages`: the table of them, and a file for each;
//! - `scene`: one run of the client's command, with what it takes place in;
//! - `tape`: what was seen of it;
//! - `verdict`: what is looked at and what came of it;
//! - `caller`, `leech`: peers that call the client, and those that download from it;
//! - `command`, `guard`: the process, which cannot outlive us, and `status`: how it ended;
//! - `torrent`, `tracker`: what the client is given, and `asked`: what it asks;
//! - `real`: how real clients did.
//!
//! The peers are those of the lab ([`crate::lab::peer`]). Everything happens on this machine, and on its loopback interface
//! unless another of its addresses is asked for.

mod asked;
mod baseline;
mod caller;
mod command;
pub mod guard;
mod leech;
pub mod real;
mod scene;
mod stage;
mod stages;
mod status;
mod tape;
mod torrent;
mod tracker;
mod verdict;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use baseline::Baseline;
pub use command::{Template, TemplateError};
use scene::Scene;
pub use scene::SceneError;
pub use stage::{Part, Stage};
pub use stages::STAGES;
pub use verdict::{Check, Finding, Verdict};

/// What is to be examined, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The command.
    pub template: Template,
    /// The first of the ports that it is told to listen on; `None` takes free ones.
    pub port: Option<u16>,
    /// The address of this machine at which trackers and peers are.
    pub host: Ipv4Addr,
    /// How many runs go on side by side.
    pub jobs: usize,
    /// How long a run may take whose client should have done its work long before.
    pub patience: Duration,
    /// Where the runs have their folders.
    pub folder: PathBuf,
}

/// What all runs share.
#[derive(Debug)]
struct Ground {
    template: Template,
    folder: PathBuf,
    patience: Duration,
    /// Where trackers and peers are.
    host: Ipv4Addr,
    /// Whether it listens where it was told to, so that one may call it there.
    listens: bool,
    /// Another number for each examination.
    salt: u64,
    places: Arc<Semaphore>,
    ports: Arc<Mutex<Ports>>,
    baseline: OnceCell<Baseline>,
}

/// Where free ports are looked for: below those that systems hand out for outgoing calls (from 32768 or 49152), of which a
/// peer that calls would take one before the client listens there.
const FREE: Range<u16> = 12_000..20_000;

#[derive(Debug)]
enum Ports {
    /// What is free in [`FREE`], from here on.
    Any(u16),
    /// These, of which each run takes one.
    These(Vec<u16>),
}

/// A place among the runs, and a port to listen on. Both are given back when this is dropped.
struct Place {
    number: u16,
    ports: Arc<Mutex<Ports>>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn number(&self) -> u16 {
        self.number
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ports::These(free) = &mut *lock(&self.ports) {
            free.push(self.number);
        }
    }
}

impl Ground {
    /// Waits for a place.
    async fn take_port(&self) -> io::Result<Place> {
        let permit = self.places.clone().acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        let number = match &mut *lock(&self.ports) {
            Ports::These(free) => free.pop(),
            Ports::Any(next) => FREE.map(|_| next_of(next)).find(|&port| is_free(port)),
        };
        let number = number.ok_or_else(|| io::Error::other("there is no free port"))?;
        Ok(Place {
            number,
            ports: self.ports.clone(),
            _permit: permit,
        })
    }
}

/// A port, and the next one the next time.
fn next_of(next: &mut u16) -> u16 {
    let port = *next;
    *next = match FREE.contains(&(port + 1)) {
        true => port + 1,
        false => FREE.start,
    };
    port
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came of a stage.
#[derive(Debug)]
pub struct Examined {
    /// Which.
    pub stage: &'static Stage,
    /// One finding for each of its checks, in their order.
    pub findings: Vec<Finding>,
    /// What the command printed in each take: the take's name, and the text.
    pub printed: Vec<(&'static str, String)>,
}

impl Examined {
    /// Whether anything in it is wrong.
    pub fn is_wrong(&self) -> bool {
        let mut verdicts = self.findings.iter().map(|finding| finding.verdict);
        verdicts.any(|verdict| verdict == Verdict::Wrong)
    }
}

/// Puts a client through stages, or parts of them, side by side, and gives what came of each in their order. Where `tell` fails,
/// the rest is left out.
///
/// # Errors
///
/// A [`SceneError`] when we cannot set up what is needed, and whatever `tell` fails with.
pub async fn examine<E: From<SceneError>>(
    options: Options,
    parts: &[Part],
    mut tell: impl FnMut(Examined) -> Result<(), E>,
) -> Result<(), E> {
    let listens = options.template.has("{port}");
    // Whoever listens on a port of his own choice has it for himself.
    let jobs = match options.port {
        Some(_) if !listens => 1,
        // No more than there are ports from the first one on.
        Some(first) => options.jobs.clamp(1, usize::from(u16::MAX - first) + 1),
        None => options.jobs.max(1),
    };
    let ports = match options.port {
        // Not where another examination begins.
        None => Ports::Any(rand::random_range(FREE)),
        Some(first) => Ports::These(
            (0..jobs)
                .rev()
                .filter_map(|more| first.checked_add(u16::try_from(more).ok()?))
                .collect(),
        ),
    };
    let ground = Arc::new(Ground {
        template: options.template,
        folder: options.folder,
        patience: options.patience,
        host: options.host,
        listens: listens || options.port.is_some(),
        salt: rand::random(),
        places: Arc::new(Semaphore::new(jobs)),
        ports: Arc::new(Mutex::new(ports)),
        baseline: OnceCell::new(),
    });
    // What it does in an honest swarm is asked in nearly every stage of a client that downloads: whoever needs it would else wait
    // behind all runs there are.
    let mut first = JoinSet::new();
    let downloads = parts.iter().filter(|part| !part.stage.seeds);
    if downloads.map(|part| part.takes.len()).sum::<usize>() > jobs {
        let ground = ground.clone();
        first.spawn(async move { drop(ground.baseline().await) });
    }
    let mut at_work = Vec::new();
    for part in parts {
        let mut takes = JoinSet::new();
        for &take in &part.takes {
            let scene = Scene::new(ground.clone(), format!("{}-{}", part.stage.name, take.name))?;
            let output = scene.folder().join("output.txt");
            let playing = (take.play)(scene);
            takes.spawn(async move { (take.name, playing.await, read(&output)) });
        }
        at_work.push((part, takes));
    }
    for (part, mut takes) in at_work {
        let mut played = Vec::new();
        while let Some(joined) = takes.join_next().await {
            match joined {
                Ok((name, findings, text)) => played.push((name, findings?, text)),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => continue,
                },
            }
        }
        // In the order of the table, whoever was first: of verdicts that are alike the first one counts.
        played.sort_by_key(|(name, ..)| part.takes.iter().position(|take| take.name == *name));
        let (mut found, mut printed) = (Vec::new(), Vec::new());
        for (name, findings, text) in played {
            let findings = findings.into_iter();
            found.extend(findings.map(|it| Finding { take: name, ..it }));
            printed.push((name, text));
        }
        let findings = part.sum_up(found);
        tell(Examined {
            stage: part.stage,
            findings,
            printed,
        })?;
    }
    Ok(())
}

fn read(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}
