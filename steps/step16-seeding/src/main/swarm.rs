//! What all members know: who they are, when the trade began, and whether it is over.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use choker::{PeerKey, ROUND};
use handshake::Handshake;
use peer_id::PeerId;

/// A member of the swarm.
pub struct Member {
    pub name: &'static str,
    /// Whether it gives, or takes only.
    pub gives: bool,
    pub addr: SocketAddr,
    pub listener: TcpListener,
    pub handshake: Handshake,
}

/// The swarm.
pub struct Swarm {
    pub members: Vec<Member>,
    /// How long a round is here.
    pub round: Duration,
    began: Instant,
    /// How many of those who give have everything.
    complete: AtomicUsize,
    stopped: AtomicBool,
    closed: AtomicBool,
    /// Bytes of payload, by who got them and from whom.
    pub got: Mutex<Vec<Vec<u64>>>,
}

impl Swarm {
    pub fn new(members: Vec<Member>, round: f64) -> Swarm {
        let count = members.len();
        Swarm {
            members,
            round: Duration::from_secs_f64(round),
            began: Instant::now(),
            complete: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            got: Mutex::new(vec![vec![0; count]; count]),
        }
    }

    /// The time for the choker, whose rounds are ten seconds long: where ours are shorter, its clock
    /// runs faster.
    pub fn choker_time(&self) -> Duration {
        let rounds = self.began.elapsed().as_secs_f64() / self.round.as_secs_f64();
        ROUND.mul_f64(rounds)
    }

    /// The time since the beginning.
    pub fn time(&self) -> Duration {
        self.began.elapsed()
    }

    /// Which member has this id.
    pub fn find(&self, id: PeerId) -> Option<usize> {
        let mut members = self.members.iter();
        members.position(|member| member.handshake.peer_id == id)
    }

    /// One of those who give has everything. When all have, it is over.
    pub fn is_complete(&self) {
        let complete = self.complete.fetch_add(1, Ordering::SeqCst) + 1;
        let givers = self.members.iter().filter(|member| member.gives).count();
        if complete == givers {
            self.stop();
        }
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    pub fn is_over(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Notes that a member got bytes from another.
    pub fn note(&self, to: usize, PeerKey(from): PeerKey, bytes: u64) {
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sum) = got[to].get_mut(from as usize) {
            *sum += bytes;
        }
    }

    /// Says something, in one piece. When nobody listens any more, it is over.
    pub fn say(&self, text: &str) {
        let mut out = io::stdout().lock();
        let said = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if said.is_err() {
            self.closed.store(true, Ordering::SeqCst);
            self.stop();
        }
    }

    pub fn output_is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}
