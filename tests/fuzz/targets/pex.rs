//! Whatever a peer tells of others, it is read or refused, comes back as it was read, and stays bounded; what we tell
//! adds up to our connections.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use exchange::limits::{INTERVAL, MAX_FIRST, MAX_FROM_ONE, MAX_TOLD};
use exchange::{Flags, Heard, Inbox, Outbox, PexMessage};
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

fuzz_target!(|bytes: &[u8]| {
    decode(bytes);
    hear(bytes);
    tell(bytes);
});

fn decode(bytes: &[u8]) {
    let Ok(message) = PexMessage::decode(bytes) else {
        return;
    };
    let added: BTreeSet<SocketAddr> = message.added.iter().map(|added| added.addr).collect();
    let dropped: BTreeSet<SocketAddr> = message.dropped.iter().copied().collect();
    assert_eq!(added.len(), message.added.len());
    assert_eq!(dropped.len(), message.dropped.len());
    assert!(added.is_disjoint(&dropped));
    for addr in added.union(&dropped) {
        let ip = addr.ip();
        assert!(addr.port() != 0 && !ip.is_unspecified() && !ip.is_multicast());
    }
    assert_eq!(PexMessage::decode(&message.encode()), Ok(message));
}

/// The input as messages of a peer, each with its length and the seconds before it.
fn hear(bytes: &[u8]) {
    let mut inbox = Inbox::new([192, 0, 2, 1].into());
    let (mut rest, mut now) = (bytes, Duration::ZERO);
    while let [high, low, seconds, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (body, after) = after.split_at(after.len().min(length));
        rest = after;
        now += Duration::from_secs((*seconds).into());
        match inbox.handle(body, now) {
            Ok(Heard::News { added, dropped }) => {
                assert!(added.len() <= MAX_FIRST && dropped.len() <= MAX_FROM_ONE);
                for contact in added {
                    let ip = contact.addr.ip();
                    assert!(!ip.is_loopback(), "nobody far away has a say about us");
                    assert_eq!(inbox.contacts().filter(|c| c.addr.ip() == ip).count(), 1);
                }
            }
            Ok(Heard::TooSoon | Heard::Broken(_)) => {}
            Err(_) => return,
        }
        assert!(inbox.contacts().count() <= MAX_FROM_ONE);
    }
}

/// The input as connections that come and go: an address, and whether it comes.
fn tell(bytes: &[u8]) {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let (mut outbox, mut connected) = (Outbox::new(), BTreeMap::new());
    let (mut known, mut now) = (BTreeSet::new(), Duration::ZERO);
    let addr = |n: u8| SocketAddr::from(([10, 0, 0, n], 6881));
    let receiver = addr(7);
    for step in bytes.chunks(16) {
        for &n in step {
            match n % 3 {
                0 => connected.remove(&addr(n)),
                _ => connected.insert(addr(n), Flags(n)),
            };
        }
        now += INTERVAL / 2;
        let Some(message) = outbox.next(Some(receiver), &connected, now, rng) else {
            continue;
        };
        assert!(message.added.len() <= MAX_TOLD && message.dropped.len() <= MAX_TOLD);
        for gone in &message.dropped {
            assert!(known.remove(gone) && !connected.contains_key(gone));
        }
        for added in &message.added {
            assert!(added.addr != receiver && connected.contains_key(&added.addr));
            assert!(known.insert(added.addr), "once");
        }
    }
}
