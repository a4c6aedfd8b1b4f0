//! The stages, one file each, in the order of the chapters. A later chapter adds a file, and its stage to the table.

pub mod blocks;
mod called;
pub mod dht;
pub mod encryption;
mod extended;
pub mod fast;
pub mod fast_seeding;
pub mod files;
pub mod handshake;
pub mod hashes;
pub mod inbound;
pub mod lasting;
pub mod magnet;
pub mod messages;
pub mod metadata;
pub mod metainfo;
pub mod peer_exchange;
pub mod peers;
pub mod seeding;
pub mod tracker;
pub mod udp_tracker;

use std::time::Duration;

use super::stage::Stage;

/// All stages there are.
pub const STAGES: &[Stage] = &[
    metainfo::STAGE,
    tracker::STAGE,
    handshake::STAGE,
    messages::STAGE,
    blocks::STAGE,
    hashes::STAGE,
    files::STAGE,
    peers::STAGE,
    lasting::STAGE,
    inbound::STAGE,
    seeding::STAGE,
    udp_tracker::STAGE,
    magnet::STAGE,
    metadata::STAGE,
    peer_exchange::STAGE,
    dht::STAGE,
    fast::STAGE,
    fast_seeding::STAGE,
    encryption::STAGE,
];

/// A client that has hung up, and does not call again for so long, does not go on.
const GONE: Duration = Duration::from_secs(1);
/// What is said of a check that the client has not come far enough for.
const NOT_SO_FAR: &str = "it has not come so far: in an honest swarm it does not do it either";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use pretty_assertions::assert_eq;

    use super::*;

    /// The text of a chapter.
    fn chapter(number: u8) -> String {
        let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src");
        let start = format!("{number:02}-");
        let mut pages = fs::read_dir(book).unwrap().map(|entry| entry.unwrap());
        let page = pages.find(|page| page.file_name().to_string_lossy().starts_with(&start));
        fs::read_to_string(page.unwrap().path()).unwrap()
    }

    #[test]
    fn names_are_unique_and_chapters_in_order() {
        let names: BTreeSet<_> = STAGES.iter().map(|stage| stage.name).collect();
        assert_eq!(names.len(), STAGES.len());
        assert!(STAGES.is_sorted_by_key(|stage| stage.chapter));
        for stage in STAGES {
            let checks: BTreeSet<_> = stage.checks.iter().map(|check| check.name).collect();
            assert_eq!(checks.len(), stage.checks.len(), "{}", stage.name);
            let takes: BTreeSet<_> = stage.takes.iter().map(|take| take.name).collect();
            assert_eq!(takes.len(), stage.takes.len(), "{}", stage.name);
        }
    }

    #[test]
    fn each_check_names_a_section_that_there_is() {
        for check in STAGES.iter().flat_map(|stage| stage.checks) {
            let page = chapter(check.chapter);
            let mut headings = page.lines().filter(|line| line.starts_with('#'));
            let found = headings.any(|line| line.trim_start_matches(['#', ' ']) == check.section);
            assert!(found, "{}: {}", check.name, check.section);
        }
    }
}
