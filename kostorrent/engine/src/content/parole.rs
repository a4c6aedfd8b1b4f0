//! Pieces on parole: each failed before, and is fetched anew from one peer at a time, so that it
//! shows who lied.

use std::collections::BTreeMap;
use std::time::Duration;

use picker::PeerKey;

use super::Content;
use crate::Time;
use crate::peer::{FAR_SLOWER, Peer};
use crate::swarm::Swarm;

/// How long a peer keeps a failed piece before others with nothing to do are compared with it; and
/// how long it may choke us meanwhile. Traders choke and unchoke every ten seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// So long one that has never sent us anything: it may be one that never does, and the piece the last.
const PATIENCE_WITH_UNKNOWN: Duration = Duration::from_secs(3);

/// Stands for nobody: pieces that failed wait under this key until a peer is found to fetch them.
pub(crate) const NOBODY: PeerKey = PeerKey(u32::MAX);

/// Who fetches a failed piece alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub peer: PeerKey,
    since: Time,
    /// How long it may take to get going. It doubles when a slow owner has to give way, so that two
    /// slow peers do not take the piece from each other for ever.
    patience: Duration,
}

/// The pieces on parole that somebody fetches, and who.
#[derive(Debug, Default)]
pub(crate) struct Parole {
    owners: BTreeMap<u32, Owner>,
}

impl Parole {
    /// This peer fetches the piece from now on. A new owner that replaces a slow one has twice its
    /// patience.
    pub fn give(&mut self, piece: u32, peer: PeerKey, former: Option<Owner>, now: Time) {
        let patience = former.map_or(PATIENCE, |owner| owner.patience.saturating_mul(2));
        let owner = Owner {
            peer,
            since: now,
            patience,
        };
        self.owners.insert(piece, owner);
    }

    /// Nobody fetches the piece any more; who did.
    pub fn take(&mut self, piece: u32) -> Option<Owner> {
        self.owners.remove(&piece)
    }

    /// The pieces that this peer fetches alone.
    pub fn of(&self, key: PeerKey) -> Vec<u32> {
        let owned = self.owners.iter().filter(|(_, owner)| owner.peer == key);
        owned.map(|(&piece, _)| piece).collect()
    }
}

impl Content {
    /// The failed pieces that nobody fetches, and that this peer may fetch now. `last` says that it
    /// has nothing else for us: then those as well that it has sent wrong itself.
    pub fn free_suspects(&self, swarm: &Swarm, peer: &Peer, last: bool, now: Time) -> Vec<u32> {
        let Content { integrity, .. } = self;
        let free = |piece: &u32| !integrity.parole.owners.contains_key(piece);
        let suspects = integrity.blame.pieces().filter(free);
        suspects
            .filter(|&piece| last || !integrity.is_put_off(piece, peer))
            .filter(|&piece| peer.has.get(piece) && !another_is_better(swarm, peer, piece, now))
            .collect()
    }

    /// The failed pieces that a peer with nothing to do fetches better than their owners, and who.
    pub fn better_owners(&self, swarm: &Swarm, now: Time) -> Vec<(u32, PeerKey)> {
        let owners = self.integrity.parole.owners.iter();
        let owners = owners.filter(|(piece, _)| !self.is_under_way(**piece));
        owners
            .filter_map(|(&piece, owner)| {
                Some((piece, self.better_than(swarm, owner, piece, now)?))
            })
            .collect()
    }

    /// The fastest peer with nothing to do that has this piece, if its owner does badly.
    fn better_than(&self, swarm: &Swarm, owner: &Owner, piece: u32, now: Time) -> Option<PeerKey> {
        let is_unknown = |peer: &Peer| peer.down.total == 0;
        let patience = match swarm.get(owner.peer).is_some_and(is_unknown) {
            true => PATIENCE_WITH_UNKNOWN,
            false => owner.patience,
        };
        if now.since(owner.since) < patience {
            return None;
        }
        let waiting = swarm.iter().filter(|peer| {
            let idle = peer.serves() && !peer.down.is_snubbed();
            let free = self.picker.asked_of(peer.key) == 0;
            peer.key != owner.peer && idle && free && peer.has.get(piece)
        });
        let best = waiting.max_by_key(|peer| peer.speed(now))?;
        let owner = swarm.get(owner.peer)?;
        let does_badly = if owner.serves() {
            owner.down.rate.per_second(now.since_start()) * FAR_SLOWER < best.speed(now)
        } else {
            now.since(owner.down.choked_since) >= PATIENCE
        };
        does_badly.then_some(best.key)
    }
}

/// Whether a peer that has shown that it delivers can fetch this piece, and this one has not, or is
/// far slower.
fn another_is_better(swarm: &Swarm, peer: &Peer, piece: u32, now: Time) -> bool {
    let delivers = |peer: &Peer| peer.down.total > 0 && !peer.down.is_snubbed();
    let own = peer.speed(now);
    swarm.iter().any(|other| {
        let can = delivers(other) && other.serves() && other.has.get(piece);
        can && (!delivers(peer) || own * FAR_SLOWER < other.speed(now))
    })
}
