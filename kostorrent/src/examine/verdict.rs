//! What is looked at, and what comes of it.

use serde::Serialize;

/// One thing that is looked at in a client.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// A short name, unique within its stage.
    pub name: &'static str,
    /// What a client does that does it right, as a sentence without a subject.
    pub right: &'static str,
    /// Where that is written: the BEP and its section, or who says it where no BEP does.
    pub source: &'static str,
    /// The chapter of the book that explains it.
    pub chapter: u8,
    /// The heading in that chapter.
    pub section: &'static str,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was met, and done right.
    Ok,
    /// It could not happen, or the client does not claim to do it.
    Skipped,
    /// Allowed, but others do otherwise, and somebody may pay for it.
    Odd,
    /// It breaks a BEP, loses data or writes wrong data, hangs or crashes.
    Wrong,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Skipped => "skipped",
            Verdict::Odd => "odd",
            Verdict::Wrong => "WRONG",
        }
    }
}

/// A verdict, and what it rests on.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which check.
    pub check: &'static Check,
    /// What became of it.
    pub verdict: Verdict,
    /// In words.
    pub text: String,
    /// What was seen, a line each: when, with whom, what.
    pub evidence: Vec<String>,
    /// The run in which it was seen; empty when in none.
    pub take: &'static str,
}

impl Check {
    /// It was done right.
    pub fn ok(&'static self) -> Finding {
        self.finding(Verdict::Ok, self.right)
    }

    /// It was done right, and this is to be told of it.
    pub fn ok_with(&'static self, more: impl Into<String>) -> Finding {
        self.finding(Verdict::Ok, format!("{}: {}", self.right, more.into()))
    }

    /// It was done wrong: this happened.
    pub fn wrong(&'static self, text: impl Into<String>) -> Finding {
        self.finding(Verdict::Wrong, text)
    }

    /// It was done in an unusual way.
    pub fn odd(&'static self, text: impl Into<String>) -> Finding {
        self.finding(Verdict::Odd, text)
    }

    /// Nothing is known, because of this.
    pub fn skipped(&'static self, why: impl Into<String>) -> Finding {
        let text = format!("{}? {}", self.right, why.into());
        self.finding(Verdict::Skipped, text)
    }

    fn finding(&'static self, verdict: Verdict, text: impl Into<String>) -> Finding {
        Finding {
            check: self,
            verdict,
            text: text.into(),
            evidence: Vec::new(),
            take: "",
        }
    }
}

impl Finding {
    /// The same, with what was seen.
    #[must_use]
    pub fn seen(self, evidence: Vec<String>) -> Finding {
        Finding { evidence, ..self }
    }
}
