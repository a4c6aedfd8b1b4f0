//! Who sent the wrong block? libtorrent calls this the smart ban.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// A block's SHA-1 as it was in a piece that failed, and who had sent it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspect {
    pub digest: [u8; 20],
    pub addr: SocketAddr,
    pub id: [u8; 20],
}

/// One sender of blocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Culprit {
    pub addr: SocketAddr,
    pub id: [u8; 20],
}

/// Failures of one piece whose digests are kept at most.
const MOST_FAILURES: usize = 8;

/// The digests of pieces that failed while several peers had a hand in them, kept until the piece
/// passes: for each failure, the blocks in their order.
#[derive(Debug, Default)]
pub(crate) struct Blame {
    pieces: BTreeMap<u32, Vec<Vec<Option<Suspect>>>>,
}

impl Blame {
    /// Keeps the digests of a piece that failed.
    pub fn suspect(&mut self, piece: u32, blocks: Vec<Option<Suspect>>) {
        let failures = self.pieces.entry(piece).or_default();
        if failures.len() < MOST_FAILURES {
            failures.push(blocks);
        }
    }

    /// How many failures of this piece have been kept since it passed.
    pub fn failures(&self, piece: u32) -> usize {
        self.pieces.get(&piece).map_or(0, Vec::len)
    }

    /// Whether no piece has failed that has not passed since.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether this piece has failed before and has not passed since.
    pub fn is_suspect(&self, piece: u32) -> bool {
        self.pieces.contains_key(&piece)
    }

    /// The pieces that failed and have not passed since.
    pub fn pieces(&self) -> impl Iterator<Item = u32> + '_ {
        self.pieces.keys().copied()
    }

    // ANCHOR: judge
    /// The piece has passed with these blocks: who had sent others is guilty.
    pub fn judge(&mut self, piece: u32, good: &[[u8; 20]]) -> BTreeSet<Culprit> {
        let kept = self.pieces.remove(&piece).unwrap_or_default();
        kept.iter()
            .flat_map(|failure| failure.iter().zip(good))
            .filter_map(|(suspect, good)| suspect.filter(|s| s.digest != *good))
            .map(|s| Culprit {
                addr: s.addr,
                id: s.id,
            })
            .collect()
    }
    // ANCHOR_END: judge
}

#[cfg(test)]
mod tests {
    use super::*;

    fn culprit(port: u16) -> Culprit {
        Culprit {
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            id: [port as u8; 20],
        }
    }

    fn sent(by: Culprit, digest: u8) -> Option<Suspect> {
        Some(Suspect {
            digest: [digest; 20],
            addr: by.addr,
            id: by.id,
        })
    }

    #[test]
    fn only_who_sent_a_different_block_is_guilty() {
        let (honest, liar) = (culprit(1), culprit(2));
        let mut blame = Blame::default();
        blame.suspect(
            7,
            vec![sent(honest, 1), sent(liar, 99), sent(liar, 3), None],
        );
        let guilty = blame.judge(7, &[[1; 20], [2; 20], [3; 20], [4; 20]]);
        assert_eq!(guilty.into_iter().collect::<Vec<_>>(), [liar]);
        assert!(!blame.is_suspect(7));
    }
}
