//! The connections of a node, each by its number.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::Time;
use messages::BlockRequest;
use picker::PeerKey;

use crate::flow::Flow;

/// This end of a connection.
#[derive(Debug)]
pub(crate) struct End {
    /// The node at the other end.
    pub other: usize,
    /// The number of the other end, there; not known before the call has reached it.
    pub other_key: Option<PeerKey>,
    /// How long everything takes from one end to the other: of both lines, as they were when the
    /// connection was made.
    pub latency: Duration,
    /// How much longer it may take.
    pub jitter: Duration,
    /// When the last that is under way to this end arrives.
    pub last: Time,
    /// What a connection would take in: asked for, not cancelled, not choked away.
    pub asked: BTreeSet<BlockRequest>,
    /// Its packets, if it is like TCP's.
    pub flow: Option<Box<Flow>>,
}

/// All ends that a node has. Their numbers count up, so that one is found without a search: every
/// message looks for two.
#[derive(Debug, Default)]
pub(crate) struct Ends(Vec<Option<End>>);

impl Ends {
    /// Puts in one more; its number.
    pub fn add(&mut self, end: End) -> PeerKey {
        self.0.push(Some(end));
        PeerKey(self.0.len() as u32 - 1)
    }

    pub fn get(&self, key: PeerKey) -> Option<&End> {
        self.0.get(key.0 as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, key: PeerKey) -> Option<&mut End> {
        self.0.get_mut(key.0 as usize)?.as_mut()
    }

    /// Whether this connection is there still.
    pub fn has(&self, key: PeerKey) -> bool {
        self.get(key).is_some()
    }

    /// Takes out one that is over. Its number is not given to another.
    pub fn remove(&mut self, key: PeerKey) -> Option<End> {
        self.0.get_mut(key.0 as usize)?.take()
    }

    /// The numbers of those that are there, in the order in which they came.
    pub fn keys(&self) -> Vec<PeerKey> {
        let keys = (0..self.0.len() as u32).map(PeerKey);
        keys.filter(|&key| self.has(key)).collect()
    }

    /// Those that are there, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &End> {
        self.0.iter().flatten()
    }

    /// Takes out all, in the same order.
    pub fn take_all(&mut self) -> Vec<End> {
        self.0.iter_mut().filter_map(Option::take).collect()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn end(other: usize) -> End {
        End {
            other,
            other_key: None,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            last: Time::ZERO,
            asked: BTreeSet::new(),
            flow: None,
        }
    }

    #[test]
    fn no_number_is_given_twice() {
        let mut ends = Ends::default();
        let keys = [5, 6, 7].map(|other| ends.add(end(other)));
        assert_eq!(keys, [PeerKey(0), PeerKey(1), PeerKey(2)]);
        assert_eq!(ends.remove(keys[1]).map(|end| end.other), Some(6));
        assert!(ends.remove(keys[1]).is_none());
        assert_eq!(ends.keys(), [keys[0], keys[2]]);
        let others: Vec<usize> = ends.take_all().iter().map(|end| end.other).collect();
        assert_eq!(others, [5, 7]);
        assert_eq!(ends.add(end(8)), PeerKey(3));
        assert!(!ends.has(keys[0]) && ends.has(PeerKey(3)) && !ends.has(PeerKey(9)));
    }
}
