//! Wide-area networks as they are: packets, windows, queues and losses.

use std::time::Duration;

use engine::Config;

use super::{Group, MIB, Role, Scenario};
use crate::{Control, Line, Tcp, World};

/// A line's rates are given in thousands of bytes here.
const KB: u64 = 1000;

/// What everything takes on the client's own line, in microseconds.
const NEAR: u64 = 5_000;

fn line(up: u64, down: u64, micros: u64) -> Line {
    Line {
        latency: Duration::from_micros(micros),
        up: Some(up),
        down: Some(down),
        // A machine's processes do not wake at once.
        jitter: Duration::from_micros(500),
        tcp: Some(Tcp::default()),
        ..Line::default()
    }
}

/// Seeders that can send so much, and are so many microseconds away from the client, there and back.
fn seeders(count: u32, up: u64, trip: u64) -> Group {
    let tcp = Tcp {
        buffer: 64 * MIB, // with the usual one a connection would be slower than the fastest line
        ..Tcp::default()
    };
    let line = Line {
        tcp: Some(tcp),
        ..line(up, up.max(25_000 * KB), trip / 2 - NEAR)
    };
    Group {
        line,
        ..Group::new("seeder", Role::Seeder, count)
    }
}

/// The one that counts. It goes when it has everything.
fn client(up: u64, down: u64) -> Group {
    Group {
        line: line(up, down, NEAR),
        stays: false,
        ..Group::new("client", Role::Leecher, 1)
    }
}

/// One with a line that is never full.
fn wide_client() -> Group {
    client(10_000 * KB, 100_000 * KB)
}

impl Scenario {
    /// Swarms over wide-area networks as they are: where time is lost, and which no list names. The
    /// client's time counts, but for the last: there it is that of all.
    pub fn wide() -> Vec<Scenario> {
        vec![
            far1(),
            far4(),
            lossy(),
            mixed(),
            home(),
            busy(),
            wide_flash(),
        ]
    }

    /// How long the lines alone take, without engines: the first of those that are to have everything has
    /// a connection from each seeder that sends without end, until as many bytes have come as the torrent
    /// has; `None` if they never do. The lines must be like TCP's.
    ///
    /// # Panics
    ///
    /// As [`Scenario::run`].
    pub fn bare(&self, seed: u64) -> Option<Duration> {
        let mut world = World::seeded(self.geometry().expect("a torrent"), seed);
        for (group, _) in self.members() {
            // An engine that knows nobody does nothing.
            let node = world.add(Config {
                tiers: Vec::new(),
                ..world.seeding()
            });
            world.nodes[node].line = Some(group.line);
        }
        let taker = self.members().position(|(group, _)| group.is_to_finish())?;
        for (node, (group, _)) in self.members().enumerate() {
            if group.role == Role::Seeder {
                world.pour(node, taker);
            }
        }
        world.run_until(self.until, |world| world.poured(taker) >= self.size);
        (world.poured(taker) >= self.size).then(|| world.now.since_start())
    }
}

fn far1() -> Scenario {
    Scenario::new(
        "wan-far1",
        "one fast seeder, a quarter of a second away",
        128 * MIB,
        vec![seeders(1, 25_000 * KB, 250_000), wide_client()],
    )
}

fn far4() -> Scenario {
    Scenario::new(
        "wan-far4",
        "four seeders, a fifth of a second away",
        128 * MIB,
        vec![seeders(4, 5_000 * KB, 200_000), wide_client()],
    )
}

fn lossy() -> Scenario {
    let mut groups = vec![seeders(4, 5_000 * KB, 80_000), wide_client()];
    for group in &mut groups {
        let loss = match group.role {
            Role::Seeder => 5_000,
            Role::Leecher => 0,
        };
        group.line.tcp = group.line.tcp.map(|tcp| Tcp {
            loss,
            control: Control::Bbr,
            ..tcp
        });
    }
    Scenario::new(
        "wan-lossy",
        "four seeders over lines that lose one packet of two hundred",
        96 * MIB,
        groups,
    )
}

/// Each is 1.43 times as fast as the one before; how far they are has nothing to do with it.
fn mixed() -> Scenario {
    let rates = [
        60_000, 85_625, 122_195, 174_384, 248_862, 355_149, 506_830, 723_293, 1_032_205, 1_473_050,
        2_102_178, 3_000_000,
    ];
    let groups = rates.into_iter().zip(0..).map(|(up, number)| Group {
        name: format!("seeder {}", number + 1),
        ..seeders(1, up, 20_000 + 300_000 * (number * 5 % 12) / 11)
    });
    Scenario {
        piece_length: MIB,
        ..Scenario::new(
            "wan-mixed",
            "twelve seeders, from 60 KB/s to 3 MB/s, near and far",
            96 * MIB,
            groups.chain([wide_client()]).collect(),
        )
    }
}

/// The client of a home, fast seeders, and four others that are there a little longer.
fn at_home() -> Vec<Group> {
    let others = Group {
        line: line(1_000 * KB, 2_000 * KB, 25_000),
        // They stay longer than the client needs, and nobody waits for them.
        leaves: Some(Duration::from_secs(3_600)),
        ..Group::new("leecher", Role::Leecher, 4)
    };
    let client = Group {
        joins: Duration::from_millis(500),
        ..client(1_000 * KB, 6_000 * KB)
    };
    vec![seeders(4, 10_000 * KB, 60_000), others, client]
}

fn home() -> Scenario {
    Scenario::new(
        "wan-home",
        "a home's line among fast seeders and four leechers",
        64 * MIB,
        at_home(),
    )
}

fn busy() -> Scenario {
    let mut groups = at_home();
    groups[1].only = Some("client".to_owned());
    Scenario::new(
        "wan-busy",
        "the same, but the leechers know nobody else: its line up is full",
        64 * MIB,
        groups,
    )
}

fn wide_flash() -> Scenario {
    let line = line(2_000 * KB, 10_000 * KB, 15_000);
    let group = |name, role, count| Group {
        line,
        ..Group::new(name, role, count)
    };
    Scenario::new(
        "wan-flash",
        "one seeder, and eight leechers that come at the same moment",
        48 * MIB,
        vec![
            group("seeder", Role::Seeder, 1),
            group("leecher", Role::Leecher, 8),
        ],
    )
}
