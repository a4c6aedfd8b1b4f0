//! Asking over a socket and waiting for the answer: what the step's program uses.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rand::rngs::ThreadRng;
use thiserror::Error;
pub use tracker::blocking::{LookUpError, finish, free_port, look_up, read_torrent};
use tracker::{PeerAddr, PeerAddrError};

use crate::{Answer, Ask, Client, Failure, Family, StartError, TrackerUrl};

/// A datagram that was sent or has come.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// This went to the tracker.
    Sent(&'a [u8]),
    /// This came from it.
    Came(&'a [u8]),
}

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// The tracker refused, or said nothing.
    #[error("{tracker}: {failure}")]
    Failure {
        /// Its address.
        tracker: SocketAddr,
        /// What happened.
        failure: Failure,
    },
    /// The question cannot be asked.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no way to the tracker, or nobody listens there.
    #[error("cannot reach the tracker {tracker}: {error}")]
    Unreachable {
        /// Its address.
        tracker: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
}

/// Why a tracker has no address.
#[derive(Debug, Error)]
pub enum AddressError {
    /// What stands in its URL is no host.
    #[error(transparent)]
    Host(#[from] PeerAddrError),
    /// The name leads nowhere.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
}

/// Where a tracker is: an address of each family, if it has one. It is to be asked at both, for by
/// each it learns of us, and names peers, in that family alone (BEP 15, "IPv6").
///
/// # Errors
///
/// When its name cannot be looked up.
pub fn addresses(url: &TrackerUrl) -> Result<Vec<SocketAddr>, AddressError> {
    let (host, port) = (&url.host, url.port);
    let text = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let all = look_up(&text.parse::<PeerAddr>()?)?;
    let first = |family| {
        let mut addrs = all.iter().copied();
        addrs.find(|&addr| Family::from(addr) == family)
    };
    Ok([first(Family::V4), first(Family::V6)]
        .into_iter()
        .flatten()
        .collect())
}

/// A socket to one tracker, and the client that speaks through it.
#[derive(Debug)]
pub struct Line {
    tracker: SocketAddr,
    socket: UdpSocket,
    client: Client,
    opened: Instant,
    rng: ThreadRng,
}

impl Line {
    /// A socket to the tracker at this address. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When the system has no way to there.
    pub fn open(tracker: SocketAddr) -> Result<Line, AskError> {
        let error = |error| AskError::Unreachable { tracker, error };
        let any: SocketAddr = match tracker {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).map_err(error)?;
        // From now on the system brings nothing but what comes from there, and says when nobody is.
        socket.connect(tracker).map_err(error)?;
        Ok(Line {
            tracker,
            socket,
            client: Client::new(),
            opened: Instant::now(),
            rng: rand::rng(),
        })
    }

    /// Asks, and waits for the answer; `seen` is shown each datagram.
    ///
    /// # Errors
    ///
    /// When the tracker refuses, cannot be reached, or says nothing that can be believed within
    /// `patience`. That nobody listens there is an end, too, when the system says so: whoever has
    /// the time asks again.
    pub fn ask(
        &mut self,
        ask: Ask,
        patience: Duration,
        seen: &mut dyn FnMut(Seen<'_>),
    ) -> Result<Answer, AskError> {
        let tracker = self.tracker;
        let now = self.opened.elapsed();
        let id = self
            .client
            .start(tracker, ask, patience, now, &mut self.rng)?;
        loop {
            if let Some(ended) = self.client.poll_event().filter(|ended| ended.id == id) {
                let failed = |failure| AskError::Failure { tracker, failure };
                return ended.result.map_err(failed);
            }
            if let Err(error) = self.step(seen) {
                // Its end is this one: the next question is not to get it.
                self.client.cancel(id);
                return Err(AskError::Unreachable { tracker, error });
            }
        }
    }

    // ANCHOR: step
    /// Sends what is to be sent, and waits for a datagram or until something is due.
    fn step(&mut self, seen: &mut dyn FnMut(Seen<'_>)) -> io::Result<()> {
        while let Some(transmit) = self.client.poll_transmit() {
            self.socket.send(&transmit.bytes)?;
            seen(Seen::Sent(&transmit.bytes));
        }
        let due = self.client.poll_timeout().unwrap_or_default();
        let wait = due.saturating_sub(self.opened.elapsed());
        if !wait.is_zero() {
            self.socket.set_read_timeout(Some(wait))?;
            let mut buffer = [0; 65_536];
            match self.socket.recv(&mut buffer) {
                Ok(n) => {
                    seen(Seen::Came(&buffer[..n]));
                    let now = self.opened.elapsed();
                    self.client.handle(self.tracker, &buffer[..n], now);
                }
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.client
            .handle_timeout(self.opened.elapsed(), &mut self.rng);
        Ok(())
    }
    // ANCHOR_END: step
}

/// Whether the time was over, or a signal came; systems do not agree on the name of the first.
fn is_timeout(error: &io::Error) -> bool {
    let kinds = [
        ErrorKind::WouldBlock,
        ErrorKind::TimedOut,
        ErrorKind::Interrupted,
    ];
    kinds.contains(&error.kind())
}
