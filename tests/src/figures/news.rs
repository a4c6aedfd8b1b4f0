//! Peers who tell of peers: who knows whom, what a message looks like, and who is believed about whom.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use exchange::{Contact, Flags, Heard, Inbox, PexMessage};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

// The network of the step's own program.
#[path = "../../../steps/step19-peer-exchange/src/main/network.rs"]
#[allow(missing_docs, dead_code)]
mod network;

use network::{Knows, Network};

use super::Figure;
use super::bytes::{self, Field, Row};
use super::svg::{Svg, Width};

/// As many peers as the program has, and the seed that the chapter names.
const PEERS: usize = 8;
const SEED: u64 = 1;

/// The side of a cell, and of a picture with its margin.
const CELL: f64 = 16.0;
const PICTURE: f64 = 160.0;

pub(super) fn spread() -> Figure {
    let rng = &mut ChaCha8Rng::seed_from_u64(SEED);
    let mut network = Network::chain(PEERS);
    let mut svg = Svg::new(
        "19-spread",
        "Who knows whom among eight peers, as a table of eight by eight, for each of four minutes. At the beginning each is \
         connected to the next: two lines beside the diagonal. Each minute the band grows wider, and after four minutes all \
         cells are full. Then H goes: its row and column are empty, but for some who have heard of it; a minute later nobody \
         names it.",
        Width::Narrow,
    );
    let mut at = 0;
    let mut draw = |svg: &mut Svg, network: &Network, words: &str| {
        picture(svg, network, at, words);
        at += 1;
    };
    draw(&mut svg, &network, "the beginning");
    let mut minutes = 0;
    while !network.is_complete() {
        network.minute(1, rng);
        minutes += 1;
        draw(&mut svg, &network, &format!("minute {minutes}"));
    }
    network.lose(PEERS - 1);
    draw(&mut svg, &network, "H has gone");
    let top = 2.0 * (PICTURE + 26.0) + 14.0;
    for (class, words, x) in [
        ("a solid", "connected", 2.0),
        ("b", "has heard of", 140.0),
        ("box", "does not know", 296.0),
    ] {
        svg.rect(class, x, top - 12.0, CELL - 2.0, CELL - 2.0);
        svg.text("small", x + 22.0, top, words);
    }
    svg.finish(top + 10.0)
}

/// One table; each row is what one peer knows.
fn picture(svg: &mut Svg, network: &Network, at: usize, words: &str) {
    let x = 12.0 + (at % 3) as f64 * PICTURE;
    let y = (at / 3) as f64 * (PICTURE + 26.0);
    svg.text("bold", x, y + 18.0, words);
    for one in 0..PEERS {
        for other in 0..PEERS {
            let class = match network.knows(one, other) {
                Knows::Itself => continue,
                Knows::Connected => "a solid",
                Knows::HasHeard => "b",
                Knows::Nothing => "box",
            };
            let (x, y) = (x + CELL * other as f64, y + 28.0 + CELL * one as f64);
            svg.rect(class, x, y, CELL - 2.0, CELL - 2.0);
        }
    }
}

pub(super) fn message() -> Figure {
    let peer = |text: &str| text.parse::<SocketAddr>().expect("an address");
    let message = PexMessage {
        added: vec![Contact {
            addr: peer("203.0.113.7:6881"),
            flags: Flags::SEED.and(Flags::REACHABLE),
        }],
        dropped: vec![peer("198.51.100.9:51413")],
    };
    let body = message.encode();
    assert_eq!(PexMessage::decode(&body), Ok(message));
    let length = u32::try_from(body.len() + 2).expect("it is short");
    let value = |name, class, key: &str, len: usize| {
        let start = find(&body, key.as_bytes()) + key.len();
        Field::new(name, class, &body[start..start + len])
    };
    let text = |name: &'static str| {
        let start = find(&body, name.as_bytes());
        Field::new(name, "box", &body[start..start + name.len()])
    };
    let row = |name, about: &str, fields| Row {
        name,
        about: about.to_owned(),
        fields,
        then: None,
    };
    bytes::rows(
        "19-message",
        "A message of peer exchange. First four bytes of length, 20 for an extended message, and the number that the receiver \
         has given to ut_pex. Then a bencoded dictionary: added, one peer of six bytes; its flags, one byte, 12; dropped, one \
         peer of six bytes.",
        &[
            Row {
                name: "an extended message",
                about: format!("{} bytes in all", body.len() + 6),
                fields: vec![
                    Field::new("length", "a", &length.to_be_bytes()),
                    Field::new("id: 20", "a", &[20]),
                    Field::new("number", "a", &[1]),
                    Field::new("d", "box", &body[..1]),
                ],
                then: Some("the dictionary, to its e".to_owned()),
            },
            row(
                "added",
                "203.0.113.7:6881",
                vec![
                    text("5:added"),
                    text("6:"),
                    value("peer", "b", "5:added6:", 6),
                ],
            ),
            row(
                "added.f",
                "it has everything (02), and was called (10)",
                vec![
                    text("7:added.f"),
                    text("1:"),
                    value("flags", "c", "7:added.f1:", 1),
                ],
            ),
            row(
                "dropped",
                "198.51.100.9:51413",
                vec![
                    text("7:dropped"),
                    text("6:"),
                    value("peer", "d", "7:dropped6:", 6),
                ],
            ),
        ],
    )
}

/// Where these bytes stand.
fn find(bytes: &[u8], part: &[u8]) -> usize {
    let mut windows = bytes.windows(part.len());
    windows
        .position(|window| window == part)
        .expect("it is there")
}

/// Whether a peer here is believed when it tells of one there.
fn believed(here: Ipv4Addr, there: Ipv4Addr) -> bool {
    let contact = Contact {
        addr: (there, 6881).into(),
        flags: Flags::NONE,
    };
    let message = PexMessage {
        added: vec![contact],
        dropped: Vec::new(),
    };
    let mut inbox = Inbox::new(here.into());
    let heard = inbox.handle(&message.encode(), Duration::ZERO);
    matches!(heard, Ok(Heard::News { added, .. }) if added == [contact])
}

pub(super) fn near() -> Figure {
    let mut svg = Svg::new(
        "19-near",
        "Who is believed about whom. A peer on this machine: about all. One on the local network: about the local network and \
         the internet, not about this machine. One on the internet: about the internet alone.",
        Width::Narrow,
    );
    let places = [
        ("this machine", "127.0.0.2", Ipv4Addr::new(127, 0, 0, 2)),
        (
            "local network",
            "192.168.1.5",
            Ipv4Addr::new(192, 168, 1, 5),
        ),
        ("the internet", "203.0.113.7", Ipv4Addr::new(203, 0, 113, 7)),
    ];
    let x = |column: usize| 132.0 + 116.0 * column as f64;
    svg.text("small", 2.0, 20.0, "who tells");
    svg.text("small", x(0), 20.0, "of somebody on");
    for (column, (name, ..)) in places.iter().enumerate() {
        svg.text("bold small mid", x(column) + 55.0, 44.0, name);
    }
    for (row, (name, text, here)) in places.iter().enumerate() {
        let y = 56.0 + 56.0 * row as f64;
        svg.text("bold small", 2.0, y + 20.0, name);
        svg.text("mono small", 2.0, y + 40.0, text);
        for (column, (.., there)) in places.iter().enumerate() {
            let (class, word) = match believed(*here, *there) {
                true => ("c", "believed"),
                false => ("d", "not believed"),
            };
            svg.rect(class, x(column), y, 110.0, 50.0);
            svg.text("small mid", x(column) + 55.0, y + 31.0, word);
        }
    }
    svg.finish(228.0)
}
