//! The proof that each function which is left to the reader is missed by a test, written down.
//!
//! `needs/proved.txt` has a line for each mark: the step, the mark, a test that failed while that one function was
//! empty, and a fingerprint of both as they were then. The test `reader`, which compiles for minutes, writes it; a
//! test of this module, which compiles nothing, compares it with the source as it is.

use std::collections::BTreeMap;
use std::fs;

use crate::marks;
use crate::needs::Needs;
use crate::{Marked, Problem, Source, Step};

/// The file, below the root.
pub const FILE: &str = "steps/workbook/needs/proved.txt";

/// What was proved of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The test that failed without it, as `target name`.
    pub test: String,
    /// The [`fingerprint`] of both.
    pub print: u64,
}

/// All that was proved, by step and mark.
pub type Proofs = BTreeMap<(u32, String), Proved>;

/// The proofs that are written down.
///
/// # Errors
///
/// When the file is there and cannot be read.
pub fn read(source: &Source) -> Result<Proofs, Problem> {
    let path = source.root().join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter_map(line).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Proofs::new()),
        Err(error) => Err(Problem::at(&path)(error)),
    }
}

/// `01 digits 9c1185a5c5e9fc54 bencode decoder::tests::a_list`.
fn line(text: &str) -> Option<((u32, String), Proved)> {
    let mut words = text.splitn(4, ' ');
    let step = words.next()?.parse().ok()?;
    let label = words.next()?.to_owned();
    let print = u64::from_str_radix(words.next()?, 16).ok()?;
    let test = words.next()?.to_owned();
    Some(((step, label), Proved { test, print }))
}

/// The text of the file.
#[must_use]
pub fn render(proofs: &Proofs) -> String {
    let line = |((step, label), Proved { test, print }): (&(u32, String), &Proved)| {
        format!("{step:02} {label} {print:016x} {test}\n")
    };
    proofs.iter().map(line).collect()
}

/// The test to prove a function by: of those that need it the one that needs the fewest others. A property is none: it
/// tries other cases each time.
///
/// # Errors
///
/// When the source cannot be read.
pub fn witness(
    source: &Source,
    needs: &Needs,
    step: &Step,
    label: &str,
) -> Result<Option<String>, Problem> {
    let mut tests = needs.tests_of(label);
    tests.sort_by_key(|test| {
        let (target, name) = test.split_once(' ').unwrap_or_default();
        (needs.of_test(step, target, name).len(), test.clone())
    });
    for test in tests {
        let named = tests_named(source, step, &test)?;
        let has_no_cases = |text: &String| text.lines().next().is_some_and(|l| l.contains("() "));
        if !named.is_empty() && named.iter().all(has_no_cases) {
            return Ok(Some(test));
        }
    }
    Ok(None)
}

/// A number for a function and the test that misses it, as they stand in the source; nothing when there is no such test.
///
/// # Errors
///
/// When the source cannot be read.
pub fn fingerprint(
    source: &Source,
    step: &Step,
    marked: &Marked,
    test: &str,
) -> Result<Option<u64>, Problem> {
    let tests = tests_named(source, step, test)?;
    if tests.is_empty() {
        return Ok(None);
    }
    let file = source.read(&marked.file)?;
    let file = String::from_utf8_lossy(&file);
    let lines: Vec<&str> = file.lines().collect();
    let body = marks::whole(&lines[marked.mark.body.clone()].join("\n"));
    let code = [body].into_iter().chain(tests);
    Ok(Some(hash(code.flat_map(|text| code_of(&text)))))
}

/// The functions of a step that may be meant by `target name`: all that are called so.
///
/// # Errors
///
/// When the source cannot be read.
pub fn tests_named(source: &Source, step: &Step, test: &str) -> Result<Vec<String>, Problem> {
    let name = test.rsplit([' ', ':']).next().unwrap_or(test);
    let begins = format!("fn {name}(");
    let mut found = Vec::new();
    for file in source.files(&step.folder())? {
        let is_example = file.starts_with(step.folder().join("examples"));
        if is_example || file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = source.read(&file)?;
        found.extend(functions(&String::from_utf8_lossy(&text), &begins));
    }
    Ok(found)
}

/// The functions that begin so, up to the brace that stands as far to the left as they do.
fn functions(text: &str, begins: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(first) = lines.next() {
        let start = first.trim_start();
        if !start
            .strip_prefix("async ")
            .unwrap_or(start)
            .starts_with(begins)
        {
            continue;
        }
        let indent = &first[..first.len() - first.trim_start().len()];
        let end = format!("{indent}}}");
        let rest = lines.clone().take_while(|line| *line != end);
        found.push(
            [first]
                .into_iter()
                .chain(rest)
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    found
}

/// The lines that are code, without the space around them.
fn code_of(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    lines.filter(is_code).map(str::to_owned).collect()
}

/// FNV-1a: it is the same on every machine and with every compiler, which is all that is asked of it.
fn hash(lines: impl Iterator<Item = String>) -> u64 {
    lines.fold(0xcbf2_9ce4_8422_2325, |hash, line| {
        line.bytes().chain([b'\n']).fold(hash, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// What to do when the source has gone on.
    const AGAIN: &str = "Prove it again: WORKBOOK_REFRESH=all cargo test -p workbook --features reader --test reader";

    #[test]
    fn each_function_was_proved_to_be_missed_by_a_test_and_both_are_as_they_were() {
        let source = Source::here().unwrap();
        let proofs = read(&source).unwrap();
        let mut all = 0;
        for step in source.steps() {
            for marked in &step.marks {
                let what = format!("`{}` of {}", marked.mark.label, step.package);
                let key = (step.number, marked.mark.label.clone());
                let proved = proofs.get(&key);
                let proved = proved.unwrap_or_else(|| panic!("{what} was never proved. {AGAIN}"));
                let now = fingerprint(&source, step, marked, &proved.test).unwrap();
                let test = &proved.test;
                assert!(
                    now == Some(proved.print),
                    "{what}, or the test `{test}` that misses it, has changed. {AGAIN}"
                );
                all += 1;
            }
        }
        assert_eq!(proofs.len(), all, "there is a proof too many. {AGAIN}");
    }

    #[test]
    fn each_test_of_the_tables_is_there_and_each_function_of_a_step_is_in_its_table() {
        let source = Source::here().unwrap();
        for step in source.steps() {
            let needs = Needs::of(&source, step).unwrap();
            for test in needs.tests() {
                let found = tests_named(&source, step, test).unwrap();
                assert!(
                    !found.is_empty(),
                    "{} has no test `{test}`. {AGAIN}",
                    step.package
                );
            }
            for marked in &step.marks {
                let label = &marked.mark.label;
                assert!(
                    witness(&source, &needs, step, label).unwrap().is_some(),
                    "no test needs `{label}`. {AGAIN}"
                );
            }
            let labels = needs.labels();
            let is_mark = |label: &&str| step.marks.iter().any(|m| m.mark.label == *label);
            let no_mark: Vec<&str> = labels.into_iter().filter(|label| !is_mark(label)).collect();
            assert_eq!(no_mark, [] as [&str; 0], "{}. {AGAIN}", step.package);
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let text =
            "01 digits 0000000000000abc bencode a::b\n16 trade ffffffffffffffff choker tests::c\n";
        let proofs: Proofs = text.lines().filter_map(line).collect();
        assert_eq!(render(&proofs), text);
    }

    #[test]
    fn a_function_ends_where_its_brace_is() {
        let text =
            "mod a {\n    fn one() {\n        if x {\n        }\n    }\n    fn two() {\n    }\n}\n";
        assert_eq!(
            functions(text, "fn one("),
            ["    fn one() {\n        if x {\n        }"]
        );
        assert_eq!(functions(text, "fn three("), [] as [&str; 0]);
    }

    #[test]
    fn a_comment_and_an_indentation_change_nothing_and_code_does() {
        let print = |text: &str| hash(code_of(text).into_iter());
        assert_eq!(
            print("a();\nb();"),
            print("    a();\n\n    // why\n    b();\n")
        );
        assert_ne!(print("a();\nb();"), print("a();\nc();"));
        assert_ne!(print("a\nb"), print("ab"));
    }

    #[test]
    fn the_witness_needs_the_fewest_functions_and_is_no_property() {
        let source = Source::here().unwrap();
        let step = source.step("01").unwrap();
        let needs = Needs::parse(
            "string digits\n    bencode a_list\ndigits\n    bencode a_string\n    agrees_with_bendy on_any_bytes\n",
        );
        let witness = |label| witness(&source, &needs, step, label).unwrap();
        assert_eq!(witness("digits").as_deref(), Some("bencode a_string"));
        assert_eq!(witness("string").as_deref(), Some("bencode a_list"));
        assert_eq!(witness("end"), None);
    }
}
