//! What is due, and what is to be said of it.

use std::fmt::Write as _;

use crate::cargo::{self, Built};
use crate::folder::Unwritten;
use crate::needs::Needs;
use crate::outcome::{Failure, Outcome};
use crate::{Marked, Problem, Source, Step, Workbook};

mod said;

/// Failures that are told at length. The others are counted: one mended often mends more.
const TOLD: usize = 3;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// In a person's words, with the end of its last line.
    pub text: String,
    /// Whether nothing is left to do of what was asked for.
    pub done: bool,
}

/// Checks the first step that is not done, and those after it as long as they are. Steps from the first on that are the
/// book's own need no check.
///
/// # Errors
///
/// When the workbook cannot be read, or cargo not be run.
pub fn due(source: &Source, workbook: &Workbook) -> Result<Report, Problem> {
    let mut text = String::new();
    let own = workbook.books_own(source)?;
    for step in source.steps().iter().skip(own) {
        let found = look_at(source, workbook, step)?;
        if let Found::Done { news } = &found {
            if *news {
                let _ = writeln!(text, "Step {}: all its tests pass.", title(step));
            }
            continue;
        }
        text.push_str(&progress(source, workbook)?);
        text.push('\n');
        text.push_str(&told(step, &found));
        return Ok(Report { text, done: false });
    }
    text.push_str(&progress(source, workbook)?);
    text.push_str(
        "\nAll steps are done. `run` builds the client from them and downloads with it.\n",
    );
    Ok(Report { text, done: true })
}

/// Checks one step, whatever is before it.
///
/// # Errors
///
/// When the workbook cannot be read, or cargo not be run.
pub fn one(source: &Source, workbook: &Workbook, step: &Step) -> Result<Report, Problem> {
    let missing = missing_before(source, workbook, step)?;
    if !missing.is_empty() {
        let numbers: Vec<String> = missing
            .iter()
            .map(|step| format!("{:02}", step.number))
            .collect();
        let text = format!(
            "Step {}, stands on the steps before it, and of these some are not written yet.\n\
             Write them first, or have them filled in: `solve {}`. Nothing of yours is lost by that.\n",
            title(step),
            numbers.join(" ")
        );
        return Ok(Report { text, done: false });
    }
    let found = look_at(source, workbook, step)?;
    let done = matches!(found, Found::Done { .. });
    let text = match done {
        true => format!("Step {}: all its tests pass.\n", title(step)),
        false => told(step, &found),
    };
    Ok(Report { text, done })
}

/// The steps before this one in which something is still to be written.
fn missing_before<'a>(
    source: &'a Source,
    workbook: &Workbook,
    step: &Step,
) -> Result<Vec<&'a Step>, Problem> {
    let before = source
        .steps()
        .iter()
        .filter(|below| below.number < step.number);
    let mut missing = Vec::new();
    for below in before {
        if !workbook.unwritten(below)?.is_empty() {
            missing.push(below);
        }
    }
    Ok(missing)
}

/// What was found about a step.
enum Found<'a> {
    /// Its tests pass; whether that is new.
    Done { news: bool },
    /// Nobody has begun it.
    Untouched(Vec<Unwritten<'a>>),
    /// It does not compile.
    Broken(Vec<Unwritten<'a>>),
    /// Its tests ran.
    Ran {
        unwritten: Vec<Unwritten<'a>>,
        outcome: Outcome,
        needs: Needs,
    },
}

fn look_at<'a>(source: &Source, workbook: &Workbook, step: &'a Step) -> Result<Found<'a>, Problem> {
    let unwritten = workbook.unwritten(step)?;
    if unwritten.is_empty() && workbook.has_passed(source, step)? {
        return Ok(Found::Done { news: false });
    }
    if unwritten.len() == step.marks.len() && workbook.is_untouched(source, step)? {
        return Ok(Found::Untouched(unwritten));
    }
    let fingerprint = workbook.fingerprint(source, step)?;
    cargo::say(&format!("Building the tests of step {} …", title(step)));
    let Built::Tests(programs) = cargo::build_tests(workbook, &step.package)? else {
        return Ok(Found::Broken(unwritten));
    };
    let mut outcome = Outcome::default();
    for program in &programs {
        let ran = cargo::run_tests(program)?;
        outcome.passed.extend(ran.passed);
        outcome.failed.extend(ran.failed);
    }
    if unwritten.is_empty() && outcome.failed.is_empty() {
        workbook.note_passed(step, fingerprint)?;
        return Ok(Found::Done { news: true });
    }
    Ok(Found::Ran {
        unwritten,
        outcome,
        needs: Needs::of(source, step)?,
    })
}

/// `07, block requests`.
fn title(step: &Step) -> String {
    format!("{:02}, {}", step.number, step.subject())
}

/// How far the reader has come: a bar and two numbers.
///
/// # Errors
///
/// When the workbook cannot be read.
pub fn progress(source: &Source, workbook: &Workbook) -> Result<String, Problem> {
    let mut bar = String::new();
    let own = workbook.books_own(source)?;
    let (mut done, mut written, mut all) = (0, 0, 0);
    for (at, step) in source.steps().iter().enumerate() {
        let left = workbook.unwritten(step)?.len();
        all += step.marks.len();
        written += step.marks.len() - left;
        let passed = at < own || (left == 0 && workbook.has_passed(source, step)?);
        done += usize::from(passed);
        bar.push(match (passed, left == step.marks.len()) {
            (true, _) => '#',
            (false, true) => '.',
            (false, false) => '-',
        });
    }
    let steps = source.steps().len();
    Ok(format!(
        "[{bar}] {done} of {steps} steps, {written} of {all} functions\n"
    ))
}

/// All that is to be said of a step that is not done.
fn told(step: &Step, found: &Found<'_>) -> String {
    let mut text = String::new();
    match found {
        Found::Done { .. } => {}
        Found::Untouched(unwritten) => {
            let _ = writeln!(
                text,
                "Next is step {}. tasks/{:02}.md says what it is about.",
                title(step),
                step.number
            );
            text.push_str(&to_write(unwritten));
        }
        Found::Broken(unwritten) => {
            let _ = writeln!(
                text,
                "Step {}: it does not compile yet. The compiler's own words are above; begin with its first error.",
                title(step)
            );
            text.push_str(&to_write(unwritten));
        }
        Found::Ran {
            unwritten,
            outcome,
            needs,
        } => text.push_str(&ran(step, unwritten, outcome, needs)),
    }
    text
}

fn ran(step: &Step, unwritten: &[Unwritten<'_>], outcome: &Outcome, needs: &Needs) -> String {
    let is_left = |marked: &Marked| unwritten.iter().any(|left| left.marked == marked);
    // Through a step's program nearly all of its functions are tried.
    let is_program = |failure: &Failure| failure.target == "program";
    let waits = |failure: &&Failure| {
        let needed = needs.of_test(step, &failure.target, &failure.name);
        failure.unwritten().is_some()
            || needed.into_iter().any(is_left)
            || (is_program(failure) && !unwritten.is_empty())
    };
    let (waiting, mut wrong): (Vec<&Failure>, Vec<&Failure>) =
        outcome.failed.iter().partition(waits);
    // Those first that say most about where to look.
    wrong.sort_by_key(
        |failure| match needs.of_test(step, &failure.target, &failure.name).len() {
            0 => usize::MAX,
            some => some,
        },
    );
    let mut text = format!(
        "Step {}: {} pass",
        title(step),
        counted(outcome.passed.len(), "test")
    );
    if !wrong.is_empty() {
        let _ = write!(
            text,
            ", {} {}",
            wrong.len(),
            if wrong.len() == 1 { "fails" } else { "fail" }
        );
    }
    if !waiting.is_empty() {
        let _ = write!(
            text,
            ", {} for a function that is not written",
            match waiting.len() {
                1 => "1 waits".to_owned(),
                more => format!("{more} wait"),
            }
        );
    }
    text.push_str(".\n");
    for failure in wrong.iter().take(TOLD) {
        text.push_str(&about(step, failure, needs));
    }
    if wrong.len() > TOLD {
        let _ = writeln!(
            text,
            "\nand {} more: one mended often mends others.",
            wrong.len() - TOLD
        );
    }
    text.push_str(&to_write(unwritten));
    text
}

/// A test that failed: what it said, and the page that explains it.
fn about(step: &Step, failure: &Failure, needs: &Needs) -> String {
    let mut text = match failure.name.is_empty() {
        true => format!("\n  {}\n", failure.target),
        false => format!("\n  {}\n", failure.name),
    };
    for line in said::shown(&failure.said) {
        let _ = writeln!(text, "      {line}");
    }
    if let Some(place) = &failure.place {
        let _ = writeln!(text, "    in {place}");
    }
    let needed = needs.of_test(step, &failure.target, &failure.name);
    if needed.is_empty() {
        let _ = writeln!(text, "    See chapter {}.", step.number);
    }
    // Functions that one section tells of are named together.
    let mut sections: Vec<&str> = Vec::new();
    for Marked { mark, .. } in &needed {
        if sections.contains(&mark.section.as_str()) {
            continue;
        }
        sections.push(&mark.section);
        let names: Vec<String> = needed
            .iter()
            .filter(|other| other.mark.section == mark.section)
            .map(|other| format!("`{}`", other.mark.function))
            .collect();
        let _ = writeln!(
            text,
            "    It tries {}: see chapter {}, \"{}\".",
            listed(&names),
            mark.chapter,
            mark.section
        );
    }
    text
}

/// The functions that are still to be written, one a line.
fn to_write(unwritten: &[Unwritten<'_>]) -> String {
    if unwritten.is_empty() {
        return String::new();
    }
    let places: Vec<String> = unwritten
        .iter()
        .map(|left| format!("{}:{}", left.marked.file.display(), left.line).replace('\\', "/"))
        .collect();
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let first = width(&mut unwritten.iter().map(|left| left.marked.mark.function.len()));
    let second = width(&mut places.iter().map(String::len));
    let mut text = "\nTo be written:\n".to_owned();
    for (left, place) in unwritten.iter().zip(&places) {
        let mark = &left.marked.mark;
        let _ = writeln!(
            text,
            "  {:first$}  {place:second$}  chapter {}, \"{}\"",
            mark.function, mark.chapter, mark.section
        );
    }
    text
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [one, last] => format!("{one} and {last}"),
        [but @ .., one, last] => format!("{}, {one} and {last}", but.join(", ")),
        _ => names.concat(),
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests;
