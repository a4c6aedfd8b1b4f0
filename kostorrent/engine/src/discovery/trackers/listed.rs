//! The trackers as a person sees them.

use tracker::host_of;

use super::Trackers;
use crate::{Time, TrackerDetails};

impl Trackers {
    /// Each tracker that can be asked, in the order of asking.
    pub fn listed(&self, now: Time) -> Vec<TrackerDetails> {
        let next = |url: &str| {
            let due = self.due.filter(|_| self.leader.as_deref() == Some(url))?;
            Some(due.since(now))
        };
        let tracker = |url: &str| TrackerDetails {
            host: host_of(url),
            asked: self.under_way.contains_key(url),
            word: self.words.get(url).cloned(),
            next: next(url).filter(|_| !self.paused),
            counts: self.counts.of(url),
        };
        self.tiers.iter().map(tracker).collect()
    }
}
