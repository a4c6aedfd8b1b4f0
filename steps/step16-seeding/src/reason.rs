//! Why a peer is choked or unchoked.

use std::fmt;
use std::time::Duration;

use picker::PeerKey;
use progress::{duration, rate};
use serde::{Deserialize, Serialize};

/// What the choker has decided about one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which peer.
    pub peer: PeerKey,
    /// Whether it is to be unchoked; else it is to be choked.
    pub unchoke: bool,
    /// Why.
    pub reason: Reason,
}

/// Why a peer is choked or unchoked. Its Display is prose, of which nothing is made before somebody
/// reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Unchoked: it is among those who give us most.
    Gives(Place),
    /// Unchoked: the optimistic slot is its.
    Optimistic {
        /// For how long at most, if others wait for it.
        left: Duration,
    },
    /// Unchoked, when we seed: nobody has waited longer.
    WaitedLongest {
        /// For how long it has waited.
        waited: Duration,
    },
    /// Unchoked, when we seed: its turn goes on.
    Turn {
        /// For how long it has had its slot.
        held: Duration,
    },
    /// Choked: it wants nothing from us.
    NotInterested,
    /// Choked: it owes us blocks and has sent none for long.
    Snubbed,
    /// Choked: others give us more.
    NoSlot(Place),
    /// Choked, when we seed: its turn is over, and others wait.
    TurnOver {
        /// For how long it had its slot.
        held: Duration,
    },
    /// Choked, when we seed: others have waited longer.
    Waits {
        /// For how long it has waited.
        waited: Duration,
    },
}

/// The place of a peer among those who are interested and do not snub us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Bytes a second that it gives us.
    pub rate: u64,
    /// Its place, counted from 1: so many less one give us more.
    pub place: usize,
    /// How many there are.
    pub of: usize,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Gives(place) => write!(f, "{place}"),
            Reason::Optimistic { left } if left.is_zero() => {
                write!(f, "optimistic: its turn is over, and nobody else waits")
            }
            Reason::Optimistic { left } => {
                write!(f, "optimistic: its turn, {}", duration(*left))
            }
            Reason::WaitedLongest { waited } => {
                write!(f, "seeder's order: waited longest, {}", duration(*waited))
            }
            Reason::Turn { held } => {
                write!(f, "seeder's order: its turn, {} so far", duration(*held))
            }
            Reason::NotInterested => write!(f, "not interested"),
            Reason::Snubbed => write!(f, "snubbed us: it owes us blocks and sends none"),
            Reason::NoSlot(place) => write!(f, "no slot free: {place}"),
            Reason::TurnOver { held } => {
                write!(f, "seeder's order: its turn of {} is over", duration(*held))
            }
            Reason::Waits { waited } => {
                write!(f, "seeder's order: waits, {} so far", duration(*waited))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place {
            rate: given,
            place,
            of,
        } = self;
        match given {
            0 => write!(f, "gives us nothing")?,
            given => write!(f, "gives us {}", rate(*given))?,
        }
        match of {
            1 => write!(f, ", the only one"),
            _ => write!(f, ", {} of {}", ordinal(*place), number(*of)),
        }
    }
}

/// `third`, or `13th`.
fn ordinal(place: usize) -> String {
    let words = ["first", "second", "third", "fourth", "fifth", "sixth"];
    if let Some(word) = place.checked_sub(1).and_then(|at| words.get(at)) {
        return (*word).to_owned();
    }
    let ending = match (place % 100, place % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{place}{ending}")
}

/// `four`, or `14`.
fn number(count: usize) -> String {
    let words = ["no", "one", "two", "three", "four", "five", "six"];
    match words.get(count) {
        Some(word) => (*word).to_owned(),
        None => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn reasons_are_prose() {
        let place = |rate, place, of| Place { rate, place, of };
        let span = Duration::from_secs;
        let said = [
            Reason::Gives(place(1_258_291, 3, 4)),
            Reason::Gives(place(5, 1, 1)),
            Reason::Optimistic { left: span(30) },
            Reason::Optimistic { left: span(0) },
            Reason::WaitedLongest { waited: span(70) },
            Reason::Turn { held: span(10) },
            Reason::NotInterested,
            Reason::Snubbed,
            Reason::NoSlot(place(0, 21, 21)),
            Reason::TurnOver { held: span(30) },
            Reason::Waits { waited: span(5) },
        ];
        assert_eq!(
            said.map(|reason| reason.to_string()),
            [
                "gives us 1.2 MiB/s, third of four",
                "gives us 5 B/s, the only one",
                "optimistic: its turn, 30 s",
                "optimistic: its turn is over, and nobody else waits",
                "seeder's order: waited longest, 1 m 10 s",
                "seeder's order: its turn, 10 s so far",
                "not interested",
                "snubbed us: it owes us blocks and sends none",
                "no slot free: gives us nothing, 21st of 21",
                "seeder's order: its turn of 30 s is over",
                "seeder's order: waits, 5 s so far",
            ]
        );
        let ordinals: Vec<String> = [7, 11, 12, 13, 22, 33, 111].map(ordinal).to_vec();
        assert_eq!(
            ordinals,
            ["7th", "11th", "12th", "13th", "22nd", "33rd", "111th"]
        );
    }
}
