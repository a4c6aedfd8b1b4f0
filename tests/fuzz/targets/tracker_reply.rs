//! Whatever a tracker answers, what is taken from it stays within its bounds.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use metainfo::InfoHash;
use tracker::limits::{MAX_INTERVAL, MAX_PEERS, MAX_TEXT, MAX_TRACKER_ID, MIN_INTERVAL};

const ASKED: InfoHash = InfoHash(*b"an info-hash has 20b");

fuzz_target!(|body: &[u8]| {
    if let Err(error) = tracker::parse_scrape(body, ASKED) {
        assert!(error.to_string().len() < 20 * MAX_TEXT);
    }
    let reply = match tracker::parse_reply(body) {
        Ok(reply) => reply,
        Err(error) => {
            assert!(error.to_string().len() < 20 * MAX_TEXT);
            return;
        }
    };
    assert!((MIN_INTERVAL..=MAX_INTERVAL).contains(&reply.interval));
    assert!(reply.peers.len() <= MAX_PEERS);
    assert!(reply.peers.iter().all(|peer| peer.port() != 0));
    assert_eq!(
        reply.peers.iter().collect::<BTreeSet<_>>().len(),
        reply.peers.len()
    );
    assert!(reply.tracker_id.is_none_or(|id| id.len() <= MAX_TRACKER_ID));
    assert!(
        reply
            .warning
            .is_none_or(|text| !text.contains(char::is_control))
    );
});
