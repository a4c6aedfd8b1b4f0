//! A swarm in memory and in virtual time.
//!
//! The engines are real. What is around them is only arithmetic: lines with a latency and a
//! bandwidth, disks that take their time, trackers that know who has called. No time passes but the
//! one that the world says, so that an hour of a swarm takes a moment; and nothing depends on
//! chance that is not seeded, so that the same world always runs in the same way.
//!
//! ```
//! use std::time::Duration;
//!
//! use blocks::Geometry;
//! use sim::{Line, World};
//!
//! let mut world = World::new(Geometry::new(1_000_000, 65_536).unwrap());
//! world.line = Line { up: Some(100_000), ..Line::default() };
//! let seeder = world.seeder();
//! let leecher = world.leecher();
//! world.run_until(Duration::from_secs(60), |world| world.is_complete(leecher));
//!
//! assert_eq!(world.nodes[seeder].sent, 1_000_000);
//! let took = world.now.since_start();
//! assert!(took > Duration::from_secs(10) && took < Duration::from_secs(11));
//! ```
//!
//! The bytes of a block do not matter to an engine, and are not there: a block is right or wrong,
//! which is one byte of [`Content`].

mod act;
mod agenda;
mod carry;
mod churn;
mod content;
mod disk;
mod ends;
mod flow;
mod happen;
mod line;
mod neighbours;
mod node;
mod order;
mod recording;
pub mod scenario;
mod tcp;
mod tracker;
mod uplink;
mod window;
mod world;

pub use self::tracker::Tracker;
pub use content::Content;
pub use disk::Disk;
pub use line::Line;
pub use node::{Announced, Node, Vice};
pub use recording::Recording;
pub use tcp::{Control, Tcp};
pub use world::{TRACKER, World};
