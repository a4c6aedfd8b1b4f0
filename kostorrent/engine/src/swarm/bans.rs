//! Who is not talked to any more.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::hosts::network;

/// Bans kept at most, of each kind.
const MOST_BANS: usize = 10_000;

/// Peers that lied.
///
/// A ban holds for the IP address, of IPv6 for its /64, which is what one subscriber has. On
/// loopback, which everybody on this machine shares, it holds for the address with its port, and
/// for the peer id. Elsewhere an id is not banned: anybody can borrow an honest peer's id and lie
/// under it.
#[derive(Debug, Default)]
pub(crate) struct Bans {
    ids: BTreeSet<[u8; 20]>,
    ips: BTreeSet<IpAddr>,
    addrs: BTreeSet<SocketAddr>,
}

impl Bans {
    /// Bans a peer. When there are too many, others are let in again: a liar who comes back is
    /// found out anew.
    pub fn ban(&mut self, addr: SocketAddr, id: [u8; 20]) {
        if addr.ip().is_loopback() {
            insert(&mut self.addrs, addr);
            insert(&mut self.ids, id);
        } else {
            insert(&mut self.ips, network(addr.ip()));
        }
    }

    pub fn is_banned(&self, addr: SocketAddr, id: Option<[u8; 20]>) -> bool {
        id.is_some_and(|id| self.ids.contains(&id))
            || self.ips.contains(&network(addr.ip()))
            || self.addrs.contains(&addr)
    }
}

fn insert<T: Ord>(set: &mut BTreeSet<T>, item: T) {
    if set.len() >= MOST_BANS {
        set.pop_first();
    }
    set.insert(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn on_loopback_a_ban_leaves_the_neighbours_alone() {
        let mut bans = Bans::default();
        bans.ban(addr(1), [1; 20]);
        assert!(bans.is_banned(addr(1), None));
        assert!(!bans.is_banned(addr(2), Some([2; 20])));
        assert!(bans.is_banned(addr(2), Some([1; 20])));
        let (far, near) = (
            SocketAddr::from(([203, 0, 113, 5], 1)),
            SocketAddr::from(([203, 0, 113, 6], 1)),
        );
        bans.ban(far, [9; 20]);
        assert!(
            !bans.is_banned(near, Some([9; 20])),
            "an id can be borrowed"
        );
        assert!(bans.is_banned(SocketAddr::new(far.ip(), 2), None));
        assert!(!bans.is_banned(near, None));
    }

    #[test]
    fn an_ipv6_peer_is_banned_with_its_network() {
        let peer = |text: &str| SocketAddr::new(text.parse().unwrap(), 6881);
        let mut bans = Bans::default();
        bans.ban(peer("2001:db8:1:2::3"), [1; 20]);
        assert!(bans.is_banned(peer("2001:db8:1:2:ffff::1"), None));
        assert!(!bans.is_banned(peer("2001:db8:1:3::3"), None));
    }

    #[test]
    fn a_new_liar_is_banned_however_many_there_were() {
        let mut bans = Bans::default();
        let peer = |n: u32| SocketAddr::new(IpAddr::V4((0x0a00_0000 + n).into()), 6881);
        for n in 0..MOST_BANS as u32 + 10 {
            bans.ban(peer(n), [0; 20]);
            assert!(bans.is_banned(peer(n), None));
        }
        assert_eq!(bans.ips.len(), MOST_BANS);
    }
}
