//! Peers that call the client. It says to its tracker where.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use metainfo::InfoHash;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};

use super::tape::{Tape, What};
use crate::lab::peer::{Call, Line, Manner, Passed};

/// How often it is looked whether the client has announced itself, or listens.
const LOOK: Duration = Duration::from_millis(20);
/// Some announce themselves before they listen.
const LISTENS: Duration = Duration::from_secs(2);

/// Somebody who calls.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// As it is called in the notes.
    pub name: &'static str,
    /// It calls from 127.0.0.this (or another address with this at its end), where the system has such addresses: clients
    /// count callers by address.
    pub host: u8,
    /// How its line carries what it says.
    pub manner: Manner,
    /// Bytes that its system takes for it while it does not read, about; `None` for as many as usual.
    pub room: Option<u32>,
}

impl Caller {
    /// A caller of that name, from an address of its own.
    pub fn new(name: &'static str, host: u8) -> Caller {
        Caller {
            name,
            host,
            manner: Manner::default(),
            room: None,
        }
    }
}

/// Calls the client, once it can be called.
#[derive(Clone, Debug)]
pub struct Phone {
    pub(super) tape: Tape,
    pub(super) pieces: u32,
    /// The client's address.
    pub(super) host: Ipv4Addr,
    /// The torrent whose announce has the port; `None` takes any.
    pub(super) torrent: Option<InfoHash>,
}

impl Phone {
    /// The same about one of several torrents.
    #[must_use]
    pub fn about(self, torrent: InfoHash) -> Phone {
        let torrent = Some(torrent);
        Phone { torrent, ..self }
    }

    /// Waits until the client has told a tracker its port.
    pub async fn port(&self) -> u16 {
        loop {
            if let Some(port) = port_of(&self.tape, self.torrent) {
                return port;
            }
            sleep(LOOK).await;
        }
    }

    /// Calls it there.
    ///
    /// # Errors
    ///
    /// When nobody listens, which is noted.
    pub async fn call(&self, caller: Caller) -> io::Result<Line> {
        Ok(self.ring(caller).await?.line())
    }

    /// The same, and nothing has been said yet.
    ///
    /// # Errors
    ///
    /// When nobody listens, which is noted.
    pub async fn ring(&self, caller: Caller) -> io::Result<Call> {
        let port = self.port().await;
        let until = Instant::now() + LISTENS;
        let socket = loop {
            match connect(&caller, self.host, port).await {
                Ok(socket) => break socket,
                Err(error) if Instant::now() > until => {
                    self.tape.note(caller.name, 1, What::NobodyAt(port));
                    return Err(error);
                }
                Err(_) => sleep(LOOK).await,
            }
        };
        let before = self.tape.with(caller.name);
        let called = |(_, passed): &&(Duration, Passed)| *passed == Passed::WeCalled;
        let call = before.iter().filter(called).count() + 1;
        let ear = self.tape.ear(caller.name, call);
        Ok(Call::made(socket, self.pieces, caller.manner, Some(ear)))
    }
}

/// The port that the client has told a tracker.
pub fn port(tape: &Tape) -> Option<u16> {
    port_of(tape, None)
}

fn port_of(tape: &Tape, torrent: Option<InfoHash>) -> Option<u16> {
    let asked = tape.asked(None).into_iter().map(|(_, asked)| asked);
    let asked = asked.filter(|asked| torrent.is_none() || asked.info_hash() == torrent);
    let mut ports = asked.filter_map(|asked| u16::try_from(asked.number("port")?).ok());
    ports.find(|&port| port > 0)
}

/// The address that differs from this one in its last byte.
pub(super) fn beside(host: Ipv4Addr, last: u8) -> Ipv4Addr {
    let [a, b, c, _] = host.octets();
    Ipv4Addr::new(a, b, c, last)
}

async fn connect(caller: &Caller, host: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(room) = caller.room {
        socket.set_recv_buffer_size(room)?;
    }
    // Some systems have no more than one address here.
    let own = beside(host, caller.host);
    let _ = socket.bind(SocketAddr::from((own, 0)));
    socket.connect(SocketAddr::from((host, port))).await
}
