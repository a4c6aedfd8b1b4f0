//! A whole tracker in five small files: it answers announces over HTTP and UDP, and remembers who
//! shares what.
//!
//! - `swarm`: the memory and its rules, pure;
//! - `request`: from the URL's query to an announce;
//! - `reply`: from the answer to bencode;
//! - `datagrams`: the same by UDP;
//! - this file: the sockets.
//!
//! It is made for the lab, on the loopback interface, and is small enough to be read in one go.
//! Memory, time and connections are bounded all the same.

mod datagrams;
pub(crate) mod http;
pub(crate) mod reply;
pub(crate) mod request;
mod swarm;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metainfo::InfoHash;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use swarm::{Announce, Answer, Refusal, Serves, Swarms};

/// A request and its answer must be over by then.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections served at a time; others wait.
const CONNECTIONS: usize = 64;
/// How often another port is tried when one is free in TCP and taken in UDP.
const TRIES: usize = 16;
/// Accepted announces that nobody has read yet; beyond them none is noted.
const NOTES: usize = 256;

/// A running tracker. It ends when this is dropped.
#[derive(Debug)]
pub struct Tracker {
    addr: SocketAddr,
    state: Arc<State>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct State {
    began: Instant,
    memory: Mutex<(Swarms, ChaCha8Rng)>,
    notes: mpsc::Sender<Announce>,
}

impl Tracker {
    /// Listens on an address (port 0: a free one), in TCP and in UDP. Every announce that was accepted
    /// also comes out of the channel, for a person to watch. `seed` decides which peers are named to
    /// whom.
    pub async fn start(
        addr: SocketAddr,
        swarms: Swarms,
        seed: u64,
    ) -> io::Result<(Tracker, mpsc::Receiver<Announce>)> {
        let (listener, socket) = bind(addr).await?;
        let addr = listener.local_addr()?;
        let (notes, noted) = mpsc::channel(NOTES);
        let memory = Mutex::new((swarms, ChaCha8Rng::seed_from_u64(seed)));
        let state = Arc::new(State {
            began: Instant::now(),
            memory,
            notes,
        });
        let tasks = [
            tokio::spawn(serve(listener, state.clone())),
            tokio::spawn(datagrams::serve(socket, state.clone(), seed)),
        ];
        Ok((Tracker { addr, state, tasks }, noted))
    }

    /// The URL that belongs into a torrent.
    pub fn announce_url(&self) -> String {
        format!("http://{}/announce", self.addr)
    }

    /// The URL for whoever asks by UDP (BEP 15).
    pub fn udp_url(&self) -> String {
        format!("udp://{}/announce", self.addr)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Names a seeder to every leecher from now on.
    pub fn introduce(&self, info_hash: InfoHash, addr: SocketAddr) {
        self.state.memory().0.introduce(info_hash, addr);
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl State {
    fn memory(&self) -> MutexGuard<'_, (Swarms, ChaCha8Rng)> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Takes an announce, and lets whoever watches know.
    fn announce(&self, announce: Announce) -> Result<Answer, String> {
        let now = self.now();
        let answer = {
            let (swarms, rng) = &mut *self.memory();
            swarms.announce(now, &announce, rng)
        };
        let answer = answer.map_err(|why| why.to_string())?;
        // Nobody may be watching.
        let _ = self.notes.try_send(announce);
        Ok(answer)
    }

    /// How many seeders and how many others a torrent has.
    fn count(&self, torrent: InfoHash) -> Option<(usize, usize)> {
        let now = self.now();
        self.memory().0.count(now, torrent)
    }
}

/// A listener and a UDP socket with the same port.
async fn bind(addr: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let mut tries = 0;
    loop {
        let listener = TcpListener::bind(addr).await?;
        match UdpSocket::bind(listener.local_addr()?).await {
            Ok(socket) => return Ok((listener, socket)),
            Err(_) if addr.port() == 0 && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((socket, from)) => {
                let state = state.clone();
                tokio::spawn(async move {
                    // A client that is slow or gone is its own problem.
                    let _ = timeout(PATIENCE, answer(socket, from, &state)).await;
                    drop(place);
                });
            }
            // Out of file descriptors, for one: others have to end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn answer(mut socket: TcpStream, from: SocketAddr, state: &State) -> io::Result<()> {
    let response = match http::read_request(&mut socket).await? {
        Ok(request) => respond(&request.target, from, state),
        Err(refused) => refused,
    };
    http::write_response(&mut socket, &response).await
}

/// Everything a tracker can be asked.
fn respond(target: &str, from: SocketAddr, state: &State) -> http::Response {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body = match path {
        "/announce" => match answer_announce(query, from, state) {
            Ok(body) => body,
            Err(why) => reply::failure(&why),
        },
        "/scrape" => match request::parse_scrape(query) {
            Ok(hashes) => answer_scrape(hashes, state),
            Err(why) => reply::failure(&why.to_string()),
        },
        _ => return http::Response::text("404 Not Found", "This tracker answers at /announce.\n"),
    };
    match body {
        Ok(body) => http::Response::bencode(body),
        Err(_) => http::Response::text("500 Internal Server Error", "The answer went wrong.\n"),
    }
}

type Body = Result<Vec<u8>, bendy::encoding::Error>;

fn answer_announce(query: &str, from: SocketAddr, state: &State) -> Result<Body, String> {
    let request = request::parse(query, from.ip()).map_err(|why| why.to_string())?;
    let answer = state.announce(request.announce)?;
    Ok(reply::announce(&answer, request.form))
}

fn answer_scrape(mut hashes: Vec<InfoHash>, state: &State) -> Body {
    hashes.sort();
    hashes.dedup();
    let counts = hashes
        .into_iter()
        .filter_map(|hash| Some((hash, state.count(hash)?)));
    reply::scrape(&counts.collect::<Vec<_>>())
}
