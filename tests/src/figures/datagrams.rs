//! What goes between us and a UDP tracker, and when.

use std::net::SocketAddr;
use std::time::Duration;

use engine::{Action, Config, Engine, Event, Time};
use peer_id::PeerId;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tracker::{AnnounceError, AnnounceEvent, AnnounceRequest, TIMEOUT};
use udp_tracker::{
    Announce, Announced, Ask, Client, ConnectionId, Family, Reply, Request, Said, TransactionId,
};

use super::bytes::{self, Field, Row};
use super::svg::{Svg, Width};
use super::{Figure, sample};

fn announce() -> Ask {
    Ask::Announce(Announce {
        request: AnnounceRequest {
            info_hash: sample::info_hash(),
            peer_id: PeerId(*b"-KO0100-tVnqQK97nH98"),
            port: 6881,
            uploaded: 0,
            downloaded: 0,
            left: 700_067,
            event: Some(AnnounceEvent::Started),
            numwant: None,
            key: 0xe47a_1e67,
            tracker_id: None,
        },
        url_data: None,
    })
}

/// A connection id and two transaction ids, as if drawn by chance.
const CONNECTION: ConnectionId = ConnectionId(0x9b1d_07c4_52e8_3fa6);
const FIRST: TransactionId = TransactionId(0x6f3a_915c);
const SECOND: TransactionId = TransactionId(0x12d4_e8b7);

fn connect() -> Vec<u8> {
    let transaction = FIRST;
    Request::Connect { transaction }.encode()
}

fn connected() -> Vec<u8> {
    reply(FIRST, Said::Connected(CONNECTION))
}

fn ask() -> Vec<u8> {
    let request = Request::Ask {
        connection: CONNECTION,
        transaction: SECOND,
        ask: announce(),
    };
    request.encode()
}

fn reply(transaction: TransactionId, said: Said) -> Vec<u8> {
    Reply { transaction, said }.encode(Family::V4)
}

/// An answer with so many peers.
fn announced(peers: usize) -> Vec<u8> {
    let peer: SocketAddr = ([127, 0, 0, 1], 6881).into();
    let announced = Announced {
        interval: 1800,
        leechers: 3,
        seeders: 1,
        peers: vec![peer; peers],
    };
    reply(SECOND, Said::Announced(announced))
}

pub(super) fn bytes() -> Figure {
    let (connect, connected, ask) = (connect(), connected(), ask());
    let announced = announced(1);
    let refused = reply(SECOND, Said::Refused("no port".to_owned()));
    let id = |bytes| Field::new("connection id", "c", bytes);
    let action = |bytes| Field::new("action", "a", bytes);
    let transaction = |bytes| Field::new("transaction", "b", bytes);
    bytes::rows(
        "17-datagrams",
        "The beginnings of five datagrams. A connect has the protocol's number, action 0 and a transaction number; its \
         reply has action 0, the same transaction and the connection id. An announce has the connection id, action 1 and \
         another transaction; its reply action 1, that transaction and the interval. A refusal has action 3, the \
         transaction and a text.",
        &[
            Row {
                name: "connect",
                about: format!("{} bytes", connect.len()),
                fields: vec![
                    Field::new("the protocol", "box", &connect[..8]),
                    action(&connect[8..12]),
                    transaction(&connect[12..]),
                ],
                then: None,
            },
            Row {
                name: "its reply",
                about: format!("{} bytes", connected.len()),
                fields: vec![
                    action(&connected[..4]),
                    transaction(&connected[4..8]),
                    id(&connected[8..]),
                ],
                then: None,
            },
            Row {
                name: "announce",
                about: format!("{} bytes, and options; here the first 16", ask.len()),
                fields: vec![
                    id(&ask[..8]),
                    action(&ask[8..12]),
                    transaction(&ask[12..16]),
                ],
                then: None,
            },
            Row {
                name: "its reply",
                about: format!("{} bytes with one peer", announced.len()),
                fields: vec![
                    action(&announced[..4]),
                    transaction(&announced[4..8]),
                    Field::new("interval", "box", &announced[8..12]),
                ],
                then: Some("counts, peers".to_owned()),
            },
            Row {
                name: "a refusal",
                about: format!("{} bytes: “no port”", refused.len()),
                fields: vec![
                    action(&refused[..4]),
                    transaction(&refused[4..8]),
                    Field::new("why, as text", "box", &refused[8..]),
                ],
                then: None,
            },
        ],
    )
}

/// Where somebody's line goes down.
const OURS: f64 = 66.0;
const TRACKERS: f64 = 414.0;

fn party(svg: &mut Svg, class: &str, name: &str, x: f64, y: f64) {
    svg.rect(class, x - 60.0, y, 120.0, 34.0);
    svg.text("bold mid", x, y + 23.0, name);
}

/// An arrow with words above it.
fn says(svg: &mut Svg, class: &str, (from, to): (f64, f64), y: f64, words: &str) {
    svg.text(&format!("mid {class}"), (from + to) / 2.0, y - 8.0, words);
    svg.arrow(class, (from, y), (to, y));
}

pub(super) fn way() -> Figure {
    let (connect, connected) = (connect().len(), connected().len());
    let (ask, answer) = (ask().len(), announced(50).len());
    let title = format!(
        "Two conversations with a tracker. We send a connect of {connect} bytes, it sends a connection id in {connected}; we \
         send an announce of {ask} bytes with that id, it sends 50 peers in {answer}. Below, Eve sends a connect in the name \
         of a victim. The id goes to the victim, {connected} bytes, and Eve does not see it: her announce with a guessed id \
         is not answered."
    );
    let mut svg = Svg::new("17-way", &title, Width::Narrow);
    party(&mut svg, "b", "we", OURS, 4.0);
    party(&mut svg, "a", "the tracker", TRACKERS, 4.0);
    for x in [OURS, TRACKERS] {
        svg.line("grid", (x, 38.0), (x, 478.0));
    }
    let (there, back) = ((OURS, TRACKERS), (TRACKERS, OURS));
    for (y, class, ends, words) in [
        (72.0, "b", there, format!("connect, {connect} bytes")),
        (
            112.0,
            "a",
            back,
            format!("a connection id, {connected} bytes"),
        ),
        (
            152.0,
            "b",
            there,
            format!("announce with the id, {ask} bytes"),
        ),
        (192.0, "a", back, format!("50 peers, {answer} bytes")),
    ] {
        says(&mut svg, class, ends, y, &words);
    }
    let eve = 240.0;
    party(&mut svg, "box", "a victim", OURS, 236.0);
    party(&mut svg, "d", "Eve", eve, 236.0);
    svg.line("grid", (eve, 270.0), (eve, 478.0));
    for (y, class, ends, words) in [
        (308.0, "d", (eve, TRACKERS), format!("connect, {connect} B")),
        (
            362.0,
            "a",
            back,
            format!("a connection id, {connected} bytes"),
        ),
        (428.0, "d", (eve, TRACKERS), format!("announce, {ask} B")),
    ] {
        says(&mut svg, class, ends, y, &words);
    }
    let aside = (eve + TRACKERS) / 2.0;
    svg.text("small mid mute", aside, 327.0, "“I am the victim”");
    svg.text(
        "small mid mute",
        aside,
        447.0,
        "with an id that she guessed",
    );
    svg.text(
        "small mid",
        240.0,
        498.0,
        "no answer: she would have to guess 64 bits",
    );
    svg.finish(512.0)
}

/// What was sent at one time, in seconds, and until when it was waited for.
struct Sent {
    at: u64,
    until: u64,
    connects: bool,
    asks: bool,
}

impl Sent {
    fn later(self, by: u64) -> Sent {
        Sent {
            at: self.at + by,
            until: self.until + by,
            ..self
        }
    }
}

/// When a request sends what, with so many seconds of patience: to a tracker that says nothing, or that gives connection
/// ids and says nothing more.
fn times(gives_ids: bool, patience: u64) -> Vec<Sent> {
    let rng = &mut ChaCha8Rng::seed_from_u64(17);
    let tracker: SocketAddr = ([192, 0, 2, 1], 6969).into();
    let mut client = Client::new();
    let patience = Duration::from_secs(patience);
    let mut now = Duration::ZERO;
    client
        .start(tracker, announce(), patience, now, rng)
        .expect("the first request");
    let mut times = Vec::new();
    loop {
        let (mut connects, mut asks) = (false, false);
        while let Some(sent) = client.poll_transmit() {
            match Request::decode(&sent.bytes).expect("a request of ours") {
                Request::Connect { transaction } => {
                    connects = true;
                    if gives_ids {
                        client.handle(
                            tracker,
                            &reply(transaction, Said::Connected(CONNECTION)),
                            now,
                        );
                    }
                }
                Request::Ask { .. } => asks = true,
            }
        }
        if client.poll_event().is_some() {
            return times;
        }
        let next = client.poll_timeout().expect("a request is under way");
        times.push(Sent {
            at: now.as_secs(),
            until: next.as_secs(),
            connects,
            asks,
        });
        now = next;
        client.handle_timeout(now, rng);
    }
}

/// The same of the whole client, which has no other tracker to ask. Each announce ends after its patience; the next one
/// begins after the engine's pause.
fn client_times(end: u64) -> Vec<Sent> {
    let config = Config {
        info_hash: Some(sample::info_hash()),
        tiers: vec![vec!["udp://192.0.2.1:6969".to_owned()]],
        ..Config::new(None)
    };
    let mut engine = Engine::new(config, Time::ZERO);
    let mut now = Duration::ZERO;
    let mut waits_for: Option<(String, Option<AnnounceEvent>, Duration)> = None;
    let mut sent = Vec::new();
    loop {
        while let Some(action) = engine.poll_action() {
            if let Action::Announce {
                tracker,
                announcement,
            } = action
            {
                let began = now.as_secs();
                let of_one = times(false, TIMEOUT.as_secs());
                sent.extend(of_one.into_iter().map(|one| one.later(began)));
                waits_for = Some((tracker, announcement.event, now + TIMEOUT));
            }
        }
        let timer = engine.poll_timeout().map(Time::since_start);
        let given_up = waits_for.as_ref().map(|&(.., at)| at);
        now = timer
            .into_iter()
            .chain(given_up)
            .min()
            .expect("it never stops trying");
        if now.as_secs() >= end {
            return sent;
        }
        let event = match waits_for.take_if(|(.., at)| *at <= now) {
            Some((tracker, told, _)) => Event::Announced {
                tracker,
                told,
                result: Err(AnnounceError::TimedOut {
                    host: "192.0.2.1:6969".to_owned(),
                    limit: TIMEOUT,
                }),
            },
            None => Event::Timeout,
        };
        engine.handle(event, Time::after_start(now));
    }
}

/// How long the figure of the waits looks, in seconds.
const END: u64 = 225;

pub(super) fn waits() -> Figure {
    let mut svg = Svg::new(
        "17-waits",
        "When datagrams go to a tracker that does not answer. The client: a connect after 0 and 15 seconds, and it gives up \
         after 20; after a pause of 10 seconds it begins anew, at 30 and 45 seconds, and after one of 20 seconds at 70 and \
         85. With all the patience of BEP 15: a connect after 0, 15, 45 and 105 seconds, with waits of 15, 30, 60 and 120 \
         seconds. If the tracker gives a connection id and then is silent: a connect and an announce at once, the announce \
         again after 15 and 45 seconds; after 105 seconds the id is too old, so a connect goes before the announce.",
        Width::Narrow,
    );
    let x = |second: u64| 52.0 + second as f64 * 1.8;
    let mut y = 0.0;
    for (name, sent) in [
        ("the client; nothing comes", client_times(100)),
        ("BEP 15; nothing comes", times(false, END)),
        (
            "BEP 15; a connection id comes, and then nothing",
            times(true, END),
        ),
    ] {
        y += 20.0;
        svg.text("bold", 2.0, y, name);
        y += 10.0;
        for one in sent {
            svg.text("mono small end", 42.0, y + 18.0, &one.at.to_string());
            let class = if one.asks { "b" } else { "a" };
            let (from, to) = (x(one.at), x(one.until));
            svg.rect(class, from, y, to - from - 2.0, 25.0);
            let what = match (one.connects, one.asks) {
                (true, true) => "connect, announce",
                (true, false) => "connect",
                _ => "announce",
            };
            let words = format!("{what}, {} s", one.until - one.at);
            match to > 300.0 {
                true => svg.text("small end", to - 10.0, y + 18.0, &words),
                false => svg.text("small", to + 6.0, y + 18.0, &words),
            }
            y += 29.0;
        }
        y += 6.0;
    }
    svg.text(
        "small",
        2.0,
        y + 14.0,
        "second; what is sent, and how long it is waited for",
    );
    svg.finish(y + 22.0)
}
