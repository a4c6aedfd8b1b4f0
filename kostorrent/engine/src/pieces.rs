//! What becomes of a whole piece: verified, written, or traced to a liar.

use std::collections::BTreeSet;

use picker::PeerKey;

use super::blame::{Culprit, Suspect};
use super::event::Report;
use super::peer::Peer;
use super::suspects::NOBODY;
use super::{Action, Engine, Outcome, Phase, Time};

impl Engine {
    // ANCHOR: verified
    /// The hash of a whole piece is known.
    pub(super) fn verified(&mut self, piece: u32, ok: bool, now: Time) {
        if self.phase != Phase::Running {
            return;
        }
        let suspect = self.blame.is_suspect(piece);
        if ok && !suspect {
            return self.act(Action::Write { piece });
        }
        let senders: BTreeSet<Option<Culprit>> = self.senders(piece).into_iter().collect();
        let alone = senders.len() == 1;
        if !ok && alone {
            // All of it came from one peer, and so that peer is the liar.
            self.piece_failed(piece, 1, now);
            let liar = senders.into_iter().flatten().collect();
            return self.ban_all(&liar, piece, now);
        }
        // What is right is now known and is compared with what was wrong; or the
        // other way round.
        self.verdicts.insert(piece, ok);
        self.act(Action::Digest { piece });
    }
    // ANCHOR_END: verified

    /// The digests of a piece's blocks are known.
    pub(super) fn digests(&mut self, piece: u32, digests: Vec<[u8; 20]>, now: Time) {
        if self.phase != Phase::Running {
            return;
        }
        match self.verdicts.remove(&piece) {
            Some(true) => {
                self.act(Action::Write { piece });
                self.single.remove(&piece);
                self.picker.only_from(piece, None);
                let liars = self.blame.judge(piece, &digests);
                self.ban_all(&liars, piece, now);
            }
            Some(false) => {
                let senders = self.senders(piece);
                let all: BTreeSet<&Culprit> = senders.iter().flatten().collect();
                let from = all.len();
                let blocks = senders
                    .into_iter()
                    .zip(digests)
                    .map(|(sender, digest)| {
                        sender.map(|Culprit { addr, id }| Suspect { digest, addr, id })
                    })
                    .collect();
                self.blame.suspect(piece, blocks);
                self.piece_failed(piece, from, now);
            }
            None => {}
        }
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
                self.close(key, "it sent wrong data", now);
            }
        }
    }

    // ANCHOR: written
    /// A piece is on disk: the others may have it now.
    pub(super) fn written(&mut self, piece: u32, now: Time) {
        self.act(Action::Forget { piece });
        if self.phase != Phase::Running || self.have().get(piece) {
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
