//! Peers that are found without a tracker: in the DHT, on the local network, by other peers.

use std::net::SocketAddr;
use std::time::Duration;

use engine::*;
use exchange::{Contact, Flags, PexMessage};
use magnet::{EXTENDED, ExtendedHandshake, Extensions};
use messages::Message;
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, at, closed, handshake};
use crate::{geometry, world};

fn with(sources: Sources) -> Config {
    Config {
        tiers: Vec::new(),
        sources,
        ..World::new(geometry(20, 64 * 1024)).config()
    }
}

const DHT: Sources = Sources {
    dht: true,
    local: false,
    exchange: false,
};

const EXCHANGE: Sources = Sources {
    dht: false,
    local: false,
    exchange: true,
};

/// The end of a search in which so many nodes have answered.
fn searched(answered: usize) -> Event {
    let seen_at = Vec::new();
    Event::Searched { answered, seen_at }
}

/// The first actions of an engine.
fn begins(config: Config) -> (Engine, Vec<Action>) {
    let mut engine = Engine::new(config, Time::ZERO);
    let actions = std::iter::from_fn(|| engine.poll_action()).collect();
    (engine, actions)
}

fn searches(wanted: &[(Time, Action)]) -> Vec<u64> {
    let searches = wanted
        .iter()
        .filter(|(_, action)| *action == Action::SearchDht);
    searches.map(|(at, _)| at.since_start().as_secs()).collect()
}

#[test]
fn the_dht_is_searched_at_once_and_each_minute_while_nobody_has_what_we_miss() {
    let (_, actions) = begins(with(DHT));
    assert!(actions.contains(&Action::SearchDht));
    let mut hand = ByHand::new(with(DHT));
    hand.now = at(5);
    hand.tell(searched(8));
    assert_eq!(searches(&hand.pass_until(at(300))), [65]);
    hand.tell(searched(8));
    assert_eq!(searches(&hand.pass_until(at(400))), [360]);
}

#[test]
fn who_has_what_it_wants_announces_itself_every_quarter_of_an_hour() {
    let mut hand = ByHand::new(Config {
        sources: DHT,
        tiers: Vec::new(),
        ..World::new(geometry(20, 64 * 1024)).seeding()
    });
    hand.tell(searched(8));
    assert_eq!(searches(&hand.pass_until(at(1_000))), [900]);
}

#[test]
fn a_paused_torrent_searches_nothing_and_tells_nobody() {
    let all = Sources {
        dht: true,
        local: true,
        exchange: true,
    };
    let (_, actions) = begins(with(all));
    assert!(actions.contains(&Action::TellLocal { tells: true }));
    let mut hand = ByHand::new(with(all));
    hand.tell(searched(8));
    let actions = hand.tell(Event::Command(Command::Pause));
    assert!(actions.contains(&Action::TellLocal { tells: false }));
    assert_eq!(searches(&hand.pass_until(at(2_000))), [0u64; 0]);
    let actions = hand.tell(Event::Command(Command::Resume));
    assert!(actions.contains(&Action::TellLocal { tells: true }));
    assert!(actions.contains(&Action::SearchDht));
}

#[test]
fn where_no_node_answers_and_there_is_nobody_else_the_download_ends() {
    let mut hand = ByHand::new(with(DHT));
    let actions = hand.tell(searched(0));
    let failed = Action::Finished(Outcome::Failed(Failure::NobodyToAsk));
    assert!(actions.contains(&failed), "{actions:?}");
}

#[test]
fn whom_a_source_names_that_is_not_used_is_not_called() {
    let mut hand = ByHand::new(Config {
        names: vec![("a.example".to_owned(), 1)],
        ..with(EXCHANGE)
    });
    for source in [Source::Dht, Source::Local] {
        let peers = vec![([10, 1, 1, 1], 1).into()];
        assert_eq!(hand.tell(Event::Named { source, peers }), []);
    }
}

/// A peer that exchanges peers, seen by an engine.
struct Gossip {
    hand: ByHand,
    theirs: Extensions,
}

const THEIR_ID: u8 = 9;

impl Gossip {
    fn new() -> Gossip {
        let config = Config {
            reserved: speaks(),
            // Somebody whose name is still looked up: there is hope.
            names: vec![("a.example".to_owned(), 1)],
            ..with(EXCHANGE)
        };
        Gossip {
            hand: ByHand::new(config),
            theirs: Extensions::new([(exchange::NAME, THEIR_ID)]),
        }
    }

    /// The peer with this number calls, and listens at a port of its own.
    fn called(&mut self, number: u32) {
        let actions = self.hand.tell(Event::Connected {
            peer: PeerKey(number),
            addr: SocketAddr::from(([10, 1, 0, number as u8], 40_000)),
            incoming: true,
            encryption: Encryption::None,
            handshake: handshake::Handshake {
                reserved: speaks(),
                ..handshake(number)
            },
        });
        for action in actions {
            if let Action::Send {
                message: Message::Later { id: EXTENDED, body },
                ..
            } = action
            {
                self.theirs.hear(&body).unwrap();
            }
        }
        let hello = self.theirs.hello(ExtendedHandshake {
            port: Some(6_000 + number as u16),
            ..ExtendedHandshake::default()
        });
        let body = hello.to_body();
        self.hand
            .say(PeerKey(number), Message::Later { id: EXTENDED, body });
    }

    fn tells(&mut self, number: u32, added: &[SocketAddr]) -> Vec<Action> {
        let added = added.iter().map(|&addr| Contact {
            addr,
            flags: Flags::NONE,
        });
        let message = PexMessage {
            added: added.collect(),
            dropped: Vec::new(),
        };
        let id = self.theirs.id(exchange::NAME).unwrap();
        let body = [&[id], &message.encode()[..]].concat();
        self.hand
            .say(PeerKey(number), Message::Later { id: EXTENDED, body })
    }
}

/// What peers are told, and when: who is told, and of whom.
fn told(wanted: &[(Time, Action)]) -> Vec<(u64, PeerKey, Vec<SocketAddr>)> {
    let told = wanted.iter().filter_map(|(at, action)| match action {
        Action::Send {
            peer,
            message: Message::Later { id: EXTENDED, body },
        } if body[0] == THEIR_ID => {
            let message = PexMessage::decode(&body[1..]).unwrap();
            let added = message.added.iter().map(|contact| contact.addr);
            Some((at.since_start().as_secs(), *peer, added.collect()))
        }
        _ => None,
    });
    told.collect()
}

#[test]
fn peers_are_told_of_each_other_where_they_listen_and_once_a_minute() {
    let mut gossip = Gossip::new();
    let listens = |number: u32| SocketAddr::from(([10, 1, 0, number as u8], 6_000 + number as u16));
    gossip.called(1);
    gossip.called(2);
    let first = told(&gossip.hand.pass_until(at(10)));
    assert_eq!(
        first,
        [
            (2, PeerKey(1), vec![listens(2)]),
            (2, PeerKey(2), vec![listens(1)]),
        ]
    );
    gossip.called(3);
    let next = told(&gossip.hand.pass_until(at(100)));
    let all = vec![listens(1), listens(2)];
    assert_eq!(
        next,
        [
            (12, PeerKey(3), all),
            (62, PeerKey(1), vec![listens(3)]),
            (62, PeerKey(2), vec![listens(3)]),
        ]
    );
}

#[test]
fn whom_a_peer_tells_of_is_called_and_who_floods_is_let_go() {
    let mut gossip = Gossip::new();
    gossip.called(1);
    let other: SocketAddr = ([10, 2, 2, 2], 7).into();
    let actions = gossip.tells(1, &[other]);
    assert!(actions.contains(&Action::Connect { addr: other }));
    let closes = (0..100u16).find(|&number| {
        let made_up = SocketAddr::from(([10, 3, 1, 1], 1_000 + number));
        closed(&gossip.tells(1, &[made_up])) == [PeerKey(1)]
    });
    assert!(closes.is_some_and(|after| after < 20), "{closes:?}");
}

#[test]
fn who_has_called_us_is_not_called_where_it_listens_until_it_has_left() {
    let mut gossip = Gossip::new();
    (1..=3).for_each(|number| gossip.called(number));
    let [first, neighbour] = [6_001, 6_002].map(|port| SocketAddr::from(([10, 1, 0, 1], port)));
    let call = |addr| Action::Connect { addr };
    assert!(!gossip.tells(2, &[first]).contains(&call(first)));
    assert!(gossip.tells(3, &[neighbour]).contains(&call(neighbour)));
    let is_called = |wanted: &[(Time, Action)]| {
        let mut actions = wanted.iter().map(|(_, action)| action);
        actions.any(|action| *action == call(first))
    };
    assert!(!is_called(&gossip.hand.pass_until(at(60))));
    let (peer, why) = (PeerKey(1), messages::Ended::HungUp);
    gossip.hand.tell(Event::Closed { peer, why });
    assert!(is_called(&gossip.hand.pass_until(at(120))));
}

#[test]
fn by_exchange_alone_everybody_finds_everybody() {
    let mut world = world(geometry(40, 64 * 1024), 500_000);
    world.reserved = speaks();
    let seeder = world.seeder();
    let knows = |peer: usize, world: &World| Config {
        tiers: Vec::new(),
        sources: EXCHANGE,
        port: 6881,
        peers: vec![World::addr(peer)],
        ..world.config()
    };
    let seeding = Config {
        sources: EXCHANGE,
        port: 6881,
        ..world.seeding()
    };
    let hub = world.add(seeding);
    let leechers: Vec<usize> = (0..10).map(|_| world.add(knows(hub, &world))).collect();
    world.kill(seeder);
    world.run_until(Duration::from_secs(5), |_| false);
    let met: usize = leechers
        .iter()
        .map(|&leecher| {
            let now = world.now;
            world.nodes[leecher].engine.stats(now).peers
        })
        .max()
        .unwrap();
    assert!(met > 2, "they have met {met}");
}

#[test]
fn a_peer_says_where_its_node_of_the_dht_is_and_hears_where_ours_is() {
    let both = handshake::Reserved::none().with_dht();
    let mut hand = ByHand::new(Config {
        reserved: both,
        dht_port: 7_000,
        ..with(DHT)
    });
    let actions = hand.tell(Event::Connected {
        peer: PeerKey(1),
        addr: SocketAddr::from(([10, 1, 0, 1], 40_000)),
        incoming: true,
        encryption: Encryption::None,
        handshake: handshake::Handshake {
            reserved: both,
            ..handshake(1)
        },
    });
    let port = |body: &[u8]| Message::Later {
        id: 9,
        body: body.to_vec(),
    };
    let message = port(&7_000u16.to_be_bytes());
    let peer = PeerKey(1);
    assert!(
        actions.contains(&Action::Send { peer, message }),
        "{actions:?}"
    );
    let addr = SocketAddr::from(([10, 1, 0, 1], 0x1234));
    let told = hand.say(peer, port(&[0x12, 0x34]));
    assert_eq!(told, [Action::DhtNode { addr }]);
    for odd in [&[][..], &[1], &[0, 0], &[1, 2, 3]] {
        assert_eq!(hand.say(peer, port(odd)), []);
    }
    // Who is not to use the DHT does not hear of it.
    let mut hand = ByHand::new(Config {
        reserved: both,
        dht_port: 7_000,
        names: vec![("a.example".to_owned(), 1)],
        ..with(EXCHANGE)
    });
    hand.called_by(1);
    assert_eq!(hand.say(peer, port(&[0x12, 0x34])), []);
}
