//! The connections, each found by its number.

use picker::PeerKey;

use crate::peer::Peer;

/// All peers by their numbers, in order.
///
/// Every message looks for one, and with many torrents and connections nothing of them is in the
/// processor's cache. So the numbers lie together: the fewer places are looked at the better, and a
/// tree would be five, one after the other.
#[derive(Default)]
pub(super) struct Table {
    keys: Vec<PeerKey>,
    /// In the same order.
    #[expect(
        clippy::vec_box,
        reason = "each is of a thousand bytes, and one that comes or goes moves all behind it"
    )]
    peers: Vec<Box<Peer>>,
}

impl Table {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of each peer.
    pub fn keys(&self) -> &[PeerKey] {
        &self.keys
    }

    pub fn get(&self, key: PeerKey) -> Option<&Peer> {
        let at = self.keys.binary_search(&key).ok()?;
        Some(&self.peers[at])
    }

    pub fn get_mut(&mut self, key: PeerKey) -> Option<&mut Peer> {
        let at = self.keys.binary_search(&key).ok()?;
        Some(&mut self.peers[at])
    }

    pub fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter().map(Box::as_ref)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.peers.iter_mut().map(Box::as_mut)
    }

    /// Those from this number on.
    pub fn iter_mut_from(&mut self, first: PeerKey) -> impl Iterator<Item = &mut Peer> {
        let at = self.keys.partition_point(|&key| key < first);
        self.peers[at..].iter_mut().map(Box::as_mut)
    }

    /// Puts one in; in the place of another with its number, if there is one.
    pub fn insert(&mut self, peer: Peer) {
        match self.keys.binary_search(&peer.key) {
            Ok(at) => *self.peers[at] = peer,
            Err(at) => {
                self.keys.insert(at, peer.key);
                self.peers.insert(at, Box::new(peer));
            }
        }
    }

    pub fn remove(&mut self, key: PeerKey) -> Option<Peer> {
        let at = self.keys.binary_search(&key).ok()?;
        self.keys.remove(at);
        Some(*self.peers.remove(at))
    }

    /// Takes out all; their numbers.
    pub fn take_all(&mut self) -> Vec<PeerKey> {
        self.peers.clear();
        std::mem::take(&mut self.keys)
    }
}
