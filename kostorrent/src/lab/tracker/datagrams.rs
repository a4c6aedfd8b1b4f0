//! The tracker's other door: the same memory, asked by UDP (BEP 15).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metainfo::InfoHash;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::net::UdpSocket;
use udp_tracker::{Announced, Lookup, Scraped, Server, UNKNOWN_LEFT};

use super::State;
use super::swarm::Announce;

/// Longer datagrams are cut: no question is longer than a scrape of 74 torrents, or an announce with
/// a long URL.
const LONGEST: usize = 2_048;

/// Answers for ever. `seed` decides the connection ids, which nobody is to guess.
pub(super) async fn serve(socket: UdpSocket, state: Arc<State>, seed: u64) {
    let server = Server::new(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut buffer = [0; LONGEST];
    loop {
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
            // An answer to somebody who is gone, for one.
            tokio::task::yield_now().await;
            continue;
        };
        let now = state.now();
        let question = buffer.get(..len).unwrap_or_default();
        if let Some(answer) = server.answer(from, question, now, &mut Memory(&state)) {
            // Who is gone by now misses it.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// What the tracker knows, for who asks by UDP.
struct Memory<'a>(&'a State);

impl Lookup for Memory<'_> {
    fn announce(
        &mut self,
        from: SocketAddr,
        announce: &udp_tracker::Announce,
    ) -> Result<Announced, String> {
        let request = &announce.request;
        let answer = self.0.announce(Announce {
            info_hash: request.info_hash,
            peer_id: request.peer_id,
            addr: SocketAddr::new(from.ip().to_canonical(), request.port),
            left: match request.left {
                UNKNOWN_LEFT.. => u64::MAX,
                left => left,
            },
            event: request.event,
            wanted: request
                .numwant
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        })?;
        Ok(Announced {
            interval: seconds(answer.interval),
            leechers: count(answer.incomplete),
            seeders: count(answer.complete),
            peers: answer.peers.into_iter().map(|(_, addr)| addr).collect(),
        })
    }

    fn scrape(&mut self, torrents: &[InfoHash]) -> Result<Vec<Scraped>, String> {
        let counts = torrents.iter().map(|&torrent| {
            let (seeders, leechers) = self.0.count(torrent).unwrap_or_default();
            Scraped {
                seeders: count(seeders),
                completed: 0,
                leechers: count(leechers),
            }
        });
        Ok(counts.collect())
    }
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
