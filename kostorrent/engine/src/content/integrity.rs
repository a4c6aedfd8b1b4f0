//! Which pieces came out wrong, and who is behind it.

use std::collections::{BTreeMap, BTreeSet};

use blocks::BlockDigests;
use picker::PeerKey;

use super::blame::{Blame, Culprit, Suspect};
use super::parole::Parole;
use crate::peer::Peer;
use crate::swarm::Swarm;

/// Ended connections that are remembered at most.
const MOST_DEPARTED: usize = 1_000;

/// What is known of pieces that failed. Each is then fetched from one peer alone (libtorrent: on
/// parole), and when it is right, compared with what was wrong (the smart ban).
#[derive(Default)]
pub(crate) struct Integrity {
    pub blame: Blame,
    pub parole: Parole,
    /// Who was behind connections that have ended: a liar may hang up before it is found out.
    departed: BTreeMap<PeerKey, Culprit>,
    /// Who sent all of a failed piece, and was given another chance.
    doubted: BTreeSet<(u32, Culprit)>,
}

impl Integrity {
    /// Keeps who was behind a connection that gave us blocks.
    pub fn remember(&mut self, peer: &Peer) {
        if peer.down.total == 0 {
            return;
        }
        let culprit = Culprit::from(peer);
        self.departed.insert(peer.key, culprit);
        while self.departed.len() > MOST_DEPARTED {
            self.departed.pop_first();
        }
    }

    /// Who sent each block, given the connections; `None` for one that left long ago.
    pub fn senders(&self, swarm: &Swarm, keys: &[PeerKey]) -> Vec<Option<Culprit>> {
        let sender = |&key: &PeerKey| match swarm.get(key) {
            Some(peer) => Some(Culprit::from(peer)),
            None => self.departed.get(&key).copied(),
        };
        keys.iter().map(sender).collect()
    }

    /// Whether the digests of a whole piece's blocks will be needed.
    pub fn digests(&self, piece: u32, senders: &[PeerKey]) -> BlockDigests {
        let alone = senders.windows(2).all(|pair| pair[0] == pair[1]);
        match (self.blame.is_suspect(piece), alone) {
            (true, _) => BlockDigests::Always,
            (false, false) => BlockDigests::IfWrong,
            (false, true) => BlockDigests::Never,
        }
    }

    /// Keeps the digests of a piece that failed, with those who had sent its blocks.
    pub fn suspect(&mut self, piece: u32, senders: Vec<Option<Culprit>>, digests: Vec<[u8; 20]>) {
        let blocks = senders.into_iter().zip(digests);
        let blocks = blocks.map(|(sender, digest)| {
            sender.map(|Culprit { addr, id }| Suspect { digest, addr, id })
        });
        self.blame.suspect(piece, blocks.collect());
    }

    /// A piece that failed waits for another peer, or until its sender has nothing else for us.
    pub fn put_off(&mut self, piece: u32, sender: Culprit) {
        self.doubted.insert((piece, sender));
        self.blame.suspect(piece, Vec::new());
    }

    /// Whether this peer alone has sent this piece wrong before.
    pub fn is_put_off(&self, piece: u32, peer: &Peer) -> bool {
        !self.doubted.is_empty() && self.doubted.contains(&(piece, Culprit::from(peer)))
    }

    /// The piece was found on disk: who sent what is not asked any more.
    pub fn passed(&mut self, piece: u32) {
        self.parole.take(piece);
        self.judge(piece, &[]);
    }

    /// The piece has passed with these blocks: who had sent others is guilty, but for those who
    /// have been doubted for it.
    pub fn judge(&mut self, piece: u32, good: &[[u8; 20]]) -> BTreeSet<Culprit> {
        self.doubted.retain(|&(doubted, _)| doubted != piece);
        self.blame.judge(piece, good)
    }
}

impl From<&Peer> for Culprit {
    fn from(peer: &Peer) -> Culprit {
        Culprit {
            addr: peer.addr,
            id: peer.id,
        }
    }
}
