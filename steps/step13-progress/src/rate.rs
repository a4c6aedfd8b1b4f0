//! How many bytes a second.

use std::time::Duration;

/// How far back a rate looks: five seconds. Blocks come in bursts; over less the figure jumps, over
/// more it still shows what has been over for long.
pub const WINDOW: Duration = Duration::from_secs(5);

/// The window is moved on in steps of a quarter of a second, given in milliseconds.
const STEP_MS: u64 = 250;
const STEP: Duration = Duration::from_millis(STEP_MS);

/// How many steps are in the window.
const STEPS: usize = 20;

// ANCHOR: rate
/// The rate of a stream of bytes over the last five seconds.
///
/// It keeps one sum for each quarter of a second, in a ring, so it costs the same however many
/// blocks come.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    /// Bytes in each step, 4 GiB at most; step `n` since the start is at `n % STEPS`.
    sums: [u32; STEPS],
    /// The step that was added to last.
    last: u64,
    /// When the first bytes came: a rate is not divided by time before that.
    first: Option<Duration>,
}
// ANCHOR_END: rate

impl Rate {
    /// A rate of 0.
    pub fn new() -> Rate {
        Rate::default()
    }

    // ANCHOR: add
    /// Counts bytes that came at `now`, which never goes back.
    pub fn add(&mut self, now: Duration, bytes: u64) {
        // ANCHOR: yours_add (chapter 13, "The rate")
        let first = *self.first.get_or_insert(now);
        let step = step_of(now).max(step_of(first)).max(self.last);
        // Steps without any bytes.
        let skipped = (step - self.last).min(STEPS as u64);
        for empty in step + 1 - skipped..=step {
            self.sums[place(empty)] = 0;
        }
        self.last = step;
        let sum = &mut self.sums[place(step)];
        *sum = sum.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        // ANCHOR_END: yours_add
    }

    /// The rate at `now`, in bytes a second.
    pub fn per_second(&self, now: Duration) -> u64 {
        // ANCHOR: yours_per_second (chapter 13, "The rate")
        let Some(first) = self.first else {
            return 0;
        };
        let step = step_of(now).max(self.last);
        let oldest = (step + 1).saturating_sub(STEPS as u64);
        let sums = (oldest..=self.last).map(|step| u64::from(self.sums[place(step)]));
        let sum: u64 = sums.sum();
        // The window begins with its oldest step, or when the first bytes came.
        let began = Duration::from_millis(oldest.saturating_mul(STEP_MS)).max(first);
        let elapsed = now.saturating_sub(began).clamp(STEP, WINDOW);
        (u128::from(sum) * 1_000_000 / elapsed.as_micros()) as u64
        // ANCHOR_END: yours_per_second
    }
    // ANCHOR_END: add
}

fn step_of(now: Duration) -> u64 {
    let steps = now.as_millis() / u128::from(STEP_MS);
    steps.min(u128::from(u64::MAX - 1)) as u64
}

fn place(step: u64) -> usize {
    (step % STEPS as u64) as usize
}

#[cfg(test)]
mod tests;
