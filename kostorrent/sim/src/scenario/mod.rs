//! Swarms that are described, not programmed: who is there, over which lines, with which vices; and
//! what became of them.
//!
//! ```
//! use sim::scenario::Scenario;
//!
//! let story = Scenario::named("one").unwrap().run(1);
//! assert!(story.is_good());
//! assert!(story.took().unwrap() < story.ideal.mul_f64(1.2));
//! ```

mod finds;
mod ideal;
mod named;
mod near;
mod read;
mod story;
mod wide;

use std::time::Duration;

use blocks::{Geometry, GeometryError};
use engine::Config;
use handshake::Reserved;

use crate::world::PORT;
use crate::{Disk, Line, TRACKER, Vice, World};

pub use finds::Finds;
pub use near::near;
pub use story::{PeerStory, Story};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// With more peers than this they take turns: see [`World::take_turns`].
const CROWD: u32 = 250;

/// A swarm to be run.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// Bytes of the torrent.
    pub size: u64,
    /// Bytes of a piece.
    pub piece_length: u64,
    /// When it is given up, counted from its beginning.
    pub until: Duration,
    /// Who is in it.
    pub groups: Vec<Group>,
}

/// What a peer has at its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Everything.
    Seeder,
    /// Nothing.
    Leecher,
}

/// Peers that are alike.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// What they are called; each has its number behind it.
    pub name: String,
    /// What they have at their beginning.
    pub role: Role,
    /// How many they are.
    pub count: u32,
    /// Their lines.
    pub line: Line,
    /// Their disks.
    pub disk: Disk,
    /// What is wrong with them.
    pub vice: Vice,
    /// Whether they take and never give.
    pub free_rides: bool,
    /// How many peers they serve at a time.
    pub slots: usize,
    /// How many connections each of them holds at most.
    pub connections: usize,
    /// When the first comes.
    pub joins: Duration,
    /// How long after each of them the next one comes.
    pub every: Duration,
    /// How long after its coming each goes without a goodbye; `None` is never.
    pub leaves: Option<Duration>,
    /// How long after that it is back, with what it had on its disk; `None` is never.
    pub away: Option<Duration>,
    /// Whether a leecher that has everything stays and seeds.
    pub stays: bool,
    /// Whether seeders super-seed (BEP 16).
    pub super_seeds: bool,
    /// Whether they speak the fast extension (BEP 6), among themselves and with others who do.
    pub fast: bool,
    /// Whether leechers begin with a magnet link (BEP 9), and get the metadata from others.
    pub magnet: bool,
    /// How they find others.
    pub finds: Finds,
    /// The group whose first peer is the only one that each of them knows; `None` is no such bound.
    pub only: Option<String>,
}

impl Group {
    /// So many peers with the usual line and disk, that come at once, are honest and stay.
    pub fn new(name: &str, role: Role, count: u32) -> Group {
        Group {
            name: name.to_owned(),
            role,
            count,
            line: Line::default(),
            disk: Disk::default(),
            vice: Vice::None,
            free_rides: false,
            slots: 8,
            connections: 50,
            joins: Duration::ZERO,
            every: Duration::ZERO,
            leaves: None,
            away: None,
            stays: true,
            super_seeds: false,
            fast: false,
            magnet: false,
            finds: Finds::default(),
            only: None,
        }
    }

    /// Whether these peers give what they have, and give it right.
    pub fn is_honest(&self) -> bool {
        self.vice == Vice::None && !self.free_rides
    }

    /// When the peer with this number within the group comes.
    pub fn comes(&self, number: u32) -> Duration {
        self.joins + self.every * number
    }

    /// Whether these peers are to have everything in the end: who goes for good is not.
    pub fn is_to_finish(&self) -> bool {
        self.role == Role::Leecher && (self.leaves.is_none() || self.away.is_some())
    }

    fn config(&self, world: &World) -> Config {
        let usual = match self.role {
            Role::Seeder => world.seeding(),
            Role::Leecher if self.magnet => world.magnet(),
            Role::Leecher => world.config(),
        };
        let tracker = self.finds.tracker.then(|| vec![TRACKER.to_owned()]);
        Config {
            keep_seeding: self.role == Role::Seeder || self.stays,
            super_seed: self.super_seeds,
            tiers: tracker.into_iter().collect(),
            sources: self.finds.sources(),
            port: PORT,
            reserved: self.reserved(world),
            max_peers: self.connections,
            upload_slots: if self.free_rides { 0 } else { self.slots },
            ..usual
        }
    }

    /// The extension protocol is spoken where there is anything to say in it.
    fn reserved(&self, world: &World) -> Reserved {
        let mut reserved = Reserved::none();
        if self.fast {
            reserved = reserved.with_fast();
        }
        if self.finds.exchange || !world.info.is_empty() {
            reserved = reserved.with_extension_protocol();
        }
        reserved
    }
}

impl Scenario {
    /// How the torrent is cut.
    ///
    /// # Errors
    ///
    /// When there is no torrent of such a size and piece length.
    pub fn geometry(&self) -> Result<Geometry, GeometryError> {
        Geometry::new(self.size, self.piece_length)
    }

    /// How many peers there are.
    pub fn peers(&self) -> u32 {
        let counts = self.groups.iter().map(|group| group.count);
        counts.fold(0, u32::saturating_add)
    }

    /// Each peer's group, and its number within that, in the order of the world's nodes.
    pub fn members(&self) -> impl Iterator<Item = (&Group, u32)> {
        let groups = self.groups.iter();
        groups.flat_map(|group| (0..group.count).map(move |number| (group, number)))
    }

    /// The node that is the first of this group.
    fn first_of(&self, group: Option<&str>) -> Option<usize> {
        let name = group?;
        self.members().position(|(group, _)| group.name == name)
    }

    /// Lets it happen, with the chances of this seed, until everybody that can has everything.
    ///
    /// # Panics
    ///
    /// As [`World`] does; and when there is no such torrent: see [`Scenario::geometry`].
    pub fn run(&self, seed: u64) -> Story {
        Story::of(self, seed, self.world(seed))
    }

    /// The swarm at its beginning, for whoever wants to look at it while it runs.
    ///
    /// # Panics
    ///
    /// As [`Scenario::run`].
    pub fn world(&self, seed: u64) -> World {
        let geometry = self.geometry().expect("a torrent");
        let mut world = World::seeded(geometry, seed);
        if self.groups.iter().any(|group| group.magnet) {
            world.info = metadata(geometry);
        }
        for (group, number) in self.members() {
            let config = group.config(&world);
            let comes = group.comes(number);
            let node = world.add_later(comes, config);
            world.nodes[node].line = Some(group.line);
            world.nodes[node].disk = Some(group.disk);
            world.nodes[node].vice = group.vice;
            world.nodes[node].only = self.first_of(group.only.as_deref());
            if let Some(stay) = group.leaves {
                world.leaves(node, comes + stay, false);
                if let Some(away) = group.away {
                    world.returns(node, comes + stay + away);
                }
            }
        }
        if self.peers() > CROWD {
            world.take_turns();
        }
        world
    }
}

/// Bytes as many as the metadata of such a torrent have, most of them the hashes of its pieces.
fn metadata(geometry: Geometry) -> Vec<u8> {
    let bytes = 100 + 20 * u64::from(geometry.pieces());
    (0..bytes).map(|at| (at % 251) as u8).collect()
}
