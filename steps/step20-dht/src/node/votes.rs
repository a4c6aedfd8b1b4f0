//! Where we are, as others see us (BEP 42, "Bootstrapping").

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::address::network;
use crate::limits::{MAX_VOTES, VOTES_NEEDED};

/// What others say, one vote a network, the newest last: who has one network has many addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Votes {
    votes: VecDeque<(IpAddr, IpAddr)>,
}

impl Votes {
    /// Somebody says that we are there. The address that [`VOTES_NEEDED`] say, and more than say
    /// anything else, is ours.
    pub(super) fn add(&mut self, by: SocketAddr, ip: IpAddr) -> Option<IpAddr> {
        let voter = network(by.ip()).unwrap_or(by.ip());
        self.votes.retain(|(other, _)| *other != voter);
        self.votes.push_back((voter, ip));
        if self.votes.len() > MAX_VOTES {
            self.votes.pop_front();
        }
        let same = self.votes.iter().filter(|(_, other)| *other == ip).count();
        (same >= VOTES_NEEDED && 2 * same > self.votes.len()).then_some(ip)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use pretty_assertions::assert_eq;

    use super::*;

    fn voter(n: u8) -> SocketAddr {
        (Ipv4Addr::new(203, 0, n, 1), 1).into()
    }

    #[test]
    fn it_takes_many_hosts_and_most_of_them() {
        let ours: IpAddr = "192.0.2.1".parse().unwrap();
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        let mut votes = Votes::default();
        for _ in 0..100 {
            assert_eq!(votes.add(voter(0), ours), None, "one host, one vote");
        }
        for n in 0..100 {
            let mut by = voter(0);
            by.set_ip(Ipv4Addr::new(203, 0, 0, n).into());
            assert_eq!(votes.add(by, ours), None, "one network, one vote");
        }
        let mut votes_of_v6 = Votes::default();
        for n in 0..100 {
            let ip = IpAddr::from([0x2001, 0xdb8, 0, n, 0, 0, 0, 1]);
            let vote = votes_of_v6.add(SocketAddr::new(ip, 1), ours);
            assert_eq!(vote, None, "one /56, one vote");
        }
        for n in 1..7 {
            assert_eq!(votes.add(voter(n), ours), None);
        }
        assert_eq!(votes.add(voter(7), ours), Some(ours));
        for n in 8..20 {
            assert_eq!(votes.add(voter(n), other).is_some(), n >= 16, "{n}");
        }
    }
}
