//! Whatever is read back from the disk as the nodes of the DHT, it is taken or refused, and written again as it was read.
#![no_main]

use std::time::Duration;

use dht::limits::MAX_SAVED;
use dht::{Config, Node, Saved};
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

fuzz_target!(|bytes: &[u8]| {
    let saved = Saved::decode(bytes);
    let mut node = Node::new(
        Config::LOCAL,
        Duration::ZERO,
        &mut ChaCha8Rng::seed_from_u64(1),
    );
    assert_eq!(node.restore(bytes, Duration::ZERO).is_ok(), saved.is_ok());
    if let Ok(saved) = saved {
        assert!(saved.nodes.len() <= MAX_SAVED && saved.nodes6.len() <= MAX_SAVED);
        assert_eq!(Saved::decode(&saved.encode()), Ok(saved));
    }
    // Whoever they are, they are only asked.
    node.handle_timeout(Duration::ZERO);
    while let Some(sent) = node.poll_transmit() {
        assert!(sent.to.port() != 0);
    }
});
