//! The side that answers: our metadata, to whoever asks, within limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use picker::PeerKey;

use crate::limits::{
    BLOCK, MAX_METADATA, MAX_REFUSALS, MAX_SERVED_PEERS, MAX_UNSENT, MIN_SERVED, SERVE_COPIES,
    SERVE_PERIOD,
};
use crate::{MetadataMessage, block_count};

/// Gives the `info` dictionary away, block by block.
///
/// A block is 400 times as long as the request for it. So a peer gets [`SERVE_COPIES`] copies in
/// [`SERVE_PERIOD`], which is more than it needs; what it asks for beyond that is refused, and after
/// [`MAX_REFUSALS`] not even answered. Nor may more than [`MAX_UNSENT`] blocks wait to be sent to it.
///
/// Who has no metadata, or has those of a private torrent, refuses everything.
#[derive(Clone, Debug)]
pub struct MetadataServe {
    info: Option<Arc<[u8]>>,
    peers: BTreeMap<PeerKey, Served>,
}

/// What one peer has had.
#[derive(Clone, Debug)]
struct Served {
    /// When its period began.
    since: Duration,
    blocks: u32,
    refusals: u32,
    /// Blocks that have not been sent yet.
    unsent: u32,
}

impl MetadataServe {
    /// Without metadata: a torrent of which nothing but a magnet link is known, or a private one
    /// (BEP 27), whose metadata are not for whoever finds its info-hash.
    pub fn nothing() -> MetadataServe {
        MetadataServe {
            info: None,
            peers: BTreeMap::new(),
        }
    }

    /// With these: the bytes of the `info` dictionary, as they stand in the torrent file. Longer ones
    /// than [`MAX_METADATA`] are not given away: nobody would take them.
    pub fn new(info: impl Into<Arc<[u8]>>) -> MetadataServe {
        let info = info.into();
        let is_taken = !info.is_empty() && info.len() as u64 <= MAX_METADATA;
        MetadataServe {
            info: is_taken.then_some(info),
            peers: BTreeMap::new(),
        }
    }

    /// What to put into our extension handshake as `metadata_size`.
    pub fn metadata_size(&self) -> Option<u64> {
        let info = self.info.as_ref()?;
        Some(info.len() as u64)
    }

    // ANCHOR: answer
    /// The answer to a request, if it gets one. A block is to be [reported](MetadataServe::sent) when it
    /// has been sent.
    pub fn answer(&mut self, peer: PeerKey, piece: u32, now: Duration) -> Option<MetadataMessage> {
        // ANCHOR: yours_answer (chapter 18, "The other side")
        let is_known = self.peers.contains_key(&peer);
        if !is_known && self.peers.len() >= MAX_SERVED_PEERS {
            return None;
        }
        let total_size = self.metadata_size();
        let most = total_size.map_or(0, |size| SERVE_COPIES * block_count(size));
        let served = self.peers.entry(peer).or_insert(Served::new(now));
        if now.saturating_sub(served.since) >= SERVE_PERIOD {
            *served = Served {
                unsent: served.unsent,
                ..Served::new(now)
            };
        }
        let is_enough = served.blocks >= most.max(MIN_SERVED) || served.unsent >= MAX_UNSENT;
        let block = self.info.as_ref().filter(|_| !is_enough);
        match block.and_then(|info| block_of(info, piece)) {
            Some(block) => {
                served.blocks += 1;
                served.unsent += 1;
                Some(MetadataMessage::Data {
                    piece,
                    total_size,
                    block,
                })
            }
            None if served.refusals < MAX_REFUSALS => {
                served.refusals += 1;
                Some(MetadataMessage::Reject { piece })
            }
            None => None,
        }
        // ANCHOR_END: yours_answer
    }
    // ANCHOR_END: answer

    /// A block has gone to a peer.
    pub fn sent(&mut self, peer: PeerKey) {
        if let Some(served) = self.peers.get_mut(&peer) {
            served.unsent = served.unsent.saturating_sub(1);
        }
    }

    /// The connection to a peer has ended.
    pub fn left(&mut self, peer: PeerKey) {
        self.peers.remove(&peer);
    }
}

impl Served {
    fn new(since: Duration) -> Served {
        Served {
            since,
            blocks: 0,
            refusals: 0,
            unsent: 0,
        }
    }
}

/// The bytes of a block, if there is one of this number.
fn block_of(info: &[u8], piece: u32) -> Option<Vec<u8>> {
    // Not by numbers of bytes: where a `usize` has 32 bits, a peer's number may lead beyond them.
    let block = info.chunks(BLOCK).nth(piece as usize)?;
    Some(block.to_vec())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const ADA: PeerKey = PeerKey(1);
    const EVE: PeerKey = PeerKey(2);

    fn is_block(answer: &Option<MetadataMessage>) -> bool {
        matches!(answer, Some(MetadataMessage::Data { .. }))
    }

    /// How many blocks and refusals a peer gets for so many requests of the first block.
    fn flood(serve: &mut MetadataServe, peer: PeerKey, requests: u32, now: Duration) -> (u32, u32) {
        let (mut blocks, mut refusals) = (0, 0);
        for _ in 0..requests {
            match serve.answer(peer, 0, now) {
                Some(MetadataMessage::Data { .. }) => blocks += 1,
                Some(MetadataMessage::Reject { piece: 0 }) => refusals += 1,
                Some(other) => panic!("{other:?}"),
                None => {}
            }
            serve.sent(peer);
        }
        (blocks, refusals)
    }

    #[test]
    fn whoever_asks_gets_each_block_and_the_size() {
        let info: Vec<u8> = (0..BLOCK + 3).map(|n| n as u8).collect();
        let mut serve = MetadataServe::new(info.clone());
        assert_eq!(serve.metadata_size(), Some(info.len() as u64));
        let mut got = Vec::new();
        for piece in 0..2 {
            let Some(MetadataMessage::Data {
                piece: of,
                total_size,
                block,
            }) = serve.answer(ADA, piece, Duration::ZERO)
            else {
                panic!()
            };
            assert_eq!((of, total_size), (piece, serve.metadata_size()));
            got.extend(block);
        }
        assert_eq!(got, info);
        for piece in [2, u32::MAX] {
            let refusal = Some(MetadataMessage::Reject { piece });
            assert_eq!(serve.answer(ADA, piece, Duration::ZERO), refusal);
        }
    }

    #[test]
    fn whoever_has_nothing_refuses() {
        let long = vec![0; MAX_METADATA as usize + 1];
        for mut serve in [
            MetadataServe::nothing(),
            MetadataServe::new([]),
            MetadataServe::new(long),
        ] {
            assert_eq!(serve.metadata_size(), None);
            let refusal = Some(MetadataMessage::Reject { piece: 0 });
            assert_eq!(serve.answer(ADA, 0, Duration::ZERO), refusal);
        }
    }

    #[test]
    fn a_flood_gets_two_copies_a_minute_some_refusals_and_silence() {
        let mut serve = MetadataServe::new(vec![1; 20 * BLOCK]);
        assert_eq!(flood(&mut serve, EVE, 100_000, Duration::ZERO), (40, 64));
        let late = SERVE_PERIOD - Duration::from_millis(1);
        assert_eq!(flood(&mut serve, EVE, 100, late), (0, 0));
        assert_eq!(flood(&mut serve, ADA, 1, late), (1, 0), "others get theirs");
        assert_eq!(flood(&mut serve, EVE, 1_000, SERVE_PERIOD), (40, 64));
        let mut small = MetadataServe::new(vec![1; 5]);
        assert_eq!(flood(&mut small, EVE, 1_000, Duration::ZERO), (16, 64));
    }

    #[test]
    fn whoever_does_not_read_what_it_asked_for_gets_no_more() {
        let mut serve = MetadataServe::new(vec![1; 100 * BLOCK]);
        let now = Duration::ZERO;
        let answers: Vec<_> = (0..40).map(|piece| serve.answer(EVE, piece, now)).collect();
        assert_eq!(answers.iter().filter(|answer| is_block(answer)).count(), 32);
        // Not even when a minute is over.
        assert!(!is_block(&serve.answer(EVE, 0, SERVE_PERIOD)));
        serve.sent(EVE);
        assert!(is_block(&serve.answer(EVE, 0, SERVE_PERIOD)));
        serve.left(EVE);
        assert!(is_block(&serve.answer(EVE, 0, SERVE_PERIOD)));
        serve.sent(ADA);
    }

    #[test]
    fn so_many_peers_are_served_at_a_time() {
        let mut serve = MetadataServe::new([1]);
        let keys = (0..MAX_SERVED_PEERS as u32).map(PeerKey);
        let all = keys.filter(|&key| is_block(&serve.answer(key, 0, Duration::ZERO)));
        assert_eq!(all.count(), MAX_SERVED_PEERS);
        let one_more = PeerKey(MAX_SERVED_PEERS as u32);
        assert_eq!(serve.answer(one_more, 0, Duration::ZERO), None);
        serve.left(PeerKey(0));
        assert!(is_block(&serve.answer(one_more, 0, Duration::ZERO)));
    }

    proptest! {
        #[test]
        fn a_block_is_always_the_one_that_was_asked_for(
            len in 1usize..5 * BLOCK,
            requests in prop::collection::vec((0u32..7, 0u64..30, any::<bool>()), 1..200),
        ) {
            let info: Vec<u8> = (0..len).map(|n| (n / 7) as u8).collect();
            let mut serve = MetadataServe::new(info.clone());
            let mut now = Duration::ZERO;
            for (piece, later, is_sent) in requests {
                now += Duration::from_secs(later);
                if let Some(MetadataMessage::Data { piece: of, block, .. }) = serve.answer(ADA, piece, now) {
                    prop_assert_eq!(of, piece);
                    let blocks: Vec<&[u8]> = info.chunks(BLOCK).collect();
                    prop_assert_eq!(&block[..], blocks[piece as usize]);
                }
                if is_sent {
                    serve.sent(ADA);
                }
            }
        }
    }
}
