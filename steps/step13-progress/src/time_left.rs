//! How long the rest will take, in a figure that does not jump.

use std::time::Duration;

/// How long what happened weighs: a quarter of the time that is left, but no less and no more than
/// so many seconds. After so long a change of speed has come through by 63 %, after twice as long by
/// 86 %. Peers come and go every few seconds; over less than that the figure follows each of them,
/// over much more it is still wrong when the user looks again. And who has twenty seconds left does
/// not want to hear of the last fifteen.
const MEMORY: [f64; 2] = [3.0, 15.0];

/// A new estimate that differs by less than this part of it is not shown: the clock says enough.
const SLACK: f64 = 0.1;

/// Nor is one that differs by fewer seconds than this.
const LEAST: f64 = 2.0;

/// How fast what is shown goes to where it should be, in seconds as above; and within which part of
/// the time that is left, or it would come there when all is over.
const GLIDE: f64 = 3.0;
const GLIDE_PART: f64 = 0.2;

/// After so many seconds in which nothing came nobody can say how long it will take.
const SILENCE: f64 = 30.0;

/// How long the rest will take.
///
/// What is left, divided by the rate of this moment, jumps: rates are measured over a few seconds,
/// and a swarm is not that even. Two things are done about it:
///
/// * The rate is smoothed: an exponential mean of the last fifteen seconds or so, or of fewer when the
///   end is near. At the beginning, when there are no fifteen seconds, it is the plain mean of what
///   there is; else the first figures would be far too large.
/// * What is shown counts down like a clock. As long as a new estimate differs from it by less than a
///   tenth, the clock goes on; if it differs by more, the figure glides there within seconds.
///
/// So it is late by some seconds when the speed changes for good, and that is the price.
#[derive(Clone, Debug, Default)]
pub struct TimeLeft {
    /// When it was last told something.
    at: Option<Duration>,
    /// For how many seconds.
    told: f64,
    /// The smoothed rate, in bytes a second.
    rate: f64,
    /// For how many seconds nothing has come.
    silent: f64,
    /// What is shown, in seconds.
    shown: Option<f64>,
    /// Whether it is on its way to another figure.
    glides: bool,
}

impl TimeLeft {
    /// Knows nothing yet.
    pub fn new() -> TimeLeft {
        TimeLeft::default()
    }

    /// At `now`, which never goes back, so many bytes are left and so many come in a second: how
    /// long it will take. `None` while nobody can say.
    pub fn update(&mut self, now: Duration, left: u64, per_second: u64) -> Option<Duration> {
        let passed = match self.at {
            Some(at) => now.saturating_sub(at).as_secs_f64(),
            None => 0.0,
        };
        self.at = Some(now);
        self.smooth(passed, per_second as f64, left as f64);
        if left == 0 {
            self.shown = Some(0.0);
        } else if self.silent >= SILENCE || self.rate < 1.0 {
            self.shown = None;
        } else {
            self.show(passed, left as f64 / self.rate);
        }
        let seconds = self.shown?;
        Duration::try_from_secs_f64(seconds.ceil()).ok()
    }

    // ANCHOR: smooth
    /// Takes in the rate of the seconds that have passed.
    fn smooth(&mut self, passed: f64, rate: f64, left: f64) {
        // ANCHOR: yours_smooth (chapter 13, "The time left")
        self.silent = if rate > 0.0 {
            0.0
        } else {
            self.silent + passed
        };
        // Before anything has come there is nothing to be smoothed.
        if self.rate == 0.0 {
            self.rate = rate;
            return;
        }
        self.told += passed;
        if passed > 0.0 {
            let [least, most] = MEMORY;
            let memory = (left / self.rate / 4.0).clamp(least, most);
            let weight = gone(passed, memory).max(passed / (self.told + passed));
            self.rate += (rate - self.rate) * weight;
        }
        // ANCHOR_END: yours_smooth
    }
    // ANCHOR_END: smooth

    // ANCHOR: show
    /// Lets the clock run, or what is shown glide to the new estimate.
    fn show(&mut self, passed: f64, estimate: f64) {
        let Some(shown) = self.shown else {
            self.shown = Some(estimate);
            return;
        };
        let shown = (shown - passed).max(0.0);
        let off = estimate - shown;
        if off.abs() > LEAST.max(SLACK * estimate) {
            self.glides = true;
        } else if off.abs() < 0.5 * LEAST.max(SLACK * estimate) {
            self.glides = false;
        }
        self.shown = Some(match self.glides {
            true => shown + off * gone(passed, GLIDE.min(GLIDE_PART * estimate)),
            false => shown,
        });
    }
    // ANCHOR_END: show
}

/// Which part of an exponential decay with this time constant is over after so long.
fn gone(passed: f64, constant: f64) -> f64 {
    1.0 - (-passed / constant).exp()
}

#[cfg(test)]
mod tests;
