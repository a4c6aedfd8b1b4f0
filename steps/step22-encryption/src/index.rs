//! Which torrent a caller means, who names it only by a hash.

use std::collections::BTreeMap;

use metainfo::InfoHash;

use crate::SkeyHash;

// ANCHOR: index
/// Our torrents by the hash under which a caller asks for them.
///
/// Without it, each call would cost a SHA-1 for each torrent we have. With it, each torrent costs one,
/// when it is added, and a call costs a look-up. It is as long as our own list of torrents: no peer
/// can make it grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkeyIndex(BTreeMap<SkeyHash, InfoHash>);

impl SkeyIndex {
    /// Takes a torrent in.
    pub fn insert(&mut self, skey: InfoHash) {
        self.0.insert(SkeyHash::of(skey), skey);
    }

    /// Takes a torrent out.
    pub fn remove(&mut self, skey: InfoHash) {
        self.0.remove(&SkeyHash::of(skey));
    }

    /// The torrent with this hash, if it is one of ours.
    pub fn find(&self, hash: SkeyHash) -> Option<InfoHash> {
        self.0.get(&hash).copied()
    }
}
// ANCHOR_END: index

impl FromIterator<InfoHash> for SkeyIndex {
    fn from_iter<I: IntoIterator<Item = InfoHash>>(torrents: I) -> SkeyIndex {
        let mut index = SkeyIndex::default();
        for skey in torrents {
            index.insert(skey);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torrent_is_found_by_its_hash_until_it_is_taken_out() {
        let [ours, other] = [InfoHash([1; 20]), InfoHash([2; 20])];
        let mut index: SkeyIndex = [ours].into_iter().collect();
        assert_eq!(index.find(SkeyHash::of(ours)), Some(ours));
        assert_eq!(index.find(SkeyHash::of(other)), None);
        assert_eq!(index.find(SkeyHash(ours.0)), None, "not by itself");
        index.remove(ours);
        assert_eq!(index, SkeyIndex::default());
    }
}
