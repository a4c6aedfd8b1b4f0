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
        while self
            .super_seed
            .as_ref()
            .is_some_and(|shown| shown.may_see_more(key))
            && self.show_one(key)
        {}
    }

    /// Shows a peer one more piece, if there is one.
    fn show_one(&mut self, key: PeerKey) -> bool {
        let (Some(shown), Some(content), Some(peer)) =
            (&mut self.super_seed, &self.content, self.swarm.get_mut(key))
        else {
            return false;
        };
        let geometry = content.geometry;
        let length = |piece| geometry.piece_len(piece);
        let Some(piece) = shown.show(key, &peer.has, length, &mut self.cx.rng) else {
            return false;
        };
        self.cx.send(peer, Message::Have(piece));
        true
    }

    /// A peer has told us of a piece, or of all that it has.
    pub(crate) fn heard_of(&mut self, key: PeerKey, piece: Option<u32>) {
        let (Some(shown), Some(peer)) = (&mut self.super_seed, self.swarm.get(key)) else {
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

    /// A peer has been sent something, or wants nothing of what we have shown it. If it has used that up,
    /// and nobody else asks us for anything, our line would be idle until a piece is passed on.
    pub(crate) fn show_when_idle(&mut self, key: PeerKey) {
        let (Some(shown), Some(peer)) = (&mut self.super_seed, self.swarm.get(key)) else {
            return;
        };
        let had_all = !peer.up.am_choking && shown.has_used_up(key, peer.up.total);
        if peer.up.peer_interested && !had_all {
            return;
        }
        let rate = self.upload.rate.per_second(self.cx.now.since_start());
        let least = (rate * IDLE.as_millis() as u64 / 1_000).max(NEXT_TO_NOTHING);
        let waits = self.swarm.iter().map(|peer| peer.up.waits());
        if waits.sum::<u64>() < least {
            let batch = shown.batch(key);
            (0..batch).all(|_| self.show_one(key));
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
