//! Torrents of which nothing is known at first but the info-hash (BEP 9, 10).

use std::net::SocketAddr;
use std::time::Duration;

use engine::*;
use fast::Fast;
use handshake::{Handshake, Reserved};
use magnet::limits::BLOCK;
use magnet::{
    EXTENDED, ExtendedHandshake, Extensions, MetadataMessage, MetadataServe, UT_METADATA,
};
use messages::{Bitfield, Message};
use metainfo::InfoHash;
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, asked, closed, handshake};
use crate::{geometry, world};

const PIECES: u32 = 20;

/// A torrent whose metadata have three blocks, the last one short.
fn unknown_world() -> World {
    let mut world = world(geometry(PIECES, 64 * 1024), 1_000_000);
    world.info = (0..2 * BLOCK + 100).map(|at| (at / 7) as u8).collect();
    world.reserved = speaks();
    world
}

fn by_dht(config: Config) -> Config {
    Config {
        tiers: Vec::new(),
        sources: Sources {
            dht: true,
            exchange: true,
            ..Sources::none()
        },
        max_peers: 50,
        ..config
    }
}

#[test]
fn two_hundred_with_one_link_and_the_dht_alone_all_get_it() {
    let mut world = unknown_world();
    world.line.up = Some(500_000);
    world.add(by_dht(world.seeding()));
    let leechers: Vec<usize> = (0..199)
        .map(|_| world.add(by_dht(world.magnet())))
        .collect();
    let done = |world: &World| leechers.iter().all(|&leecher| world.is_complete(leecher));
    world.run_until(Duration::from_secs(600), done);
    assert!(done(&world), "at {:?}", world.now);
}

#[test]
fn a_link_is_fetched_from_who_has_the_torrent_or_has_just_got_it() {
    let mut world = unknown_world();
    world.seeder();
    let tracker = |config: Config| Config {
        tiers: vec![vec![sim::TRACKER.to_owned()]],
        keep_seeding: true,
        ..config
    };
    let first = world.add(tracker(world.magnet()));
    let second = world.add(tracker(world.magnet()));
    let is_full = |world: &World, node: usize| {
        let have = world.nodes[node].engine.have();
        have.is_some_and(Bitfield::is_full)
    };
    world.run_until(Duration::from_secs(60), |world| {
        is_full(world, first) && is_full(world, second)
    });
    assert!(is_full(&world, first) && is_full(&world, second));
    // Nobody is left but who began with the link.
    world.kill(0);
    let third = world.add(tracker(world.magnet()));
    world.run_until(Duration::from_secs(200), |world| is_full(world, third));
    assert!(is_full(&world, third));
}

/// An engine that has a link, and a peer that speaks to it.
struct Scene {
    hand: ByHand,
    info: Vec<u8>,
    /// The peer's numbers for what it hears.
    theirs: Extensions,
}

const PEER: PeerKey = PeerKey(1);

/// The number under which the peers of these tests hear of metadata.
const THEIR_ID: u8 = 7;

impl Scene {
    fn new() -> Scene {
        let world = unknown_world();
        Scene {
            hand: ByHand::new(Config {
                // Somebody whose name is still looked up: there is hope.
                names: vec![("a.example".to_owned(), 1)],
                ..world.magnet()
            }),
            info: world.info.clone(),
            theirs: Extensions::new([(UT_METADATA, THEIR_ID)]),
        }
    }

    /// A peer calls that speaks all this; what it hears.
    fn called(&mut self, number: u32) -> Vec<Message> {
        let actions = self.hand.tell(Event::Connected {
            peer: PeerKey(number),
            addr: SocketAddr::from(([10, 1, 0, number as u8], 6881)),
            incoming: true,
            encryption: Encryption::None,
            handshake: Handshake {
                reserved: speaks(),
                info_hash: InfoHash::of(&self.info),
                ..handshake(number)
            },
        });
        self.heard(&actions)
    }

    /// What a peer hears; our extension handshake is taken note of.
    fn heard(&mut self, actions: &[Action]) -> Vec<Message> {
        let mut heard = Vec::new();
        for action in actions {
            if let Action::Send { message, .. } = action {
                if let Message::Later { id: EXTENDED, body } = message {
                    self.theirs.hear(body).unwrap();
                }
                heard.push(message.clone());
            }
        }
        heard
    }

    /// The peer says what it can, and that its metadata are so long.
    fn says_extensions(&mut self, number: u32, size: Option<u64>) -> Vec<Action> {
        let hello = self.theirs.hello(ExtendedHandshake {
            metadata_size: size,
            ..ExtendedHandshake::default()
        });
        let body = hello.to_body();
        self.hand
            .say(PeerKey(number), Message::Later { id: EXTENDED, body })
    }

    /// The peer says something about metadata.
    fn says(&mut self, number: u32, message: &MetadataMessage) -> Vec<Action> {
        let id = self.theirs.id(UT_METADATA).unwrap();
        let body = message.to_body(id);
        self.hand
            .say(PeerKey(number), Message::Later { id: EXTENDED, body })
    }

    /// The peer answers every request in these actions as one that has `info`; what comes of it.
    fn answers(&mut self, number: u32, actions: &[Action], info: &[u8]) -> Vec<Action> {
        let mut serve = MetadataServe::new(info);
        let mut to_do: Vec<Action> = actions.to_vec();
        let mut all = Vec::new();
        while !to_do.is_empty() {
            let requests = requests(&to_do, number);
            all.append(&mut to_do);
            for piece in requests {
                let answer = serve.answer(PEER, piece, Duration::ZERO).unwrap();
                serve.sent(PEER);
                to_do.extend(self.says(number, &answer));
            }
        }
        all
    }
}

/// The blocks of metadata that this peer is asked for.
fn requests(actions: &[Action], number: u32) -> Vec<u32> {
    let requests = actions.iter().filter_map(|action| match action {
        Action::Send {
            peer,
            message: Message::Later { id: EXTENDED, body },
        } if *peer == PeerKey(number) && body[0] == THEIR_ID => {
            match MetadataMessage::decode(&body[1..]) {
                Ok(MetadataMessage::Request { piece }) => Some(piece),
                _ => None,
            }
        }
        _ => None,
    });
    requests.collect()
}

fn found(actions: &[Action]) -> Option<&Vec<u8>> {
    actions.iter().find_map(|action| match action {
        Action::Metadata { info } => Some(info),
        _ => None,
    })
}

fn known(is_private: bool, have: &[u32]) -> Known {
    let mut there = Bitfield::new(PIECES);
    for &piece in have {
        there.set(piece);
    }
    let content = ContentConfig::all(geometry(PIECES, 64 * 1024), there);
    Known::of(&content, is_private)
}

#[test]
fn what_a_peer_says_before_the_metadata_are_known_counts_afterwards() {
    let mut scene = Scene::new();
    scene.called(1);
    let actions = scene.hand.say(PEER, Fast::HaveAll.into());
    // It has something that we miss, whatever that is.
    assert_eq!(scene.heard(&actions), [Message::Interested]);
    scene.hand.say(PEER, Message::Unchoke);
    let stall = Stall::NoMetadata { connected: 1 };
    let now = scene.hand.now;
    assert_eq!(scene.hand.engine.bound(now), Bound::Stalled(stall));
    let actions = scene.says_extensions(1, Some(scene.info.len() as u64));
    assert_eq!(asked(&actions), []);
    let heard = scene.heard(&actions);
    assert!(!heard.contains(&Message::NotInterested), "{heard:?}");
    let info = scene.info.clone();
    let actions = scene.answers(1, &actions, &info);
    assert_eq!(found(&actions), Some(&info));
    let actions = scene.hand.tell(Event::Known(known(false, &[0])));
    let heard = scene.heard(&actions);
    assert!(heard.contains(&Message::Have(0)), "{heard:?}");
    assert!(!asked(&actions).is_empty());
    assert!(asked(&actions).iter().all(|block| block.piece != 0));
}

#[test]
fn who_lies_about_the_metadata_is_banned_and_costs_the_others_nothing() {
    let mut scene = Scene::new();
    let (info, mut wrong) = (scene.info.clone(), scene.info.clone());
    wrong[5] ^= 1;
    for number in 1..=2 {
        scene.called(number);
    }
    let size = Some(info.len() as u64);
    let to_liar = scene.says_extensions(1, size);
    let to_honest = scene.says_extensions(2, size);
    let all = [to_liar, to_honest].concat();
    let mut actions = scene.answers(1, &all, &wrong);
    actions.extend(scene.answers(2, &actions.clone(), &info));
    // Each is asked for all of it alone, once the whole was wrong.
    for _ in 0..3 {
        actions = [
            scene.answers(1, &actions.clone(), &wrong),
            scene.answers(2, &actions, &info),
        ]
        .concat();
        if found(&actions).is_some() {
            break;
        }
    }
    assert_eq!(found(&actions), Some(&info));
    assert!(
        closed(&actions).contains(&PEER) || {
            let banned = scene.hand.tell(Event::Timeout);
            closed(&banned).contains(&PEER)
        }
    );
    assert!(!closed(&actions).contains(&PeerKey(2)));
}

#[test]
fn metadata_are_given_to_who_asks_and_not_those_of_a_private_torrent() {
    let world = unknown_world();
    for (metadata, is_given) in [(world.seeding().metadata, true), (None, false)] {
        let config = Config {
            metadata,
            ..world.seeding()
        };
        let mut scene = Scene::new();
        scene.hand = ByHand::new(config);
        scene.called(1);
        let ours = scene.theirs.theirs().unwrap().clone();
        let size = is_given.then_some(world.info.len() as u64);
        assert_eq!(ours.metadata_size, size);
        assert_eq!(ours.requests, Some(8_192));
        scene.says_extensions(1, None);
        let actions = scene.says(1, &MetadataMessage::Request { piece: 2 });
        let answers: Vec<MetadataMessage> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Send {
                    message: Message::Later { body, .. },
                    ..
                } => MetadataMessage::decode(&body[1..]).ok(),
                _ => None,
            })
            .collect();
        let expected = match is_given {
            true => MetadataMessage::Data {
                piece: 2,
                total_size: size,
                block: world.info[2 * BLOCK..].to_vec(),
            },
            false => MetadataMessage::Reject { piece: 2 },
        };
        assert_eq!(answers, [expected]);
    }
}

#[test]
fn a_torrent_that_turns_out_private_asks_nobody_but_its_trackers() {
    let mut scene = Scene::new();
    scene.hand = ByHand::new(by_dht(unknown_world().magnet()));
    let named: SocketAddr = ([10, 7, 7, 7], 1).into();
    let from_dht = |peers| Event::Named {
        source: Source::Dht,
        peers,
    };
    let actions = scene.hand.tell(from_dht(vec![named]));
    assert!(actions.contains(&Action::Connect { addr: named }));
    scene.hand.tell(Event::Connected {
        peer: PeerKey(9),
        addr: named,
        incoming: false,
        encryption: Encryption::None,
        handshake: handshake(9),
    });
    // At once: to look at what is on disk may take minutes.
    let actions = scene.hand.tell(Event::Private);
    assert_eq!(closed(&actions), [PeerKey(9)]);
    let other: SocketAddr = ([10, 7, 7, 8], 1).into();
    let actions = scene.hand.tell(from_dht(vec![other]));
    assert_eq!(actions, []);
    scene.hand.tell(Event::Known(known(true, &[])));
    let actions = scene.hand.tell(from_dht(vec![other]));
    assert_eq!(actions, []);
}

#[test]
fn who_says_too_much_before_anything_is_known_is_let_go() {
    let mut scene = Scene::new();
    scene.called(1);
    let stops = (0..20_000).find(|&piece| {
        let actions = scene.hand.say(PEER, Message::Have(piece));
        closed(&actions) == [PEER]
    });
    assert_eq!(stops, Some(10_000));
    // And many who say as much as one may.
    let mut last = Vec::new();
    for number in 2..40 {
        scene.called(number);
        let bitfield = Message::Bitfield(vec![0xff; 1 << 20]);
        last = scene.hand.say(PeerKey(number), bitfield);
    }
    assert_eq!(closed(&last), [PeerKey(39)]);
}

#[test]
fn a_wrong_bitfield_ends_the_connection_when_it_is_known_to_be_one() {
    let mut scene = Scene::new();
    scene.called(1);
    scene.hand.say(PEER, Message::Bitfield(vec![0xff; 50]));
    let actions = scene.hand.tell(Event::Known(known(false, &[])));
    assert_eq!(closed(&actions), [PEER]);
}

#[test]
fn what_cannot_be_worked_on_ends_the_work_with_a_sentence() {
    let mut scene = Scene::new();
    let why = "its pieces are too long".to_owned();
    let actions = scene.hand.tell(Event::CannotBegin { why: why.clone() });
    let failed = Action::Finished(Outcome::Failed(Failure::Shell(why)));
    assert!(actions.contains(&failed), "{actions:?}");
}

#[test]
fn the_window_is_never_larger_than_what_the_peer_keeps() {
    let mut world = unknown_world();
    world.reserved = speaks();
    let mut scene = Scene::new();
    scene.hand = ByHand::new(world.config());
    scene.called(1);
    let hello = scene.theirs.hello(ExtendedHandshake {
        requests: Some(3),
        ..ExtendedHandshake::default()
    });
    let body = hello.to_body();
    scene.hand.say(PEER, Message::Later { id: EXTENDED, body });
    scene.hand.say(PEER, Fast::HaveAll.into());
    let actions = scene.hand.say(PEER, Message::Unchoke);
    assert_eq!(asked(&actions).len(), 3);
}

#[test]
fn who_wants_nothing_more_and_has_not_all_is_left_when_we_have_all() {
    let world = unknown_world();
    let mut scene = Scene::new();
    scene.hand = ByHand::new(Config {
        reserved: Reserved::none().with_extension_protocol(),
        ..world.seeding()
    });
    scene.called(1);
    let hello = scene.theirs.hello(ExtendedHandshake {
        upload_only: Some(true),
        ..ExtendedHandshake::default()
    });
    let body = hello.to_body();
    let actions = scene.hand.say(PEER, Message::Later { id: EXTENDED, body });
    assert_eq!(closed(&actions), [PEER]);
}
