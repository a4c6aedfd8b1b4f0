//! A stage: what a client is put through for a chapter, and what that says of it.

use std::cmp::Reverse;
use std::pin::Pin;

use super::scene::{Scene, SceneError};
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
    use pretty_assertions::assert_eq;

    use super::*;

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
