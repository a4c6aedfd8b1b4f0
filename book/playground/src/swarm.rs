//! Chapter 11: a swarm of real engines, which goes on as far as the reader wants.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::{Report, Time};
use picker::Order;
use progress::Piece;
use serde::{Deserialize, Serialize};
use sim::scenario::{Group, Role, Scenario};
use sim::{Line, Vice, World};

use crate::within;

const KIB: u64 = 1024;

/// A piece: four blocks. A usual peer sends one in a second.
const PIECE: u64 = 64 * KIB;
const UP: u64 = 64 * KIB;

/// A swarm is not looked at for longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// So much time passes in one call at most, in milliseconds.
const MOST: u64 = 60_000;

#[derive(Deserialize)]
pub(crate) struct Wish {
    seeders: u32,
    /// Leechers with a usual line, and with one that sends a quarter of it.
    leechers: u32,
    slow: u32,
    /// Leechers that give nothing.
    riders: u32,
    /// Peers that say they have everything, and send wrong bytes.
    liars: u32,
    pieces: u32,
    order: Wanted,
    seed: u64,
}

/// In which order everybody fetches pieces.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Rarest,
    /// Without sharing out what only the seeder has.
    RarestAlone,
    Random,
    Sequential,
}

#[derive(Deserialize)]
pub(crate) struct Go {
    pub swarm: u32,
    /// For so many milliseconds.
    millis: u64,
}

#[derive(Deserialize)]
pub(crate) struct Who {
    pub swarm: u32,
    /// The peer, by its place in the list.
    peer: usize,
}

#[derive(Serialize)]
pub(crate) struct State {
    swarm: u32,
    /// Milliseconds since the beginning.
    now: u64,
    pieces: u32,
    peers: Vec<Peer>,
    /// How many peers that are here have each piece, liars not counted.
    copies: Vec<u32>,
    /// Whether everybody that can has everything.
    done: bool,
    /// Whether there is a piece that nobody has who is here, so that nobody can ever finish.
    lost: bool,
    /// What has happened since the last look.
    news: Vec<String>,
}

#[derive(Serialize)]
struct Peer {
    name: String,
    /// A letter for each piece: `#` here, `o` on its way, `.` missing.
    has: String,
    here: bool,
    seeder: bool,
    /// Bytes a second, at the moment.
    down: u64,
    up: u64,
    sent: u64,
    received: u64,
    /// Those of them that were of no use.
    wasted: u64,
    /// When it had everything, in milliseconds.
    finished: Option<u64>,
    /// To whom it gives: the place of a peer, and bytes a second.
    gives: Vec<(usize, u64)>,
    /// Whom it does not answer any more.
    banned: Vec<usize>,
}

pub(crate) struct Swarm {
    number: u32,
    world: World,
    pieces: u32,
    names: Vec<String>,
    liars: BTreeSet<usize>,
    /// How many reports of each peer have been told, and who is known to be done.
    told: Vec<usize>,
    done: BTreeSet<usize>,
}

impl Swarm {
    pub fn new(number: u32, wish: &Wish) -> Result<Swarm, String> {
        within("seeders", wish.seeders, [1, 4])?;
        within("leechers", wish.leechers, [1, 16])?;
        within("slow leechers", wish.slow, [0, 8])?;
        within("free-riders", wish.riders, [0, 8])?;
        within("liars", wish.liars, [0, 4])?;
        within("pieces", wish.pieces, [4, 128])?;
        let scenario = scenario(wish);
        let mut world = scenario.world(wish.seed);
        let (order, shares) = match wish.order {
            Wanted::Rarest => (Order::Rarest, true),
            Wanted::RarestAlone => (Order::Rarest, false),
            Wanted::Random => (Order::Random, false),
            Wanted::Sequential => (Order::Sequential, false),
        };
        let (mut names, mut liars) = (Vec::new(), BTreeSet::new());
        for (place, (group, number)) in scenario.members().enumerate() {
            names.push(match group.count {
                1 => group.name.clone(),
                _ => format!("{} {}", group.name, number + 1),
            });
            if group.vice == Vice::Lies {
                liars.insert(place);
            }
            world.nodes[place].engine.set_order(order, shares);
        }
        // Those that are there from the beginning.
        world.run_until(Duration::ZERO, |_| false);
        Ok(Swarm {
            number,
            told: vec![0; names.len()],
            world,
            pieces: wish.pieces,
            names,
            liars,
            done: BTreeSet::new(),
        })
    }

    pub fn run(&mut self, go: &Go) -> Result<State, String> {
        let millis = within("milliseconds", go.millis, [1, MOST])?;
        let until = self.world.now.since_start() + Duration::from_millis(millis);
        self.world.run_until(until.min(LONGEST), |_| false);
        Ok(self.state())
    }

    /// A peer goes without a goodbye.
    pub fn leave(&mut self, who: &Who) -> Result<State, String> {
        match self.world.nodes.get(who.peer) {
            Some(node) if node.alive => self.world.kill(who.peer),
            _ => return Err("this peer is not here".to_owned()),
        }
        let mut state = self.state();
        state
            .news
            .push(format!("{} has left.", self.names[who.peer]));
        Ok(state)
    }

    pub fn state(&mut self) -> State {
        let peers: Vec<Peer> = (0..self.names.len())
            .map(|place| self.peer(place))
            .collect();
        let honest = |place: &usize| peers[*place].here && !self.liars.contains(place);
        let copies: Vec<u32> = (0..self.pieces as usize)
            .map(|piece| {
                let has = |place: &usize| peers[*place].has.as_bytes()[piece] == b'#';
                (0..peers.len()).filter(honest).filter(has).count() as u32
            })
            .collect();
        let done = (0..peers.len())
            .filter(honest)
            .all(|place| self.world.nodes[place].is_seed());
        State {
            swarm: self.number,
            now: millis(self.world.now),
            pieces: self.pieces,
            lost: !done && copies.contains(&0),
            copies,
            done,
            news: self.news(),
            peers,
        }
    }

    fn peer(&mut self, place: usize) -> Peer {
        let now = self.world.now;
        let banned = self.world.banned(place);
        let banned = banned.into_iter().filter_map(|ip| self.place_of(ip));
        let banned = banned.collect();
        let node = &mut self.world.nodes[place];
        let stats = node.engine.stats(now);
        let details = node.engine.details(now);
        let letter = |piece: &Piece| match piece {
            Piece::Here => '#',
            Piece::InFlight => 'o',
            Piece::Rare | Piece::Missing | Piece::Unwanted => '.',
        };
        let node = &self.world.nodes[place];
        let gives = details.peers.iter().filter(|peer| peer.up_rate > 0);
        Peer {
            name: self.names[place].clone(),
            has: details.pieces.iter().map(letter).collect(),
            here: node.alive,
            seeder: node.is_seed(),
            down: if node.alive { stats.down_rate } else { 0 },
            up: if node.alive { stats.up_rate } else { 0 },
            sent: node.sent,
            received: node.received,
            wasted: stats.waste.total(),
            finished: node.completed.map(millis).filter(|at| *at > 0),
            gives: gives
                .filter(|_| node.alive)
                .filter_map(|peer| Some((self.place_of(peer.addr.ip())?, peer.up_rate)))
                .collect(),
            banned,
        }
    }

    /// The peer at an address: each has a host of its own.
    fn place_of(&self, ip: std::net::IpAddr) -> Option<usize> {
        let mut nodes = self.world.nodes.iter();
        nodes.position(|node| node.addr.ip() == ip)
    }

    /// What the engines have reported since the last look, and who has everything now.
    fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        for place in 0..self.names.len() {
            let reports = &self.world.nodes[place].reports;
            let name = &self.names[place];
            for (at, report) in &reports[self.told[place]..] {
                let what = match report {
                    Report::PieceFailed { piece, .. } => {
                        format!("{name}: piece {piece} is wrong, and is fetched again.")
                    }
                    Report::PeerBanned { addr, piece } => {
                        let who = self.place_of(addr.ip()).map(|place| &self.names[place]);
                        let who = who.map_or("a peer", String::as_str);
                        format!("{name} bans {who}: it sent wrong bytes of piece {piece}.")
                    }
                    _ => continue,
                };
                news.push((*at, what));
            }
            self.told[place] = reports.len();
            // A seeder has it from the beginning.
            let completed = self.world.nodes[place].completed;
            let completed = completed.filter(|at| *at > Time::ZERO);
            if let Some(at) = completed.filter(|_| self.done.insert(place)) {
                news.push((at, format!("{name} has everything.")));
            }
        }
        news.sort_by_key(|(at, _)| *at);
        let told = news.into_iter().map(|(at, what)| {
            let tenths = millis(at) / 100;
            format!("{}.{} s: {what}", tenths / 10, tenths % 10)
        });
        told.collect()
    }
}

fn scenario(wish: &Wish) -> Scenario {
    let line = |up: u64| Line {
        latency: Duration::from_millis(20),
        up: Some(up),
        down: Some(4 * UP),
        ..Line::default()
    };
    let group = |name: &str, role, count, up| Group {
        line: line(up),
        slots: 4,
        ..Group::new(name, role, count)
    };
    let groups = vec![
        group("seeder", Role::Seeder, wish.seeders, UP),
        Group {
            vice: Vice::Lies,
            ..group("liar", Role::Seeder, wish.liars, UP)
        },
        group("leecher", Role::Leecher, wish.leechers, UP),
        group("slow", Role::Leecher, wish.slow, UP / 4),
        Group {
            free_rides: true,
            ..group("free-rider", Role::Leecher, wish.riders, UP)
        },
    ];
    Scenario {
        name: "yours".to_owned(),
        about: "a swarm of the reader's".to_owned(),
        size: u64::from(wish.pieces) * PIECE,
        piece_length: PIECE,
        until: LONGEST,
        groups,
    }
}

fn millis(at: Time) -> u64 {
    at.since_start().as_millis() as u64
}
