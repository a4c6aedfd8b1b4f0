//! Whatever comes by multicast, it is read or refused, and comes back as it was read; nobody is found who cannot be
//! called.
#![no_main]

use std::net::SocketAddr;
use std::time::Duration;

use exchange::limits::{MAX_COOKIE, MAX_LOOKED_AT};
use exchange::lsd::{Group, Unheard};
use exchange::{Lsd, Search};
use libfuzzer_sys::fuzz_target;
use metainfo::InfoHash;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

const OURS: InfoHash = InfoHash([0xab; 20]);

fuzz_target!(|bytes: &[u8]| {
    let read = Search::decode(bytes);
    if let Ok(search) = &read {
        assert!(search.port != 0);
        assert!(!search.torrents.is_empty() && search.torrents.len() <= MAX_LOOKED_AT);
        let cookie = search.cookie.as_deref().unwrap_or_default();
        assert!(cookie.chars().count() <= MAX_COOKIE);
        // A cookie of strange characters is longer in bytes than it was, and a datagram that is too long is not read.
        let again = Search {
            cookie: None,
            ..search.clone()
        };
        for group in [Group::V4, Group::V6] {
            let datagram = again.encode(group);
            if datagram.len() <= 1_500 {
                assert_eq!(Search::decode(&datagram).as_ref(), Ok(&again));
            }
        }
    }

    let mut lsd = Lsd::new(6881, &mut ChaCha8Rng::seed_from_u64(1));
    lsd.insert(OURS);
    let from: SocketAddr = "192.168.1.7:50000".parse().expect("an address");
    match lsd.handle(from, bytes, Duration::ZERO) {
        Ok(neighbour) => {
            assert_eq!(neighbour.torrents, [OURS]);
            assert_eq!(neighbour.addr.ip(), from.ip());
            assert!(neighbour.addr.port() != 0);
        }
        Err(Unheard::Broken(error)) => assert_eq!(read, Err(error)),
        Err(Unheard::OtherTorrents | Unheard::Ours) => assert!(read.is_ok()),
        Err(unheard) => panic!("{unheard}"),
    }
});
