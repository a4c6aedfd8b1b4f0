//! Where we are, as others see us (BEP 42, "Bootstrapping").

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::address::Host;
use crate::limits::{MAX_VOTES, VOTES_NEEDED};

/// What others say, one vote a host, the newest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Votes {
    votes: VecDeque<(Host, IpAddr)>,
}

impl Votes {
    /// Somebody says that we are there. The address that [`VOTES_NEEDED`] hosts say, and more than say
    /// anything else, is ours.
    pub(super) fn add(&mut self, by: SocketAddr, ip: IpAddr) -> Option<IpAddr> {
        let host = Host::of(by);
        self.votes.retain(|(other, _)| *other != host);
        self.votes.push_back((host, ip));
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
        for n in 1..7 {
            assert_eq!(votes.add(voter(n), ours), None);
        }
        assert_eq!(votes.add(voter(7), ours), Some(ours));
        for n in 8..20 {
            assert_eq!(votes.add(voter(n), other).is_some(), n >= 16, "{n}");
        }
    }
}
