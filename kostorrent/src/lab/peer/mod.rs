//! What every scripted peer stands on: a port where it can be called, and a line to each caller.
//!
//! The trouble-makers of the lab are such peers, and so are those that `kostorrent examine` sends to a
//! client. What one says is decided by a [`Role`], which is pure, or, where the order of things matters
//! more than the answers, told step by step on its [`Line`].

mod call;
mod line;
mod overhearing;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use messages::Message;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

pub use call::Call;
pub use line::{Heard, Line, Manner};
pub use overhearing::{Ear, Passed};

/// Connections that one scripted peer keeps; more are closed at once.
const CONNECTIONS: usize = 32;

/// One connection as a scripted peer plays it, after the handshakes. Whoever drives it calls, in this
/// order: [`Role::hello`] once; then, as bytes arrive, [`Role::hear`] for each message and
/// [`Role::answer`] when there is no other at hand; and [`Role::wake`] whenever [`Role::nap`] has passed.
pub trait Role: Send {
    /// What it says first.
    fn hello(&mut self) -> Vec<u8>;
    /// Takes one message. Requests wait for [`Role::answer`].
    fn hear(&mut self, message: &Message, out: &mut Vec<u8>);
    /// Answers the requests that wait, in its own way.
    fn answer(&mut self, out: &mut Vec<u8>);
    /// How long until it does something of its own accord.
    fn nap(&self) -> Option<Duration> {
        None
    }
    /// What it does then.
    fn wake(&mut self, _out: &mut Vec<u8>) {}
}

/// A scripted peer at work. It ends, with all its connections, when this is dropped.
#[derive(Debug)]
pub struct Peer {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Peer {
    /// Takes calls at an address (port 0: a free one); each is talked to as `conduct` says.
    ///
    /// # Errors
    ///
    /// When it cannot listen there.
    pub async fn start<C, T>(addr: SocketAddr, conduct: C) -> io::Result<Peer>
    where
        C: Fn(tokio::net::TcpStream) -> T + Send + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((socket, _)) = listener.accept().await else {
                    sleep(Duration::from_millis(100)).await;
                    continue;
                };
                while connections.try_join_next().is_some() {}
                if connections.len() < CONNECTIONS {
                    let talk = conduct(socket);
                    // However it ends, the next caller is welcome.
                    connections.spawn(async move { drop(talk.await) });
                }
            }
        });
        Ok(Peer { addr, task })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
