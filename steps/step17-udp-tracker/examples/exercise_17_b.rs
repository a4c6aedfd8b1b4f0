//! Exercise 17b: a scrape of any number of torrents.

use metainfo::InfoHash;
use udp_tracker::Scraped;

// ANCHOR: answer
/// Asks for the counts of these torrents. `ask` sends one scrape, and gives what has come back for
/// it: a tracker may answer for the first ones only, and is asked for the others again.
fn scrape_all(
    torrents: &[InfoHash],
    mut ask: impl FnMut(&[InfoHash]) -> Option<Vec<Scraped>>,
) -> Vec<Option<Scraped>> {
    let mut counts = Vec::new();
    while counts.len() < torrents.len() {
        let left = &torrents[counts.len()..];
        let asked = &left[..left.len().min(74)];
        let mut answer = ask(asked).unwrap_or_default();
        answer.truncate(asked.len());
        if answer.is_empty() {
            break; // it says nothing at all: no use in asking again
        }
        counts.extend(answer.into_iter().map(Some));
    }
    counts.resize(torrents.len(), None);
    counts
}
// ANCHOR_END: answer

/// What a tracker says of a torrent whose info-hash begins with this.
fn count(torrent: &InfoHash) -> Scraped {
    Scraped {
        seeders: torrent.0[0].into(),
        completed: 0,
        leechers: 0,
    }
}

fn torrents(count: u8) -> Vec<InfoHash> {
    (0..count).map(|n| InfoHash([n; 20])).collect()
}

fn main() {
    let mut asked = Vec::new();
    scrape_all(&torrents(200), |torrents| {
        asked.push(torrents.len());
        Some(torrents.iter().map(count).collect())
    });
    println!("{asked:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(count: u8) -> Vec<Option<Scraped>> {
        torrents(count).iter().map(self::count).map(Some).collect()
    }

    #[test]
    fn all_are_asked_for_and_none_twice() {
        for count in [0, 1, 74, 75, 200] {
            let mut asked = Vec::new();
            let counts = scrape_all(&torrents(count), |torrents| {
                assert!((1..=74).contains(&torrents.len()));
                asked.extend_from_slice(torrents);
                Some(torrents.iter().map(self::count).collect())
            });
            assert_eq!(counts, right(count));
            assert_eq!(asked, torrents(count));
        }
        main();
    }

    #[test]
    fn a_tracker_that_takes_fewer_is_asked_more_often_and_one_that_is_silent_once() {
        let few = |torrents: &[InfoHash]| Some(torrents.iter().take(10).map(count).collect());
        assert_eq!(scrape_all(&torrents(95), few), right(95));
        let mut calls = 0;
        let silent = |_: &[InfoHash]| {
            calls += 1;
            None
        };
        assert_eq!(scrape_all(&torrents(95), silent), vec![None; 95]);
        assert_eq!(calls, 1);
    }

    #[test]
    fn more_than_was_asked_for_is_not_taken() {
        let many = |_: &[InfoHash]| Some(vec![count(&InfoHash([0; 20])); 1_000]);
        assert_eq!(scrape_all(&torrents(3), many).len(), 3);
    }
}
