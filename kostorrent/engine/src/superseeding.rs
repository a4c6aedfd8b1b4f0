//! Super-seeding (BEP 16): as the only seed of a crowd we say that we have nothing, and show each peer a
//! piece or two. It fetches nothing else from us, so that we send everything once before we send
//! anything twice; and it is shown the next when it has passed one on.

use std::time::Duration;

use blocks::BLOCK;
use messages::Message;
use picker::PeerKey;

use crate::upload::{MOST_PIECES, SuperSeed};
use crate::{Engine, Report};

/// Our line is as good as idle if what it has to send lasts no longer than this,
const IDLE: Duration = Duration::from_millis(250);

/// or is no more than so many bytes. Then we show more, whatever was passed on.
const NEXT_TO_NOTHING: u64 = 4 * BLOCK as u64;

/// A peer that wants nothing of what it was shown is shown more after so long: before, its word may be
/// about what it was shown earlier.
const SHOW_AGAIN: Duration = Duration::from_secs(1);

impl Engine {
    /// Begins, if that was asked for and we are a seed.
    pub(crate) fn super_seed(&mut self) {
        let content = self.content.as_ref();
        if let Some(content) = content.filter(|content| content.is_seed()) {
            let pieces = content.geometry.pieces();
            match (1..=MOST_PIECES).contains(&pieces) {
                true => self.super_seed = Some(SuperSeed::new(pieces)),
                false => self.cx.report(Report::SuperSeeded),
            }
        }
    }

    /// Shows a peer pieces until it holds as many as it may.
    pub(crate) fn show(&mut self, key: PeerKey) {
        let count = self
            .super_seed
            .as_ref()
            .map_or(0, |shown| shown.may_see(key));
        self.show_some(key, count);
    }

    /// Shows a peer so many more pieces, if there are as many.
    fn show_some(&mut self, key: PeerKey, count: usize) {
        let (Some(shown), Some(content), Some(peer)) =
            (&mut self.super_seed, &self.content, self.swarm.get_mut(key))
        else {
            return;
        };
        let length = |piece| content.geometry.piece_len(piece);
        let news = shown.show(key, &peer.has, count, length, &mut self.cx.rng);
        shown.looked(key, self.cx.now);
        for piece in news {
            self.cx.send(peer, Message::Have(piece));
        }
    }

    /// A peer has told us of a piece, or of all that it has.
    pub(crate) fn heard_of(&mut self, key: PeerKey, piece: Option<u32>) {
        let Some(shown) = &mut self.super_seed else {
            return;
        };
        let Some(peer) = self.swarm.get(key) else {
            return;
        };
        let free = match piece {
            Some(piece) => shown.heard(key, piece),
            None => shown.heard_all(key, &peer.has),
        };
        if peer.is_seed() || shown.is_over() {
            return self.end_super_seeding();
        }
        for key in free {
            self.show(key);
        }
    }

    /// A peer wants nothing of what it was shown. That is looked at with the next round of the choker, and
    /// with each message of the kind not at all: it could have us walk over the pieces all the time.
    pub(crate) fn refused(&mut self, key: PeerKey) {
        if let Some(shown) = &mut self.super_seed {
            shown.refused(key);
            self.upload.choke_soon(&mut self.cx);
        }
    }

    /// Shows more to all that have used up what they were shown, or want nothing of it. Our line may have
    /// been busy when they said so.
    pub(crate) fn show_all_when_idle(&mut self) {
        if self.super_seed.is_none() || self.swarm.is_empty() {
            return;
        }
        for key in self.swarm.keys() {
            self.show_when_idle(key);
        }
        self.upload.choke_within(&mut self.cx, SHOW_AGAIN);
    }

    /// A peer may have used up what it was shown. If nobody else asks us for anything, our line would be
    /// idle until a piece is passed on.
    pub(crate) fn show_when_idle(&mut self, key: PeerKey) {
        let Some(shown) = &mut self.super_seed else {
            return;
        };
        let Some(peer) = self.swarm.get(key) else {
            return;
        };
        let wants_more = match peer.up.peer_interested {
            true => !peer.up.am_choking && shown.has_used_up(key, peer.up.total),
            false => shown.has_refused(key, self.cx.now, SHOW_AGAIN),
        };
        if !wants_more {
            return;
        }
        let rate = self.upload.rate.per_second(self.cx.now.since_start());
        let least = (rate * IDLE.as_millis() as u64 / 1_000).max(NEXT_TO_NOTHING);
        let waits = self.swarm.iter().map(|peer| peer.up.waits());
        if waits.sum::<u64>() < least {
            let batch = shown.batch(key);
            self.show_some(key, batch as usize);
        }
    }

    /// Everything has come out, or somebody else has everything: we are a seed like any other. A
    /// bitfield says so, which clients take at any time.
    pub(crate) fn end_super_seeding(&mut self) {
        if !self.stop_super_seeding() {
            return;
        }
        let Some(content) = &self.content else {
            return;
        };
        for peer in self.swarm.iter_mut().filter(|peer| !peer.is_seed()) {
            let bitfield = Message::Bitfield(content.have().to_bytes());
            self.cx.send(peer, bitfield);
        }
    }

    /// The same, for a caller that tells everybody what we have; whether it was on.
    pub(crate) fn stop_super_seeding(&mut self) -> bool {
        let was_on = self.super_seed.take().is_some();
        if was_on {
            self.cx.report(Report::SuperSeeded);
        }
        was_on
    }
}
