//! The counts of a torrent.

use serde::{Deserialize, Serialize};
use tracker::Counts;

/// What a tracker knows of a torrent (BEP 15, "Scrape").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scraped {
    /// How many have everything.
    pub seeders: u32,
    /// How many have ever come to have everything, as far as the tracker remembers.
    pub completed: u32,
    /// How many still lack something.
    pub leechers: u32,
}

impl Scraped {
    /// Its 12 bytes.
    pub(super) fn to_bytes(self) -> [u8; 12] {
        let numbers = [self.seeders, self.completed, self.leechers];
        let bytes = numbers.map(u32::to_be_bytes);
        std::array::from_fn(|i| bytes[i / 4][i % 4])
    }

    /// All that stand in these bytes. What is left at the end is dropped.
    pub(super) fn all(bytes: &[u8]) -> Vec<Scraped> {
        let (torrents, _) = bytes.as_chunks::<12>();
        let number = |torrent: &[u8; 12], at| super::u32_at(torrent, at);
        let scraped = torrents.iter().map(|torrent| Scraped {
            seeders: number(torrent, 0),
            completed: number(torrent, 4),
            leechers: number(torrent, 8),
        });
        scraped.collect()
    }
}

impl From<Scraped> for Counts {
    /// The same that an HTTP tracker would have said.
    fn from(scraped: Scraped) -> Counts {
        Counts {
            seeders: count(scraped.seeders),
            leechers: count(scraped.leechers),
            completed: count(scraped.completed),
        }
    }
}

/// A count, unless it is negative to a tracker that counts with signs, like -1: that is none.
pub(super) fn count(number: u32) -> Option<u32> {
    (number <= i32::MAX as u32).then_some(number)
}
