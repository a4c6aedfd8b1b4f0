use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn addr(n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    SocketAddr::from(([10, 0, high, low], 6881))
}

/// Connections to these peers.
fn connected(peers: impl IntoIterator<Item = u16>) -> BTreeMap<SocketAddr, Flags> {
    peers.into_iter().map(|n| (addr(n), Flags::NONE)).collect()
}

/// Who is added, and who dropped.
fn told(message: Option<PexMessage>) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
    let message = message.expect("a message");
    let added = message.added.iter().map(|added| added.addr);
    (added.collect(), message.dropped)
}

const MINUTE: Duration = INTERVAL;

#[test]
fn only_what_has_changed_is_told() {
    let (mut outbox, rng) = (Outbox::new(), &mut rng());
    let first = outbox.next(None, &connected([1, 2]), Duration::ZERO, rng);
    assert_eq!(told(first), (vec![addr(1), addr(2)], vec![]));
    let second = outbox.next(None, &connected([2, 3]), MINUTE, rng);
    assert_eq!(told(second), (vec![addr(3)], vec![addr(1)]));
    assert_eq!(outbox.next(None, &connected([2, 3]), 2 * MINUTE, rng), None);
}

#[test]
fn nobody_is_told_of_himself() {
    let (mut outbox, rng) = (Outbox::new(), &mut rng());
    let alone = outbox.next(Some(addr(1)), &connected([1]), Duration::ZERO, rng);
    assert_eq!(alone, None);
    let message = outbox.next(Some(addr(1)), &connected([1, 2]), Duration::ZERO, rng);
    assert_eq!(told(message), (vec![addr(2)], vec![]));
}

#[test]
fn there_is_one_message_a_minute_and_silence_uses_up_none() {
    let (mut outbox, rng) = (Outbox::new(), &mut rng());
    let now = Duration::from_secs(1_000);
    assert_eq!(outbox.next(None, &connected([]), now, rng), None);
    assert!(outbox.next(None, &connected([1]), now, rng).is_some());
    assert_eq!(outbox.earliest(), now + MINUTE);
    let early = now + MINUTE - Duration::from_nanos(1);
    assert_eq!(outbox.next(None, &connected([1, 2]), early, rng), None);
    let message = outbox.next(None, &connected([1, 2]), now + MINUTE, rng);
    assert_eq!(told(message), (vec![addr(2)], vec![]));
}

#[test]
fn a_connection_that_comes_and_goes_between_two_messages_is_never_mentioned() {
    let (mut outbox, rng) = (Outbox::new(), &mut rng());
    assert!(
        outbox
            .next(None, &connected([1]), Duration::ZERO, rng)
            .is_some()
    );
    // Number 2 comes after ten seconds, and goes after fifty. Number 1 goes and comes back.
    let within = MINUTE / 6;
    assert_eq!(outbox.next(None, &connected([2]), within, rng), None);
    assert_eq!(outbox.next(None, &connected([1]), MINUTE, rng), None);
}

#[test]
fn more_than_a_message_takes_is_told_in_the_next_one() {
    let (mut outbox, rng) = (Outbox::new(), &mut rng());
    let (first, _) = told(outbox.next(None, &connected(0..120), Duration::ZERO, rng));
    assert_eq!(first.len(), MAX_TOLD);
    assert!(first.is_sorted());
    assert!(
        first.iter().max() > Some(&addr(60)),
        "not simply the first ones"
    );
    let (second, _) = told(outbox.next(None, &connected(0..120), MINUTE, rng));
    let (third, _) = told(outbox.next(None, &connected(0..120), 2 * MINUTE, rng));
    assert_eq!((second.len(), third.len()), (50, 20));
    let all: BTreeSet<SocketAddr> = [first, second, third].concat().into_iter().collect();
    assert_eq!(all.len(), 120);
    let (added, dropped) = told(outbox.next(None, &connected([200]), 3 * MINUTE, rng));
    assert_eq!((added, dropped.len()), (vec![addr(200)], MAX_TOLD));
}

#[test]
fn the_flags_are_passed_on() {
    let connected = BTreeMap::from([(addr(1), Flags::SEED)]);
    let message = Outbox::new().next(None, &connected, Duration::ZERO, &mut rng());
    assert_eq!(message.unwrap().added[0].flags, Flags::SEED);
}

proptest! {
    /// Whatever comes and goes: who adds up all messages knows in the end who is connected.
    #[test]
    fn the_messages_add_up_to_the_connections(
        minutes in prop::collection::vec(
            (prop::collection::btree_set(0u16..200, 0..130), 0u64..100),
            1..12,
        ),
        seed: u64,
    ) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let (mut outbox, mut known, mut now) = (Outbox::new(), BTreeSet::new(), Duration::ZERO);
        let mut last = None;
        let receiver = addr(7);
        let mut hear = |message: PexMessage, now: Duration| {
            assert!(message.added.len() <= MAX_TOLD && message.dropped.len() <= MAX_TOLD);
            assert!(last.is_none_or(|last| now >= last + INTERVAL));
            last = Some(now);
            for dropped in &message.dropped {
                assert!(known.remove(dropped), "only who was added is dropped");
            }
            for added in &message.added {
                assert!(added.addr != receiver);
                assert!(known.insert(added.addr), "once");
            }
            known.clone()
        };
        let mut current = BTreeMap::new();
        for (peers, seconds) in minutes {
            current = connected(peers);
            now += Duration::from_secs(seconds);
            if let Some(message) = outbox.next(Some(receiver), &current, now, rng) {
                hear(message, now);
            }
        }
        let mut told = BTreeSet::new();
        for _ in 0..10 {
            now += INTERVAL;
            if let Some(message) = outbox.next(Some(receiver), &current, now, rng) {
                told = hear(message, now);
            }
        }
        if told.is_empty() {
            told = hear(PexMessage::default(), now + INTERVAL);
        }
        current.remove(&receiver);
        prop_assert_eq!(told, current.into_keys().collect());
        prop_assert_eq!(outbox.told.len(), known.len());
    }
}
