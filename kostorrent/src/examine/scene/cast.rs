//! Who takes part in a run beside the client.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use messages::{Bitfield, Message};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use super::{Scene, SceneError};
use crate::examine::asked::Asked;
use crate::examine::caller::Phone;
use crate::examine::tape::{Datagram, What};
use crate::examine::tracker;
use crate::lab::peer::{Call, Line, Manner, Peer};
use crate::lab::tracker::http::Response;
use crate::lab::trouble::Script;

/// The last byte of the first peer's address; those who call have smaller ones.
const PEERS: u8 = 100;
/// The longest datagram there is.
const LONGEST: usize = 65_536;

impl Scene {
    /// An address at which nobody listens, now or later.
    pub fn nobody(&mut self, last: u8) -> Result<SocketAddr, SceneError> {
        let keep = || -> io::Result<_> {
            let socket = TcpSocket::new_v4()?;
            socket.bind((self.host_of(last), 0).into())?;
            Ok((socket.local_addr()?, socket))
        };
        let (addr, socket) = keep().map_err(|cause| self.error(cause))?;
        self.kept.push(socket);
        Ok(addr)
    }

    /// Adds a tracker; gives its announce URL. The first one is the torrent's.
    pub(crate) async fn tracker(
        &mut self,
        name: &'static str,
        answer: impl Fn(&Asked, usize) -> Response + Send + Sync + 'static,
    ) -> Result<String, SceneError> {
        let tracker = tracker::start(self.host(), name, self.tape.clone(), answer).await;
        let tracker = tracker.map_err(|cause| self.error(cause))?;
        let url = format!("http://{}/announce", tracker.addr());
        self.cast.push(tracker);
        if self.announce.is_empty() {
            self.announce.clone_from(&url);
        }
        Ok(url)
    }

    /// Adds somebody who speaks in datagrams, at a free port of this address. `answer` is given each one as it comes, and says what is to be sent
    /// to whom.
    pub async fn speaker(
        &mut self,
        name: &'static str,
        host: Ipv4Addr,
        mut answer: impl FnMut(&[u8], SocketAddr) -> Vec<(SocketAddr, Vec<u8>)> + Send + 'static,
    ) -> Result<SocketAddr, SceneError> {
        let bound = UdpSocket::bind((host, 0)).await;
        let socket = bound.map_err(|cause| self.error(cause))?;
        let addr = socket.local_addr().map_err(|cause| self.error(cause))?;
        let tape = self.tape.clone();
        self.speakers.spawn(async move {
            let mut buffer = vec![0; LONGEST];
            loop {
                let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
                    // An answer to somebody who is gone, for one.
                    tokio::task::yield_now().await;
                    continue;
                };
                let bytes = buffer.get(..len).unwrap_or_default();
                tape.note(name, 1, What::Datagram(Datagram::new(from, bytes)));
                for (to, says) in answer(bytes, from) {
                    let _ = socket.send_to(&says, to).await;
                }
            }
        });
        Ok(addr)
    }

    /// Adds the usual tracker, which names these peers.
    pub async fn tracker_for(&mut self, peers: &[SocketAddr]) -> Result<(), SceneError> {
        let peers = peers.to_vec();
        self.tracker("tracker", move |_, _| tracker::peers(&peers))
            .await?;
        Ok(())
    }

    /// Adds a peer that does with each caller as `conduct` says.
    pub async fn peer<C, T>(
        &mut self,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Line) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let addr = self.next_host();
        self.peer_at(addr, name, manner, conduct).await
    }

    /// The same at an address.
    pub async fn peer_at<C, T>(
        &mut self,
        addr: SocketAddr,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Line) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let conduct = move |call: Call| conduct(call.line());
        self.called_at(addr, name, manner, conduct).await
    }

    /// Adds somebody who decides with each caller how it begins.
    pub async fn called<C, T>(
        &mut self,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Call) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let addr = self.next_host();
        self.called_at(addr, name, manner, conduct).await
    }

    /// The address of the next one who can be called; it differs from those of the others.
    fn next_host(&self) -> SocketAddr {
        let number = u8::try_from(self.cast.len()).unwrap_or(u8::MAX);
        (self.host_of(PEERS.saturating_add(number)), 0).into()
    }

    async fn called_at<C, T>(
        &mut self,
        addr: SocketAddr,
        name: &'static str,
        manner: Manner,
        conduct: C,
    ) -> Result<SocketAddr, SceneError>
    where
        C: Fn(Call) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (pieces, tape, calls) = (
            self.torrent.pieces(),
            self.tape.clone(),
            AtomicUsize::new(0),
        );
        let answer = move |socket: TcpStream| {
            let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
            let ear = Some(tape.ear(name, call));
            conduct(Call::taken(socket, pieces, manner, ear))
        };
        let peer = Peer::start(addr, answer).await;
        let peer = peer.map_err(|cause| self.error(cause))?;
        let addr = peer.addr();
        self.cast.push(peer);
        Ok(addr)
    }

    /// Adds a peer that plays a script.
    pub async fn script(
        &mut self,
        name: &'static str,
        manner: Manner,
        script: Script,
    ) -> Result<SocketAddr, SceneError> {
        let ours = self.handshake(name);
        self.peer(name, manner, move |mut line| {
            let mut script = script.clone();
            async move {
                line.shake_hands(&ours).await?;
                line.play(&mut script).await
            }
        })
        .await
    }

    /// Adds somebody who calls the client, as soon as that can be called, or several.
    pub fn caller<C, T>(&mut self, conduct: C)
    where
        C: FnOnce(Phone) -> T,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let phone = Phone {
            tape: self.tape.clone(),
            pieces: self.torrent.pieces(),
            host: self.host(),
            torrent: None,
        };
        let calling = conduct(phone);
        // However it ends: what was seen is noted.
        self.callers.spawn(async move { drop(calling.await) });
    }

    /// Adds a peer that has everything, and unchokes nobody.
    pub async fn keeper(&mut self, name: &'static str) -> Result<SocketAddr, SceneError> {
        let (ours, pieces) = (self.handshake(name), self.torrent.pieces());
        self.peer(name, Manner::default(), move |mut line| async move {
            line.shake_hands(&ours).await?;
            line.say(&Message::Bitfield(Bitfield::full(pieces).to_bytes()));
            line.watch(Duration::MAX).await;
            Ok(())
        })
        .await
    }

    /// A script that has everything and makes no trouble.
    pub fn honest(&self) -> Result<Script, SceneError> {
        let has = Bitfield::full(self.torrent.pieces());
        Ok(Script::behaving(has, self.content()?))
    }

    /// Adds an honest seeder and a tracker that names it.
    pub async fn usual(&mut self) -> Result<SocketAddr, SceneError> {
        let script = self.honest()?;
        let peer = self.script("seeder", Manner::default(), script).await?;
        self.tracker_for(&[peer]).await?;
        Ok(peer)
    }
}
