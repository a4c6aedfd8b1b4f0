//! The time that nobody can be faster than.

use std::time::Duration;

use super::{Group, Role, Scenario};
use crate::line::time_for;

impl Scenario {
    /// No swarm is done sooner. It is the longest of three times, each without latency and with lines
    /// that are never idle:
    ///
    /// - the honest seeders have sent each byte once;
    /// - each that is to have everything has taken it in over its own line, since it came, and not
    ///   while it was away, and has written it, and not while its disk had a fault;
    /// - everybody honest has sent, from its coming on and but for the time that it is away, as much
    ///   as all need together.
    pub fn ideal(&self) -> Duration {
        let takers = || self.members().filter(|(group, _)| group.is_to_finish());
        let alone = takers().map(|(group, number)| self.alone(group, number));
        let slowest = alone.max().unwrap_or_default();
        slowest.max(self.first_copy()).max(self.all_together())
    }

    /// When a peer has everything that nothing holds up but its own line and its own disk.
    fn alone(&self, group: &Group, number: u32) -> Duration {
        let takes =
            |rate: Option<u64>| rate.map_or(Duration::ZERO, |rate| time_for(self.size, rate));
        let line = takes(group.line.down);
        let away = match (group.leaves, group.away) {
            (Some(stay), Some(away)) if stay < line => away,
            _ => Duration::ZERO,
        };
        let comes = group.comes(number);
        let written = comes + takes(group.disk.rate);
        let written = match group.disk.fault {
            Some((from, until)) if from.max(comes) < written => {
                written + until.saturating_sub(from.max(comes))
            }
            _ => written,
        };
        written.max(comes + line + away)
    }

    /// When the seeders can have sent every byte once.
    fn first_copy(&self) -> Duration {
        let seeders = self
            .giving()
            .filter(|(group, _)| group.role == Role::Seeder);
        when_sent(seeders, self.size)
    }

    /// When everybody together can have sent what all need.
    fn all_together(&self) -> Duration {
        let takers = self.members().filter(|(group, _)| group.is_to_finish());
        when_sent(
            self.giving(),
            self.size.saturating_mul(takers.count() as u64),
        )
    }

    fn giving(&self) -> impl Iterator<Item = (&Group, u32)> {
        self.members().filter(|(group, _)| group.is_honest())
    }
}

/// When these can have sent so many bytes together.
fn when_sent<'a>(givers: impl Iterator<Item = (&'a Group, u32)>, bytes: u64) -> Duration {
    let mut changes: Vec<(Duration, Change, Option<u64>)> = Vec::new();
    for (group, number) in givers {
        let (comes, up) = (group.comes(number), group.line.up);
        changes.push((comes, Change::Comes, up));
        let Some(stay) = group.leaves else {
            continue;
        };
        changes.push((comes + stay, Change::Goes, up));
        if let Some(away) = group.away {
            changes.push((comes + stay + away, Change::Comes, up));
        }
    }
    changes.sort_unstable();
    let (mut now, mut rate, mut left) = (Duration::ZERO, 0_u64, bytes);
    for (at, change, up) in changes {
        let span = at - now;
        if rate > 0 && time_for(left, rate) <= span {
            break;
        }
        let sent = u128::from(rate) * span.as_nanos() / 1_000_000_000;
        left = left.saturating_sub(u64::try_from(sent).unwrap_or(u64::MAX));
        now = at;
        match (up, change) {
            (None, _) => return now,
            (Some(up), Change::Comes) => rate = rate.saturating_add(up),
            (Some(up), Change::Goes) => rate = rate.saturating_sub(up),
        }
    }
    match rate {
        0 => now,
        rate => now + time_for(left, rate),
    }
}

/// Somebody begins to give, or does not give any more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Comes,
    Goes,
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::Line;

    fn group(role: Role, count: u32, up: u64, down: Option<u64>) -> Group {
        let line = Line {
            up: Some(up),
            down,
            ..Line::default()
        };
        Group {
            line,
            ..Group::new("peer", role, count)
        }
    }

    fn ideal(groups: Vec<Group>) -> u64 {
        let scenario = Scenario {
            name: String::new(),
            about: String::new(),
            size: 1_000_000,
            piece_length: 16_384,
            until: Duration::from_secs(1),
            groups,
        };
        scenario.ideal().as_millis() as u64
    }

    #[test]
    fn the_narrowest_line_counts() {
        let seeder = group(Role::Seeder, 1, 100_000, None);
        let fast = group(Role::Leecher, 1, 100_000, None);
        assert_eq!(ideal(vec![seeder.clone(), fast.clone()]), 10_000);
        let slow = group(Role::Leecher, 1, 100_000, Some(20_000));
        assert_eq!(ideal(vec![seeder.clone(), fast, slow]), 50_000);
        // Three who give nothing back: the seeder sends it all three times.
        let takers = group(Role::Leecher, 3, 0, None);
        assert_eq!(ideal(vec![seeder.clone(), takers]), 30_000);
        let takers = group(Role::Leecher, 3, 50_000, None);
        assert_eq!(ideal(vec![seeder, takers]), 12_000);
    }

    #[test]
    fn who_comes_later_gives_later_and_who_lies_gives_nothing() {
        let seeder = group(Role::Seeder, 1, 100_000, None);
        let taker = group(Role::Leecher, 2, 0, None);
        let late = Group {
            joins: Duration::from_secs(10),
            ..seeder.clone()
        };
        assert_eq!(ideal(vec![seeder.clone(), late, taker.clone()]), 15_000);
        let liar = Group {
            vice: crate::Vice::Lies,
            ..seeder.clone()
        };
        assert_eq!(ideal(vec![seeder, liar, taker]), 20_000);
    }

    #[test]
    fn who_is_away_gives_nothing_meanwhile_and_who_has_gone_gives_nothing_more() {
        let taker = group(Role::Leecher, 2, 0, None);
        let seeder = group(Role::Seeder, 1, 100_000, None);
        let guest = Group {
            leaves: Some(Duration::from_secs(5)),
            away: Some(Duration::from_secs(3)),
            ..seeder.clone()
        };
        // Five seconds both, three seconds one alone, and then both again.
        assert_eq!(
            ideal(vec![seeder.clone(), guest.clone(), taker.clone()]),
            11_500
        );
        let gone = Group {
            away: None,
            ..guest
        };
        assert_eq!(ideal(vec![seeder, gone, taker]), 15_000);
    }

    #[test]
    fn who_is_away_takes_nothing_meanwhile() {
        let seeder = group(Role::Seeder, 1, 1_000_000, None);
        let taker = Group {
            joins: Duration::from_secs(1),
            leaves: Some(Duration::from_secs(5)),
            away: Some(Duration::from_secs(7)),
            ..group(Role::Leecher, 1, 0, Some(100_000))
        };
        assert_eq!(ideal(vec![seeder, taker]), 18_000);
    }
}
