//! The UDP side of an endpoint: one socket with the port number of its listener, and the state
//! machines that speak through it. They compute; this task carries their datagrams and rings when
//! their time has come.
//!
//! Everybody on the network can send to this port, as much as he likes. What comes is read into one
//! buffer, a few datagrams at a turn, and then it is the turn of all other tasks.

mod socket;
mod trackers;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{debug, warn};
use udp_tracker::{Answer, Ask, Failure};

use super::dht::{Dht, DhtOptions, Done, Order, Side};
use socket::{Reach, Socket};
use trackers::Trackers;

use super::route::Route;

/// Datagrams that are read before others have their turn.
const AT_A_TURN: usize = 32;

/// The longest datagram there is, in bytes.
const LONGEST: usize = 65_536;

/// Questions that wait for the socket's task.
const QUESTIONS: usize = 64;

/// A question for a tracker.
struct Question {
    to: SocketAddr,
    ask: Ask,
    answer: oneshot::Sender<Result<Answer, AskError>>,
}

/// Why a tracker has not answered by UDP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AskError {
    /// Nothing can be sent to it, and why.
    #[error("{0}")]
    Unreachable(String),
    /// It refused, or said nothing.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// The UDP socket of an endpoint, for those who want something sent. The socket is closed when all
/// of these are gone.
#[derive(Clone, Debug)]
pub(super) struct Udp(Arc<Inner>);

#[derive(Debug)]
enum Inner {
    Open {
        questions: mpsc::Sender<Question>,
        addr: SocketAddr,
        dht: Option<Dht>,
    },
    /// There is no socket, and why.
    Closed(String),
}

/// What the socket's task begins with.
pub(super) struct Work {
    socket: UdpSocket,
    questions: mpsc::Receiver<Question>,
    dht: Option<(DhtOptions, mpsc::Receiver<Order>)>,
    route: Arc<Route>,
}

impl Udp {
    /// A socket beside a listener at this address, and the work of its task; with a node of the DHT, if
    /// that is wanted. If the listener's port is somebody else's in UDP, it is another one, which is as
    /// good for whom we ask.
    pub fn open(
        listener: SocketAddr,
        dht: Option<DhtOptions>,
        route: &Arc<Route>,
    ) -> (Udp, Option<Work>) {
        let opened = socket::bind(listener, route).or_else(|error| {
            let socket = socket::bind(SocketAddr::new(listener.ip(), 0), route)?;
            warn!(port = listener.port(), %error, "no such UDP port to be had: using another one");
            Ok(socket)
        });
        let opened = opened.and_then(|socket: UdpSocket| Ok((socket.local_addr()?, socket)));
        let (addr, socket) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                warn!(%error, "no UDP port to be had: trackers by UDP are not asked");
                return (Udp::closed(&error), None);
            }
        };
        debug!(%addr, "UDP socket");
        let (to_questions, questions) = mpsc::channel(QUESTIONS);
        let (handle, dht) = match dht {
            None => (None, None),
            Some(options) => {
                let (handle, orders) = Dht::new();
                (Some(handle), Some((options, orders)))
            }
        };
        let inner = Inner::Open {
            questions: to_questions,
            addr,
            dht: handle,
        };
        let work = Work {
            socket,
            questions,
            dht,
            route: route.clone(),
        };
        (Udp(Arc::new(inner)), Some(work))
    }

    /// No socket at all.
    pub fn closed(why: &io::Error) -> Udp {
        Udp::without(format!(
            "there is no UDP port to be had on this machine: {why}"
        ))
    }

    /// None, for this reason.
    pub fn without(why: String) -> Udp {
        Udp(Arc::new(Inner::Closed(why)))
    }

    /// Says why there is no socket, if there is none.
    pub fn is_open(&self) -> Result<(), AskError> {
        match &*self.0 {
            Inner::Open { .. } => Ok(()),
            Inner::Closed(why) => Err(AskError::Unreachable(why.clone())),
        }
    }

    /// The port of our node of the DHT; 0 if there is none.
    pub fn dht_port(&self) -> u16 {
        match &*self.0 {
            Inner::Open {
                addr, dht: Some(_), ..
            } => addr.port(),
            _ => 0,
        }
    }

    /// The DHT, if this socket takes part in it.
    pub fn dht(&self) -> Option<Dht> {
        match &*self.0 {
            Inner::Open { dht, .. } => dht.clone(),
            Inner::Closed(_) => None,
        }
    }

    /// Whether a datagram can go to this address; of its family, that is.
    pub fn reaches(&self, addr: SocketAddr) -> bool {
        match &*self.0 {
            Inner::Open { addr: ours, .. } => Reach::of(*ours).includes(addr),
            Inner::Closed(_) => true, // asking it says why not
        }
    }

    /// Asks the tracker at this address. It ends when whoever waits for it does, and after
    /// [`TIMEOUT`](tracker::TIMEOUT) at the latest.
    ///
    /// # Errors
    ///
    /// When nothing can be sent, or the tracker refuses or says nothing.
    pub async fn ask(&self, to: SocketAddr, ask: Ask) -> Result<Answer, AskError> {
        let questions = match &*self.0 {
            Inner::Open { questions, .. } => questions,
            Inner::Closed(why) => return Err(AskError::Unreachable(why.clone())),
        };
        let (answer, answered) = oneshot::channel();
        let gone = || AskError::Unreachable("the UDP socket is gone".to_owned());
        let sent = questions.send(Question { to, ask, answer }).await;
        sent.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Work {
    /// Carries datagrams until nobody has any use for it. It is to be called where there is a
    /// reactor.
    pub async fn run(self) {
        let opened = self.socket.local_addr();
        let opened = opened.and_then(|addr| Ok((addr, Socket::new(self.socket)?)));
        match opened {
            Ok((addr, socket)) => {
                let dht = self.dht;
                let dht = dht.map(|(options, orders)| {
                    (Side::new(options, addr, self.route.clone()), orders)
                });
                Task::new(socket, self.questions, dht, self.route)
                    .run()
                    .await;
            }
            Err(error) => warn!(%error, "the UDP socket cannot be used"),
        }
    }
}

/// Something to be sent, and whether a tracker is asked by it.
struct Datagram {
    to: SocketAddr,
    bytes: Vec<u8>,
    is_question: bool,
}

/// The task of a socket.
struct Task {
    socket: Socket,
    route: Arc<Route>,
    questions: mpsc::Receiver<Question>,
    trackers: Trackers,
    dht: Option<Side>,
    orders: Option<mpsc::Receiver<Order>>,
    began: Instant,
    buffer: Vec<u8>,
    /// What the system had no room for.
    unsent: Option<Datagram>,
}

impl Task {
    fn new(
        socket: Socket,
        questions: mpsc::Receiver<Question>,
        dht: Option<(Side, mpsc::Receiver<Order>)>,
        route: Arc<Route>,
    ) -> Task {
        let (dht, orders) = dht.unzip();
        Task {
            socket,
            route,
            questions,
            trackers: Trackers::default(),
            dht,
            orders,
            began: Instant::now(),
            buffer: vec![0; LONGEST],
            unsent: None,
        }
    }

    async fn run(mut self) {
        let mut present = self.route.present();
        let mut another = self.route.is_another(present.clone());
        loop {
            self.send();
            let due = self.due().map(|due| self.began + due);
            tokio::select! {
                question = self.questions.recv() => match question {
                    Some(question) => self.trackers.ask(question, self.began.elapsed()),
                    None => break,
                },
                ready = self.socket.readable() => {
                    if ready.is_err() {
                        break; // the reactor is gone
                    }
                    self.receive();
                    tokio::task::yield_now().await;
                }
                _ = self.socket.writable(), if self.unsent.is_some() => {}
                () = &mut another => {
                    if let Ok(again) = self.socket.again(&self.route) {
                        self.socket = again;
                        present = self.route.present();
                    }
                    another = self.route.is_another(present.clone());
                }
                order = ordered(&mut self.orders) => {
                    let now = self.began.elapsed();
                    self.with_dht(|dht| dht.order(order, now));
                }
                done = done(&mut self.dht) => {
                    let now = self.began.elapsed();
                    self.with_dht(|dht| dht.did(done, now));
                }
                () = sleep_until(due) => self.ring(),
            }
        }
        if let Some(dht) = self.dht {
            dht.end(self.began.elapsed()).await;
        }
    }

    fn with_dht(&mut self, work: impl FnOnce(&mut Side)) {
        if let Some(dht) = &mut self.dht {
            work(dht);
        }
    }

    fn due(&self) -> Option<Duration> {
        let dht = self.dht.as_ref().and_then(Side::due);
        self.trackers.due().into_iter().chain(dht).min()
    }

    fn ring(&mut self) {
        let now = self.began.elapsed();
        self.trackers.ring(now);
        self.with_dht(|dht| dht.ring(now));
    }

    /// The next datagram to send.
    fn next(&mut self) -> Option<Datagram> {
        if let Some(question) = self.trackers.next() {
            return Some(Datagram {
                to: question.to,
                bytes: question.bytes,
                is_question: true,
            });
        }
        let message = self.dht.as_mut()?.next()?;
        Some(Datagram {
            to: message.to,
            bytes: message.bytes,
            is_question: false,
        })
    }

    /// Sends what is to be sent, as far as the system takes it.
    fn send(&mut self) {
        while let Some(datagram) = self.unsent.take().or_else(|| self.next()) {
            match self.socket.send(datagram.to, &datagram.bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unsent = Some(datagram);
                    return;
                }
                Err(error) => {
                    debug!(to = %datagram.to, %error, "cannot send");
                    if datagram.is_question {
                        self.trackers.unreachable(datagram.to, &error);
                    }
                }
            }
        }
    }

    /// Reads what has come, but for a turn only.
    fn receive(&mut self) {
        let now = self.began.elapsed();
        for _ in 0..AT_A_TURN {
            match self.socket.receive(&mut self.buffer) {
                Ok((len, from)) => self.heard(from, len, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Some systems tell here that an earlier datagram has not arrived.
                Err(error) => debug!(%error, "cannot receive"),
            }
        }
    }

    /// Hands a datagram to whom it is for. The first byte tells: a tracker's answer begins with a
    /// number from 0 to 3, and a message of the DHT is a dictionary and begins with a `d`.
    fn heard(&mut self, from: SocketAddr, len: usize, now: Duration) {
        let Some(datagram) = self.buffer.get(..len) else {
            return;
        };
        match (datagram, &mut self.dht) {
            ([0, ..], _) => self.trackers.heard(from, datagram, now),
            ([b'd', ..], Some(dht)) => dht.heard(from, datagram, now),
            _ => {}
        }
    }
}

/// The next that somebody wants of the DHT.
async fn ordered(orders: &mut Option<mpsc::Receiver<Order>>) -> Order {
    let order = match orders {
        Some(orders) => orders.recv().await,
        None => None,
    };
    match order {
        Some(order) => order,
        None => std::future::pending().await,
    }
}

/// The next that was done for the DHT.
async fn done(dht: &mut Option<Side>) -> Done {
    let done = match dht {
        Some(dht) => dht.done().await,
        None => None,
    };
    match done {
        Some(done) => done,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
