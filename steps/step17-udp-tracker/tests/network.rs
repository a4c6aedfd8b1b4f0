//! Many requests to several trackers over a network that loses, doubles and reorders, and on which
//! somebody forges replies; in virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use metainfo::InfoHash;
use peer_id::PeerId;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tracker::AnnounceRequest;
use udp_tracker::{
    Announce, Announced, Answer, Ask, Client, ConnectionId, Failure, Lookup, Reply, Request,
    RequestId, Said, Scraped, Server, TransactionId,
};

/// How many seeders a forged reply has. Those of the trackers have fewer.
const FORGED: u32 = 666;

/// The longest way of a datagram, in milliseconds.
const DELAY: u64 = 20_000;

/// What happens at a moment: a datagram arrives.
enum Arrival {
    AtTracker(usize, Vec<u8>),
    AtClient(SocketAddr, Vec<u8>),
}

/// What a tracker knows: which one it is, and says so as its number of seeders.
#[derive(Clone, Copy)]
struct Number(u32);

/// A tracker, which may say nothing at all.
struct Tracker {
    addr: SocketAddr,
    server: Server,
    number: Number,
    is_dead: bool,
    connects: usize,
}

impl Lookup for Number {
    fn announce(&mut self, _: SocketAddr, _: &Announce) -> Result<Announced, String> {
        Ok(Announced {
            interval: 60,
            leechers: 0,
            seeders: self.0,
            peers: vec![],
        })
    }

    fn scrape(&mut self, torrents: &[InfoHash]) -> Result<Vec<Scraped>, String> {
        let one = Scraped {
            seeders: self.0,
            completed: 0,
            leechers: 0,
        };
        Ok(vec![one; torrents.len()])
    }
}

/// A request to be made.
#[derive(Clone, Debug)]
struct Plan {
    at: u64,
    tracker: usize,
    scrape: bool,
    patience: u64,
    cancel: bool,
}

#[derive(Clone, Debug)]
struct Weather {
    seed: u64,
    /// Of a hundred datagrams so many are lost, and so many come twice.
    lost: u32,
    doubled: u32,
    /// Whether some take long.
    slow: bool,
    /// Which trackers are dead, one bit each.
    dead: u8,
    v6: bool,
}

struct Network {
    weather: Weather,
    client: Client,
    trackers: Vec<Tracker>,
    rng: ChaCha8Rng,
    now: Duration,
    /// By time, and by order of arrival.
    arrivals: BTreeMap<(Duration, u64), Arrival>,
    count: u64,
    /// Which request is to end when, and at which tracker.
    open: BTreeMap<RequestId, (Duration, usize)>,
    sent: usize,
    answered: usize,
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Network {
    fn new(weather: Weather) -> Network {
        let mut rng = ChaCha8Rng::seed_from_u64(weather.seed);
        let trackers = (0..4u16).map(|n| Tracker {
            addr: match weather.v6 {
                true => SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, n], 6969)),
                false => SocketAddr::from(([192, 0, 2, n as u8], 6969)),
            },
            server: Server::new(&mut rng),
            number: Number(n.into()),
            is_dead: weather.dead & (1 << n) != 0,
            connects: 0,
        });
        Network {
            trackers: trackers.collect(),
            weather,
            client: Client::new(),
            rng,
            now: Duration::ZERO,
            arrivals: BTreeMap::new(),
            count: 0,
            open: BTreeMap::new(),
            sent: 0,
            answered: 0,
        }
    }

    /// Puts a datagram on its way: it may be lost, late, or double.
    fn carry(&mut self, arrival: impl Fn() -> Arrival) {
        let copies = match self.rng.random_range(0..100) {
            n if n < self.weather.lost => 0,
            n if n < self.weather.lost + self.weather.doubled => 2,
            _ => 1,
        };
        for _ in 0..copies {
            // Most are fast.
            let slow = self.weather.slow && self.rng.random_range(0..10) == 0;
            let longest = if slow { DELAY } else { 200 };
            let delay = Duration::from_millis(self.rng.random_range(0..longest));
            self.count += 1;
            self.arrivals
                .insert((self.now + delay, self.count), arrival());
        }
    }

    /// Sends what the client wants sent, and has somebody forge answers to it.
    fn drain(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            self.sent += 1;
            let at = self
                .trackers
                .iter()
                .position(|tracker| tracker.addr == transmit.to);
            let at = at.expect("sent to a tracker");
            self.carry(|| Arrival::AtTracker(at, transmit.bytes.clone()));
            self.forge(transmit.to, &transmit.bytes);
        }
        while let Some(ended) = self.client.poll_event() {
            let (due, at) = self.open.remove(&ended.id).expect("each ends once");
            assert_eq!(ended.tracker, self.trackers[at].addr);
            match ended.result {
                Ok(answer) => {
                    self.answered += 1;
                    assert!(self.now <= due, "in time");
                    assert!(!self.trackers[at].is_dead);
                    let seeders = match answer {
                        Answer::Announced(reply) => reply.complete,
                        Answer::Scraped(torrents) => Some(torrents[0].seeders),
                    };
                    assert_eq!(
                        seeders,
                        Some(self.trackers[at].number.0),
                        "from its tracker"
                    );
                }
                Err(Failure::TimedOut { .. }) => assert_eq!(self.now, due),
                Err(Failure::Refused { reason }) => panic!("{reason}"),
            }
        }
    }

    /// Somebody who cannot read what goes to the tracker pretends to be it; and somebody who can, but
    /// is elsewhere, answers from there.
    fn forge(&mut self, tracker: SocketAddr, question: &[u8]) {
        let read = match Request::decode(question).expect("our own") {
            Request::Connect { transaction } | Request::Ask { transaction, .. } => transaction,
        };
        let guessed = TransactionId(self.rng.random());
        let mut elsewhere = tracker;
        elsewhere.set_port(tracker.port() + 1);
        for (from, transaction) in [(tracker, guessed), (elsewhere, read)] {
            let said = match self.rng.random_range(0..4) {
                0 => Said::Connected(ConnectionId(FORGED.into())),
                1 => Said::Refused("forged".to_owned()),
                2 => Said::Scraped(vec![Scraped {
                    seeders: FORGED,
                    completed: 0,
                    leechers: 0,
                }]),
                _ => Said::Announced(Announced {
                    interval: 1,
                    leechers: 0,
                    seeders: FORGED,
                    peers: vec![],
                }),
            };
            let bytes = Reply { transaction, said }.encode(from.into());
            self.carry(|| Arrival::AtClient(from, bytes.clone()));
        }
        // And cut ones, with the right number from the right place, which nobody reads.
        let said = Said::Connected(ConnectionId(FORGED.into()));
        let cut = Reply {
            transaction: read,
            said,
        }
        .encode(tracker.into());
        self.carry(|| Arrival::AtClient(tracker, cut[..15].to_vec()));
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::AtClient(from, bytes) => self.client.handle(from, &bytes, self.now),
            Arrival::AtTracker(at, bytes) => {
                let tracker = &mut self.trackers[at];
                if tracker.is_dead {
                    return;
                }
                let is_connect = matches!(Request::decode(&bytes), Ok(Request::Connect { .. }));
                tracker.connects += usize::from(is_connect);
                let us = match tracker.addr {
                    SocketAddr::V4(_) => "198.51.100.1:5".parse().unwrap(),
                    SocketAddr::V6(_) => "[2001:db8::ff]:5".parse().unwrap(),
                };
                let answer = tracker
                    .server
                    .answer(us, &bytes, self.now, &mut tracker.number);
                // An id was given at most 20 s before it came, and is used for 60 s, in what takes at
                // most 20 s to come.
                let answer = answer.expect("no id is too old for the tracker");
                let from = tracker.addr;
                self.carry(|| Arrival::AtClient(from, answer.clone()));
            }
        }
    }

    /// Goes on to this moment.
    fn run_until(&mut self, end: Duration) {
        loop {
            self.drain();
            let arrival = self.arrivals.keys().next().map(|&(at, _)| at);
            let timeout = self.client.poll_timeout();
            let Some(next) = arrival
                .into_iter()
                .chain(timeout)
                .min()
                .filter(|&at| at <= end)
            else {
                break;
            };
            assert!(next >= self.now, "time goes on");
            self.now = next;
            if arrival == Some(next) {
                let (_, arrival) = self.arrivals.pop_first().expect("it is there");
                self.arrive(arrival);
            } else {
                self.client.handle_timeout(self.now, &mut self.rng);
                let due = self.client.poll_timeout();
                assert!(due.is_none_or(|due| due > self.now), "what is due was done");
            }
        }
        self.now = end;
    }

    fn start(&mut self, plan: &Plan) {
        self.run_until(seconds(plan.at).max(self.now));
        let ask = match plan.scrape {
            true => Ask::Scrape(vec![InfoHash([1; 20])]),
            false => Ask::Announce(Announce {
                request: AnnounceRequest {
                    info_hash: InfoHash([1; 20]),
                    peer_id: PeerId([2; 20]),
                    port: 6881,
                    uploaded: 0,
                    downloaded: 0,
                    left: 0,
                    event: None,
                    numwant: None,
                    key: 0,
                    tracker_id: None,
                },
                url_data: Some(b"/announce".to_vec()),
            }),
        };
        let (addr, patience) = (self.trackers[plan.tracker].addr, seconds(plan.patience));
        let id = self
            .client
            .start(addr, ask, patience, self.now, &mut self.rng);
        let id = id.expect("not so many");
        self.open.insert(id, (self.now + patience, plan.tracker));
        self.drain();
        if plan.cancel {
            self.client.cancel(id);
            self.open.remove(&id);
        }
    }

    /// Until everything is over.
    fn finish(&mut self) {
        let last = self.open.values().map(|&(due, _)| due).max();
        self.run_until(last.unwrap_or(self.now).max(self.now));
        assert!(
            self.open.is_empty(),
            "all have ended in time: {:?}",
            self.open
        );
        self.run_until(self.now + seconds(60));
        assert_eq!(self.client.poll_timeout(), None);
    }
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let patience = prop_oneof![1u64..10, 10u64..60, 100u64..9_000];
    let plan = (0u64..400, 0usize..4, any::<bool>(), patience, 0u8..8);
    let plan = plan.prop_map(|(at, tracker, scrape, patience, cancel)| Plan {
        at,
        tracker,
        scrape,
        patience,
        cancel: cancel == 0,
    });
    let plans = prop::collection::vec(plan, 1..40);
    plans.prop_map(|mut plans| {
        plans.sort_by_key(|plan| plan.at);
        plans
    })
}

fn weather() -> impl Strategy<Value = Weather> {
    let lost = prop_oneof![Just(0u32), 1u32..50, Just(95)];
    let flags = (0u8..16, any::<bool>(), any::<bool>());
    (any::<u64>(), lost, 0u32..5, flags).prop_map(|(seed, lost, doubled, (dead, slow, v6))| {
        Weather {
            seed,
            lost,
            doubled,
            slow,
            dead,
            v6,
        }
    })
}

proptest! {
    #[test]
    fn each_request_ends_in_time_and_believes_its_tracker_alone(
        weather in weather(),
        plans in plans(),
    ) {
        let mut network = Network::new(weather);
        for plan in &plans {
            network.start(plan);
        }
        network.finish();
        // By the schedule of BEP 15 a request is sent nine times at most, and a connect as well; and
        // as often as an id has grown too old meanwhile, one is asked for anew.
        prop_assert!(network.sent <= 32 * plans.len(), "{} datagrams", network.sent);
    }

    #[test]
    fn over_a_good_line_all_are_answered_and_ids_are_asked_for_once_a_minute(
        seed: u64,
        v6: bool,
        plans in plans(),
    ) {
        let mut network = Network::new(Weather {
            seed,
            lost: 0,
            doubled: 0,
            slow: false,
            dead: 0,
            v6,
        });
        let patient = |plan: &Plan| Plan { patience: 100, cancel: false, ..plan.clone() };
        for plan in plans.iter().map(patient) {
            network.start(&plan);
        }
        network.finish();
        prop_assert_eq!(network.answered, plans.len());
        // The last begins before 400 s are over, and an id is good for 60.
        let connects = network.trackers.iter().map(|tracker| tracker.connects);
        prop_assert!(connects.max() <= Some(7));
    }
}
