//! What limits the speed, for faces that are read line by line: not each number, but each change.

use std::time::Duration;

use crate::node::Bound;

/// The least time between two sentences.
const LEAST: Duration = Duration::from_secs(1);

/// After so long the same is said again, with new numbers.
const AGAIN: Duration = Duration::from_secs(10);

/// What was said last of a torrent.
#[derive(Clone, Default)]
pub(super) struct Explained {
    last: Option<(&'static str, Duration)>,
}

impl Explained {
    /// Whether this is to be said at `now`.
    pub fn is_news(&mut self, now: Duration, bound: &Bound) -> bool {
        let kind = bound.kind();
        let is_news = match self.last {
            None => true,
            Some((last, at)) => now >= at + if last == kind { AGAIN } else { LEAST },
        };
        // The very first details come before anything is known; and who leaves has no speed.
        let is_known = self.last.is_some() || *bound != Bound::default();
        let is_known = is_known && *bound != Bound::Leaving;
        if is_news && is_known {
            self.last = Some((kind, now));
        }
        is_news && is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_said_and_the_same_only_after_a_while() {
        let mut explained = Explained::default();
        let mut says = |seconds, bound| explained.is_news(Duration::from_secs(seconds), &bound);
        let few = |rate| Bound::FewPeers { serving: 2, rate };
        assert!(!says(0, Bound::Checking));
        assert!(says(1, few(1)));
        assert!(!says(5, few(2)));
        assert!(says(5, Bound::Paused));
        assert!(says(6, few(2)));
        assert!(!says(6, Bound::Paused), "not twice in a second");
        assert!(says(16, few(3)));
    }
}
