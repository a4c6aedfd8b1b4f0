//! Where we are, as others see us: nobody behind a router knows it by himself.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::network::network;
use crate::priority::priority;

/// Words that are remembered. An address that changes is believed when most of them are of the new one.
const MOST_WORDS: usize = 32;

/// Who has said where we are. Each has one word, the last one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Witness {
    /// A tracker (BEP 24, `external ip`), by its URL.
    Tracker(String),
    /// The nodes of the DHT (BEP 42), as far as most of them agree.
    Dht,
    /// A peer (BEP 10, `yourip`), by its network: who has one network has many addresses.
    Peer(IpAddr),
}

impl Witness {
    /// The peer at this address.
    pub fn peer(addr: SocketAddr) -> Witness {
        Witness::Peer(network(addr.ip()))
    }
}

/// Our own addresses. They are hints, from strangers: what is chosen by them may be chosen by anybody.
#[derive(Debug, Default)]
pub(crate) struct Ours {
    /// Where we take calls; 0 if we do not.
    port: u16,
    /// The newest last.
    words: VecDeque<(Witness, IpAddr)>,
    v4: Option<IpAddr>,
    v6: Option<IpAddr>,
}

impl Ours {
    pub fn at(port: u16) -> Ours {
        Ours {
            port,
            ..Ours::default()
        }
    }

    /// Somebody says that we are there. Whether another address is believed from now on.
    pub fn told(&mut self, by: Witness, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        if ip.is_unspecified() || ip.is_multicast() {
            return false;
        }
        let is_old =
            |(other, old): &(Witness, IpAddr)| *other == by && old.is_ipv4() == ip.is_ipv4();
        self.words.retain(|word| !is_old(word));
        self.words.push_back((by, ip));
        if self.words.len() > MOST_WORDS {
            // The first peer's: of trackers and the DHT there are few.
            let of_peer = |(by, _): &(Witness, IpAddr)| matches!(by, Witness::Peer(_));
            let first = self.words.iter().position(of_peer);
            self.words.remove(first.unwrap_or(0));
        }
        let (v4, v6) = (self.most(true), self.most(false));
        let is_news = (v4, v6) != (self.v4, self.v6);
        (self.v4, self.v6) = (v4, v6);
        is_news
    }

    /// The address of a family that most name, and of several the one that was named last.
    fn most(&self, is_v4: bool) -> Option<IpAddr> {
        let named = || self.words.iter().map(|&(_, ip)| ip);
        let of_family = named().filter(|ip| ip.is_ipv4() == is_v4);
        of_family.max_by_key(|ip| named().filter(|other| other == ip).count())
    }

    /// The priority of a connection to this address (BEP 40); 0, as of all others, while our own of its
    /// family is not known.
    pub fn priority(&self, peer: SocketAddr) -> u32 {
        let ours = match peer.ip().to_canonical() {
            IpAddr::V4(_) => self.v4,
            IpAddr::V6(_) => self.v6,
        };
        ours.map_or(0, |ip| priority(SocketAddr::new(ip, self.port), peer))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn peer(number: u8) -> Witness {
        Witness::peer(SocketAddr::from(([10, 0, number, 1], 1)))
    }

    #[test]
    fn most_are_believed_and_each_has_one_word() {
        let mut ours = Ours::at(6881);
        let there: SocketAddr = "98.76.54.32:1".parse().unwrap();
        assert_eq!(ours.priority(there), 0);
        assert!(ours.told(peer(1), ip("123.213.32.10")));
        assert_eq!(ours.priority(there), 0xec2d_7224);
        assert!(!ours.told(Witness::Dht, ip("123.213.32.10")));
        // A liar, however often he says it.
        for _ in 0..10 {
            assert!(!ours.told(peer(2), ip("192.0.2.1")));
        }
        // The other family is another matter.
        assert!(ours.told(peer(1), ip("2001:db8::1")));
        assert_eq!(
            (ours.v4, ours.v6),
            (Some(ip("123.213.32.10")), Some(ip("2001:db8::1")))
        );
        // We have moved: as many say so as say otherwise.
        assert!(ours.told(peer(3), ip("192.0.2.1")));
        assert_eq!(ours.v4, Some(ip("192.0.2.1")));
        assert_eq!(ours.priority("[2001:db8::2]:5".parse().unwrap()), {
            let us = SocketAddr::new(ip("2001:db8::1"), 6881);
            priority(us, "[2001:db8::2]:5".parse().unwrap())
        });
    }

    #[test]
    fn nobody_is_where_nobody_can_be_and_a_crowd_does_not_fill_the_memory() {
        let mut ours = Ours::at(1);
        for nowhere in ["0.0.0.0", "::", "224.0.0.1", "::ffff:0.0.0.0"] {
            assert!(!ours.told(Witness::Dht, ip(nowhere)));
        }
        ours.told(Witness::Tracker("http://t/".to_owned()), ip("192.0.2.1"));
        for number in 0..200 {
            ours.told(peer(number), ip("192.0.2.7"));
        }
        assert_eq!(ours.words.len(), MOST_WORDS);
        assert!(matches!(ours.words[0], (Witness::Tracker(_), _)));
        assert_eq!(ours.v4, Some(ip("192.0.2.7")));
    }
}
