//! What became of a swarm, as a table.

use std::io::{self, Write};
use std::time::Duration;

use sim::Vice;
use sim::scenario::{PeerStory, Role, Scenario, Story};

use crate::cli::text::one_line;

/// More peers than these are shown by their groups.
const MOST_ROWS: usize = 24;

pub(super) fn print(out: &mut dyn Write, scenario: &Scenario, story: &Story) -> io::Result<()> {
    let about = match &*scenario.about {
        "" => String::new(),
        about => format!(": {about}"),
    };
    writeln!(out, "{}", one_line(&format!("{}{about}", scenario.name)))?;
    writeln!(
        out,
        "{} in {} pieces, {} peers, seed {}\n",
        progress::bytes(story.size),
        story.pieces,
        story.peers.len(),
        story.seed
    )?;
    writeln!(
        out,
        "  {:<16} {:>15} {:>17} {:>11} {:>11}  remarks",
        "peer", "came", "had everything", "sent", "got"
    )?;
    let rows: Vec<(String, Vec<&PeerStory>)> = match story.peers.len() > MOST_ROWS {
        true => groups(scenario, story),
        false => story
            .peers
            .iter()
            .map(|peer| (peer.name.clone(), vec![peer]))
            .collect(),
    };
    for (name, peers) in rows {
        writeln!(out, "{}", row(&name, &peers).trim_end())?;
    }
    let sent = story.sent() as f64 / story.size.max(1) as f64;
    let ideal = story.ideal.as_secs_f64();
    match (story.took(), story.givers_took()) {
        (Some(took), Some(givers)) => {
            let (took, givers) = (took.as_secs_f64(), givers.as_secs_f64());
            let times = givers / ideal.max(0.001);
            // What free-riders wait for is their own doing.
            let (who, others) = match story.takers().any(|peer| peer.free_rides) {
                true => ("All who give", format!("; free-riders after {took:.1} s")),
                false => ("Everybody", String::new()),
            };
            writeln!(
                out,
                "\n{who} had everything after {givers:.1} s, {times:.2} times the ideal {ideal:.1} s{others}.\n\
                 {sent:.1} times the torrent was sent."
            )
        }
        _ => writeln!(
            out,
            "\nGiven up after {:.1} s; the ideal is {ideal:.1} s. {sent:.1} times the torrent was sent.",
            story.ended.as_secs_f64()
        ),
    }
}

fn groups<'a>(scenario: &Scenario, story: &'a Story) -> Vec<(String, Vec<&'a PeerStory>)> {
    let mut peers = story.peers.iter();
    let groups = scenario.groups.iter();
    groups
        .map(|group| {
            let members: Vec<_> = peers.by_ref().take(group.count as usize).collect();
            let name = match members.len() {
                1 => group.name.clone(),
                count => format!("{count} × {}", group.name),
            };
            (name, members)
        })
        .collect()
}

/// A line of the table: of one peer, or of several that are alike.
fn row(name: &str, peers: &[&PeerStory]) -> String {
    let came = range(peers.iter().map(|peer| peer.joined));
    let finished: Option<Vec<Duration>> = peers.iter().map(|peer| peer.finished).collect();
    let had = match finished {
        _ if peers.iter().all(|peer| peer.role == Role::Seeder) => "from the start".to_owned(),
        Some(finished) => range(finished.into_iter()),
        None => {
            let some = peers.iter().filter(|peer| peer.finished.is_some()).count();
            match (some, peers.len()) {
                (0, _) => "never".to_owned(),
                (some, all) => format!("{some} of {all}"),
            }
        }
    };
    let each = |of: fn(&PeerStory) -> u64| {
        let all: u64 = peers.iter().map(|peer| of(peer)).sum();
        progress::bytes(all)
    };
    format!(
        "  {:<16} {came:>15} {had:>17} {:>11} {:>11}  {}",
        one_line(name),
        each(|peer| peer.sent),
        each(|peer| peer.received),
        remarks(peers)
    )
}

fn range(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    match (times.first(), times.last()) {
        (Some(first), Some(last)) if first != last => {
            format!("{:.1} to {:.1} s", first.as_secs_f64(), last.as_secs_f64())
        }
        (Some(first), _) => format!("{:.1} s", first.as_secs_f64()),
        _ => String::new(),
    }
}

fn remarks(peers: &[&PeerStory]) -> String {
    let mut remarks = Vec::new();
    if let Some(peer) = peers.first() {
        remarks.extend(vice(peer).map(str::to_owned));
    }
    let banned: usize = peers.iter().map(|peer| peer.banned_by.len()).sum();
    let doubted: u32 = peers.iter().map(|peer| peer.doubted).sum();
    let times = |count: usize| match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    if banned > 0 {
        remarks.push(format!("banned {}", times(banned)));
    }
    if doubted > 0 {
        remarks.push(format!("doubted {}", times(doubted as usize)));
    }
    remarks.join(", ")
}

/// What is wrong with a peer, in a word.
pub(super) fn vice(peer: &PeerStory) -> Option<&'static str> {
    match peer.vice {
        Vice::None if peer.free_rides => Some("free-rides"),
        Vice::None => None,
        Vice::Lies | Vice::LiesAbout(_) => Some("lies"),
        Vice::LiesOnce => Some("lies-once"),
        Vice::Stalls => Some("stalls"),
    }
}
