//! Peers who pass on all that they have heard, and what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use exchange::limits::INTERVAL;
use exchange::{Contact, Flags, Heard, Inbox, Outbox, PexMessage};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// How many peers stand in a ring, each connected to the two beside it.
const PEERS: usize = 12;

/// How many addresses the liar makes up.
const LIES: u16 = 1_000;

fn addr(peer: usize) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, peer as u8 + 1), 6881).into()
}

fn lies() -> impl Iterator<Item = SocketAddr> {
    (0..LIES).map(|n| {
        let [high, low] = n.to_be_bytes();
        SocketAddr::from((Ipv4Addr::new(198, 18, high, low), 6881))
    })
}

/// The two beside a peer.
fn beside(peer: usize) -> [usize; 2] {
    [(peer + PEERS - 1) % PEERS, (peer + 1) % PEERS]
}

/// A ring of peers that tell each other something every minute.
trait Ring {
    /// A peer lies to those beside it.
    fn lie(&mut self, peer: usize);
    /// A minute; how many bytes were sent in it.
    fn minute(&mut self) -> usize;
    /// A peer has gone.
    fn lose(&mut self, peer: usize);
    /// Of whom a peer has heard.
    fn heard(&self, peer: usize) -> BTreeSet<SocketAddr>;
}

/// Who passes on all that he has heard.
struct Hearsay {
    heard: Vec<BTreeSet<SocketAddr>>,
    gone: Option<usize>,
}

impl Hearsay {
    fn new() -> Hearsay {
        let heard = (0..PEERS).map(|peer| beside(peer).map(addr).into());
        Hearsay {
            heard: heard.collect(),
            gone: None,
        }
    }

    // ANCHOR: naive
    /// Tells one peer all that another has heard of; how many bytes that takes.
    fn naive_tell(&mut self, from: usize, to: usize) -> usize {
        let news = self.heard[from].clone();
        let bytes = 6 * news.len();
        self.heard[to].extend(news);
        bytes
    }
    // ANCHOR_END: naive
}

impl Ring for Hearsay {
    fn lie(&mut self, peer: usize) {
        for neighbour in beside(peer) {
            self.heard[neighbour].extend(lies());
        }
    }

    fn minute(&mut self) -> usize {
        let mut bytes = 0;
        for from in 0..PEERS {
            for to in beside(from) {
                if self.gone != Some(from) && self.gone != Some(to) {
                    bytes += self.naive_tell(from, to);
                }
            }
        }
        bytes
    }

    fn lose(&mut self, peer: usize) {
        self.gone = Some(peer);
        // Those beside it know.
        for neighbour in beside(peer) {
            self.heard[neighbour].remove(&addr(peer));
        }
    }

    fn heard(&self, peer: usize) -> BTreeSet<SocketAddr> {
        self.heard[peer].clone()
    }
}

/// Who tells only whom he is connected to, as BEP 11 has it.
struct Connections {
    links: BTreeMap<(usize, usize), (Outbox, Inbox)>,
    now: Duration,
    rng: ChaCha8Rng,
}

impl Connections {
    fn new() -> Connections {
        let pairs = (0..PEERS).flat_map(|one| beside(one).map(|other| (one, other)));
        let link = |(one, other)| {
            let inbox = Inbox::new(addr(other).ip());
            ((one, other), (Outbox::new(), inbox))
        };
        Connections {
            links: pairs.map(link).collect(),
            now: Duration::ZERO,
            rng: ChaCha8Rng::seed_from_u64(1),
        }
    }

    /// Hands a message to `to` that `from` has sent.
    fn deliver(&mut self, from: usize, to: usize, message: &PexMessage) -> usize {
        let body = message.encode();
        if let Some((_, inbox)) = self.links.get_mut(&(to, from)) {
            let heard = inbox.handle(&body, self.now);
            assert!(matches!(heard, Ok(Heard::News { .. })), "{heard:?}");
        }
        body.len()
    }
}

impl Ring for Connections {
    fn lie(&mut self, peer: usize) {
        let contact = |addr| Contact {
            addr,
            flags: Flags::NONE,
        };
        let message = PexMessage {
            added: lies().map(contact).collect(),
            dropped: Vec::new(),
        };
        for neighbour in beside(peer) {
            self.deliver(peer, neighbour, &message);
        }
    }

    fn minute(&mut self) -> usize {
        self.now += INTERVAL;
        let mut bytes = 0;
        for (from, to) in self.links.keys().copied().collect::<Vec<_>>() {
            let others = beside(from).into_iter().filter(|&other| {
                // Those that it is still connected to.
                self.links.contains_key(&(from, other))
            });
            let connected = others.map(|other| (addr(other), Flags::NONE)).collect();
            let Some((outbox, _)) = self.links.get_mut(&(from, to)) else {
                continue;
            };
            let receiver = Some(addr(to));
            if let Some(message) = outbox.next(receiver, &connected, self.now, &mut self.rng) {
                bytes += self.deliver(from, to, &message);
            }
        }
        bytes
    }

    fn lose(&mut self, peer: usize) {
        self.links
            .retain(|&(one, other), _| one != peer && other != peer);
    }

    fn heard(&self, peer: usize) -> BTreeSet<SocketAddr> {
        let links = self.links.iter().filter(|((one, _), _)| *one == peer);
        links
            .flat_map(|(_, (_, inbox))| inbox.contacts().map(|contact| contact.addr))
            .collect()
    }
}

/// What came of ten minutes, and of the one after a peer has gone.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// How many made-up addresses are believed, by all peers together.
    lies: usize,
    /// Bytes that were sent in the tenth minute.
    bytes: usize,
    /// How many still name the one who has gone, a minute later.
    ghosts: usize,
}

fn ten_minutes(ring: &mut impl Ring) -> Outcome {
    let (liar, leaves) = (0, 6);
    ring.lie(liar);
    let bytes = (0..10).map(|_| ring.minute()).last().unwrap_or(0);
    let all: BTreeSet<SocketAddr> = lies().collect();
    let lies = (1..PEERS).map(|peer| ring.heard(peer).intersection(&all).count());
    let lies = lies.sum();
    ring.lose(leaves);
    ring.minute();
    let others = (1..PEERS).filter(|&peer| peer != leaves);
    let ghosts = others.filter(|&peer| ring.heard(peer).contains(&addr(leaves)));
    Outcome {
        lies,
        bytes,
        ghosts: ghosts.count(),
    }
}

fn main() {
    let hearsay = ten_minutes(&mut Hearsay::new());
    let connections = ten_minutes(&mut Connections::new());
    println!("                                     all they heard of   whom they know themselves");
    for (what, one, other) in [
        ("made-up peers, believed", hearsay.lies, connections.lies),
        (
            "bytes in the tenth minute",
            hearsay.bytes,
            connections.bytes,
        ),
        (
            "name one who has gone a minute ago",
            hearsay.ghosts,
            connections.ghosts,
        ),
    ] {
        println!("{what:<36} {one:>17}   {other:>25}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hearsay_spreads_lies_and_never_forgets() {
        let outcome = ten_minutes(&mut Hearsay::new());
        assert_eq!(outcome.lies, 11_000, "all of them are believed by all");
        assert_eq!(outcome.ghosts, 10, "and so is the one who has gone");
        assert!(outcome.bytes > 100_000);
    }

    #[test]
    fn who_tells_of_his_own_connections_alone_spreads_nobody_elses_lies() {
        let outcome = ten_minutes(&mut Connections::new());
        let expected = Outcome {
            lies: 200,
            bytes: 0,
            ghosts: 0,
        };
        assert_eq!(outcome, expected);
        main();
    }
}
