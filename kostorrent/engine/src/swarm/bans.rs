//! Who is not talked to any more.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::Time;
use crate::network::network;

/// Bans kept at most, of each kind.
const MOST_BANS: usize = 10_000;

/// How long a first ban lasts at least; the next lasts twice as long. It ends then if nobody else is
/// left who has what we need, and not before.
const FIRST_BAN: Duration = Duration::from_secs(60);

/// So many bans of a peer end. The one after them is for good.
const MOST_PARDONS: u32 = 2;

/// Peers that lied.
///
/// A ban holds for the IP address, of IPv6 for its /64, which is what one subscriber has. On
/// loopback, which everybody on this machine shares, it holds for the address with its port, and
/// for the peer id. Elsewhere an id is not banned: anybody can borrow an honest peer's id and lie
/// under it.
#[derive(Debug, Default)]
pub(crate) struct Bans {
    ids: BTreeMap<[u8; 20], Ban>,
    ips: BTreeMap<IpAddr, Ban>,
    addrs: BTreeMap<SocketAddr, Ban>,
}

/// How often something was banned, and for how long.
#[derive(Clone, Copy, Debug, Default)]
struct Ban {
    times: u32,
    /// It can be lifted from then on; `None` is never.
    until: Option<Time>,
    lifted: bool,
}

impl Ban {
    fn again(&mut self, now: Time) {
        let lasts = FIRST_BAN * 2u32.pow(self.times.min(MOST_PARDONS));
        self.until = (self.times < MOST_PARDONS).then(|| now + lasts);
        self.times += 1;
        self.lifted = false;
    }
}

impl Bans {
    /// Bans a peer. When there are too many, others are let in again: a liar who comes back is
    /// found out anew.
    pub fn ban(&mut self, addr: SocketAddr, id: [u8; 20], now: Time) {
        if addr.ip().is_loopback() {
            ban(&mut self.addrs, addr, now);
            ban(&mut self.ids, id, now);
        } else {
            ban(&mut self.ips, network(addr.ip()), now);
        }
    }

    pub fn is_banned(&self, addr: SocketAddr, id: Option<[u8; 20]>) -> bool {
        id.is_some_and(|id| holds(self.ids.get(&id)))
            || holds(self.ips.get(&network(addr.ip())))
            || holds(self.addrs.get(&addr))
    }

    /// How many peers are banned. On loopback that is the number of peer ids.
    pub fn len(&self) -> usize {
        let bans = self.ids.values().chain(self.ips.values());
        bans.filter(|ban| !ban.lifted).count()
    }

    /// When the next ban can be lifted.
    pub fn next_pardon(&self) -> Option<Time> {
        let bans = self.ids.values().chain(self.ips.values());
        let bans = bans.chain(self.addrs.values()).filter(|ban| !ban.lifted);
        bans.filter_map(|ban| ban.until).min()
    }

    /// Lifts every ban that can be lifted by now; how many peers may come again. What they did is
    /// not forgotten: the next ban is longer.
    pub fn pardon(&mut self, now: Time) -> usize {
        let before = self.len();
        let bans = self.ids.values_mut().chain(self.ips.values_mut());
        for ban in bans.chain(self.addrs.values_mut()) {
            ban.lifted |= ban.until.is_some_and(|until| until <= now);
        }
        before - self.len()
    }
}

fn holds(ban: Option<&Ban>) -> bool {
    ban.is_some_and(|ban| !ban.lifted)
}

fn ban<T: Ord>(bans: &mut BTreeMap<T, Ban>, item: T, now: Time) {
    if bans.len() >= MOST_BANS && !bans.contains_key(&item) {
        bans.pop_first();
    }
    bans.entry(item).or_default().again(now);
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn addr(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn at(seconds: u64) -> Time {
        Time::after_start(Duration::from_secs(seconds))
    }

    #[test]
    fn on_loopback_a_ban_leaves_the_neighbours_alone() {
        let mut bans = Bans::default();
        bans.ban(addr(1), [1; 20], at(0));
        assert!(bans.is_banned(addr(1), None));
        assert!(!bans.is_banned(addr(2), Some([2; 20])));
        assert!(bans.is_banned(addr(2), Some([1; 20])));
        let (far, near) = (
            SocketAddr::from(([203, 0, 113, 5], 1)),
            SocketAddr::from(([203, 0, 113, 6], 1)),
        );
        bans.ban(far, [9; 20], at(0));
        assert!(
            !bans.is_banned(near, Some([9; 20])),
            "an id can be borrowed"
        );
        assert!(bans.is_banned(SocketAddr::new(far.ip(), 2), None));
        assert!(!bans.is_banned(near, None));
        assert_eq!(bans.len(), 2);
    }

    #[test]
    fn an_ipv6_peer_is_banned_with_its_network() {
        let peer = |text: &str| SocketAddr::new(text.parse().unwrap(), 6881);
        let mut bans = Bans::default();
        bans.ban(peer("2001:db8:1:2::3"), [1; 20], at(0));
        assert!(bans.is_banned(peer("2001:db8:1:2:ffff::1"), None));
        assert!(!bans.is_banned(peer("2001:db8:1:3::3"), None));
    }

    #[test]
    fn a_new_liar_is_banned_however_many_there_were() {
        let mut bans = Bans::default();
        let peer = |n: u32| SocketAddr::new(IpAddr::V4((0x0a00_0000 + n).into()), 6881);
        for n in 0..MOST_BANS as u32 + 10 {
            bans.ban(peer(n), [0; 20], at(0));
            assert!(bans.is_banned(peer(n), None));
        }
        assert_eq!(bans.ips.len(), MOST_BANS);
    }

    #[test]
    fn a_ban_can_be_lifted_after_a_minute_then_after_two_and_then_no_more() {
        let mut bans = Bans::default();
        for (banned, until) in [(0, Some(60)), (100, Some(220)), (300, None)] {
            bans.ban(addr(1), [1; 20], at(banned));
            assert_eq!(bans.next_pardon(), until.map(at));
            assert_eq!(bans.pardon(at(banned + 59)), 0);
            assert!(bans.is_banned(addr(1), None));
            let lifted = bans.pardon(at(banned + 1_000));
            assert_eq!(lifted, usize::from(until.is_some()));
            assert_eq!(bans.is_banned(addr(1), Some([1; 20])), until.is_none());
        }
        assert_eq!(bans.len(), 1);
    }
}
