//! What the members decide, and who got how much, for a person.

use std::sync::PoisonError;

use choker::Decision;
use messages::Bitfield;
use progress::{bytes, ratio};

use crate::swarm::Swarm;

/// The decisions of one member at the end of a round.
pub fn round(
    swarm: &Swarm,
    member: usize,
    round: u32,
    have: &Bitfield,
    decisions: &[Decision],
) -> String {
    let name = swarm.members[member].name;
    let (count, all) = (have.count(), have.len());
    let mut text = format!("\nround {round}: {name} has {count} of {all} pieces\n");
    for decision in decisions {
        let other = swarm.members.get(decision.peer.0 as usize);
        let other = other.map_or("guest", |member| member.name);
        let what = if decision.unchoke {
            "unchoked"
        } else {
            "choked"
        };
        text += &format!("  {other:<5} {what:<9} {}\n", decision.reason);
    }
    text
}

/// Who got how much from whom, a line for each who got something.
pub fn table(swarm: &Swarm) -> Vec<String> {
    let got = swarm.got.lock().unwrap_or_else(PoisonError::into_inner);
    let mut head = "got from    ".to_owned();
    for member in &swarm.members {
        head += &format!("{:>10}", member.name);
    }
    let mut lines = vec![head + "   in all  gave back"];
    for (to, member) in swarm.members.iter().enumerate() {
        let mut line = format!("{:<12}", member.name);
        for from in 0..swarm.members.len() {
            line += &format!("{:>10}", bytes(got[to][from]));
        }
        let all: u64 = got[to].iter().sum();
        let gave: u64 = got.iter().map(|row| row[to]).sum();
        lines.push(format!("{line}{:>9}{:>11}", bytes(all), ratio(gave, all)));
    }
    lines
}
