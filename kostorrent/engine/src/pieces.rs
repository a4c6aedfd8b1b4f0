//! Blocks that come, and what becomes of a whole piece: written, or traced to a liar.

use std::collections::BTreeSet;

use messages::{BlockRequest, Message};
use picker::{PeerKey, Receipt};

use crate::content::{Culprit, NOBODY};
use crate::event::BufKey;
use crate::leaving::Stage;
use crate::pausing::Trial;
use crate::{Action, Engine, Failure, Outcome, Report, Stored, Why};

impl Engine {
    /// A whole block has come.
    pub(crate) fn block(&mut self, key: PeerKey, block: BlockRequest, buf: BufKey) {
        let (Some(peer), Some(content)) = (self.swarm.get_mut(key), &mut self.content) else {
            return self.cx.act(Action::Drop { buf });
        };
        let cx = &mut self.cx;
        peer.heard = cx.now;
        // It had come when it was taken back, and nobody had heard of it yet.
        if let Some(fast) = peer
            .fast
            .as_mut()
            .filter(|fast| !fast.taken_back.is_empty())
            && !content.picker.is_asked(key, block)
        {
            fast.taken_back.answered(block);
        }
        let receipt = self.download.block(cx, peer, content, block, buf);
        self.download.ask_after_block(peer, content);
        if let Receipt::Kept { whole, also_asked } = receipt {
            // Somebody else was faster than these.
            let void = also_asked.into_iter().map(|key| (key, block)).collect();
            self.download.cancel(cx, &mut self.swarm, void);
            if whole {
                self.store(block.piece);
            }
        }
    }

    /// Something has come that is of no use. Whoever sends it may do so for want of a word: a cancel
    /// that crosses its block takes nothing back.
    pub(crate) fn wasted(&mut self, key: PeerKey, block: Option<BlockRequest>, bytes: u64) {
        let now = self.cx.now;
        if let Some(peer) = self.swarm.get_mut(key) {
            peer.heard = now;
            // It was on its way when it was taken back.
            if let (Some(fast), Some(block)) = (&mut peer.fast, block) {
                fast.taken_back.answered(block);
            }
        }
        let is_here = match (block, &self.content) {
            (Some(block), Some(content)) => content.picker.is_here(block),
            _ => false,
        };
        self.download.came(now, bytes);
        self.download.waste.in_vain(is_here, bytes);
    }

    /// Every block of a piece is here: it goes to the disk.
    pub(crate) fn store(&mut self, piece: u32) {
        if let Some(content) = &mut self.content {
            content.under_way.insert(piece);
            let senders = content.picker.contributors(piece);
            let digests = content.integrity.digests(piece, &senders);
            let from = || BTreeSet::from_iter(&senders).len();
            self.cx.because(|| Why::Whole { from: from() });
            self.cx.act(Action::Store { piece, digests });
        }
    }

    // ANCHOR: stored
    /// The disk has compared a whole piece with the torrent's hash, and has written
    /// it if it was right.
    pub(crate) fn stored(&mut self, piece: u32, result: Stored) {
        let Some(content) = &mut self.content else {
            return;
        };
        if !content.is_under_way(piece) {
            return;
        }
        if let Stored::Failed(why) = result {
            self.disk_failed(why, Some(piece));
            return self.maybe_over();
        }
        content.under_way.remove(&piece);
        match result {
            Stored::Written { digests } => {
                self.written(piece);
                self.judge(piece, digests);
            }
            Stored::Wrong { digests } => {
                self.wrong(piece, digests);
                // Another choice may have been made while it was at the disk.
                if self.content.as_ref().is_some_and(|c| !c.misses(piece)) {
                    self.leave_out(piece);
                }
            }
            Stored::Refused(why) => {
                self.cx.act(Action::Forget { piece });
                self.leave(Outcome::Failed(Failure::Disk(why)));
            }
            Stored::Failed(_) => {}
        }
        self.disk_is_well(Trial::Store(piece));
        self.maybe_over();
    }
    // ANCHOR_END: stored

    // ANCHOR: written
    /// A piece is on disk: the others may have it now.
    fn written(&mut self, piece: u32) {
        self.cx.act(Action::Forget { piece });
        if let Some(content) = &mut self.content {
            let senders = content.picker.contributors(piece);
            content.note_our_first(piece, self.cx.now);
            content.written(piece);
            self.trust(senders);
        }
        if self.stage != Stage::Running {
            return;
        }
        self.tell_all(piece);
        if self.is_finished() {
            self.settle();
        }
    }
    // ANCHOR_END: written

    /// Tells everybody that we have a piece.
    pub(crate) fn tell_all(&mut self, piece: u32) {
        let mut next = Some(0);
        while let Some(first) = next.map(PeerKey)
            && let Some(key) = self.tell_from(first, piece)
        {
            if let Err(why) = self.interest(key) {
                self.close(key, why);
            }
            next = key.0.checked_add(1);
        }
    }

    /// Tells the peers from this one on that we have a piece, but for those that have it themselves,
    /// until one has nothing more for us.
    fn tell_from(&mut self, first: PeerKey, piece: u32) -> Option<PeerKey> {
        for peer in self.swarm.iter_mut_from(first) {
            if !peer.has.get(piece) {
                self.cx.send(peer, Message::Have(piece));
                continue;
            }
            peer.offers = peer.offers.saturating_sub(1);
            if peer.offers == 0 {
                return Some(peer.key);
            }
        }
        None
    }

    /// Everything that is wanted is on disk, in files that are where they should be.
    pub(crate) fn complete(&mut self) {
        self.is_complete = true;
        let is_seed = self.content.as_ref().is_some_and(|c| c.is_seed());
        let is_news = is_seed && !std::mem::replace(&mut self.is_announced, is_seed);
        if is_news {
            self.discovery.complete(&mut self.cx);
        }
        self.cx.report(Report::Complete);
        if !self.keep_seeding {
            return self.leave(Outcome::Complete);
        }
        if !is_seed {
            self.say_extensions_again();
        }
        self.upload.choke_soon(&mut self.cx);
    }

    /// A piece that had failed is right. What is right is now known, and is compared with what was
    /// wrong.
    fn judge(&mut self, piece: u32, digests: Option<Vec<[u8; 20]>>) {
        let Some(content) = &mut self.content else {
            return;
        };
        if !content.integrity.blame.is_suspect(piece) {
            return;
        }
        content.integrity.parole.take(piece);
        let right = digests.unwrap_or_default();
        let liars = content.integrity.judge(piece, &right);
        self.blame(&liars, piece);
    }

    /// A piece is not what the torrent says: somebody lied.
    fn wrong(&mut self, piece: u32, digests: Option<Vec<[u8; 20]>>) {
        let Some(content) = &mut self.content else {
            return;
        };
        let keys = content.picker.contributors(piece);
        let senders = content.integrity.senders(&self.swarm, &keys);
        let all: BTreeSet<Option<Culprit>> = senders.iter().copied().collect();
        if all.len() > 1 {
            let digests = digests.unwrap_or_default();
            content.integrity.suspect(piece, senders, digests);
            return self.failed(piece, all.len());
        }
        self.failed(piece, 1);
        // All of it came from one peer, and so that peer is the liar.
        if let Some(liar) = all.into_iter().flatten().next() {
            match self.doubts(liar, piece) {
                true => self.put_off(piece, liar),
                false => self.ban(liar, piece),
            }
        }
    }

    fn failed(&mut self, piece: u32, from: usize) {
        let Some(content) = &mut self.content else {
            return;
        };
        self.cx.report(Report::PieceFailed { piece, from });
        content.integrity.parole.take(piece);
        let nobody = content.integrity.blame.is_suspect(piece).then_some(NOBODY);
        content.picker.failed(piece);
        let void = content.picker.only_from(piece, nobody);
        self.download.waste.failed += u64::from(content.geometry.piece_len(piece));
        self.download.cancel(&mut self.cx, &mut self.swarm, void);
        self.cx.act(Action::Forget { piece });
    }

    /// A piece that this peer alone has sent wrong is fetched last, if it has to come from the same
    /// peer again: what else it has comes first.
    fn put_off(&mut self, piece: u32, sender: Culprit) {
        let Some(content) = &mut self.content else {
            return;
        };
        content.integrity.put_off(piece, sender);
        let void = content.picker.only_from(piece, Some(NOBODY));
        self.download.cancel(&mut self.cx, &mut self.swarm, void);
        let void = content.picker.forget(piece);
        self.download.cancel(&mut self.cx, &mut self.swarm, void);
    }
}
