//! The engine's own clock value.

use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, as the time since the engine was started.
///
/// The engine never reads a clock: whoever drives it says what time it is. A
/// simulation can therefore run a day in a second, and a recording can be played
/// again.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash, Serialize, Deserialize,
)]
pub struct Time(Duration);

impl Time {
    /// The moment the engine was started.
    pub const ZERO: Time = Time(Duration::ZERO);

    /// The moment `elapsed` after the start.
    pub const fn after_start(elapsed: Duration) -> Time {
        Time(elapsed)
    }

    /// How long after the start this moment is: what the steps' libraries take as
    /// `now`.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// How long it is since `earlier`; zero if `earlier` is not earlier.
    pub fn since(self, earlier: Time) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, span: Duration) -> Time {
        Time(self.0.saturating_add(span))
    }
}
