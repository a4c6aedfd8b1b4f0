//! Many callers, of whom some take places and give nothing.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use engine::*;
use messages::Message;
use picker::PeerKey;
use sim::World;

use crate::by_hand::{ByHand, at, block};
use crate::geometry;

/// How often a member of the crowd takes a block, if it takes any.
const SIP: Duration = Duration::from_secs(3);

/// A seeder, the callers that would fill it, and an honest leecher.
struct Crowded {
    seeder: ByHand,
    next: u32,
    /// Where each member of the crowd calls from, and when it asks for its next block.
    crowd: BTreeMap<PeerKey, (IpAddr, Time)>,
    /// Whether they want anything.
    thirsty: bool,
    /// The honest leecher's connection, and when it got its first block.
    honest: Option<PeerKey>,
    served: Option<Time>,
}

/// The honest leecher's number and address.
const HONEST: u32 = 1_000_000;

impl Crowded {
    fn new(thirsty: bool) -> Crowded {
        let config = World::new(geometry(100, 256 * 1024)).seeding();
        Crowded {
            seeder: ByHand::new(config),
            next: 0,
            crowd: BTreeMap::new(),
            thirsty,
            honest: None,
            served: None,
        }
    }

    /// One more of the crowd calls, with an id that nobody has seen before.
    fn join(&mut self, host: IpAddr) {
        let number = self.next;
        self.next += 1;
        let peer = PeerKey(number);
        let port = 1024 + (number % 60_000) as u16;
        self.crowd.insert(peer, (host, self.seeder.now));
        let actions = self.seeder.called_from(number, SocketAddr::new(host, port));
        self.obey(actions);
        self.introduce(peer, self.thirsty);
    }

    /// The honest one calls. It has one id, and comes from a port that differs from call to call.
    fn call_honestly(&mut self) {
        let number = HONEST + self.next;
        self.next += 1;
        let peer = PeerKey(number);
        self.honest = Some(peer);
        let event = Event::Connected {
            peer,
            addr: SocketAddr::from(([10, 9, 9, 9], 40_000 + (self.next % 1_000) as u16)),
            incoming: true,
            encryption: Encryption::None,
            handshake: crate::by_hand::handshake(HONEST),
        };
        let actions = self.seeder.tell(event);
        self.obey(actions);
        self.introduce(peer, true);
    }

    fn introduce(&mut self, peer: PeerKey, interested: bool) {
        if self.stands(peer) {
            let mut actions = self.seeder.room(peer, 512 * 1024);
            if interested {
                actions.extend(self.seeder.say(peer, Message::Interested));
            }
            self.obey(actions);
        }
    }

    fn stands(&self, peer: PeerKey) -> bool {
        self.crowd.contains_key(&peer) || self.honest == Some(peer)
    }

    fn obey(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Close { peer, .. } => {
                    self.crowd.remove(&peer);
                    if self.honest == Some(peer) {
                        self.honest = None;
                    }
                }
                Action::Send {
                    peer,
                    message: Message::Unchoke,
                } if self.honest == Some(peer) => {
                    for number in 0..4 {
                        let actions = self.seeder.say(peer, Message::Request(block(1, number)));
                        self.obey(actions);
                    }
                }
                Action::Upload { peer, block } => {
                    if self.honest == Some(peer) {
                        self.served.get_or_insert(self.seeder.now);
                    }
                    let actions = self.seeder.room(peer, block.len.into());
                    self.obey(actions);
                }
                _ => {}
            }
        }
    }

    /// Lets time pass in steps of a tenth of a second. Who of the crowd is turned away comes back at
    /// once, so that there are always `most`.
    fn pass(&mut self, until: Time, most: usize, host: impl Fn(u32) -> IpAddr) {
        while self.seeder.now < until && self.served.is_none() {
            let now = self.seeder.now + Duration::from_millis(100);
            for (_, action) in self.seeder.pass_until(now) {
                self.obey(vec![action]);
            }
            let mut calls = most.saturating_sub(self.crowd.len());
            while calls > 0 {
                self.join(host(self.next));
                calls -= 1;
            }
            if self.thirsty {
                self.sip(now);
            }
        }
    }

    fn sip(&mut self, now: Time) {
        let due = self.crowd.iter().filter(|(_, (_, due))| *due <= now);
        let due: Vec<PeerKey> = due.map(|(&peer, _)| peer).collect();
        for peer in due {
            if let Some((_, due)) = self.crowd.get_mut(&peer) {
                *due = now + SIP;
                let actions = self.seeder.say(peer, Message::Request(block(0, 0)));
                self.obey(actions);
            }
        }
    }
}

/// When the honest leecher, who comes after ten seconds and calls again after 2, 4, 8 … seconds when it
/// is turned away, gets its first block: seconds after it came.
fn wait_among(thirsty: bool, host: impl Fn(u32) -> IpAddr) -> f64 {
    let mut crowded = Crowded::new(thirsty);
    crowded.pass(at(10), 200, &host);
    let came = crowded.seeder.now;
    let mut pause = Duration::from_secs(2);
    while crowded.served.is_none() && crowded.seeder.now < at(600) {
        crowded.call_honestly();
        let again = crowded.seeder.now + pause;
        pause = (pause * 2).min(Duration::from_secs(60));
        while crowded.served.is_none()
            && (crowded.seeder.now < again || crowded.honest.is_some())
            && crowded.seeder.now < at(600)
        {
            let next = crowded.seeder.now + Duration::from_millis(100);
            crowded.pass(next, 200, &host);
        }
    }
    let served = crowded.served.unwrap_or(crowded.seeder.now);
    served.since(came).as_secs_f64()
}

fn one_host(_: u32) -> IpAddr {
    Ipv4Addr::new(10, 6, 6, 6).into()
}

fn a_host_each(number: u32) -> IpAddr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 6, 0, 0)) + number % 50_000).into()
}

#[test]
fn one_host_with_many_ids_that_takes_little_does_not_keep_an_honest_leecher_out() {
    let waited = wait_among(true, one_host);
    assert!(waited < 3.0, "{waited} seconds");
}

#[test]
fn one_host_that_waits_patiently_in_all_places_does_not_keep_an_honest_leecher_out() {
    let mut crowded = Crowded::new(true);
    crowded.pass(at(10), 120, one_host);
    let came = crowded.seeder.now;
    crowded.call_honestly();
    crowded.pass(at(60), 0, one_host);
    let served = crowded.served.expect("it is served");
    assert!(served.since(came) < Duration::from_secs(3), "{served:?}");
}

#[test]
fn silent_connections_do_not_keep_an_honest_leecher_out() {
    let waited = wait_among(false, a_host_each);
    assert!(waited < 3.0, "{waited} seconds, of many hosts");
    let waited = wait_among(false, one_host);
    assert!(waited < 3.0, "{waited} seconds, of one host");
}

#[test]
fn several_honest_peers_may_share_an_address() {
    let mut crowded = Crowded::new(true);
    for _ in 0..4 {
        crowded.join(one_host(0));
    }
    crowded.pass(at(1), 4, one_host);
    assert_eq!(crowded.next, 4, "nobody was turned away");
    for peer in (0..4).map(PeerKey) {
        let block = block(2, peer.0);
        let actions = crowded.seeder.say(peer, Message::Request(block));
        assert!(
            actions.contains(&Action::Upload { peer, block }),
            "{peer:?}"
        );
    }
}
