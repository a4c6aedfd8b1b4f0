//! The peers that a lookup has found, and how much of them is whose word.
//!
//! Whoever is asked can name peers that are none. They must not be all that we hear of, and must not
//! have us call somebody who has nothing to do with it again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::address::Host;
use crate::limits::{MAX_FOUND, MAX_FOUND_AT, MAX_FOUND_BY, MAX_FOUND_LATE};

/// The peers that one lookup has told.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    peers: BTreeSet<SocketAddr>,
    /// How many of them are of each host's word,
    by: BTreeMap<Host, usize>,
    /// and how many are at each host.
    at: BTreeMap<Host, usize>,
}

impl Found {
    /// Those that are new, as long as there is room: [`MAX_FOUND_BY`] of one host, and when there are
    /// [`MAX_FOUND`] already, [`MAX_FOUND_LATE`]. What was announced to ourselves is nobody's word.
    pub(super) fn take_new(
        &mut self,
        by: Option<SocketAddr>,
        peers: impl IntoIterator<Item = SocketAddr>,
    ) -> Vec<SocketAddr> {
        let mut said = by.map(|by| self.by.entry(Host::of(by)).or_default());
        let mut new = Vec::new();
        for peer in peers {
            let is_full = self.peers.len() >= MAX_FOUND;
            let most = if is_full {
                MAX_FOUND_LATE
            } else {
                MAX_FOUND_BY
            };
            let has_room = said.as_ref().map_or(!is_full, |said| **said < most);
            let at = self.at.get(&Host::of(peer)).copied().unwrap_or_default();
            if !has_room || at >= MAX_FOUND_AT || !self.peers.insert(peer) {
                continue;
            }
            self.at.insert(Host::of(peer), at + 1);
            if let Some(said) = &mut said {
                **said += 1;
            }
            new.push(peer);
        }
        new
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::limits::{MAX_QUESTIONS, MAX_VALUES};

    fn node(n: u32) -> SocketAddr {
        (Ipv4Addr::from_bits(0xcb00_0000 + n), 6881).into()
    }

    fn peers(first: u32, count: usize) -> impl Iterator<Item = SocketAddr> {
        (first..)
            .take(count)
            .map(|n| (Ipv4Addr::from_bits(0x0b00_0000 + n), 1).into())
    }

    #[test]
    fn however_many_false_peers_are_named_the_true_ones_are_heard() {
        let mut found = Found::default();
        for n in 0..MAX_QUESTIONS as u32 {
            found.take_new(Some(node(n)), peers(1_000 * n, MAX_VALUES));
        }
        let honest: Vec<SocketAddr> = peers(500_000, 8).collect();
        assert_eq!(found.take_new(Some(node(1_000)), honest.clone()), honest);
        assert!(found.len() <= MAX_FOUND + MAX_QUESTIONS * MAX_FOUND_LATE);
    }

    #[test]
    fn one_host_has_its_share_and_no_more() {
        let mut found = Found::default();
        for port in 1..10 {
            let mut by = node(1);
            by.set_port(port);
            found.take_new(Some(by), peers(1_000 * u32::from(port), MAX_VALUES));
        }
        assert_eq!(found.len(), MAX_FOUND_BY);
    }

    #[test]
    fn nobody_is_named_with_all_of_his_ports() {
        let mut found = Found::default();
        let ports = |ip: [u8; 4]| (1..=100).map(move |port| SocketAddr::from((ip, port)));
        let told = found.take_new(Some(node(1)), ports([203, 0, 113, 1]));
        assert_eq!(told.len(), MAX_FOUND_AT);
        // At home each port is somebody.
        let told = found.take_new(Some(node(2)), ports([127, 0, 0, 1]));
        assert_eq!(told.len(), 100);
        let again = found.take_new(Some(node(3)), ports([127, 0, 0, 1]));
        assert_eq!(again, [], "each once");
    }
}
