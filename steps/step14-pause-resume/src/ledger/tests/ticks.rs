//! A file whose clock ticks, we who write to it, and somebody else who does: nothing that he does
//! after a settled look can hide.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    WeWrite,
    TheyWrite,
    Look,
    /// So many milliseconds.
    Pass(u64),
}

fn step(longest: u64) -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::WeWrite),
        2 => Just(Step::TheyWrite),
        4 => Just(Step::Look),
        4 => (0..longest).prop_map(Step::Pass),
    ]
}

/// The clock of a file: how often it ticks, in milliseconds, and where it begins.
#[derive(Clone, Copy, Debug)]
struct Clock {
    tick: u64,
    begin: UnixTime,
}

impl Clock {
    fn read(&self, now: u64) -> UnixTime {
        let ticks = Duration::from_millis(now / self.tick * self.tick);
        self.begin.plus(ticks)
    }
}

fn nothing_hides(clock: Clock, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut ledger = Ledger::new(Arc::new(layout(&[25], 10)));
    let (mut now, mut written, mut version) = (0, 0, 0);
    let mut looked_at = None;
    for step in steps {
        let time = Duration::from_millis(now);
        let stamp = Stamp {
            length: 25,
            modified: clock.read(written),
            number: Some(7),
            changed: None,
        };
        match step {
            Step::WeWrite => {
                (version, written) = (version + 1, now);
                ledger.written(0, time);
            }
            Step::TheyWrite => (version, written) = (version + 1, now),
            Step::Look => {
                ledger.looked(0, Some(stamp), time);
                looked_at = Some(version);
            }
            Step::Pass(millis) => now += millis,
        }
        let resume = ledger.begin_save(about(), true, time).unwrap();
        ledger.saved();
        let settled = resume.files[0].filter(|file| file.settled);
        if settled.is_some_and(|file| file.stamp.modified == clock.read(written)) {
            prop_assert_eq!(looked_at, Some(version), "a write was not noticed");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn where_time_has_fractions(steps in proptest::collection::vec(step(150), 0..60)) {
        let begin = UnixTime::new(1_700_000_000, 1).unwrap();
        nothing_hides(Clock { tick: 90, begin }, steps)?;
    }

    #[test]
    fn where_time_is_kept_in_steps_of_two_seconds(
        steps in proptest::collection::vec(step(3_000), 0..60),
    ) {
        let begin = UnixTime::from_seconds(1_700_000_000);
        nothing_hides(Clock { tick: 2_000, begin }, steps)?;
    }
}
