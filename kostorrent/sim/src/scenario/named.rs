//! The scenarios that have a name.

use std::time::Duration;

use super::{Finds, Group, KIB, MIB, Role, Scenario};
use crate::{Disk, Line, Vice};

/// Messages take 40 milliseconds between two such lines.
fn line(up: u64, down: u64) -> Line {
    Line {
        latency: Duration::from_millis(20),
        up: Some(up),
        down: Some(down),
        ..Line::default()
    }
}

fn seeders(count: u32, line: Line) -> Group {
    Group {
        line,
        ..Group::new("seeder", Role::Seeder, count)
    }
}

fn leechers(count: u32, line: Line) -> Group {
    Group {
        line,
        ..Group::new("leecher", Role::Leecher, count)
    }
}

impl Scenario {
    /// All that have a name, in the order in which a reader meets them.
    pub fn all() -> Vec<Scenario> {
        vec![
            one(),
            swarm(),
            flash(),
            liars(),
            free_rider(),
            churn(),
            slow_disk(),
            far(),
            link(),
        ]
    }

    /// The one with this name; also of those that the list leaves out.
    pub fn named(name: &str) -> Option<Scenario> {
        let mut all = Scenario::all().into_iter().chain(Scenario::wide());
        all.find(|scenario| scenario.name == name)
    }

    pub(super) fn new(name: &str, about: &str, size: u64, groups: Vec<Group>) -> Scenario {
        Scenario {
            name: name.to_owned(),
            about: about.to_owned(),
            size,
            piece_length: 256 * KIB,
            until: Duration::from_secs(3600),
            groups,
        }
    }
}

fn one() -> Scenario {
    Scenario::new(
        "one",
        "one seeder and one leecher",
        16 * MIB,
        vec![
            seeders(1, line(MIB, 4 * MIB)),
            leechers(1, line(MIB, 4 * MIB)),
        ],
    )
}

fn swarm() -> Scenario {
    Scenario::new(
        "swarm",
        "two seeders, and leechers of different speeds that trade",
        128 * MIB,
        vec![
            seeders(2, line(MIB, 4 * MIB)),
            Group {
                name: "fast".to_owned(),
                ..leechers(8, line(2 * MIB, 8 * MIB))
            },
            Group {
                name: "slow".to_owned(),
                ..leechers(8, line(256 * KIB, 2 * MIB))
            },
        ],
    )
}

fn flash() -> Scenario {
    Scenario::new(
        "flash",
        "one seeder, and forty leechers that come at the same moment",
        64 * MIB,
        vec![
            seeders(1, line(2 * MIB, 8 * MIB)),
            leechers(40, line(MIB, 8 * MIB)),
        ],
    )
}

fn liars() -> Scenario {
    Scenario::new(
        "liars",
        "two of the seeders send wrong bytes, and a third sends none",
        32 * MIB,
        vec![
            seeders(3, line(MIB, 4 * MIB)),
            Group {
                name: "liar".to_owned(),
                vice: Vice::Lies,
                ..seeders(2, line(MIB, 4 * MIB))
            },
            Group {
                name: "staller".to_owned(),
                vice: Vice::Stalls,
                ..seeders(1, line(MIB, 4 * MIB))
            },
            leechers(10, line(512 * KIB, 4 * MIB)),
        ],
    )
}

fn free_rider() -> Scenario {
    Scenario::new(
        "free-rider",
        "three of the leechers take and never give, and the others leave when they have everything",
        32 * MIB,
        vec![
            seeders(1, line(2 * MIB, 4 * MIB)),
            Group {
                slots: 4,
                stays: false,
                ..leechers(20, line(256 * KIB, 4 * MIB))
            },
            Group {
                name: "free-rider".to_owned(),
                free_rides: true,
                ..leechers(3, line(256 * KIB, 4 * MIB))
            },
        ],
    )
}

fn churn() -> Scenario {
    let shaky = Line {
        jitter: Duration::from_millis(30),
        breaks: Some(Duration::from_secs(120)),
        ..line(512 * KIB, 4 * MIB)
    };
    Scenario::new(
        "churn",
        "leechers come one after the other, half of them are away for a while, and lines break",
        32 * MIB,
        vec![
            seeders(2, line(MIB, 4 * MIB)),
            Group {
                every: Duration::from_secs(2),
                ..leechers(15, shaky)
            },
            Group {
                name: "guest".to_owned(),
                every: Duration::from_secs(2),
                leaves: Some(Duration::from_secs(15)),
                away: Some(Duration::from_secs(20)),
                ..leechers(15, shaky)
            },
        ],
    )
}

fn slow_disk() -> Scenario {
    let disk = |rate| Disk {
        latency: Duration::from_millis(8),
        rate: Some(rate),
        ..Disk::default()
    };
    Scenario::new(
        "slow-disk",
        "disks that are slower than the lines, and one that fails for half a minute",
        64 * MIB,
        vec![
            seeders(2, line(4 * MIB, 8 * MIB)),
            leechers(2, line(2 * MIB, 4 * MIB)),
            Group {
                name: "slow disk".to_owned(),
                disk: disk(MIB),
                ..leechers(2, line(2 * MIB, 4 * MIB))
            },
            Group {
                name: "failing disk".to_owned(),
                disk: Disk {
                    fault: Some((Duration::from_secs(5), Duration::from_secs(35))),
                    ..disk(4 * MIB)
                },
                ..leechers(1, line(2 * MIB, 4 * MIB))
            },
        ],
    )
}

fn link() -> Scenario {
    let finds = Finds {
        dht: true,
        exchange: true,
        ..Finds::nobody()
    };
    Scenario::new(
        "link",
        "one seeder, and forty leechers that have a magnet link and the DHT, and no tracker",
        32 * MIB,
        vec![
            Group {
                finds,
                ..seeders(1, line(2 * MIB, 8 * MIB))
            },
            Group {
                finds,
                magnet: true,
                ..leechers(40, line(MIB, 8 * MIB))
            },
        ],
    )
}

fn far() -> Scenario {
    let far = Line {
        latency: Duration::from_micros(62_500),
        jitter: Duration::from_millis(5),
        ..line(4 * MIB, 16 * MIB)
    };
    Scenario::new(
        "far",
        "two seeders at the other end of the world: a quarter of a second there and back",
        64 * MIB,
        vec![seeders(2, far), leechers(1, far)],
    )
}
