//! Connections: made, listened to, ended.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use handshake::Handshake;
use magnet::EXTENDED;
use messages::{Bitfield, Message};
use picker::PeerKey;

use crate::discovery::Release;
use crate::leaving::Stage;
use crate::peer::{Down, Peer, Up};
use crate::swarm::Admission;
use crate::timers::Timer;
use crate::{
    Action, CloseReason, ConnectFailure, Encryption, Engine, Source, dht, download, passing,
};

/// How long a seed is left alone once we miss nothing.
const SEED_REST: Duration = Duration::from_secs(30 * 60);

impl Engine {
    pub(crate) fn connected(
        &mut self,
        key: PeerKey,
        addr: SocketAddr,
        (incoming, encryption): (bool, Encryption),
        theirs: &Handshake,
    ) {
        let now = self.cx.now;
        if !incoming {
            self.discovery.list.connected(addr);
        }
        self.cx.timers.set_earlier(Timer::Dial, now);
        let mut listed: Vec<SocketAddr> = (!incoming).then_some(addr).into_iter().collect();
        if let Err(why) = self.welcome(addr, incoming, theirs, &mut listed) {
            return self.cx.act(Action::Close { peer: key, why });
        }
        let pieces = self.content.as_ref().map_or(0, |c| c.geometry.pieces());
        let mut peer = Peer {
            key,
            addr,
            incoming,
            encryption,
            id: theirs.peer_id.0,
            connected: now,
            listed,
            fast: self.fast_with(theirs),
            extended: self.extended_with(addr, theirs),
            early: None,
            has: Bitfield::new(pieces),
            offers: 0,
            down: Down::new(now),
            up: Up::new(),
            payload_at: now,
            wanted_at: now,
            heard: now,
            spoke: now,
        };
        self.introduce(&mut peer);
        self.say_extensions(&mut peer);
        self.say_dht_port(&mut peer, theirs);
        if let Some(content) = &mut self.content {
            content.review_fellow(&peer, now);
        }
        self.swarm.add(peer);
        self.exchange_soon();
        self.show(key);
        self.cx
            .timers
            .set_earlier(Timer::Watch, now + passing::WATCH_IDLE);
        if !self.is_finished() {
            self.cx
                .timers
                .set_earlier(Timer::Watch, now + download::WATCH);
        }
    }

    /// Whether a new connection is to be kept, and what that means for others. `listed` are the
    /// entries of the peer list that lead to it.
    fn welcome(
        &mut self,
        addr: SocketAddr,
        incoming: bool,
        theirs: &Handshake,
        listed: &mut Vec<SocketAddr>,
    ) -> Result<(), CloseReason> {
        if self.stage != Stage::Running {
            return Err(CloseReason::Leaving);
        }
        if self.paused {
            self.discovery.released(listed, Release::Used, self.cx.now);
            return Err(CloseReason::Paused);
        }
        // Who misses nothing calls nobody that matters: then all may be callers.
        let finished = self.is_finished();
        let now = self.cx.now;
        let ours = self.discovery.list.ours();
        match self
            .swarm
            .admit((addr, incoming), theirs, finished, ours, now)
        {
            Admission::Welcome => Ok(()),
            Admission::Instead(other, why) => {
                if why == CloseReason::Crossed
                    && let Some(twin) = self.swarm.get_mut(other)
                {
                    listed.append(&mut twin.listed);
                }
                self.close(other, why);
                Ok(())
            }
            Admission::Twin(twin) => {
                // We know now where this peer listens: it is not to be called there again.
                for addr in listed.drain(..) {
                    self.swarm.listed(twin, addr);
                }
                Err(CloseReason::Twin)
            }
            Admission::Refused(why) => {
                match why {
                    CloseReason::Banned => self.discovery.list.banned(addr),
                    _ => self.discovery.released(listed, Release::Used, now),
                }
                Err(why)
            }
        }
    }

    pub(crate) fn connect_failed(&mut self, addr: SocketAddr, why: &ConnectFailure) {
        match why {
            ConnectFailure::Ourselves => self.discovery.list.never(addr),
            _ => self.discovery.list.failed(addr, self.cx.now),
        }
        self.cx.timers.set_earlier(Timer::Dial, self.cx.now);
    }

    /// The addresses of a peer that was named are known, or why they cannot be.
    pub(crate) fn looked_up(
        &mut self,
        name: &str,
        port: u16,
        result: Result<Vec<SocketAddr>, String>,
    ) {
        if self.stage == Stage::Running {
            self.discovery.looked_up(&mut self.cx, name, port, result);
        }
    }

    /// Somebody else than a tracker has named peers.
    pub(crate) fn named(&mut self, source: Source, peers: &[SocketAddr]) {
        // What is on its way when a torrent turns out to be private comes too late.
        if self.stage == Stage::Running && self.uses(source) {
            self.discovery
                .named(&mut self.cx, &self.swarm, source, peers);
        }
    }

    fn uses(&self, source: Source) -> bool {
        match source {
            Source::User | Source::Tracker => true,
            Source::Local => self.sources.local,
            Source::Dht => self.sources.dht,
            Source::Exchange => self.sources.exchange,
        }
    }

    /// A search in the DHT is over.
    pub(crate) fn searched(&mut self, answered: usize, seen_at: &[IpAddr]) {
        if self.stage == Stage::Running {
            self.discovery.searched(&mut self.cx, answered, seen_at);
        }
    }

    /// The other end, or the network, has ended the connection.
    pub(crate) fn closed(&mut self, key: PeerKey) {
        if let Some(peer) = self.swarm.remove(key) {
            self.doubt(&peer);
            self.gone(&peer);
        }
    }

    /// Ends the connection ourselves.
    pub(crate) fn close(&mut self, key: PeerKey, why: CloseReason) {
        if let Some(peer) = self.swarm.remove(key) {
            self.cx.act(Action::Close { peer: key, why });
            self.gone(&peer);
        }
    }

    /// A connection is over: what was asked of it, its place and its addresses are free.
    fn gone(&mut self, peer: &Peer) {
        if let Some(shown) = &mut self.super_seed {
            shown.left(peer.key);
        }
        let now = self.cx.now;
        self.metadata.left(peer.key, now);
        self.exchange_soon();
        let release = if peer.wants_nothing() && self.is_finished() {
            Release::UsedUntil(now + SEED_REST)
        } else if peer.was_of_use() || peer.incoming || self.paused {
            Release::Used
        } else {
            Release::Useless
        };
        self.discovery.released(&peer.listed, release, now);
        if let Some(content) = &mut self.content {
            let (cx, swarm) = (&mut self.cx, &mut self.swarm);
            self.download.left(cx, peer, content);
            content.integrity.remember(peer);
            self.download.end_parole_of(cx, swarm, content, peer.key);
        }
        if !peer.up.am_choking {
            self.upload.choke_soon(&mut self.cx);
        }
        self.cx.timers.set_earlier(Timer::Dial, now);
    }

    /// A peer has said something.
    pub(crate) fn message(&mut self, key: PeerKey, message: Message) {
        if let Err(why) = self.said(key, message) {
            self.close(key, why);
        }
    }

    fn said(&mut self, key: PeerKey, message: Message) -> Result<(), CloseReason> {
        let (Some(peer), cx) = (self.swarm.get_mut(key), &mut self.cx) else {
            return Ok(());
        };
        peer.heard = cx.now;
        if let Message::Later { id: EXTENDED, body } = &message {
            return self.extended(key, body);
        }
        if let Message::Later {
            id: dht::PORT,
            body,
        } = &message
        {
            return self.dht_port(key, body);
        }
        let Some(content) = &mut self.content else {
            return self.said_early(key, message);
        };
        match message {
            Message::KeepAlive | Message::Skipped(_) => Ok(()),
            Message::Choke => {
                self.download.choked(cx, peer, content);
                Ok(())
            }
            Message::Unchoke => {
                self.download.unchoked(cx, peer, content);
                Ok(())
            }
            Message::Interested => {
                self.upload.interested(cx, peer, true);
                Ok(())
            }
            Message::NotInterested => {
                self.upload.interested(cx, peer, false);
                self.refused(key);
                Ok(())
            }
            Message::Have(piece) => match content.has_piece(peer, piece, cx.now) {
                Ok(()) => {
                    self.heard_of(key, Some(piece));
                    self.interest(key)
                }
                bad => bad,
            },
            Message::Bitfield(bytes) => match content.has_pieces(peer, &bytes, cx.now) {
                Ok(()) => self.told_of_all(key),
                bad => bad,
            },
            Message::Later { id, body } => self.later(key, id, &body),
            Message::Request(block) => {
                let hidden = self.super_seed.as_ref();
                // One that is not shown is as good as one that we do not have.
                let shown = hidden.is_none_or(|shown| shown.shows(key, block.piece));
                self.upload.requested(cx, peer, content, block, shown)
            }
            Message::Cancel(block) => {
                self.upload.cancelled(cx, peer, block);
                Ok(())
            }
        }
    }

    /// Tells the peer whether we are interested, if that has changed, and asks it for more.
    ///
    /// # Errors
    ///
    /// When neither has anything for the other.
    pub(crate) fn interest(&mut self, key: PeerKey) -> Result<(), CloseReason> {
        let Some(content) = &self.content else {
            return Ok(()); // whoever has anything has something for us
        };
        let finished = content.is_finished();
        let wants = self.fetches() || self.cx.timers.is_set(Timer::TakeBack);
        let Some(peer) = self.swarm.get_mut(key) else {
            return Ok(());
        };
        if finished && peer.wants_nothing() {
            return Err(CloseReason::BothComplete);
        }
        let interested = peer.offers > 0 && wants;
        if interested != std::mem::replace(&mut peer.down.am_interested, interested) {
            let message = match interested {
                true => Message::Interested,
                false => Message::NotInterested,
            };
            self.cx.send(peer, message);
        }
        // Who would not answer is asked when it does: with its unchoke.
        if peer.can_be_asked() {
            self.download.ask_soon(key);
        }
        Ok(())
    }

    /// A connection can take more payload.
    pub(crate) fn room(&mut self, key: PeerKey, bytes: u64) {
        if let Some(peer) = self.swarm.get_mut(key) {
            self.upload.room(&mut self.cx, peer, bytes);
        }
        self.show_when_idle(key);
    }
}
