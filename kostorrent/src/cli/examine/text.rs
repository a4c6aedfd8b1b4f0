//! The result as a person reads it.

use std::io::{self, Write};

use super::{Count, outputs};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::text::printable;
use crate::examine::{Examined, Finding, Part, Verdict, real};

/// Columns that a line has.
const WIDTH: usize = 100;
/// Where a finding's text begins.
const INDENT: usize = 10;

/// What there is.
pub(super) fn list(parts: &[Part]) -> Result<(), Failure> {
    output::result(|out| {
        for stage in parts.iter().map(|part| part.stage) {
            let seeds = match stage.seeds {
                true => " (with --seeder)",
                false => "",
            };
            let start = format!("{} {}{seeds}: ", stage.chapter, stage.name);
            wrapped(out, &start, 4, stage.about)?;
            for check in stage.checks {
                wrapped(out, &format!("    {:<14}  ", check.name), 20, check.right)?;
                wrapped(out, &" ".repeat(20), 20, &format!("({})", check.source))?;
            }
        }
        Ok(())
    })
}

/// One stage.
pub(super) fn stage(examined: &Examined) -> Result<(), Failure> {
    output::result(|out| {
        writeln!(out, "{} {}", examined.stage.chapter, examined.stage.name)?;
        for finding in &examined.findings {
            tell(out, examined.stage.name, finding)?;
        }
        for (take, lines) in outputs(examined) {
            writeln!(
                out,
                "  the command's output in the run {}/{take}:",
                examined.stage.name
            )?;
            for line in &lines {
                writeln!(out, "    | {}", printable(line))?;
            }
            if lines.is_empty() {
                writeln!(out, "    | (nothing)")?;
            }
        }
        Ok(())
    })
}

fn tell(out: &mut dyn Write, stage: &str, finding: &Finding) -> io::Result<()> {
    let word = format!("  {:<8}", finding.verdict.word());
    wrapped(out, &word, INDENT, &printable(&finding.text))?;
    if finding.verdict == Verdict::Wrong || finding.verdict == Verdict::Odd {
        let check = finding.check;
        let real = real::passed(stage, check.name);
        let mut place = format!(
            "[{}] chapter {}, \"{}\"; {}",
            check.name, check.chapter, check.section, check.source
        );
        if real.seen > 0 {
            place += &format!("; {} of {} real clients do it right", real.right, real.seen);
        }
        wrapped(out, &" ".repeat(INDENT), INDENT, &place)?;
    }
    Ok(())
}

/// How it came out.
pub(super) fn end(count: &Count) -> Result<(), Failure> {
    output::result(|out| {
        writeln!(
            out,
            "\n{} ok, {} WRONG, {} odd, {} skipped",
            count.ok, count.wrong, count.odd, count.skipped
        )
    })
}

/// Words in lines that are not too long; those after the first begin further right.
fn wrapped(out: &mut dyn Write, start: &str, indent: usize, text: &str) -> io::Result<()> {
    let mut line = start.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let length = line.chars().count() + 1 + word.chars().count();
        if length > WIDTH && !is_empty {
            writeln!(out, "{line}")?;
            line = " ".repeat(indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    writeln!(out, "{line}")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn long_text_goes_on_below_its_beginning() {
        let mut out = Vec::new();
        let text = ["word"; 40].join(" ");
        wrapped(&mut out, "  ok      ", 10, &text).unwrap();
        let out = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("  ok      word word"));
        assert!(lines[1].starts_with("          word"));
        assert!(lines.iter().all(|line| line.len() <= WIDTH));
        let mut out = Vec::new();
        wrapped(&mut out, "    ", 4, &"x".repeat(200)).unwrap();
        assert_eq!(out.len(), 205, "a word that is too long stays whole");
    }
}
