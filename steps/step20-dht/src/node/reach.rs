//! Whether others can reach us (BEP 43).

use std::time::Duration;

use super::ReadOnly;
use crate::limits::{READ_ONLY_FOR, TRIAL};

/// What is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    mode: ReadOnly,
    /// When somebody answered us for the first time: since then others know of us.
    began: Option<Duration>,
    /// When somebody last called whom we had not called first.
    called: Option<Duration>,
}

impl Reach {
    pub(super) fn new(mode: ReadOnly) -> Reach {
        Reach {
            mode,
            began: None,
            called: None,
        }
    }

    /// Somebody has answered us.
    pub(super) fn answered(&mut self, now: Duration) {
        self.began.get_or_insert(now);
    }

    /// Somebody has called by himself.
    pub(super) fn called(&mut self, now: Duration) {
        self.called = Some(now);
    }

    pub(super) fn is_read_only(&self, now: Duration) -> bool {
        let turn = TRIAL + READ_ONLY_FOR;
        let is_reachable = self.called.is_some_and(|at| now < at + turn);
        match self.mode {
            ReadOnly::Never => false,
            ReadOnly::Always => true,
            ReadOnly::Unreachable if is_reachable => false,
            ReadOnly::Unreachable => self.began.is_some_and(|began| {
                let since = now.saturating_sub(began).as_secs() % turn.as_secs();
                since >= TRIAL.as_secs()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(n: u64) -> Duration {
        Duration::from_secs(60 * n)
    }

    #[test]
    fn whom_nobody_calls_is_on_trial_then_read_only_then_on_trial_again() {
        let mut reach = Reach::new(ReadOnly::Unreachable);
        assert!(
            !reach.is_read_only(minutes(1_000)),
            "nobody knows of us yet"
        );
        reach.answered(minutes(10));
        reach.answered(minutes(20));
        for (at, is_read_only) in [
            (10, false),
            (24, false),
            (25, true),
            (69, true),
            (70, false),
            (85, true),
        ] {
            assert_eq!(reach.is_read_only(minutes(at)), is_read_only, "{at} min");
        }
        reach.called(minutes(90));
        for (at, is_read_only) in [(90, false), (149, false), (150, true)] {
            assert_eq!(reach.is_read_only(minutes(at)), is_read_only, "{at} min");
        }
    }

    #[test]
    fn it_may_be_told() {
        for (mode, is_read_only) in [(ReadOnly::Never, false), (ReadOnly::Always, true)] {
            let mut reach = Reach::new(mode);
            reach.answered(minutes(1));
            reach.called(minutes(2));
            assert_eq!(reach.is_read_only(minutes(30)), is_read_only);
        }
    }
}
