use metainfo::InfoHash;
use peer_id::PeerId;
use pretty_assertions::assert_eq;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tracker::{AnnounceEvent, AnnounceRequest};

use super::*;
use crate::limits::WHOLE_PATIENCE;
use crate::{Announce, Announced, ConnectionId, Scraped};

mod refused;

const PATIENCE: Duration = Duration::from_secs(20);

/// A client with a clock.
struct World {
    client: Client,
    rng: ChaCha8Rng,
    now: Duration,
}

/// What was sent: the second, to which tracker, and the request.
type Sent = (u64, SocketAddr, Request);

fn tracker(n: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, n], 6969))
}

fn announce() -> Ask {
    Ask::Announce(Announce {
        request: AnnounceRequest {
            info_hash: InfoHash([1; 20]),
            peer_id: PeerId([2; 20]),
            port: 6881,
            uploaded: 0,
            downloaded: 0,
            left: 5,
            event: Some(AnnounceEvent::Started),
            numwant: None,
            key: 9,
            tracker_id: None,
        },
        url_data: None,
    })
}

fn scrape() -> Ask {
    Ask::Scrape(vec![InfoHash([1; 20])])
}

fn announced(seeders: u32) -> Said {
    Said::Announced(Announced {
        interval: 1800,
        leechers: 0,
        seeders,
        peers: vec!["192.0.2.77:6881".parse().unwrap()],
    })
}

/// The name of what was sent, for a list.
fn name(request: &Request) -> &'static str {
    match request {
        Request::Connect { .. } => "connect",
        Request::Ask { ask, .. } => match ask {
            Ask::Announce(_) => "announce",
            Ask::Scrape(_) => "scrape",
        },
    }
}

fn transaction(request: &Request) -> TransactionId {
    match *request {
        Request::Connect { transaction } | Request::Ask { transaction, .. } => transaction,
    }
}

impl World {
    fn new() -> World {
        World {
            client: Client::new(),
            rng: ChaCha8Rng::seed_from_u64(7),
            now: Duration::from_secs(1_000),
        }
    }

    fn try_start(&mut self, tracker: SocketAddr, ask: Ask) -> Result<RequestId, StartError> {
        self.client
            .start(tracker, ask, PATIENCE, self.now, &mut self.rng)
    }

    fn start(&mut self, n: u8, ask: Ask, patience: Duration) -> RequestId {
        let started = self
            .client
            .start(tracker(n), ask, patience, self.now, &mut self.rng);
        started.unwrap()
    }

    /// All that is to be sent now.
    fn sent(&mut self) -> Vec<Sent> {
        let second = self.now.as_secs() - 1_000;
        let transmits = std::iter::from_fn(|| self.client.poll_transmit());
        let sent = transmits.map(|sent| (second, sent.to, Request::decode(&sent.bytes).unwrap()));
        sent.collect()
    }

    /// The names of all that is to be sent now.
    fn names(&mut self) -> Vec<&'static str> {
        self.sent()
            .iter()
            .map(|(_, _, request)| name(request))
            .collect()
    }

    /// Lets time pass, and does what is due; what was sent meanwhile.
    fn wait(&mut self, seconds: u64) -> Vec<Sent> {
        let end = self.now + Duration::from_secs(seconds);
        let mut sent = self.sent();
        while let Some(due) = self.client.poll_timeout().filter(|&due| due <= end) {
            assert!(due >= self.now);
            self.now = due;
            self.client.handle_timeout(self.now, &mut self.rng);
            sent.extend(self.sent());
        }
        self.now = end;
        sent
    }

    fn reply(&mut self, from: SocketAddr, to: &Request, said: Said) {
        let transaction = transaction(to);
        let reply = Reply { transaction, said }.encode(from.into());
        self.client.handle(from, &reply, self.now);
    }

    /// Has the tracker answer a connect, which must be what is to be sent next.
    fn connect(&mut self, n: u8, id: u64) {
        let sent = self.sent();
        let [(_, to, request)] = &sent[..] else {
            panic!("{sent:?}");
        };
        assert_eq!((*to, name(request)), (tracker(n), "connect"));
        self.reply(*to, request, Said::Connected(ConnectionId(id)));
    }

    /// What has ended.
    fn ended(&mut self) -> Vec<(RequestId, String)> {
        let events = std::iter::from_fn(|| self.client.poll_event());
        let told = events.map(|ended| {
            let told = match ended.result {
                Ok(Answer::Announced(reply)) => format!("{} seeders", reply.complete.unwrap()),
                Ok(Answer::Scraped(torrents)) => format!("{} torrents", torrents.len()),
                Err(failure) => failure.to_string(),
            };
            (ended.id, told)
        });
        told.collect()
    }

    /// Nothing is left to be done or known.
    fn expect_empty(&mut self) {
        assert_eq!(self.sent(), []);
        assert_eq!(self.client.poll_timeout(), None);
        assert_eq!(self.ended(), []);
    }
}

fn times(sent: &[Sent]) -> Vec<(u64, &'static str)> {
    sent.iter()
        .map(|(second, _, request)| (*second, name(request)))
        .collect()
}

#[test]
fn an_announce_takes_four_datagrams() {
    let mut world = World::new();
    let id = world.start(1, announce(), PATIENCE);
    world.connect(1, 42);
    let sent = world.sent();
    let [
        (
            0,
            to,
            request @ Request::Ask {
                connection, ask, ..
            },
        ),
    ] = &sent[..]
    else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (*to, *connection, ask),
        (tracker(1), ConnectionId(42), &announce())
    );
    world.reply(tracker(1), request, announced(3));
    let ended = world.client.poll_event().unwrap();
    assert_eq!((ended.id, ended.tracker), (id, tracker(1)));
    let Ok(Answer::Announced(reply)) = ended.result else {
        panic!("{ended:?}");
    };
    assert_eq!(reply.interval, Duration::from_secs(1800));
    assert_eq!((reply.complete, reply.incomplete), (Some(3), Some(0)));
    assert_eq!(reply.peers, ["192.0.2.77:6881".parse().unwrap()]);
    world.expect_empty();
}

#[test]
fn a_connect_that_times_out_is_sent_at_the_times_of_bep_15() {
    let mut world = World::new();
    let id = world.start(1, announce(), WHOLE_PATIENCE);
    let sent = world.wait(WHOLE_PATIENCE.as_secs() - 1);
    let seconds = [0, 15, 45, 105, 225, 465, 945, 1905, 3825];
    assert_eq!(times(&sent), seconds.map(|second| (second, "connect")));
    assert!(sent.windows(2).all(|pair| pair[0].2 == pair[1].2));
    assert_eq!(world.ended(), []);
    assert!(world.wait(1).is_empty());
    let told = "the tracker did not answer within 7665 s".to_owned();
    assert_eq!(world.ended(), [(id, told)]);
    world.expect_empty();
}

#[test]
fn an_announce_that_times_out_asks_for_a_new_id_when_the_old_one_is_too_old() {
    let mut world = World::new();
    world.start(1, announce(), WHOLE_PATIENCE);
    let connect = world.sent().remove(0);
    world.now += Duration::from_secs(1);
    world.reply(tracker(1), &connect.2, Said::Connected(ConnectionId(1)));
    let sent = world.wait(400);
    // As in the BEP, whose client takes a second to send the announce.
    assert_eq!(
        times(&sent),
        [
            (1, "announce"),
            (16, "announce"),
            (46, "announce"),
            (106, "connect"),
            (226, "connect"),
        ]
    );
    world.reply(tracker(1), &sent[4].2, Said::Connected(ConnectionId(2)));
    let sent = world.sent();
    let [(_, _, Request::Ask { connection, .. })] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(*connection, ConnectionId(2));
}

#[test]
fn one_id_serves_all_requests_to_a_tracker_for_a_minute() {
    let mut world = World::new();
    for _ in 0..3 {
        world.start(1, announce(), PATIENCE);
    }
    world.connect(1, 5);
    let sent = world.sent();
    assert_eq!(times(&sent), [(0, "announce"); 3]);
    let mut transactions: Vec<TransactionId> =
        sent.iter().map(|sent| transaction(&sent.2)).collect();
    transactions.sort_unstable();
    transactions.dedup();
    assert_eq!(transactions.len(), 3);
    for (_, from, request) in &sent {
        world.reply(*from, request, announced(1));
    }
    assert_eq!(world.ended().len(), 3);

    world.wait(59);
    world.start(1, scrape(), PATIENCE);
    let sent = world.sent();
    assert_eq!(times(&sent), [(59, "scrape")]);
    let scraped = Scraped {
        seeders: 1,
        completed: 2,
        leechers: 3,
    };
    // More than it was asked for.
    world.reply(tracker(1), &sent[0].2, Said::Scraped(vec![scraped; 2]));
    assert_eq!(world.ended()[0].1, "1 torrents");

    world.wait(1);
    world.start(1, announce(), PATIENCE);
    world.connect(1, 6);
    let sent = world.sent();
    let [(_, _, Request::Ask { connection, .. })] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!(*connection, ConnectionId(6));
}

#[test]
fn each_port_is_a_tracker_of_its_own_and_clothes_make_none() {
    let mut world = World::new();
    world.start(1, announce(), PATIENCE);
    let mapped = "[::ffff:192.0.2.1]:6969".parse().unwrap();
    world.try_start(mapped, announce()).unwrap();
    let sent = world.sent();
    assert_eq!(times(&sent), [(0, "connect")]);
    // The system may say where it came from in either way.
    world.reply(mapped, &sent[0].2, Said::Connected(ConnectionId(1)));
    assert_eq!(world.names(), ["announce", "announce"]);
    world
        .try_start("192.0.2.1:6970".parse().unwrap(), announce())
        .unwrap();
    assert_eq!(world.names(), ["connect"]);
}

#[test]
fn a_dead_tracker_delays_nobody() {
    let mut world = World::new();
    let dead = world.start(1, announce(), PATIENCE);
    world.sent();
    world.wait(14);
    let good = world.start(2, announce(), PATIENCE);
    world.connect(2, 1);
    let sent = world.sent();
    world.reply(tracker(2), &sent[0].2, announced(4));
    assert_eq!(world.ended(), [(good, "4 seeders".to_owned())]);
    world.wait(6);
    let told = "the tracker did not answer within 20 s".to_owned();
    assert_eq!(world.ended(), [(dead, told)]);
}

#[test]
fn a_request_that_begins_does_not_wait_for_an_older_ones_next_try() {
    let mut world = World::new();
    world.start(1, announce(), WHOLE_PATIENCE);
    assert_eq!(world.wait(110).len(), 4);
    world.start(1, announce(), PATIENCE);
    assert_eq!(world.names(), ["connect"]);
    world.start(1, announce(), PATIENCE);
    assert_eq!(world.names(), [] as [&str; 0], "that one serves for all");
    assert_eq!(times(&world.wait(16)), [(125, "connect")]);
}

#[test]
fn a_forged_reply_changes_nothing() {
    let mut world = World::new();
    let id = world.start(1, announce(), PATIENCE);
    let connect = world.sent().remove(0).2;
    let right = transaction(&connect);
    let wrong = TransactionId(right.0 ^ 1);
    let here = tracker(1);
    let elsewhere: [SocketAddr; 3] = [
        tracker(2),
        "192.0.2.1:6970".parse().unwrap(),
        "[2001:db8::1]:6969".parse().unwrap(),
    ];
    let forge = |world: &mut World, from: SocketAddr, transaction, said| {
        let bytes = Reply { transaction, said }.encode(from.into());
        for len in [bytes.len(), bytes.len() - 1, 8, 7, 0] {
            // What is cut off is another thing; a refusal may be as short as its head.
            let is_whole = len == bytes.len();
            if is_whole || transaction != right || from != here {
                world.client.handle(from, &bytes[..len], world.now);
            }
        }
    };
    let all = || {
        let connected = Said::Connected(ConnectionId(666));
        [
            connected,
            announced(666),
            Said::Scraped(vec![]),
            Said::Refused("gone".into()),
        ]
    };
    let tries = |world: &mut World| {
        for said in all() {
            forge(world, here, wrong, said.clone());
            for from in elsewhere {
                forge(world, from, right, said.clone());
            }
        }
        assert_eq!(world.ended(), []);
        assert_eq!(world.sent(), []);
    };
    tries(&mut world);
    // The right number, but an answer to another question, or one too short.
    world.reply(here, &connect, announced(666));
    world.reply(here, &connect, Said::Scraped(vec![]));
    let whole = Reply {
        transaction: right,
        said: Said::Connected(ConnectionId(5)),
    }
    .encode(Family::V4);
    world.client.handle(here, &whole[..15], world.now);
    assert_eq!(world.names(), [] as [&str; 0]);
    world.client.handle(here, &whole, world.now);
    let question = world.sent().remove(0).2;

    let right = transaction(&question);
    for said in all() {
        for from in elsewhere {
            world.reply(from, &question, said.clone());
        }
    }
    world.reply(here, &question, Said::Connected(ConnectionId(666)));
    world.reply(here, &question, Said::Scraped(vec![]));
    world.reply(here, &connect, Said::Refused("too late".into()));
    let whole = Reply {
        transaction: right,
        said: announced(1),
    }
    .encode(Family::V4);
    world.client.handle(here, &whole[..19], world.now);
    assert_eq!(world.ended(), []);
    world.client.handle(here, &whole, world.now);
    assert_eq!(world.ended(), [(id, "1 seeders".to_owned())]);
    world.client.handle(here, &whole, world.now);
    world.expect_empty();
}

#[test]
fn a_late_answer_to_the_first_try_is_an_answer() {
    let mut world = World::new();
    let id = world.start(1, announce(), WHOLE_PATIENCE);
    world.connect(1, 5);
    let first = world.sent().remove(0).2;
    let sent = world.wait(120);
    assert_eq!(
        times(&sent),
        [(15, "announce"), (45, "announce"), (105, "connect")]
    );
    world.reply(tracker(1), &first, announced(1));
    assert_eq!(world.ended(), [(id, "1 seeders".to_owned())]);
    world.expect_empty();
}

#[test]
fn what_is_cancelled_is_neither_sent_nor_told() {
    let mut world = World::new();
    let id = world.start(1, announce(), PATIENCE);
    world.client.cancel(id);
    world.expect_empty();
    assert!(world.client.links.is_empty());

    let id = world.start(1, announce(), PATIENCE);
    let other = world.start(1, announce(), PATIENCE);
    world.connect(1, 5);
    world.client.cancel(id);
    let sent = world.sent();
    assert_eq!(times(&sent), [(0, "announce")]);
    world.reply(tracker(1), &sent[0].2, announced(1));
    assert_eq!(world.ended(), [(other, "1 seeders".to_owned())]);
    world.client.cancel(other);
    world.expect_empty();
}

#[test]
fn what_cannot_be_asked_is_told_in_a_sentence() {
    let mut world = World::new();
    let mut error = |addr: &str, ask| {
        let started = world.try_start(addr.parse().unwrap(), ask);
        started.unwrap_err().to_string()
    };
    for nowhere in ["192.0.2.1:0", "0.0.0.0:6969", "[::]:6969", "224.0.0.1:6969"] {
        let told = format!("there can be no tracker at {nowhere}");
        assert_eq!(error(nowhere, announce()), told);
    }
    let scrape = |n| Ask::Scrape(vec![InfoHash([1; 20]); n]);
    let told = "a scrape is about 1 to 74 torrents, not 75";
    assert_eq!(error("192.0.2.1:1", scrape(75)), told);
    assert!(error("192.0.2.1:1", scrape(0)).ends_with("not 0"));
    let Ask::Announce(mut long) = announce() else {
        panic!();
    };
    long.url_data = Some(vec![b'x'; 1_025]);
    assert_eq!(
        error("192.0.2.1:1", Ask::Announce(long)),
        "path and query of a tracker's URL have 1025 bytes, more than 1024"
    );
    world.expect_empty();
}

#[test]
fn memory_is_bounded() {
    let mut world = World::new();
    let addr = |n: usize| SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 6969));
    for n in 0..MAX_REQUESTS {
        world.try_start(addr(n), announce()).unwrap();
    }
    let full = "1024 requests to trackers are under way already";
    assert_eq!(
        world
            .try_start(addr(0), announce())
            .unwrap_err()
            .to_string(),
        full
    );
    assert_eq!(world.wait(19).len(), 2 * MAX_REQUESTS);
    world.now += Duration::from_secs(1);
    world.client.handle_timeout(world.now, &mut world.rng);
    // What nobody has fetched counts as well.
    assert_eq!(
        world
            .try_start(addr(0), announce())
            .unwrap_err()
            .to_string(),
        full
    );
    assert_eq!(world.ended().len(), MAX_REQUESTS);
    assert!(world.client.links.is_empty());
    world.try_start(addr(0), announce()).unwrap();
}

#[test]
fn connection_ids_are_forgotten() {
    let mut world = World::new();
    for n in 0..2_100usize {
        let addr = SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 6969));
        let id = world.try_start(addr, announce()).unwrap();
        let connect = world.sent().remove(0).2;
        world.reply(addr, &connect, Said::Connected(ConnectionId(1)));
        world.client.cancel(id);
    }
    assert_eq!(world.client.links.len(), 2 * MAX_REQUESTS);
    world.now += Duration::from_secs(60);
    world.client.handle_timeout(world.now, &mut world.rng);
    assert!(world.client.links.is_empty());
}

#[test]
fn the_same_calls_give_the_same_datagrams() {
    let run = || {
        let mut world = World::new();
        world.start(1, announce(), PATIENCE);
        world.connect(1, 5);
        world.start(2, announce(), PATIENCE);
        world.wait(30)
    };
    assert_eq!(run(), run());
}
