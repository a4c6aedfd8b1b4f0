//! What the trackers of this stage answer.

use std::net::SocketAddr;

use udp_tracker::{
    Announced, Ask, ConnectionId, Family, Reply, Request, Said, Scraped, TransactionId,
};

use crate::examine::scene::{Scene, SceneError};
use crate::examine::tracker::INTERVAL;

/// The connection ids that are given out count on from here.
const IDS: u64 = 0x6b6f_7374_0000_0000;

/// The connection id that is given to the first, second, … `connect`, from 1.
pub(super) fn id(number: u64) -> ConnectionId {
    ConnectionId(IDS + number)
}

/// Which of them it is, if it is one.
pub(super) fn number_of(id: ConnectionId) -> Option<u64> {
    let number = id.0.checked_sub(IDS)?;
    (1..1 << 32).contains(&number).then_some(number)
}

/// Answers as a tracker should that knows these peers.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    /// Whom it names.
    peers: Vec<SocketAddr>,
    /// Why it refuses, if it does.
    refuses: Option<&'static str>,
    given: u64,
}

impl Desk {
    pub(super) fn new(peers: &[SocketAddr]) -> Desk {
        Desk {
            peers: peers.to_vec(),
            refuses: None,
            given: 0,
        }
    }

    /// One that refuses everybody.
    pub(super) fn refusing(why: &'static str) -> Desk {
        Desk {
            refuses: Some(why),
            ..Desk::new(&[])
        }
    }

    /// The answer to a datagram, if it gets one, before it is written: by which it is known, and what is said.
    pub(super) fn answer(&mut self, datagram: &[u8]) -> Option<(TransactionId, Said)> {
        Some(match Request::decode(datagram).ok()? {
            Request::Connect { transaction } => {
                self.given += 1;
                (transaction, Said::Connected(id(self.given)))
            }
            Request::Ask {
                connection,
                transaction,
                ask,
            } => {
                // An id that was never given out gets no answer (BEP 15).
                number_of(connection).filter(|&number| number <= self.given)?;
                (transaction, self.said(&ask))
            }
        })
    }

    fn said(&self, ask: &Ask) -> Said {
        match (ask, self.refuses) {
            (_, Some(why)) => Said::Refused(why.to_owned()),
            (Ask::Announce(_), None) => named(&self.peers),
            (Ask::Scrape(torrents), None) => Said::Scraped(
                torrents
                    .iter()
                    .map(|_| Scraped {
                        seeders: 1,
                        completed: 0,
                        leechers: 0,
                    })
                    .collect(),
            ),
        }
    }
}

/// An answer that names these peers.
pub(super) fn named(peers: &[SocketAddr]) -> Said {
    Said::Announced(Announced {
        interval: u32::try_from(INTERVAL.as_secs()).unwrap_or(u32::MAX),
        leechers: 0,
        seeders: u32::try_from(peers.len()).unwrap_or(u32::MAX),
        peers: peers.to_vec(),
    })
}

/// A datagram with this.
pub(super) fn written(transaction: TransactionId, said: Said) -> Vec<u8> {
    Reply { transaction, said }.encode(Family::V4)
}

/// Adds a tracker that is asked by UDP and answers like this; gives its URL. The first one is the torrent's.
pub(super) async fn open(
    scene: &mut Scene,
    name: &'static str,
    mut answers: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
) -> Result<String, SceneError> {
    let host = scene.host();
    let addr = scene
        .speaker(name, host, move |datagram, from| {
            let answers = answers(datagram).into_iter();
            answers.map(|answer| (from, answer)).collect()
        })
        .await?;
    let url = format!("udp://{addr}/announce");
    if scene.announce.is_empty() {
        scene.announce.clone_from(&url);
    }
    Ok(url)
}

/// The same with one that answers as it should.
pub(super) async fn open_honest(
    scene: &mut Scene,
    name: &'static str,
    mut desk: Desk,
) -> Result<String, SceneError> {
    let answers = move |datagram: &[u8]| {
        let answer = desk.answer(datagram);
        answer
            .map(|(transaction, said)| written(transaction, said))
            .into_iter()
            .collect()
    };
    open(scene, name, answers).await
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn who_has_an_id_is_answered_and_nobody_else() {
        let peers = ["127.0.0.1:7".parse().unwrap()];
        let mut desk = Desk::new(&peers);
        let transaction = TransactionId(5);
        let scrape = |connection| {
            let ask = Ask::Scrape(Vec::new());
            Request::Ask {
                connection,
                transaction,
                ask,
            }
            .encode()
        };
        assert_eq!(desk.answer(&scrape(id(1))), None);
        let connected = desk.answer(&Request::Connect { transaction }.encode());
        assert_eq!(connected, Some((transaction, Said::Connected(id(1)))));
        assert!(desk.answer(&scrape(id(1))).is_some());
        assert_eq!(desk.answer(&scrape(id(2))), None);
        assert_eq!(desk.answer(b"anything"), None);
        assert_eq!(number_of(id(7)), Some(7));
        assert_eq!(number_of(ConnectionId(0)), None);
    }
}
