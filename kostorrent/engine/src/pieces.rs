//! What becomes of a whole piece: verified, written, or traced to a liar.

use std::collections::BTreeSet;

use blocks::BlockDigests;
use picker::PeerKey;

use super::blame::{Culprit, Suspect};
use super::event::{Report, Stored};
use super::peer::Peer;
use super::suspects::NOBODY;
use super::{Action, CloseReason, Engine, Failure, Outcome, Phase, Time};

impl Engine {
    /// Every block of a piece is here: it goes to the disk.
    pub(super) fn whole(&mut self, piece: u32) {
        self.under_way.insert(piece);
        let digests = if self.blame.is_suspect(piece) {
            BlockDigests::Always
        } else if self
            .senders(piece)
            .into_iter()
            .collect::<BTreeSet<_>>()
            .len()
            > 1
        {
            BlockDigests::IfWrong
        } else {
            BlockDigests::Never
        };
        self.act(Action::Store { piece, digests });
    }

    // ANCHOR: stored
    /// The disk has compared a whole piece with the torrent's hash, and has written
    /// it if it was right.
    pub(super) fn stored(&mut self, piece: u32, result: Stored, now: Time) {
        if self.phase != Phase::Running {
            return;
        }
        match result {
            Stored::Written { digests } => {
                if self.blame.is_suspect(piece) {
                    // What is right is now known, and is compared with what was wrong.
                    let liars = self.blame.judge(piece, &digests.unwrap_or_default());
                    self.single.remove(&piece);
                    self.picker.only_from(piece, None);
                    self.written(piece, now);
                    self.ban_all(&liars, piece, now);
                } else {
                    self.written(piece, now);
                }
            }
            Stored::Wrong { digests } => self.wrong(piece, digests, now),
            Stored::Failed(why) => self.leave(Outcome::Failed(Failure::Disk(why)), now),
        }
    }
    // ANCHOR_END: stored

    /// A piece is not what the torrent says: somebody lied.
    fn wrong(&mut self, piece: u32, digests: Option<Vec<[u8; 20]>>, now: Time) {
        let senders = self.senders(piece);
        let all: BTreeSet<Option<Culprit>> = senders.iter().copied().collect();
        if all.len() == 1 {
            // All of it came from one peer, and so that peer is the liar.
            self.piece_failed(piece, 1, now);
            let liar = all.into_iter().flatten().collect();
            return self.ban_all(&liar, piece, now);
        }
        let blocks = senders
            .into_iter()
            .zip(digests.unwrap_or_default())
            .map(|(sender, digest)| sender.map(|Culprit { addr, id }| Suspect { digest, addr, id }))
            .collect();
        self.blame.suspect(piece, blocks);
        self.piece_failed(piece, all.len(), now);
    }

    /// Who sent each block of an open piece; `None` for one that left long ago.
    fn senders(&self, piece: u32) -> Vec<Option<Culprit>> {
        let keys = self.picker.contributors(piece);
        keys.into_iter()
            .map(|key| match self.peers.get(&key) {
                Some(&Peer { addr, id, .. }) => Some(Culprit { addr, id }),
                None => self.departed.get(&key).copied(),
            })
            .collect()
    }

    fn piece_failed(&mut self, piece: u32, from: usize, now: Time) {
        self.report(Report::PieceFailed { piece, from });
        self.under_way.remove(&piece);
        self.single.remove(&piece);
        let alone = self.blame.is_suspect(piece).then_some(NOBODY);
        self.picker.only_from(piece, alone);
        self.picker.failed(piece);
        self.act(Action::Forget { piece });
        self.wasted += u64::from(self.geometry.piece_len(piece));
        self.fill_starved(now);
    }

    fn ban_all(&mut self, liars: &BTreeSet<Culprit>, piece: u32, now: Time) {
        for &Culprit { addr, id } in liars {
            if self.bans.is_banned(addr, Some(id)) {
                continue;
            }
            self.bans.ban(addr, id);
            self.book.never(addr);
            self.report(Report::PeerBanned { addr, piece });
            let banned: Vec<PeerKey> = self
                .peers
                .iter()
                .filter(|(_, peer)| self.bans.is_banned(peer.addr, Some(peer.id)))
                .map(|(&key, _)| key)
                .collect();
            for key in banned {
                self.close(key, CloseReason::Lied, now);
            }
        }
    }

    // ANCHOR: written
    /// A piece is on disk: the others may have it now.
    fn written(&mut self, piece: u32, now: Time) {
        self.act(Action::Forget { piece });
        if self.have().get(piece) {
            return;
        }
        self.under_way.remove(&piece);
        self.picker.close(piece);
        self.left -= u64::from(self.geometry.piece_len(piece));
        let keys: Vec<PeerKey> = self.peers.keys().copied().collect();
        for key in keys {
            self.tell_have(key, piece, now);
        }
        if self.picker.is_complete() {
            return self.complete(now);
        }
        self.fill_starved(now);
    }
    // ANCHOR_END: written

    /// Tells a peer that we have a piece, unless it has the piece itself.
    fn tell_have(&mut self, key: PeerKey, piece: u32, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        if peer.has.get(piece) {
            peer.offers -= 1;
            if peer.offers == 0 {
                self.interest(key, now);
            }
        } else {
            self.send(key, messages::Message::Have(piece), now);
        }
    }

    fn complete(&mut self, now: Time) {
        self.trackers.complete();
        self.report(Report::Complete);
        if !self.keep_seeding {
            return self.leave(Outcome::Complete, now);
        }
        self.timers.set(super::Timer::Announce, now);
        self.choke_soon(now);
    }
}
