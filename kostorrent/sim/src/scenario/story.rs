//! What became of a swarm.

use std::net::IpAddr;
use std::time::Duration;

use engine::{Report, Time};

use super::{Group, Role, Scenario};
use crate::{Vice, World};

/// How often it is looked at who has what, in parts of the ideal time.
const LOOKS: u32 = 120;

/// How often at most, in parts of the time after which it is given up.
const MOST_LOOKS: u32 = 20_000;

/// How a scenario went.
#[derive(Clone, PartialEq, Debug)]
pub struct Story {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of all chance in it.
    pub seed: u64,
    /// Bytes of the torrent.
    pub size: u64,
    /// How many pieces it has.
    pub pieces: u32,
    /// Bytes of a piece.
    pub piece_length: u64,
    /// The time that nobody could have been faster than: see [`Scenario::ideal`].
    pub ideal: Duration,
    /// When it was over: everybody had everything that could, or it was given up.
    pub ended: Duration,
    /// How long it is between two of the looks in [`PeerStory::had`].
    pub look: Duration,
    /// The peers.
    pub peers: Vec<PeerStory>,
}

/// What became of one peer. Times are counted from the beginning of the world.
#[derive(Clone, PartialEq, Debug)]
pub struct PeerStory {
    /// Its group's name, and its number if that has several.
    pub name: String,
    /// What it had at its beginning.
    pub role: Role,
    /// What was wrong with it.
    pub vice: Vice,
    /// Whether it took and never gave.
    pub free_rides: bool,
    /// Whether it was to have everything.
    pub is_to_finish: bool,
    /// When it came.
    pub joined: Duration,
    /// When it had everything; `None` if it never had, or always.
    pub finished: Option<Duration>,
    /// Payload bytes that it sent.
    pub sent: u64,
    /// Payload bytes that it got and had asked for.
    pub received: u64,
    /// Those of them that it got from peers who lacked something themselves.
    pub traded: u64,
    /// Bytes of all packets that came to it, headers included, if its line is like TCP's.
    pub packets: u64,
    /// Which peers have banned it.
    pub banned_by: Vec<usize>,
    /// How often peers caught it with wrong data and went on with it all the same.
    pub doubted: u32,
    /// How many pieces it got that were wrong.
    pub failed_pieces: u32,
    /// The most pieces that it held blocks of at a time.
    pub most_open: usize,
    /// How many pieces it had at each look, from the beginning on.
    pub had: Vec<u32>,
}

impl PeerStory {
    /// Whether it gave what it had, and gave it right.
    pub fn is_honest(&self) -> bool {
        self.vice == Vice::None && !self.free_rides
    }

    /// Whether it had everything in the end.
    pub fn has_everything(&self) -> bool {
        self.role == Role::Seeder || self.finished.is_some()
    }

    fn new(group: &Group, number: u32) -> PeerStory {
        let name = match group.count {
            1 => group.name.clone(),
            _ => format!("{} {}", group.name, number + 1),
        };
        PeerStory {
            name,
            role: group.role,
            vice: group.vice,
            free_rides: group.free_rides,
            is_to_finish: group.is_to_finish(),
            joined: group.comes(number),
            finished: None,
            sent: 0,
            received: 0,
            traded: 0,
            packets: 0,
            banned_by: Vec::new(),
            doubted: 0,
            failed_pieces: 0,
            most_open: 0,
            had: Vec::new(),
        }
    }
}

impl Story {
    /// Lets a world go on until everybody that can has everything.
    pub(super) fn of(scenario: &Scenario, seed: u64, mut world: World) -> Story {
        let ideal = scenario.ideal();
        let look = (ideal / LOOKS)
            .max(scenario.until / MOST_LOOKS)
            .max(Duration::from_millis(50));
        let members = scenario.members();
        let mut peers: Vec<_> = members
            .map(|(g, number)| PeerStory::new(g, number))
            .collect();
        let mut next = Duration::ZERO;
        loop {
            world.run_until(next, |_| false);
            for (peer, node) in peers.iter_mut().zip(&world.nodes) {
                let came = node.joined <= world.now;
                let have = node.engine.have().filter(|_| came);
                peer.had.push(have.map_or(0, |have| have.count()));
            }
            let waits = |(peer, node): (&PeerStory, &crate::Node)| {
                peer.is_to_finish && node.completed.is_none()
            };
            if next >= scenario.until || !peers.iter().zip(&world.nodes).any(waits) {
                break;
            }
            next = (next + look).min(scenario.until);
        }
        tell(&mut peers, &world);
        let finished = peers.iter().filter_map(|peer| peer.finished);
        let gave_up = peers.iter().any(|p| p.is_to_finish && p.finished.is_none());
        let last = finished.max().filter(|_| !gave_up);
        Story {
            scenario: scenario.name.clone(),
            seed,
            size: scenario.size,
            pieces: world.geometry.pieces(),
            piece_length: scenario.piece_length,
            ideal,
            ended: last.unwrap_or(world.now.since_start()),
            look,
            peers,
        }
    }

    /// How long it took until everybody that was to have everything had it; `None` if somebody has not.
    pub fn took(&self) -> Option<Duration> {
        last(self.takers())
    }

    /// The same without free-riders, whom a swarm owes no speed.
    pub fn givers_took(&self) -> Option<Duration> {
        last(self.takers().filter(|peer| !peer.free_rides))
    }

    /// Whether everybody that was to have everything has it, and nobody honest was banned.
    pub fn is_good(&self) -> bool {
        let banned = |peer: &PeerStory| peer.vice == Vice::None && !peer.banned_by.is_empty();
        self.took().is_some() && !self.peers.iter().any(banned)
    }

    /// Those that are to have everything.
    pub fn takers(&self) -> impl Iterator<Item = &PeerStory> {
        self.peers.iter().filter(|peer| peer.is_to_finish)
    }

    /// How long the last of those took, from its own coming on; `None` if one has not everything.
    pub fn longest(&self) -> Option<Duration> {
        let spans = self.takers().map(|peer| Some(peer.finished? - peer.joined));
        spans.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Bytes of all packets that came to each of those, in the mean, for each byte of the torrent.
    pub fn packets_for_a_byte(&self) -> f64 {
        let all: u64 = self.takers().map(|peer| peer.packets).sum();
        all as f64 / self.takers().count() as f64 / self.size as f64
    }

    /// Payload bytes that were sent by all.
    pub fn sent(&self) -> u64 {
        self.peers.iter().map(|peer| peer.sent).sum()
    }
}

/// Enters what the nodes have to tell.
fn tell(peers: &mut [PeerStory], world: &World) {
    for (number, node) in world.nodes.iter().enumerate() {
        let peer = &mut peers[number];
        // A seeder has it from the start.
        let completed = node.completed.filter(|_| peer.role == Role::Leecher);
        peer.finished = completed.map(Time::since_start);
        (peer.sent, peer.received, peer.traded) = (node.sent, node.received, node.traded);
        peer.packets = node.packets;
        peer.most_open = node.most_open();
        let mut caught: Vec<(IpAddr, bool)> = Vec::new();
        for (_, report) in &node.reports {
            match report {
                Report::PieceFailed { .. } => peer.failed_pieces += 1,
                Report::PeerBanned { addr, .. } => caught.push((addr.ip(), true)),
                Report::PeerDoubted { addr, .. } => caught.push((addr.ip(), false)),
                _ => {}
            }
        }
        for (ip, banned) in caught {
            // A scenario's peers have a host each.
            let Some(&other) = world.by_host(ip) else {
                continue;
            };
            match banned {
                true if !peers[other].banned_by.contains(&number) => {
                    peers[other].banned_by.push(number);
                }
                true => {}
                false => peers[other].doubted += 1,
            }
        }
    }
}
/// When the last of them had everything, if all have.
fn last<'a>(peers: impl Iterator<Item = &'a PeerStory>) -> Option<Duration> {
    let finished: Option<Vec<Duration>> = peers.map(|peer| peer.finished).collect();
    Some(finished?.into_iter().max().unwrap_or_default())
}
