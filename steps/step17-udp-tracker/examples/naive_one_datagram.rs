//! A tracker that answers the first datagram, and what a liar makes of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use metainfo::InfoHash;
use peer_id::PeerId;
use rand::{SeedableRng, rngs::SmallRng};
use tracker::AnnounceRequest;
use udp_tracker::{
    Announce, Announced, Ask, ConnectionId, Family, Lookup, Reply, Request, Said, Scraped, Server,
    TransactionId,
};

/// Where somebody can be called who has asked from there.
type Swarm = Vec<SocketAddr>;

// ANCHOR: naive
/// Notes who asks, and answers with fifty others.
fn naive_answer(from: SocketAddr, datagram: &[u8], swarm: &mut Swarm) -> Option<Vec<u8>> {
    let Ok(Request::Ask {
        transaction,
        ask: Ask::Announce(announce),
        ..
    }) = Request::decode(datagram)
    else {
        return None;
    };
    swarm.push(SocketAddr::new(from.ip(), announce.request.port));
    let said = Said::Announced(named(swarm));
    Some(Reply { transaction, said }.encode(Family::V4))
}
// ANCHOR_END: naive

/// An answer with the last fifty who came.
fn named(swarm: &Swarm) -> Announced {
    Announced {
        interval: 1800,
        leechers: 0,
        seeders: 0,
        peers: swarm.iter().rev().take(50).copied().collect(),
    }
}

/// The same for a tracker that asks back.
struct Careful(Swarm);

impl Lookup for Careful {
    fn announce(&mut self, from: SocketAddr, announce: &Announce) -> Result<Announced, String> {
        let addr = SocketAddr::new(from.ip(), announce.request.port);
        self.0.push(addr);
        Ok(named(&self.0))
    }

    fn scrape(&mut self, _: &[InfoHash]) -> Result<Vec<Scraped>, String> {
        Err("not here".to_owned())
    }
}

/// An announce with this connection id: 98 bytes.
fn announce(connection: ConnectionId) -> Vec<u8> {
    let request = AnnounceRequest {
        info_hash: InfoHash([1; 20]),
        peer_id: PeerId([2; 20]),
        port: 6881,
        uploaded: 0,
        downloaded: 0,
        left: 1,
        event: None,
        numwant: None,
        key: 0,
        tracker_id: None,
    };
    let ask = Ask::Announce(Announce {
        request,
        url_data: None,
    });
    let transaction = TransactionId(7);
    let request = Request::Ask {
        connection,
        transaction,
        ask,
    };
    request.encode()
}

fn victim() -> SocketAddr {
    (Ipv4Addr::new(203, 0, 113, 9), 53).into()
}

/// Somebody's address, of many.
fn stranger(n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    (Ipv4Addr::new(198, 18, high, low), 5_000).into()
}

/// What came of an attack.
#[derive(Debug, Default)]
struct Harm {
    /// Bytes that the liar sent in the victim's name, and that the victim got.
    sent: usize,
    got: usize,
    /// How many of the fifty peers that the next one is told are made up.
    made_up: usize,
}

/// A thousand questions in the victim's name, and a thousand in the names of strangers.
fn attack(mut answer: impl FnMut(SocketAddr, &[u8]) -> Option<Vec<u8>>, first: &[u8]) -> Harm {
    let mut harm = Harm::default();
    for _ in 0..1_000 {
        harm.sent += first.len();
        harm.got += answer(victim(), first).map_or(0, |bytes| bytes.len());
    }
    for n in 0..1_000 {
        answer(stranger(n), &announce(ConnectionId(0)));
    }
    harm
}

fn made_up(swarm: &Swarm) -> usize {
    let peers = named(swarm).peers;
    let all = (0..1_000).map(stranger);
    let strangers: Vec<_> = all.map(|addr| addr.ip()).collect();
    peers
        .iter()
        .filter(|peer| strangers.contains(&peer.ip()))
        .count()
}

/// Fifty honest peers, who came first.
fn honest() -> Swarm {
    let peer = |n| SocketAddr::from((Ipv4Addr::new(192, 0, 2, n), 6881));
    (1..=50).map(peer).collect()
}

fn against_naive() -> Harm {
    let mut swarm = honest();
    let answer = |from, bytes: &[u8]| naive_answer(from, bytes, &mut swarm);
    let harm = attack(answer, &announce(ConnectionId(0)));
    let made_up = made_up(&swarm);
    Harm { made_up, ..harm }
}

/// The best that the liar can do here is to ask for connection ids: they go to the victim.
fn against_careful() -> Harm {
    let server = Server::new(&mut SmallRng::seed_from_u64(1));
    let mut careful = Careful(honest());
    let connect = Request::Connect {
        transaction: TransactionId(7),
    };
    let answer = |from, bytes: &[u8]| server.answer(from, bytes, Duration::ZERO, &mut careful);
    let harm = attack(answer, &connect.encode());
    let made_up = made_up(&careful.0);
    Harm { made_up, ..harm }
}

fn main() {
    println!("                        eve sends   the victim gets   of 50 peers named");
    for (name, harm) in [
        ("one datagram each way", against_naive()),
        ("with a connection id", against_careful()),
    ] {
        let Harm { sent, got, made_up } = harm;
        println!("{name:<22} {sent:>8} B {got:>15} B   {made_up:>5} are made up");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_datagram_each_way_makes_more_of_a_lie_and_believes_it() {
        let harm = against_naive();
        assert_eq!(harm.sent, 98_000);
        assert_eq!(harm.got, 320_000);
        assert_eq!(harm.made_up, 50);
    }

    #[test]
    fn with_a_connection_id_a_lie_brings_no_more_than_it_cost_and_nobody_is_made_up() {
        let harm = against_careful();
        assert_eq!((harm.sent, harm.got, harm.made_up), (16_000, 16_000, 0));
        main();
    }
}
