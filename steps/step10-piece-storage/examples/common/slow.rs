//! A line that is faster than the disk, second by second.

/// How it is after a second. All in MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub arrived: u64,
    pub in_memory: u64,
    pub written: u64,
}

// ANCHOR: second
/// One second of a download over a line of `line` MiB a second, to a disk of `disk` MiB a second.
/// With a budget, nothing is asked for that there would be no room for.
pub fn second(now: State, line: u64, disk: u64, budget: Option<u64>) -> State {
    let room = budget.map_or(u64::MAX, |budget| budget - now.in_memory);
    let arrives = line.min(room);
    let is_written = disk.min(now.in_memory + arrives);
    State {
        arrived: now.arrived + arrives,
        in_memory: now.in_memory + arrives - is_written,
        written: now.written + is_written,
    }
}
// ANCHOR_END: second

/// So many seconds of it, beginning with nothing.
pub fn run(seconds: usize, line: u64, disk: u64, budget: Option<u64>) -> Vec<State> {
    let next = |now: &State| Some(second(*now, line, disk, budget));
    std::iter::successors(Some(State::default()), next)
        .take(seconds + 1)
        .collect()
}
