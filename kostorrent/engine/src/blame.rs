//! Who sent the wrong block? And who is not talked to any more.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// A block's SHA-1 as it was in a piece that failed, and who had sent it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspect {
    pub digest: [u8; 20],
    pub addr: SocketAddr,
    pub id: [u8; 20],
}

/// One sender of blocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Culprit {
    pub addr: SocketAddr,
    pub id: [u8; 20],
}

/// Failures of one piece whose digests are kept at most.
const MOST_FAILURES: usize = 8;

/// The digests of pieces that failed while several peers had a hand in them, kept until the piece
/// passes: for each failure, the blocks in their order.
#[derive(Debug, Default)]
pub(super) struct Blame {
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

/// Bans kept at most, of each kind.
const MOST_BANS: usize = 10_000;

/// Peers that lied.
///
/// A ban holds for the IP address, of IPv6 for its /64, which is what one subscriber has. On loopback, which everybody on this machine shares, it holds for
/// the address with its port, and for the peer id. Elsewhere an id is not banned: anybody can borrow
/// an honest peer's id and lie under it.
#[derive(Debug, Default)]
pub(super) struct Bans {
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

/// What one subscriber has: an IPv4 address, or the /64 network of an IPv6 address.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
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

    #[test]
    fn on_loopback_a_ban_leaves_the_neighbours_alone() {
        let mut bans = Bans::default();
        bans.ban(culprit(1).addr, culprit(1).id);
        assert!(bans.is_banned(culprit(1).addr, None));
        assert!(!bans.is_banned(culprit(2).addr, Some(culprit(2).id)));
        assert!(bans.is_banned(culprit(2).addr, Some(culprit(1).id)));
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
