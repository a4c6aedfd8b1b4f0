//! Where a swarm loses time against the ideal: for each group, second by second, how much of its
//! lines is in use, and what the rest waits for.
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example losses NAME [SEED]
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use sim::World;
use sim::scenario::{Group, Role, Scenario};

/// How long a row of the table is.
const ROW: Duration = Duration::from_secs(2);

/// What a group had at the last row.
#[derive(Clone, Copy, Default)]
struct Seen {
    sent: u64,
    received: u64,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "flash".to_owned());
    let seed = args.next().map_or(0, |arg| arg.parse().expect("a number"));
    let scenario = Scenario::named(&name).expect("a scenario");
    let groups: Vec<&Group> = scenario.groups.iter().collect();
    let mut world = scenario.world(seed);
    let mut seen = vec![Seen::default(); groups.len()];
    let ideal = scenario.ideal();
    println!(
        "{name}, seed {seed}: ideal {:.1} s\n\
         up, down: per cent of the lines in use; have: of the pieces; done: peers; idle: peers whose\n\
         uplink has nothing to send; of these: no slot is taken by anybody who wants something (w),\n\
         or those who have a slot ask for nothing (a); out: of the pieces somebody got",
        ideal.as_secs_f64()
    );
    let mut at = Duration::ZERO;
    while at < scenario.until {
        at += ROW;
        world.run_until(at, |_| false);
        print!("{:>4.0} s ", at.as_secs_f64());
        let mut first = 0;
        for (number, group) in groups.iter().enumerate() {
            let members = first..first + group.count as usize;
            first = members.end;
            print!(
                " | {}",
                row(&mut world, &scenario, group, members, &mut seen[number])
            );
        }
        println!(" | out {:3.0}", 100.0 * out(&world, &scenario));
        let takers = scenario.members().zip(&world.nodes);
        let mut waits = takers.filter(|((group, _), _)| group.is_to_finish());
        if waits.all(|(_, node)| node.completed.is_some()) {
            break;
        }
    }
    let ends = world.nodes.iter().filter_map(|node| node.completed);
    let took = ends.max().unwrap_or_default().since_start();
    println!(
        "took {:.1} s, {:.2} times the ideal",
        took.as_secs_f64(),
        took.as_secs_f64() / ideal.as_secs_f64()
    );
    let mut first = 0;
    for group in groups {
        let members = &mut world.nodes[first..first + group.count as usize];
        first += group.count as usize;
        let mut wasted = 0;
        for node in members.iter_mut() {
            wasted += node.engine.stats(world.now).waste.total();
        }
        let sent: u64 = members.iter().map(|node| node.sent).sum();
        let received: u64 = members.iter().map(|node| node.received).sum();
        let each = (u64::from(group.count) * scenario.size) as f64;
        println!(
            "{}: sent {:.2}, received {:.2}, wasted {:.3} of the torrent each",
            group.name,
            sent as f64 / each,
            received as f64 / each,
            wasted as f64 / each
        );
    }
}

/// The part of the pieces that somebody has who did not have them at the beginning.
fn out(world: &World, scenario: &Scenario) -> f64 {
    let members = scenario.members().zip(&world.nodes);
    let takers = members.filter(|((group, _), _)| group.role == Role::Leecher);
    let mut out: BTreeSet<u32> = BTreeSet::new();
    for (_, node) in takers {
        out.extend(node.engine.have().iter().flat_map(|have| have.iter_ones()));
    }
    out.len() as f64 / f64::from(scenario.geometry().expect("a torrent").pieces())
}

fn row(
    world: &mut World,
    scenario: &Scenario,
    group: &Group,
    members: std::ops::Range<usize>,
    seen: &mut Seen,
) -> String {
    let now = world.now;
    let pieces = f64::from(scenario.geometry().expect("a torrent").pieces());
    let nodes = &mut world.nodes[members];
    let count = nodes.len() as f64;
    let sum = Seen {
        sent: nodes.iter().map(|node| node.sent).sum(),
        received: nodes.iter().map(|node| node.received).sum(),
    };
    let share = |bytes: u64, rate: Option<u64>| {
        let most = rate.unwrap_or(u64::MAX) as f64 * ROW.as_secs_f64() * count;
        100.0 * bytes as f64 / most
    };
    let up = share(sum.sent - seen.sent, group.line.up);
    let down = share(sum.received - seen.received, group.line.down);
    *seen = sum;
    let have: u32 = nodes
        .iter()
        .filter_map(|node| Some(node.engine.have()?.count()))
        .sum();
    let done = nodes.iter().filter(|node| node.completed.is_some()).count();
    let (mut idle, mut unwanted, mut unasked, mut slots, mut open) = (0, 0, 0, 0, 0);
    for node in nodes.iter_mut().filter(|node| node.alive) {
        open += node.engine.stats(now).open_pieces;
        let details = node.engine.details(now);
        let served = details
            .peers
            .iter()
            .filter(|peer| !peer.am_choking && peer.peer_interested);
        let served = served.count();
        slots += served;
        if !node.is_sending() {
            idle += 1;
            match served {
                0 => unwanted += 1,
                _ => unasked += 1,
            }
        }
    }
    let have = 100.0 * f64::from(have) / count / pieces;
    let each = |sum: usize| sum as f64 / count;
    match group.role {
        Role::Seeder => format!(
            "{} up {up:3.0} idle {idle} slots {:.1}",
            group.name,
            each(slots)
        ),
        Role::Leecher => format!(
            "{} up {up:3.0} down {down:3.0} have {have:3.0} done {done:2} idle {idle:2} ({unwanted}w {unasked}a) slots {:.1} open {:.1}",
            group.name,
            each(slots),
            each(open)
        ),
    }
}
