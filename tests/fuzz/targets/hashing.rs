//! SHA-1 of many messages at once, each cut into parts at arbitrary places, is the SHA-1 of each message alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sha1::Digest as _;

fuzz_target!(|messages: Vec<Vec<Vec<u8>>>| {
    let parts: Vec<Vec<&[u8]>> = messages
        .iter()
        .map(|message| message.iter().map(Vec::as_slice).collect())
        .collect();
    let together = hashing::digest_many(&parts);
    assert_eq!(together.len(), messages.len());
    for (message, digest) in messages.iter().zip(together) {
        let whole = message.concat();
        assert_eq!(<[u8; 20]>::from(sha1::Sha1::digest(&whole)), digest);
        assert_eq!(hashing::sha1(&whole), digest);
    }
});
