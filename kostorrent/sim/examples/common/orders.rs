//! Whole swarms that differ in nothing but the order in which pieces are asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use blocks::Geometry;
use engine::Config;
use picker::Order;
use sim::{Line, World};

/// The torrent: 64 pieces of 256 KiB.
pub const PIECES: u32 = 64;
const PIECE: u64 = 256 * 1024;

/// Those who begin at the same moment with nothing. The seeder is there already.
pub const LEECHERS: usize = 12;

/// What everybody's line sends in a second; it takes in four times as much.
const UP: u64 = 1024 * 1024;

/// The time that nobody could be faster than: the seeder has sent each byte once.
pub const IDEAL: u64 = PIECES as u64 * PIECE / UP;

/// When a swarm is given up, in seconds.
const UNTIL: u64 = 600;

/// What is compared: its name, its order, and whether the peers share out what only the seeder has.
pub const RULES: [(&str, Order, bool); 4] = [
    ("sequential", Order::Sequential, false),
    ("random", Order::Random, false),
    ("rarest first", Order::Rarest, false),
    ("rarest first, shared out", Order::Rarest, true),
];

/// How it went.
pub struct Story {
    /// How many pieces somebody had besides the seeder, at each tenth of a second.
    pub out: Vec<u32>,
    /// How many times the whole torrent the seeder had sent when all pieces were out.
    pub sent: f64,
    /// After how many seconds the last one had everything.
    pub took: f64,
}

/// A swarm whose peers all follow one of the rules.
pub struct Swarm {
    world: World,
}

impl Swarm {
    pub fn new((_, order, shares): (&str, Order, bool), seed: u64) -> Swarm {
        let geometry = Geometry::new(u64::from(PIECES) * PIECE, PIECE).expect("a torrent");
        let mut world = World::seeded(geometry, seed);
        world.line = Line {
            latency: Duration::from_millis(20),
            up: Some(UP),
            down: Some(4 * UP),
            ..Line::default()
        };
        world.seeder();
        for _ in 0..LEECHERS {
            let config = Config {
                keep_seeding: true,
                ..world.config()
            };
            let node = world.add(config);
            world.nodes[node].engine.set_order(order, shares);
        }
        Swarm { world }
    }

    /// Whether all have everything.
    fn is_done(world: &World) -> bool {
        world.nodes.iter().all(|node| node.is_seed())
    }

    /// How many pieces are out: somebody has them who is no seeder.
    fn out(world: &World) -> u32 {
        let mut out: BTreeSet<u32> = BTreeSet::new();
        for node in &world.nodes[1..] {
            out.extend(
                node.engine
                    .have()
                    .into_iter()
                    .flat_map(|have| have.iter_ones()),
            );
        }
        out.len() as u32
    }

    /// Lets the swarm go on until all have everything, and looks at it ten times a second.
    pub fn run(mut self) -> Story {
        let (mut out, mut sent) = (Vec::new(), None);
        while !Swarm::is_done(&self.world) && out.len() < 10 * UNTIL as usize {
            let pieces = Swarm::out(&self.world);
            out.push(pieces);
            if pieces == PIECES && sent.is_none() {
                sent = Some(self.world.nodes[0].sent);
            }
            let until = Duration::from_millis(100 * out.len() as u64);
            self.world.run_until(until, Swarm::is_done);
        }
        let sent = sent.unwrap_or(self.world.nodes[0].sent);
        Story {
            out,
            sent: sent as f64 / (f64::from(PIECES) * PIECE as f64),
            took: self.world.now.since_start().as_secs_f64(),
        }
    }

    /// Lets the seeder go when it has sent so many bytes, in parts of the torrent. How many pieces are
    /// left in the swarm then: if it is not all, nobody will ever have everything.
    pub fn without_seeder(mut self, sent: f64) -> u32 {
        let bytes = (sent * f64::from(PIECES) * PIECE as f64) as u64;
        let until = Duration::from_secs(UNTIL);
        let has_sent = |world: &World| world.nodes[0].sent >= bytes || Swarm::is_done(world);
        self.world.run_until(until, has_sent);
        self.world.kill(0);
        // What is on its way comes, and what was begun is completed where that can be.
        let soon = self.world.now.since_start() + Duration::from_secs(60);
        self.world
            .run_until(soon, |world| Swarm::out(world) == PIECES);
        Swarm::out(&self.world)
    }
}
