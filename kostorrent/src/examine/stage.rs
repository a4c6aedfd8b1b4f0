//! The stages: what a client is put through, in the order of the chapters. A later chapter adds a file below
//! `stages`, and its stage to the table.

use std::cmp::Reverse;
use std::pin::Pin;

use super::scene::{Scene, SceneError};
use super::stages;
use super::verdict::{Check, Finding, Verdict};

/// A part of the examination.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// A short name.
    pub name: &'static str,
    /// The chapter of the book from whose end on a client should pass it.
    pub chapter: u8,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// Whether it is for a client that seeds, and not for one that downloads.
    pub seeds: bool,
    /// What is looked at.
    pub checks: &'static [&'static Check],
    /// The runs of the command in which that is seen.
    pub takes: &'static [Take],
}

/// One run of the command in a swarm of its own (or none, where something is missing), and what was found.
#[derive(Clone, Copy, Debug)]
pub struct Take {
    /// A short name, for its folder.
    pub name: &'static str,
    /// What happens in it.
    pub play: fn(Scene) -> Playing,
}

/// What is examined of a stage.
#[derive(Clone, Debug)]
pub struct Part {
    /// The stage.
    pub stage: &'static Stage,
    /// Some of its takes, or all.
    pub takes: Vec<&'static Take>,
}

/// A take at work.
pub type Playing = Pin<Box<dyn Future<Output = Result<Vec<Finding>, SceneError>> + Send>>;

/// All stages there are.
pub const STAGES: &[Stage] = &[
    stages::metainfo::STAGE,
    stages::tracker::STAGE,
    stages::handshake::STAGE,
    stages::messages::STAGE,
    stages::blocks::STAGE,
    stages::hashes::STAGE,
    stages::files::STAGE,
    stages::peers::STAGE,
    stages::lasting::STAGE,
    stages::inbound::STAGE,
    stages::seeding::STAGE,
    stages::udp_tracker::STAGE,
    stages::magnet::STAGE,
    stages::metadata::STAGE,
    stages::peer_exchange::STAGE,
    stages::dht::STAGE,
    stages::fast::STAGE,
    stages::fast_seeding::STAGE,
    stages::encryption::STAGE,
];

impl Part {
    /// A whole stage.
    pub fn whole(stage: &'static Stage) -> Part {
        Part {
            stage,
            takes: stage.takes.iter().collect(),
        }
    }

    /// One finding a check, in the order of the table. Where several takes look at the same thing, the worst is
    /// told, the first of these. What nobody has looked at is not known, and not spoken of where takes were left out.
    pub(super) fn sum_up(&self, mut found: Vec<Finding>) -> Vec<Finding> {
        let is_whole = self.takes.len() == self.stage.takes.len();
        let sum = self.stage.checks.iter().filter_map(|check| {
            let mine = found.extract_if(.., |finding| finding.check.name == check.name);
            // A verdict says more than that none was possible.
            let rank = |finding: &Finding| match finding.verdict {
                Verdict::Skipped => 0,
                Verdict::Ok => 1,
                Verdict::Odd => 2,
                Verdict::Wrong => 3,
            };
            let not_met = || is_whole.then(|| check.skipped("it was not met"));
            // The first of them, where several are as bad.
            mine.min_by_key(|it| Reverse(rank(it))).or_else(not_met)
        });
        sum.collect()
    }
}

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

    #[test]
    fn the_worst_is_told_and_what_was_not_met_is_said() {
        static ONE: Check = Check {
            name: "one",
            right: "does one",
            source: "BEP 3",
            chapter: 1,
            section: "On the wire",
        };
        static TWO: Check = Check {
            name: "two",
            right: "does two",
            ..ONE
        };
        static CHECKS: [&Check; 2] = [&ONE, &TWO];
        static TAKES: [Take; 1] = [Take {
            name: "t",
            play: |_| Box::pin(async { Ok(Vec::new()) }),
        }];
        static STAGE: Stage = Stage {
            name: "s",
            chapter: 1,
            about: "",
            seeds: false,
            checks: &CHECKS,
            takes: &TAKES,
        };
        let found = || vec![ONE.ok(), ONE.wrong("bad"), ONE.skipped("no")];
        let part = Part::whole(&STAGE);
        let sum = part.sum_up(found());
        let verdicts: Vec<_> = sum.iter().map(|finding| finding.verdict).collect();
        assert_eq!(verdicts, [Verdict::Wrong, Verdict::Skipped]);
        assert_eq!(sum[1].text, "does two? it was not met");
        let sum = part.sum_up(vec![ONE.skipped("no"), ONE.ok()]);
        assert_eq!(sum[0].verdict, Verdict::Ok);
        let sum = part.sum_up(vec![ONE.ok(), ONE.wrong("first"), ONE.wrong("second")]);
        assert_eq!(sum[0].text, "first");
        let less = Part {
            stage: &STAGE,
            takes: Vec::new(),
        };
        assert_eq!(less.sum_up(found()).len(), 1);
    }
}
