//! How peers find each other.

use engine::Sources;

/// The ways by which a peer finds others, and is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finds {
    /// It announces itself to the tracker.
    pub tracker: bool,
    /// It searches the DHT (BEP 5).
    pub dht: bool,
    /// It tells its peers of each other, and hears of theirs (BEP 11).
    pub exchange: bool,
    /// It tells the local network, where all the others are, too (BEP 14).
    pub local: bool,
}

impl Default for Finds {
    /// By the tracker alone.
    fn default() -> Finds {
        Finds {
            tracker: true,
            ..Finds::nobody()
        }
    }
}

impl Finds {
    /// The words for them.
    pub(super) const WORDS: [&str; 4] = ["tracker", "dht", "exchange", "local"];

    /// It finds nobody.
    pub fn nobody() -> Finds {
        Finds {
            tracker: false,
            dht: false,
            exchange: false,
            local: false,
        }
    }

    /// The way with this name; `None`, if there is none.
    pub(super) fn way(&mut self, word: &str) -> Option<&mut bool> {
        match word {
            "tracker" => Some(&mut self.tracker),
            "dht" => Some(&mut self.dht),
            "exchange" => Some(&mut self.exchange),
            "local" => Some(&mut self.local),
            _ => None,
        }
    }

    /// The same for an engine, without trackers, which are named to it.
    pub(super) fn sources(self) -> Sources {
        Sources {
            dht: self.dht,
            local: self.local,
            exchange: self.exchange,
        }
    }
}
