//! Pieces that failed. Each is fetched anew from one peer at a time, so that it shows who lied.

use std::collections::VecDeque;
use std::time::Duration;

use blocks::BLOCK;
use messages::{BlockRequest, Message};
use picker::PeerKey;

use super::peer::Peer;
use super::{Engine, Time};

/// A peer is far slower than another if that one is so many times as fast.
pub(super) const FAR_SLOWER: u64 = 10;

/// How long a peer keeps a failed piece before others with nothing to do are compared with it; and
/// how long it may choke us meanwhile. Traders choke and unchoke every ten seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// Stands for nobody: pieces that failed wait under this key until a peer is found to fetch them.
pub(super) const NOBODY: PeerKey = PeerKey(u32::MAX);

/// Who fetches a failed piece alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub peer: PeerKey,
    since: Time,
    /// How long it may take to get going. It doubles when a slow owner has to give way, so that two
    /// slow peers do not take the piece from each other for ever.
    patience: Duration,
}

impl Owner {
    fn new(peer: PeerKey, now: Time) -> Owner {
        Owner {
            peer,
            since: now,
            patience: PATIENCE,
        }
    }
}

impl Engine {
    /// Lets this peer fetch, whole and alone, each failed piece that it has and nobody fetches.
    pub(super) fn assign_suspects(&mut self, key: PeerKey, now: Time) {
        let Some(peer) = self.peers.get(&key) else {
            return;
        };
        let free: Vec<u32> = self
            .blame
            .pieces()
            .filter(|piece| peer.has.get(*piece) && !self.single.contains_key(piece))
            .filter(|&piece| !self.another_is_better(peer, piece, now))
            .collect();
        for piece in free {
            self.single.insert(piece, Owner::new(key, now));
            self.picker.only_from(piece, Some(key));
        }
    }

    /// Whether a peer that has shown that it delivers can fetch this piece, and this one has not, or
    /// is far slower.
    fn another_is_better(&self, peer: &Peer, piece: u32, now: Time) -> bool {
        let delivers = |peer: &Peer| peer.downloaded > 0 && !peer.snubbed;
        let own = self.speed(peer, now);
        self.peers.values().any(|other| {
            let can = delivers(other) && other.serves() && other.has.get(piece);
            can && (!delivers(peer) || own * FAR_SLOWER < self.speed(other, now))
        })
    }

    /// Bytes a second; a peer that has just come has no rate yet, and gets the benefit of the doubt.
    pub(super) fn speed(&self, peer: &Peer, now: Time) -> u64 {
        peer.down.per_second(now.since_start()).max(BLOCK.into())
    }

    /// Hands failed pieces over to a peer with nothing to do, if whoever fetches them has choked us
    /// for long, or is far slower.
    pub(super) fn review_suspects(&mut self, now: Time) {
        let moves: Vec<(u32, PeerKey)> = self
            .single
            .iter()
            .filter(|(piece, _)| !self.under_way.contains(piece))
            .filter_map(|(&piece, owner)| Some((piece, self.better_than(owner, piece, now)?)))
            .collect();
        for (piece, to) in moves {
            self.hand_over(piece, Some(to), now);
            self.fill(to, now);
        }
    }

    /// The fastest peer with nothing to do that has this piece, if its owner does badly.
    fn better_than(&self, owner: &Owner, piece: u32, now: Time) -> Option<PeerKey> {
        if now.since(owner.since) < owner.patience {
            return None;
        }
        let waiting = self.peers.iter().filter(|&(&key, peer)| {
            let idle = peer.serves() && !peer.snubbed && peer.outstanding.is_empty();
            key != owner.peer && idle && peer.has.get(piece)
        });
        let (&best, peer) = waiting.max_by_key(|(_, peer)| self.speed(peer, now))?;
        let owner = self.peers.get(&owner.peer)?;
        let does_badly = if owner.serves() {
            owner.down.per_second(now.since_start()) * FAR_SLOWER < self.speed(peer, now)
        } else {
            now.since(owner.choked_since) >= PATIENCE
        };
        does_badly.then_some(best)
    }

    /// This peer fetches no piece alone any more: it is gone, or has stopped delivering.
    pub(super) fn unassign(&mut self, key: PeerKey, now: Time) {
        let pieces: Vec<u32> = self
            .single
            .iter()
            .filter(|(piece, owner)| owner.peer == key && !self.under_way.contains(piece))
            .map(|(&piece, _)| piece)
            .collect();
        for piece in pieces {
            self.hand_over(piece, None, now);
        }
    }

    /// A failed piece gets another owner, or waits for one. What the former one sent is kept the
    /// first time: with honest peers the piece passes, and shows who had lied before. If such a
    /// mixture has failed, a liar hides behind changes of owner, and every owner begins anew.
    fn hand_over(&mut self, piece: u32, to: Option<PeerKey>, now: Time) {
        let former = self.single.remove(&piece);
        if self.blame.failures(piece) > 1 {
            self.forget(piece, now);
        } else if let Some(former) = former {
            self.take_back(piece, former.peer, now);
        }
        self.picker.only_from(piece, Some(to.unwrap_or(NOBODY)));
        if let Some(peer) = to {
            let patience = former.map_or(PATIENCE, |former| former.patience.saturating_mul(2));
            let since = now;
            self.single.insert(
                piece,
                Owner {
                    peer,
                    since,
                    patience,
                },
            );
        }
    }

    /// Cancels what this peer was asked of a piece.
    fn take_back(&mut self, piece: u32, key: PeerKey, now: Time) {
        let Some(peer) = self.peers.get_mut(&key) else {
            return;
        };
        let outstanding = std::mem::take(&mut peer.outstanding);
        let (taken, stay): (VecDeque<BlockRequest>, _) = outstanding
            .into_iter()
            .partition(|block| block.piece == piece);
        peer.outstanding = stay;
        for block in taken {
            self.send(key, Message::Cancel(block), now);
        }
    }
}
