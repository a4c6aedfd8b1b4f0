//! Giving: who may ask, and what is sent.

mod slots;
mod superseed;

use std::collections::VecDeque;
use std::time::Duration;

use choker::{Candidate, Choker};
use fast::{ALLOWED, Fast};
use messages::{BlockRequest, Message};
use picker::PeerKey;
use progress::Rate;

use crate::content::Content;
use crate::cx::Cx;
use crate::limit::Bucket;
use crate::network::network;
use crate::peer::Peer;
use crate::swarm::Swarm;
use crate::timers::Timer;
use crate::{Action, CloseReason, Config, Time, Why};

use slots::Slots;
pub(crate) use superseed::{MOST_PIECES, SuperSeed};

/// Two timed rounds of the choker are never nearer to each other.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// Nor is a round that a peer has brought about nearer to the one before. A round looks at all
/// peers, and a peer could ask for one with every five bytes.
const LEAST_PAUSE_BETWEEN: Duration = Duration::from_millis(100);

pub(crate) struct Upload {
    choker: Choker,
    slots: Slots,
    /// When the choker last decided.
    choked_at: Option<Time>,
    limit: Bucket,
    /// Who waits for the limit, in turn.
    limited: VecDeque<PeerKey>,
    /// Whether anybody had to wait since the figures were last asked for.
    was_limited: bool,
    pub rate: Rate,
    /// Payload bytes that were sent.
    pub total: u64,
}

impl Upload {
    pub fn new(config: &Config, now: Time) -> Upload {
        Upload {
            choker: Choker::new(config.upload_slots),
            slots: Slots::new(config.upload_slots),
            choked_at: None,
            limit: Bucket::new(config.limit_up, now),
            limited: VecDeque::new(),
            was_limited: false,
            rate: Rate::new(),
            total: 0,
        }
    }

    /// Whether anybody waits for the limit, or had to since this was last asked.
    pub fn take_limited(&mut self) -> bool {
        std::mem::take(&mut self.was_limited) || !self.limited.is_empty()
    }

    /// Another limit from now on.
    pub fn set_limit(&mut self, limit: Option<u64>, cx: &mut Cx) {
        self.limit.change(limit, cx.now);
        cx.timers.set_earlier(Timer::Refill, cx.now);
    }

    // ANCHOR: requested
    /// A peer asks for a block, of a piece that it may see or not.
    ///
    /// # Errors
    ///
    /// When no honest peer can ask for that.
    pub fn requested(
        &mut self,
        cx: &mut Cx,
        peer: &mut Peer,
        content: &Content,
        block: BlockRequest,
        shown: bool,
    ) -> Result<(), CloseReason> {
        content.geometry.check(&block)?;
        let length = content.geometry.piece_len(block.piece);
        let may = shown && content.have().get(block.piece) && is_served(peer, block, length);
        if may && peer.up.requests.push(block) {
            self.serve(cx, peer, usize::MAX);
        } else {
            reject(cx, peer, [block]);
        }
        Ok(())
    }

    // ANCHOR_END: requested

    /// A peer wants something of us, or nothing any more.
    pub fn interested(&mut self, cx: &mut Cx, peer: &mut Peer, interested: bool) {
        let was = std::mem::replace(&mut peer.up.peer_interested, interested);
        // Who is choked and wants nothing changes nothing.
        if was != interested && (interested || !peer.up.am_choking) {
            self.choke_soon(cx);
        }
    }

    /// A peer has got the block elsewhere.
    pub fn cancelled(&mut self, cx: &mut Cx, peer: &mut Peer, block: BlockRequest) {
        if peer.up.requests.cancel(&block) {
            reject(cx, peer, [block]);
        }
    }

    /// A connection can take more: at its beginning, and when it has sent something. Only what has
    /// been sent is counted as uploaded.
    pub fn room(&mut self, cx: &mut Cx, peer: &mut Peer, bytes: u64) {
        let up = &mut peer.up;
        let sent = bytes.min(up.in_connection);
        if sent > 0 {
            let now = cx.now.since_start();
            up.in_connection -= sent;
            up.total += sent;
            up.rate.add(now, sent);
            self.total += sent;
            self.rate.add(now, sent);
            peer.payload_at = cx.now;
            peer.spoke = cx.now;
        }
        peer.up.room = peer.up.room.saturating_add(bytes);
        self.void_asked(cx, peer);
        self.serve(cx, peer, usize::MAX);
    }

    /// A block of so many bytes could not be read, and its connection has dropped it.
    pub fn unsent(&mut self, cx: &mut Cx, peer: &mut Peer, bytes: u64) {
        peer.up.in_connection = peer.up.in_connection.saturating_sub(bytes);
        peer.up.room = peer.up.room.saturating_add(bytes);
        self.limit.give_back(bytes);
        self.void_asked(cx, peer);
        self.serve(cx, peer, usize::MAX);
    }

    /// Has a peer ask anew, once its connection has sent what it was given: a choke voids all that
    /// it has asked for.
    pub fn void_asked(&mut self, cx: &mut Cx, peer: &mut Peer) {
        if peer.up.void && peer.up.in_connection == 0 {
            set_choking(cx, peer, true, || Why::AskAnew);
            set_choking(cx, peer, false, || Why::AskAnew);
        }
    }

    // ANCHOR: serve
    /// Sends what this peer asked for, as far as its connection and the limit allow, at most so
    /// many blocks.
    fn serve(&mut self, cx: &mut Cx, peer: &mut Peer, most: usize) {
        if peer.up.limited || peer.up.void {
            return;
        }
        for _ in 0..most {
            let Some(block) = peer.up.requests.first() else {
                return;
            };
            let bytes = u64::from(block.len);
            if peer.up.room_now(cx.now) < bytes {
                return;
            }
            if !self.limit.affords(bytes, cx.now) {
                break;
            }
            self.limit.take(bytes);
            peer.up.requests.pop();
            peer.up.room -= bytes;
            peer.up.in_connection += bytes;
            peer.up.gives(block.piece);
            peer.spoke = cx.now;
            let peer = peer.key;
            cx.act(Action::Upload { peer, block });
        }
        self.wait_for_limit(cx, peer);
    }
    // ANCHOR_END: serve

    fn wait_for_limit(&mut self, cx: &mut Cx, peer: &mut Peer) {
        let Some(block) = peer.up.requests.first() else {
            return;
        };
        if peer.up.room_now(cx.now) < u64::from(block.len) {
            return;
        }
        peer.up.limited = true;
        self.limited.push_back(peer.key);
        self.was_limited = true;
        let wait = self.limit.wait_for(block.len.into(), cx.now);
        cx.timers.set_earlier(Timer::Refill, cx.now + wait);
    }

    // ANCHOR: refill
    /// The limit lets bytes through again: a block to each of those who wait, in turn.
    pub fn refill(&mut self, cx: &mut Cx, swarm: &mut Swarm) {
        while let Some(&key) = self.limited.front() {
            let Some(peer) = swarm.get_mut(key) else {
                self.limited.pop_front();
                continue;
            };
            if let Some(block) = peer.up.requests.first()
                && !self.limit.affords(block.len.into(), cx.now)
            {
                let wait = self.limit.wait_for(block.len.into(), cx.now);
                cx.timers.set_earlier(Timer::Refill, cx.now + wait);
                return;
            }
            self.limited.pop_front();
            peer.up.limited = false;
            self.serve(cx, peer, 1);
        }
    }

    // ANCHOR_END: refill

    /// The limit, if it is what holds us back at this rate.
    pub fn held_by_limit(&self, rate: u64) -> Option<u64> {
        self.limit.holds(rate, !self.limited.is_empty())
    }

    /// Somebody came, went, or wants something else: decide soon.
    pub fn choke_soon(&mut self, cx: &mut Cx) {
        let at = self.choked_at.map_or(cx.now, |at| at + LEAST_PAUSE_BETWEEN);
        cx.timers.set_earlier(Timer::Choke, at.max(cx.now));
    }

    /// Decides again after so long at most.
    pub fn choke_within(&mut self, cx: &mut Cx, pause: Duration) {
        cx.timers.set_earlier(Timer::Choke, cx.now + pause);
    }

    /// More may be served at once than with the last round, if the line turns out to be fast.
    pub fn follow_line(&mut self, cx: &mut Cx, content: &Content) {
        let rate = self.rate.per_second(cx.now.since_start());
        let piece = u64::from(content.geometry.piece_length());
        if self.slots.follow(rate, piece) {
            self.choke_soon(cx);
        }
    }

    /// How many may be served from now on.
    fn set_slots(&mut self, cx: &Cx, seeding: bool) {
        let now = cx.now.since_start();
        if seeding {
            return self.choker.set_slots(self.slots.seeding());
        }
        if now >= self.choker.next_round() {
            self.slots.try_another(self.rate.per_second(now));
        }
        self.choker.set_slots(self.slots.trading());
    }

    /// Nobody may download from us for now.
    pub fn choke_all(&mut self, cx: &mut Cx, swarm: &mut Swarm) {
        for peer in swarm.iter_mut() {
            set_choking(cx, peer, true, || Why::Paused);
            // Nor what was granted to those that are choked.
            if let Some(fast) = &mut peer.fast {
                fast.granted.clear();
            }
            let dropped = peer.up.requests.drop_pieces(|_| true);
            reject(cx, peer, dropped);
        }
    }

    /// Decides anew who may download from us, of pieces of so many bytes. `seeding` says that we want
    /// nothing from anybody.
    pub fn choke_round(&mut self, cx: &mut Cx, swarm: &mut Swarm, piece: u64, seeding: bool) {
        let now = cx.now.since_start();
        self.choked_at = Some(cx.now);
        self.set_slots(cx, seeding);
        let candidates: Vec<Candidate> = swarm
            .iter()
            .map(|peer| Candidate {
                peer: peer.key,
                host: network(peer.addr.ip()),
                interested: peer.up.peer_interested,
                unchoked: !peer.up.am_choking,
                rate: match seeding {
                    true => peer.up.rate.per_second(now),
                    false => peer.down.rate.per_second(now),
                },
                since: cx.now.since(peer.connected),
                snubbed: peer.down.is_snubbed(),
                served: peer.up.total - peer.up.before_turn >= piece,
                pieces: peer.has.count(),
                gave: peer.down.total,
                got: peer.up.total,
            })
            .collect();
        let decisions = self.choker.round(now, seeding, &candidates, &mut cx.rng);
        // While nobody wants anything there is nothing to decide.
        if candidates.iter().any(|candidate| candidate.interested) {
            let next = Time::after_start(self.choker.next_round());
            cx.timers.set(Timer::Choke, next.max(cx.now + LEAST_PAUSE));
        }
        // A decision for each, and both in the order of their keys.
        for (peer, decision) in swarm.iter_mut().zip(decisions) {
            debug_assert_eq!(peer.key, decision.peer);
            peer.up.reason = Some(decision.reason);
            set_choking(cx, peer, !decision.unchoke, || Why::Slot(decision.reason));
        }
    }
}

// ANCHOR: set_choking
fn set_choking(cx: &mut Cx, peer: &mut Peer, choking: bool, why: impl FnOnce() -> Why) {
    if std::mem::replace(&mut peer.up.am_choking, choking) == choking {
        return;
    }
    peer.up.void = false;
    if choking {
        // A choke drops what was asked for, but for what it was granted, and only with the fast extension
        // is there a word for it.
        let fast = peer.fast.as_ref();
        let stays = |piece| fast.is_some_and(|fast| fast.granted.contains_key(&piece));
        let dropped = peer.up.requests.drop_pieces(|piece| !stays(piece));
        cx.because(why);
        cx.send(peer, Message::Choke);
        reject(cx, peer, dropped);
    } else {
        peer.up.before_turn = peer.up.total;
        cx.because(why);
        cx.send(peer, Message::Unchoke);
    }
}
// ANCHOR_END: set_choking

// ANCHOR: is_served
/// Whether a peer gets this block of a piece of so many bytes now: who has next to nothing gets some while
/// it is choked.
fn is_served(peer: &mut Peer, block: BlockRequest, length: u32) -> bool {
    if !peer.up.am_choking {
        return true;
    }
    let is_new = peer.has.count() < ALLOWED as u32;
    let fast = peer.fast.as_mut().filter(|_| is_new);
    fast.is_some_and(|fast| fast.may_have(block.piece, block.len, length))
}
// ANCHOR_END: is_served

/// Says that these requests are not answered, to a peer that is to be told.
pub(crate) fn reject(cx: &mut Cx, peer: &mut Peer, blocks: impl IntoIterator<Item = BlockRequest>) {
    if peer.fast.is_some() {
        for block in blocks {
            cx.send(peer, Fast::Reject(block).into());
        }
    }
}
