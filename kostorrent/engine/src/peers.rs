//! Connections: made, listened to, watched, ended.

use std::net::SocketAddr;
use std::time::Duration;

use handshake::Handshake;
use messages::{Bitfield, Message};
use picker::PeerKey;

use super::blame::Culprit;
use super::peer::Peer;
use super::timers::Timer;
use super::{Action, CloseReason, ConnectFailure, Engine, Outcome, Phase, TICK, Time};

/// Calls under way at most.
const MOST_DIALLING: usize = 20;

// ANCHOR: patience
/// A connection that has said nothing for so long is dead: a live one sends a
/// keep-alive at least every two minutes (BEP 3).
const SILENCE: Duration = Duration::from_secs(180);

/// How long we stay silent before we send a keep-alive.
const KEEP_ALIVE: Duration = Duration::from_secs(100);

/// A peer that owes us a block for so long is snubbed, and others are asked instead.
const STALL: Duration = Duration::from_secs(20);

/// A snubbed peer has so long to deliver one block before we hang up.
const LAST_CHANCE: Duration = Duration::from_secs(100);
// ANCHOR_END: patience

/// Two calls within so long of each other may have crossed.
const CROSSING: Duration = Duration::from_secs(10);

/// How many of all connections may be callers: the others are for those whom we call.
const CALLERS_PERCENT: usize = 60;

/// A connection that neither side is interested in makes room for another after so long.
const IDLE: Duration = Duration::from_secs(60);

/// And so does any over which no block has gone for so long.
const NO_PAYLOAD: Duration = Duration::from_secs(120);

/// Ended connections that are remembered at most.
const MOST_DEPARTED: usize = 1_000;

/// How long a seed is left alone once we are a seed as well.
const SEED_REST: Duration = Duration::from_secs(30 * 60);

impl Engine {
    pub(super) fn connected(
        &mut self,
        key: PeerKey,
        addr: SocketAddr,
        incoming: bool,
        handshake: Handshake,
        now: Time,
    ) {
        let id = handshake.peer_id.0;
        if !incoming {
            self.book.connected(addr);
        }
        if let Err(why) = self.welcome(addr, incoming, id, now) {
            self.hang_up(addr, incoming, now);
            self.timers.set_earlier(Timer::Dial, now);
            return self.act(Action::Close { peer: key, why });
        }
        let pieces = self.geometry.pieces();
        self.peers
            .insert(key, Peer::new(addr, incoming, id, pieces, now));
        if self.have().count() > 0 {
            let bitfield = self.have().to_bytes();
            self.send(key, Message::Bitfield(bitfield), now);
        }
        self.timers.set_earlier(Timer::Dial, now);
    }

    /// Whether this connection is to be kept; why not, for a person.
    fn welcome(
        &mut self,
        addr: SocketAddr,
        incoming: bool,
        id: [u8; 20],
        now: Time,
    ) -> Result<(), CloseReason> {
        if self.phase != Phase::Running {
            return Err(CloseReason::Leaving);
        }
        if self.bans.is_banned(addr, Some(id)) {
            self.book.never(addr);
            return Err(CloseReason::Banned);
        }
        let twin = self.peers.iter().find(|(_, peer)| peer.id == id);
        if let Some((&key, twin)) = twin {
            // Both ends called at the same moment. Both keep the call of the larger peer id, or
            // each would hang up on the other's.
            let crossed = twin.incoming != incoming && now.since(twin.connected) < CROSSING;
            if !crossed || incoming == (self.peer_id > id) {
                return Err(CloseReason::Twin);
            }
            self.close(key, CloseReason::Crossed, now);
        }
        let callers = self.peers.values().filter(|peer| peer.incoming).count();
        // Who has everything calls nobody that matters: then all may be callers.
        let most_callers = match self.picker.is_complete() {
            true => self.max_peers,
            false => self.max_peers * CALLERS_PERCENT / 100,
        };
        let full = self.peers.len() >= self.max_peers || (incoming && callers >= most_callers);
        if full {
            let Some(idle) = self.idle_peer(incoming, now) else {
                return Err(CloseReason::Full);
            };
            self.close(idle, CloseReason::PlaceNeeded, now);
        }
        Ok(())
    }

    /// The connection that has been of no use for longest; a caller takes a caller's place.
    fn idle_peer(&self, callers: bool, now: Time) -> Option<PeerKey> {
        let idle = |peer: &Peer| {
            let unwanted = !peer.am_interested && !peer.peer_interested;
            let least = if unwanted { IDLE } else { NO_PAYLOAD };
            now.since(peer.payload_at) >= least && (peer.incoming || !callers)
        };
        let idle = self.peers.iter().filter(|(_, peer)| idle(peer));
        let longest = idle.min_by_key(|(_, peer)| peer.payload_at);
        longest.map(|(&key, _)| key)
    }

    pub(super) fn connect_failed(&mut self, addr: SocketAddr, why: ConnectFailure, now: Time) {
        match why {
            ConnectFailure::Ourselves => self.book.never(addr),
            _ => self.book.failed(addr, now),
        }
        self.timers.set_earlier(Timer::Dial, now);
    }

    /// The other end, or the network, has ended the connection.
    pub(super) fn closed(&mut self, key: PeerKey, now: Time) {
        if let Some(peer) = self.peers.remove(&key) {
            self.forget_peer(key, peer, now);
        }
    }

    /// Ends the connection ourselves.
    pub(super) fn close(&mut self, key: PeerKey, why: CloseReason, now: Time) {
        if let Some(peer) = self.peers.remove(&key) {
            self.act(Action::Close { peer: key, why });
            self.forget_peer(key, peer, now);
        }
    }

    fn forget_peer(&mut self, key: PeerKey, peer: Peer, now: Time) {
        for block in &peer.outstanding {
            self.limit_down.give_back(u64::from(block.len));
        }
        self.picker.peer_left(&peer.has);
        self.picker.release_all(key);
        self.remember(key, &peer);
        if peer.is_seed() && self.picker.is_complete() {
            self.book.rest(peer.addr, now + SEED_REST);
        } else if peer.downloaded + peer.uploaded > 0 {
            self.book.closed(peer.addr, now);
        } else {
            self.hang_up(peer.addr, peer.incoming, now);
        }
        self.unassign(key, now);
        self.timers.set_earlier(Timer::Dial, now);
        if !peer.am_choking {
            self.choke_soon(now);
        }
        self.fill_starved(now);
    }

    /// Keeps who was behind a connection that gave us blocks.
    fn remember(&mut self, key: PeerKey, peer: &Peer) {
        if peer.downloaded == 0 {
            return;
        }
        let (addr, id) = (peer.addr, peer.id);
        self.departed.insert(key, Culprit { addr, id });
        while self.departed.len() > MOST_DEPARTED {
            self.departed.pop_first();
        }
    }

    /// A connection was of no use: its address waits longer for the next call.
    fn hang_up(&mut self, addr: SocketAddr, incoming: bool, now: Time) {
        if !incoming {
            self.book.failed(addr, now);
        }
    }

    pub(super) fn send(&mut self, key: PeerKey, message: Message, now: Time) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.spoke = now;
            self.act(Action::Send { peer: key, message });
        }
    }

    pub(super) fn message(&mut self, key: PeerKey, message: Message, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        peer.heard = now;
        match message {
            Message::KeepAlive | Message::Skipped(_) => {}
            Message::Choke => self.choked(key, now),
            Message::Unchoke => {
                peer.peer_choking = false;
                self.fill(key, now);
            }
            Message::Interested => {
                if !std::mem::replace(&mut peer.peer_interested, true) {
                    self.choke_soon(now);
                }
            }
            Message::NotInterested => {
                let was = std::mem::replace(&mut peer.peer_interested, false);
                if was && !peer.am_choking {
                    self.choke_soon(now);
                }
            }
            Message::Have(piece) => self.has_piece(key, piece, now),
            Message::Bitfield(bytes) => self.has_pieces(key, &bytes, now),
            Message::Request(block) => self.requested(key, block, now),
            Message::Cancel(block) => self.cancelled(key, block),
        }
    }

    /// A choke silently drops every request that is out: they are asked again, here or elsewhere.
    fn choked(&mut self, key: PeerKey, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if !std::mem::replace(&mut peer.peer_choking, true) {
            peer.choked_since = now;
        }
        for block in peer.outstanding.drain(..) {
            self.limit_down.give_back(u64::from(block.len));
        }
        peer.window.choked();
        let released = self.picker.release_all(key);
        if released > 0 {
            self.fill_starved(now);
        }
    }

    fn has_piece(&mut self, key: PeerKey, piece: u32, now: Time) {
        let pieces = self.geometry.pieces();
        if piece >= pieces {
            let why = CloseReason::NoSuchPiece {
                piece,
                last: pieces - 1,
            };
            return self.close(key, why, now);
        }
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if peer.has.get(piece) {
            return;
        }
        peer.has.set(piece);
        self.picker.peer_has(piece);
        if !self.picker.have().get(piece) {
            peer.offers += 1;
        }
        self.interest(key, now);
    }

    /// The pieces of a bitfield. One that comes late, or again as aria2 sends it, adds to what the
    /// peer said before, and costs no more than what is new in it.
    fn has_pieces(&mut self, key: PeerKey, bytes: &[u8], now: Time) {
        let has = match Bitfield::from_bytes(self.geometry.pieces(), bytes) {
            Ok(has) => has,
            Err(error) => return self.close(key, error.into(), now),
        };
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        peer.offers += has
            .missing_from(&peer.has)
            .filter(|&piece| !self.picker.have().get(piece))
            .count() as u32;
        if peer.has.count() == 0 {
            self.picker.peer_joined(&has);
            peer.has = has;
        } else {
            for piece in has.missing_from(&peer.has.clone()) {
                peer.has.set(piece);
                self.picker.peer_has(piece);
            }
        }
        self.interest(key, now);
    }

    /// Tells the peer whether we are interested, if that has changed, and asks it for more.
    pub(super) fn interest(&mut self, key: PeerKey, now: Time) {
        let complete = self.picker.is_complete();
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if complete && peer.is_seed() {
            return self.close(key, CloseReason::BothComplete, now);
        }
        let interested = peer.offers > 0;
        if interested != peer.am_interested {
            peer.am_interested = interested;
            let message = if interested {
                Message::Interested
            } else {
                Message::NotInterested
            };
            self.send(key, message, now);
        }
        self.fill(key, now);
    }

    /// Calls the next addresses, if more connections are wanted.
    pub(super) fn dial(&mut self, now: Time) {
        if self.phase != Phase::Running {
            return;
        }
        while self.book.dialling() < MOST_DIALLING
            && (self.peers.len() + self.book.dialling() < self.max_peers
                || self.idle_peer(false, now).is_some() && self.book.dialling() == 0)
        {
            let Some(addr) = self.book.take_due(now) else {
                break;
            };
            if self.bans.is_banned(addr, None) {
                self.book.never(addr);
                continue;
            }
            self.act(Action::Connect { addr });
        }
        match self.book.next_due() {
            Some(due) if due > now => self.timers.set_earlier(Timer::Dial, due),
            _ => {}
        }
        if self.is_lonely()
            && let Some(at) = self.trackers.may_ask_another()
        {
            if at <= now {
                self.trackers.ask_another();
                self.timers.set(Timer::Announce, now);
            } else {
                self.timers.set_earlier(Timer::Dial, at);
            }
        }
        self.give_up_if_hopeless(now);
    }

    /// Whether nobody that we know of has what we need: a tracker may know others by now.
    fn is_lonely(&self) -> bool {
        let offered = self.peers.values().any(|peer| peer.offers > 0);
        !self.picker.is_complete() && !offered && !self.book.has_hope()
    }

    /// Ends with a failure when there is nobody left to ask.
    fn give_up_if_hopeless(&mut self, now: Time) {
        if self.picker.is_complete()
            || self.trackers.any()
            || !self.peers.is_empty()
            || self.book.has_hope()
            || !self.under_way.is_empty()
        {
            return;
        }
        self.leave(Outcome::Failed(self.why_hopeless()), now);
    }

    /// Looks after every connection, once a second.
    pub(super) fn tick(&mut self, now: Time) {
        self.timers.set(Timer::Tick, now + TICK);
        let keys: Vec<PeerKey> = self.peers.keys().copied().collect();
        for key in keys {
            self.watch(key, now);
        }
        self.review_suspects(now);
        self.free_stuck_pieces(now);
        self.fill_starved(now);
        self.dial(now);
    }

    fn watch(&mut self, key: PeerKey, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if now.since(peer.heard) >= SILENCE {
            return self.close(key, CloseReason::Silent(SILENCE), now);
        }
        if peer.snubbed && now.since(peer.snubbed_at) >= LAST_CHANCE {
            return self.close(key, CloseReason::AnswersNothing, now);
        }
        if !peer.snubbed && peer.overdue(now) >= STALL {
            peer.snubbed = true;
            peer.snubbed_at = now;
            peer.window.snub();
            // One request stays out, so that a peer that comes back shows it.
            let stays = peer.outstanding.pop_front();
            let given_back: Vec<_> = peer.outstanding.drain(..).collect();
            peer.outstanding.extend(stays);
            for block in given_back {
                self.picker.release(key, block);
                self.limit_down.give_back(u64::from(block.len));
                self.send(key, Message::Cancel(block), now);
            }
            if let Some(block) = stays {
                self.picker.release(key, block);
            }
            self.unassign(key, now);
            self.choke_soon(now);
        }
        let Some(peer) = self.peers.get(&key) else {
            return;
        };
        if now.since(peer.spoke) >= KEEP_ALIVE {
            self.send(key, Message::KeepAlive, now);
        }
    }
}
