//! The result as programs read it: one object a line. The help of the command is the schema.

use std::time::Duration;

use serde::Serialize;

use super::{Count, outputs};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::examine::{Examined, Part, Verdict, real};

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Examine {
        version: &'a str,
        command: &'a [String],
        stages: Vec<&'a str>,
    },
    Check {
        stage: &'a str,
        check: &'a str,
        verdict: Verdict,
        text: &'a str,
        right: &'a str,
        evidence: &'a [String],
        take: &'a str,
        source: &'a str,
        chapter: u8,
        section: &'a str,
        real_right: usize,
        real_seen: usize,
    },
    Output {
        stage: &'a str,
        take: &'a str,
        text: String,
    },
    Examined {
        ok: usize,
        wrong: usize,
        odd: usize,
        skipped: usize,
        seconds: f64,
    },
}

/// The first line.
pub(super) fn start(command: &[String], parts: &[Part]) -> Result<(), Failure> {
    output::json(&Line::Examine {
        version: env!("CARGO_PKG_VERSION"),
        command,
        stages: parts.iter().map(|part| part.stage.name).collect(),
    })
}

/// The lines of one stage.
pub(super) fn stage(examined: &Examined) -> Result<(), Failure> {
    let stage = examined.stage.name;
    for finding in &examined.findings {
        let real = real::passed(stage, finding.check.name);
        output::json(&Line::Check {
            stage,
            check: finding.check.name,
            verdict: finding.verdict,
            text: &finding.text,
            right: finding.check.right,
            evidence: &finding.evidence,
            take: finding.take,
            source: finding.check.source,
            chapter: finding.check.chapter,
            section: finding.check.section,
            real_right: real.right,
            real_seen: real.seen,
        })?;
    }
    for (take, lines) in outputs(examined) {
        output::json(&Line::Output {
            stage,
            take,
            text: lines.join("\n"),
        })?;
    }
    Ok(())
}

/// The last line.
pub(super) fn end(count: &Count, took: Duration) -> Result<(), Failure> {
    output::json(&Line::Examined {
        ok: count.ok,
        wrong: count.wrong,
        odd: count.odd,
        skipped: count.skipped,
        seconds: (took.as_secs_f64() * 10.0).round() / 10.0,
    })
}
