//! The canonical priority of peers (BEP 40): who is kept when too many call, who is called first.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use engine::*;
use magnet::{EXTENDED, ExtendedHandshake, Extensions};
use messages::Message;
use picker::PeerKey;
use pretty_assertions::assert_eq;
use sim::World;

use crate::by_hand::{ByHand, at, block, closed, handshake};
use crate::geometry;

/// Connections at most.
const MOST: u32 = 20;

/// Where we are.
const US: [u8; 4] = [203, 0, 113, 5];

/// Where the caller with this number is.
fn host(number: u32) -> SocketAddr {
    SocketAddr::from(([10, number as u8, 0, 1], 6881))
}

/// Its priority by the formula: neither is in the other's /16, so the mask is FF.FF.55.55.
fn priority(number: u32) -> u32 {
    dht::crc32c(&[10, number as u8, 0, 1, 203, 0, 0x51, 5])
}

/// An engine all of whose places are taken by callers who want something and wait, and who is told by
/// each of them that it is at `us`.
struct Full {
    hand: ByHand,
    /// Those who are connected.
    here: Vec<u32>,
}

impl Full {
    fn new(us: Option<IpAddr>, ranks_peers: bool) -> Full {
        let config = Config {
            max_peers: MOST as usize,
            upload_slots: 1,
            reserved: speaks(),
            ranks_peers,
            ..World::new(geometry(100, 256 * 1024)).seeding()
        };
        let mut full = Full {
            hand: ByHand::new(config),
            here: Vec::new(),
        };
        for number in 0..MOST {
            let (closed, stays) = full.call(number);
            assert!(closed.is_none() && stays);
            full.tell_us(number, us);
        }
        full
    }

    /// A peer calls. Who has to go, and whether it is kept.
    fn call(&mut self, number: u32) -> (Option<u32>, bool) {
        let event = Event::Connected {
            peer: PeerKey(number),
            addr: host(number),
            incoming: true,
            encryption: Encryption::None,
            handshake: handshake::Handshake {
                reserved: speaks(),
                ..handshake(number)
            },
        };
        let gone: Vec<u32> = closed(&self.hand.tell(event))
            .iter()
            .map(|key| key.0)
            .collect();
        let stays = !gone.contains(&number);
        if stays {
            self.here.push(number);
            self.hand.say(PeerKey(number), Message::Interested);
        }
        let other = gone.iter().copied().find(|&other| other != number);
        self.here.retain(|&here| Some(here) != other);
        (other, stays)
    }

    fn tell_us(&mut self, number: u32, us: Option<IpAddr>) {
        let hello = Extensions::new([]).hello(ExtendedHandshake {
            your_ip: us,
            ..ExtendedHandshake::default()
        });
        let body = hello.to_body();
        self.hand
            .say(PeerKey(number), Message::Later { id: EXTENDED, body });
    }

    /// Who is here and has the least priority.
    fn least(&self) -> u32 {
        let least = self
            .here
            .iter()
            .copied()
            .min_by_key(|&number| priority(number));
        least.expect("somebody is here")
    }
}

#[test]
fn when_all_places_are_taken_a_caller_of_higher_priority_takes_that_of_the_least() {
    let mut full = Full::new(Some(US.into()), true);
    full.hand.pass_until(at(15));
    let mut others: Vec<u32> = (MOST..200).collect();
    others.sort_unstable_by_key(|&number| priority(number));
    let (low, high) = (&others[..7], &others[others.len() - 7..]);
    for (&low, &high) in low.iter().zip(high) {
        let least = full.least();
        assert!(priority(low) < priority(least) && priority(high) > priority(least));
        assert_eq!(full.call(low), (None, false), "caller {low}");
        assert_eq!(full.call(high), (Some(least), true), "caller {high}");
        // Who has just come has a while; and who has been of no use for two minutes goes without any rank.
        let next = full.hand.now + Duration::from_secs(11);
        full.hand.pass_until(next);
    }
    assert!(full.hand.now < at(120));
}

#[test]
fn who_gets_something_is_not_sent_away_for_its_priority() {
    let mut full = Full::new(Some(US.into()), true);
    // One of them has the slot.
    let served = full
        .hand
        .pass_until(at(11))
        .into_iter()
        .find_map(|(_, action)| match action {
            Action::Send {
                peer,
                message: Message::Unchoke,
            } => Some(peer),
            _ => None,
        });
    let mut served = served.map(|peer| peer.0);
    let served = served.get_or_insert(0);
    let block = block(0, 0);
    let peer = PeerKey(*served);
    full.hand.room(peer, 64 * 1024);
    let actions = full.hand.say(peer, Message::Request(block));
    assert!(
        actions.contains(&Action::Upload { peer, block }),
        "{actions:?}"
    );
    full.hand.room(peer, block.len.into());
    full.hand.now = full.hand.now + Duration::from_secs(1);
    // Whoever comes, it stays; all others are sent away one after the other, if need be.
    for number in MOST..200 {
        full.call(number);
    }
    assert!(full.here.contains(served));
}

#[test]
fn who_does_not_know_where_it_is_or_does_not_want_to_know_keeps_whom_it_has() {
    for (us, ranks) in [(None, true), (Some(US.into()), false)] {
        let mut full = Full::new(us, ranks);
        full.hand.pass_until(at(15));
        for number in MOST..MOST + 40 {
            assert_eq!(full.call(number), (None, false));
        }
    }
}
