//! Metadata from a swarm in which few are honest: by whole messages, over lines of all speeds, in
//! virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use magnet::limits::{BLOCK, REST};
use magnet::{
    ExtendedHandshake, Extensions, FetchAction, Heard, MetadataFetch, MetadataMessage,
    MetadataServe, UT_METADATA, block_len,
};
use metainfo::InfoHash;
use picker::PeerKey;
use proptest::prelude::*;

/// What a peer is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Honest,
    /// Has the metadata, and does not say how long they are.
    Modest,
    /// Claims another size, so many bytes more or fewer, and sends something of it.
    WrongSize(i64),
    /// Claims the right size, and sends rubbish.
    Rubbish,
    /// Sends one wrong block, this one.
    OneWrong(u32),
    Silent,
    Refuses,
    /// Has nothing yet, says no size, refuses.
    Empty,
    /// Says one size in its handshake and another with its blocks.
    Contradicts,
    /// Sends blocks that are too short.
    Short,
    /// Sends what is no message.
    Garbage,
}

/// A peer and its line.
#[derive(Clone, Debug)]
struct Plan {
    kind: Kind,
    /// When it comes, in milliseconds.
    from: u64,
    /// For how long it stays, in milliseconds.
    stays: u64,
    /// There and back, in milliseconds.
    round_trip: u64,
    /// How long a block takes on its way, one after the other, in milliseconds.
    per_block: u64,
}

struct Peer {
    plan: Plan,
    extensions: Extensions,
    serve: MetadataServe,
    /// When its line is free again.
    free_at: Duration,
}

enum Event {
    Comes,
    Hears(Vec<u8>),
    Says(Vec<u8>),
    Goes,
}

struct Swarm {
    info: Vec<u8>,
    fetch: MetadataFetch,
    peers: BTreeMap<PeerKey, Peer>,
    /// Our side of each connection.
    ours: BTreeMap<PeerKey, Extensions>,
    events: BTreeMap<(Duration, u64), (PeerKey, Event)>,
    count: u64,
    now: Duration,
    finished: Option<Vec<u8>>,
    banned: BTreeSet<PeerKey>,
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Swarm {
    fn new(size: usize, plans: &[Plan]) -> Swarm {
        let info: Vec<u8> = (0..size).map(|n| (n * 7 % 253) as u8).collect();
        let mut swarm = Swarm {
            fetch: MetadataFetch::new(InfoHash::of(&info)),
            info,
            peers: BTreeMap::new(),
            ours: BTreeMap::new(),
            events: BTreeMap::new(),
            count: 0,
            now: Duration::ZERO,
            finished: None,
            banned: BTreeSet::new(),
        };
        for (key, plan) in plans.iter().enumerate() {
            let key = PeerKey(key as u32);
            swarm.peers.insert(
                key,
                Peer {
                    plan: plan.clone(),
                    extensions: Extensions::new([(UT_METADATA, 100 + key.0 as u8)]),
                    serve: MetadataServe::new(swarm.info.clone()),
                    free_at: Duration::ZERO,
                },
            );
            swarm.at(millis(plan.from), key, Event::Comes);
            swarm.at(millis(plan.from + plan.stays), key, Event::Goes);
        }
        swarm
    }

    fn at(&mut self, time: Duration, key: PeerKey, event: Event) {
        self.count += 1;
        self.events.insert((time, self.count), (key, event));
    }

    /// Until the metadata are here, or for so long; returns how long it took.
    fn run(&mut self, most: Duration) -> Option<Duration> {
        while self.finished.is_none() && self.now <= most {
            let next = self.events.keys().next().copied();
            let due = self.fetch.poll_timeout();
            match (next, due) {
                (None, None) => return None,
                (next, Some(due)) if next.is_none_or(|(time, _)| due < time) => {
                    self.now = self.now.max(due);
                    self.fetch.handle_timeout(self.now);
                    let again = self.fetch.poll_timeout();
                    assert!(again.is_none_or(|again| again > self.now), "it goes on");
                }
                (Some(next), _) => {
                    self.now = self.now.max(next.0);
                    let (key, event) = self.events.remove(&next).unwrap();
                    self.happens(key, event);
                }
                (None, Some(_)) => unreachable!(),
            }
            self.drain();
        }
        self.finished.as_ref().map(|_| self.now)
    }

    fn happens(&mut self, key: PeerKey, event: Event) {
        match event {
            Event::Comes => {
                let mut ours = Extensions::new([(UT_METADATA, 1)]);
                let hello = ours.hello(ExtendedHandshake::default()).to_body();
                self.peer_hears(key, &hello);
                let theirs = self.hello(key);
                assert!(matches!(ours.hear(&theirs), Ok(Heard::Handshake(_))));
                let size = ours.theirs().unwrap().metadata_size;
                self.ours.insert(key, ours);
                self.fetch.joined(key, size, self.now);
            }
            Event::Goes => {
                if self.ours.remove(&key).is_some() {
                    self.fetch.left(key, self.now);
                }
            }
            Event::Hears(body) => self.peer_hears(key, &body),
            Event::Says(body) => {
                let Some(ours) = self.ours.get_mut(&key) else {
                    return;
                };
                let Ok(Heard::Message { payload, .. }) = ours.hear(&body) else {
                    panic!("{body:?}");
                };
                match MetadataMessage::decode(payload) {
                    Ok(message) => self.fetch.handle(key, message, self.now),
                    Err(error) => self.fetch.handle_broken(key, error, self.now),
                }
            }
        }
    }

    /// What a peer says of itself.
    fn hello(&self, key: PeerKey) -> Vec<u8> {
        let peer = &self.peers[&key];
        let size = self.info.len() as u64;
        let metadata_size = match peer.plan.kind {
            Kind::Modest | Kind::Empty => None,
            Kind::WrongSize(more) => Some(size.saturating_add_signed(more).max(1)),
            _ => Some(size),
        };
        let more = ExtendedHandshake {
            metadata_size,
            ..ExtendedHandshake::default()
        };
        peer.extensions.hello(more).to_body()
    }

    /// A peer answers in its manner.
    fn peer_hears(&mut self, key: PeerKey, body: &[u8]) {
        let size = self.info.len() as u64;
        let peer = self.peers.get_mut(&key).unwrap();
        let heard = peer.extensions.hear(body).unwrap();
        let Heard::Message { payload, .. } = heard else {
            return;
        };
        let Ok(MetadataMessage::Request { piece }) = MetadataMessage::decode(payload) else {
            panic!("nothing but requests");
        };
        let rubbish = |size: u64, len: usize| MetadataMessage::Data {
            piece,
            total_size: Some(size),
            block: vec![0xaa; len],
        };
        let len = block_len(size, piece).max(1);
        let answer = match peer.plan.kind {
            Kind::OneWrong(wrong) if wrong == piece => Some(rubbish(size, len)),
            Kind::Honest | Kind::Modest | Kind::OneWrong(_) => {
                let answer = peer.serve.answer(key, piece, self.now);
                peer.serve.sent(key);
                answer
            }
            Kind::WrongSize(more) => {
                let size = size.saturating_add_signed(more).max(1);
                Some(rubbish(size, block_len(size, piece).max(1)))
            }
            Kind::Rubbish => Some(rubbish(size, len)),
            Kind::Contradicts => Some(rubbish(size + 1, len)),
            Kind::Short => Some(rubbish(size, 1.max(len / 2))),
            Kind::Refuses | Kind::Empty => Some(MetadataMessage::Reject { piece }),
            Kind::Silent => None,
            Kind::Garbage => {
                let says = peer
                    .extensions
                    .body(UT_METADATA, b"d8:msg_typei1ex")
                    .unwrap();
                let time = self.now + millis(peer.plan.round_trip);
                return self.at(time, key, Event::Says(says));
            }
        };
        let Some(answer) = answer else {
            return;
        };
        let is_block = matches!(answer, MetadataMessage::Data { .. });
        let per_block = if is_block { peer.plan.per_block } else { 0 };
        peer.free_at = peer.free_at.max(self.now) + millis(per_block);
        let time = peer.free_at + millis(peer.plan.round_trip / 2);
        let body = answer.to_body(peer.extensions.id(UT_METADATA).unwrap());
        self.at(time, key, Event::Says(body));
    }

    fn drain(&mut self) {
        while let Some(action) = self.fetch.poll_action() {
            match action {
                FetchAction::Request { peer, piece } => {
                    let ours = &self.ours[&peer];
                    let request = MetadataMessage::Request { piece };
                    let body = request.to_body(ours.id(UT_METADATA).unwrap());
                    let way = millis(self.peers[&peer].plan.round_trip / 2);
                    self.at(self.now + way, peer, Event::Hears(body));
                }
                FetchAction::Finished { info } => {
                    assert!(self.finished.is_none());
                    self.finished = Some(info);
                }
                FetchAction::Leave { .. } => {}
                FetchAction::Ban { peer, why } => {
                    let kind = self.peers[&peer].plan.kind;
                    assert!(!matches!(kind, Kind::Honest | Kind::Modest), "{why}");
                    assert!(self.banned.insert(peer), "once");
                    if self.ours.remove(&peer).is_some() {
                        self.fetch.left(peer, self.now);
                    }
                }
            }
        }
    }
}

fn honest() -> Plan {
    Plan {
        kind: Kind::Honest,
        from: 0,
        stays: 1_000_000,
        round_trip: 100,
        per_block: 10,
    }
}

/// How long it takes with these beside one honest peer, which comes last.
fn time_with(size: usize, kinds: &[Kind]) -> Duration {
    let bad = kinds.iter().map(|&kind| Plan { kind, ..honest() });
    let plans: Vec<Plan> = bad.chain([honest()]).collect();
    let mut swarm = Swarm::new(size, &plans);
    let time = swarm.run(Duration::from_secs(600)).expect("the metadata");
    assert_eq!(swarm.finished.as_ref(), Some(&swarm.info));
    time
}

#[test]
fn a_bad_peer_costs_the_others_not_a_second() {
    for blocks in [1, 3, 20, 100] {
        let size = blocks * BLOCK - 5;
        let alone = time_with(size, &[]);
        for bad in [
            Kind::Silent,
            Kind::Refuses,
            Kind::Empty,
            Kind::Short,
            Kind::Garbage,
            Kind::Contradicts,
            Kind::WrongSize(1),
            Kind::WrongSize(-1),
            Kind::WrongSize(60 << 20),
        ] {
            let time = time_with(size, &[bad]);
            assert!(
                time <= alone + millis(500),
                "{bad:?}: {time:?}, not {alone:?}"
            );
        }
        // Who sends rubbish of the right size is found out by a second copy.
        for bad in [Kind::Rubbish, Kind::OneWrong(0)] {
            let time = time_with(size, &[bad]);
            assert!(
                time <= 2 * alone + millis(500),
                "{bad:?}: {time:?}, not {alone:?}"
            );
        }
    }
}

#[test]
fn many_liars_about_the_size_cost_no_more_than_one() {
    let size = 20 * BLOCK;
    let alone = time_with(size, &[]);
    let liars: Vec<Kind> = (1..50).map(|n| Kind::WrongSize(n << 20)).collect();
    let time = time_with(size, &liars);
    assert!(time <= alone + millis(500), "{time:?}, not {alone:?}");
}

#[test]
fn honest_peers_share_the_work() {
    let size = 200 * BLOCK;
    let one = time_with(size, &[]);
    let four = time_with(size, &[Kind::Honest; 3]);
    assert!(four < one / 2, "{four:?}, not {one:?}");
}

fn a_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Honest),
        Just(Kind::Modest),
        (-20_000i64..20_000).prop_map(|more| Kind::WrongSize(if more == 0 { 1 } else { more })),
        Just(Kind::WrongSize(63 << 20)),
        Just(Kind::Rubbish),
        (0u32..30).prop_map(Kind::OneWrong),
        Just(Kind::Silent),
        Just(Kind::Refuses),
        Just(Kind::Empty),
        Just(Kind::Contradicts),
        Just(Kind::Short),
        Just(Kind::Garbage),
    ]
}

fn a_plan() -> impl Strategy<Value = Plan> {
    (
        a_kind(),
        0u64..20_000,
        0u64..60_000,
        1u64..2_500,
        0u64..4_000,
    )
        .prop_map(|(kind, from, stays, round_trip, per_block)| Plan {
            kind,
            from,
            stays,
            round_trip,
            per_block,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn one_honest_peer_that_stays_is_enough(
        size in 1usize..40 * BLOCK,
        mut plans in prop::collection::vec(a_plan(), 0..12),
        at in any::<prop::sample::Index>(),
        mut good in a_plan(),
        is_modest: bool,
    ) {
        good.kind = if is_modest { Kind::Modest } else { Kind::Honest };
        good.stays = 10_000_000;
        good.per_block /= 10;
        plans.insert(at.index(plans.len() + 1), good.clone());
        let mut swarm = Swarm::new(size, &plans);
        let time = swarm.run(Duration::from_secs(5_000)).expect("the metadata");
        prop_assert_eq!(swarm.finished.as_ref(), Some(&swarm.info));
        // It comes, sends two copies of its own, and has been waited for once: that bounds it.
        let blocks = size.div_ceil(BLOCK) as u64;
        let copies = 2 * blocks * (good.per_block + good.round_trip);
        prop_assert!(time <= millis(good.from + copies) + 2 * REST, "{:?}", time);
    }

    #[test]
    fn without_an_honest_peer_nothing_is_found_and_nobody_is_asked_without_end(
        size in 1usize..10 * BLOCK,
        mut plans in prop::collection::vec(a_plan(), 0..8),
    ) {
        for plan in &mut plans {
            if matches!(plan.kind, Kind::Honest | Kind::Modest | Kind::OneWrong(_)) {
                plan.kind = Kind::Rubbish;
            }
        }
        let mut swarm = Swarm::new(size, &plans);
        prop_assert_eq!(swarm.run(Duration::from_secs(1_000)), None);
        prop_assert!(swarm.count < 10_000, "{}", swarm.count);
    }
}
