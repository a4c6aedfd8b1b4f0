//! Asking for blocks, and taking them in.

use blocks::BLOCK;
use messages::{BlockRequest, Message};
use picker::{PeerKey, Receipt};

use super::event::BufKey;
use super::peer::Peer;
use super::suspects::FAR_SLOWER;
use super::timers::Timer;
use super::{Action, Engine, Phase, Time};

/// A peer with fewer requests out has nearly nothing left to do.
const FEW_LEFT: usize = 8;

impl Engine {
    // ANCHOR: fill
    /// Sends this peer as many requests as its window holds.
    pub(super) fn fill(&mut self, key: PeerKey, now: Time) {
        if self.phase != Phase::Running || self.picker.is_complete() {
            return;
        }
        let Some(peer) = self.peers.get(&key) else {
            return;
        };
        if !peer.serves() {
            return;
        }
        let window = peer.window.size();
        let mut free = window.saturating_sub(peer.outstanding.len());
        // With a large window requests go out in groups: one write for many.
        if free == 0 || free < window / 8 {
            return;
        }
        let allowed = self.limit_down.available(now) / u64::from(BLOCK);
        let limited = allowed < free as u64;
        if limited {
            free = allowed as usize;
        }
        if free == 0 {
            return self.wait_for_limit_down(now);
        }
        self.assign_suspects(key, now);
        let mut picks = std::mem::take(&mut self.picks);
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        self.picker
            .pick(key, &peer.has, free, &mut self.rng, &mut picks);
        peer.starved = picks.len() < free;
        if picks.is_empty() && peer.outstanding.is_empty() {
            self.pick_from_slow(key, free, now, &mut picks);
        }
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        for &block in &picks {
            peer.asked(block, now);
            self.limit_down.take(u64::from(block.len));
            if peer.snubbed {
                // It is to show that it is back; nobody is to wait for it.
                self.picker.release(key, block);
            }
        }
        // Only if the limit was what held us back: else the timer would ring for
        // nothing.
        if limited && picks.len() == free {
            self.wait_for_limit_down(now);
        }
        for block in picks.drain(..) {
            self.send(key, Message::Request(block), now);
        }
        self.picks = picks;
    }
    // ANCHOR_END: fill

    fn wait_for_limit_down(&mut self, now: Time) {
        let wait = self.limit_down.wait_for(u64::from(BLOCK), now);
        self.timers.set_earlier(Timer::Refill, now + wait);
    }

    /// A peer with nothing to do, while all memory waits for peers that are far slower than it is,
    /// is asked for what they were asked for.
    fn pick_from_slow(
        &mut self,
        key: PeerKey,
        count: usize,
        now: Time,
        picks: &mut Vec<BlockRequest>,
    ) {
        let Some(peer) = self.peers.get(&key) else {
            return;
        };
        let own = self.speed(peer, now);
        let slow = |other: PeerKey| {
            let other = self.peers.get(&other);
            let rate = other.map_or(0, |other| other.down.per_second(now.since_start()));
            rate * FAR_SLOWER < own
        };
        self.picker.pick_again(key, &peer.has, count, slow, picks);
    }

    /// Asks every peer again for which the picker had nothing, because that may have changed.
    pub(super) fn fill_starved(&mut self, now: Time) {
        let starved: Vec<PeerKey> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.serves() && (peer.starved || peer.outstanding.is_empty()))
            .map(|(&key, _)| key)
            .collect();
        for key in starved {
            self.fill(key, now);
        }
    }

    /// A speed limit lets bytes through again, in either direction.
    pub(super) fn refill(&mut self, now: Time) {
        // Begins after the peer that was served last, or that one would get all there is.
        let mut keys: Vec<PeerKey> = self.peers.keys().copied().collect();
        let after = keys.partition_point(|&key| key <= self.refilled);
        keys.rotate_left(after);
        for key in keys {
            let before = self.actions.len();
            self.fill(key, now);
            self.upload(key, now);
            if self.actions.len() > before {
                self.refilled = key;
            }
        }
    }

    // ANCHOR: block
    /// A whole block has come.
    pub(super) fn block(&mut self, key: PeerKey, block: BlockRequest, buf: BufKey, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return self.act(Action::Drop { buf });
        };
        peer.heard = now;
        peer.payload_at = now;
        peer.owes_since = now;
        let was_snubbed = std::mem::replace(&mut peer.snubbed, false);
        peer.downloaded += u64::from(block.len);
        peer.answered(block);
        peer.window.received(now.since_start(), block.len);
        peer.down.add(now.since_start(), u64::from(block.len));
        self.downloaded += u64::from(block.len);
        self.down.add(now.since_start(), u64::from(block.len));
        match self.picker.received(key, block) {
            Receipt::Unwanted => {
                self.wasted += u64::from(block.len);
                self.act(Action::Drop { buf });
            }
            Receipt::Kept { whole, also_asked } => {
                self.progress_at = Some(now);
                let piece = block.piece;
                let index = block.offset / BLOCK;
                self.act(Action::Keep {
                    buf,
                    piece,
                    block: index,
                });
                for other in also_asked {
                    self.cancel(other, block, now);
                }
                self.cancel_at_snubbed(block, now);
                if whole {
                    self.whole(piece);
                }
            }
        }
        if was_snubbed {
            self.begin_anew(key, now);
        }
        // A starved peer is asked when something has changed, not after every block;
        // but in the end game, and with little left to do, after every block it is.
        let ask = |peer: &Peer| {
            !peer.starved || (peer.outstanding.len() < FEW_LEFT && self.picker.in_end_game())
        };
        if self.peers.get(&key).is_some_and(ask) {
            self.fill(key, now);
        }
    }
    // ANCHOR_END: block

    /// A snubbed peer delivers again. What it still owes has been given back: others may have been
    /// asked for it, and it may be asked for it anew.
    fn begin_anew(&mut self, key: PeerKey, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        for block in std::mem::take(&mut peer.outstanding) {
            self.picker.release(key, block);
            self.send(key, Message::Cancel(block), now);
        }
    }

    /// The one request that stays out at a snubbed peer is not the picker's any more.
    fn cancel_at_snubbed(&mut self, block: BlockRequest, now: Time) {
        let owing: Vec<PeerKey> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.snubbed && peer.outstanding.contains(&block))
            .map(|(&key, _)| key)
            .collect();
        for key in owing {
            self.cancel(key, block, now);
        }
    }

    /// Somebody else was faster with this block.
    fn cancel(&mut self, key: PeerKey, block: BlockRequest, now: Time) {
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.answered(block);
            self.send(key, Message::Cancel(block), now);
            self.fill(key, now);
        }
    }

    /// Gives up the blocks of an open piece that nobody can finish while its memory is needed.
    pub(super) fn free_stuck_pieces(&mut self, now: Time) {
        let waiting = self
            .peers
            .values()
            .any(|peer| peer.serves() && peer.outstanding.is_empty());
        if !waiting {
            return;
        }
        let stuck = self.picker.stuck_open(|piece| {
            self.peers
                .values()
                .any(|peer| peer.serves() && peer.has.get(piece))
        });
        if let Some(piece) = stuck.filter(|piece| !self.under_way.contains(piece)) {
            self.forget(piece, now);
            self.fill_starved(now);
        }
    }

    /// Drops what has come of an open piece; it is to be fetched anew.
    pub(super) fn forget(&mut self, piece: u32, now: Time) {
        for (key, block) in self.picker.forget(piece) {
            if let Some(peer) = self.peers.get_mut(&key) {
                peer.answered(block);
                self.send(key, Message::Cancel(block), now);
            }
        }
        self.act(Action::Forget { piece });
    }
}
