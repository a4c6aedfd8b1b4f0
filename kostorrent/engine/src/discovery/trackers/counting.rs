//! How many have the torrent, by the trackers' words: those of their replies, and where there are none,
//! or none to come, those of a scrape (BEP 48; BEP 15, "Scrape").

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tracker::{AnnounceReply, Counts};

/// How often trackers are asked for their counts while the torrent is paused, and nothing is announced.
pub const SCRAPE: Duration = Duration::from_secs(30 * 60);

/// The counts of each tracker.
#[derive(Debug, Default)]
pub struct Counting {
    /// By its URL: of each that has answered an announce, whatever it has told.
    told: BTreeMap<String, Counts>,
    /// Those whose reply had none, and that are to be asked for them.
    to_ask: BTreeSet<String>,
    /// Those that do not answer a scrape. They are not asked again.
    silent: BTreeSet<String>,
}

impl Counting {
    /// A tracker has answered an announce.
    pub fn announced(&mut self, tracker: &str, reply: &AnnounceReply) {
        let counts = Counts {
            seeders: reply.complete,
            leechers: reply.incomplete,
            completed: None,
        };
        self.told(tracker, counts);
        if counts.is_empty() && !self.silent.contains(tracker) {
            self.to_ask.insert(tracker.to_owned());
        }
    }

    /// A tracker has answered a scrape, or has not.
    pub fn scraped(&mut self, tracker: &str, counts: Option<Counts>) {
        match counts {
            Some(counts) => self.told(tracker, counts),
            None => drop(self.silent.insert(tracker.to_owned())),
        }
    }

    fn told(&mut self, tracker: &str, counts: Counts) {
        let told = self.told.entry(tracker.to_owned()).or_default();
        *told = counts.or(*told);
    }

    /// Takes those that are to be scraped now.
    pub fn take_due(&mut self) -> Vec<String> {
        std::mem::take(&mut self.to_ask).into_iter().collect()
    }

    /// All that know us, and answer a scrape, as far as is known.
    pub fn all(&self) -> Vec<String> {
        let known = self.told.keys();
        let known = known.filter(|tracker| !self.silent.contains(*tracker));
        known.cloned().collect()
    }

    /// The counts of a tracker.
    pub fn of(&self, tracker: &str) -> Counts {
        self.told.get(tracker).copied().unwrap_or_default()
    }

    /// Of each number the largest: a tracker that few use knows little.
    pub fn most(&self) -> Counts {
        self.told
            .values()
            .copied()
            .fold(Counts::default(), Counts::max)
    }
}
