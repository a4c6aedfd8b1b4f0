//! Who shares an address, and how many of a kind there are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use picker::PeerKey;

use crate::network::network;

/// The connections of each host.
#[derive(Debug, Default)]
pub(crate) struct Hosts(BTreeMap<IpAddr, BTreeSet<PeerKey>>);

impl Hosts {
    pub fn add(&mut self, ip: IpAddr, key: PeerKey) {
        self.0.entry(network(ip)).or_default().insert(key);
    }

    pub fn remove(&mut self, ip: IpAddr, key: PeerKey) {
        if let Some(keys) = self.0.get_mut(&network(ip)) {
            keys.remove(&key);
            if keys.is_empty() {
                self.0.remove(&network(ip));
            }
        }
    }

    /// How many connections this host has.
    pub fn count(&self, ip: IpAddr) -> usize {
        self.0.get(&network(ip)).map_or(0, BTreeSet::len)
    }

    /// The connections of this host.
    pub fn of(&self, ip: IpAddr) -> impl Iterator<Item = PeerKey> + '_ {
        self.0.get(&network(ip)).into_iter().flatten().copied()
    }

    /// The connections of the host that has most.
    pub fn largest(&self) -> impl Iterator<Item = PeerKey> + '_ {
        let largest = self.0.values().max_by_key(|keys| keys.len());
        largest.into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_one_host_whatever_addresses_it_takes() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut hosts = Hosts::default();
        hosts.add(ip("2001:db8:1:2::3"), PeerKey(1));
        hosts.add(ip("2001:db8:1:2:ffff::1"), PeerKey(2));
        hosts.add(ip("2001:db8:1:3::3"), PeerKey(3));
        hosts.add(ip("10.0.0.1"), PeerKey(4));
        assert_eq!(hosts.count(ip("2001:db8:1:2::9")), 2);
        assert_eq!(hosts.count(ip("10.0.0.2")), 0);
        assert!(hosts.largest().eq([PeerKey(1), PeerKey(2)]));
        hosts.remove(ip("2001:db8:1:2::3"), PeerKey(1));
        hosts.remove(ip("2001:db8:1:2:ffff::1"), PeerKey(2));
        assert_eq!(hosts.count(ip("2001:db8:1:2::3")), 0);
    }
}
