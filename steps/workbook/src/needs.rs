//! Which tests need which functions.
//!
//! `needs/NN.txt` has the tests of a step in groups. Above each group stand the marks of the functions without which
//! its tests fail, that one first which the fewest tests need: a test is most likely about that one. The table is
//! not written by hand: a test of the workspace empties one function after the other, and writes it anew when it is
//! asked to. Ask for that of step 8 on a processor without instructions for SHA-1: where there are any, few messages are
//! hashed with them, and a test that needs the reader's functions elsewhere passes without.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::{Marked, Problem, Source, Step};

/// For each test, as `target name`, the labels of the functions that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(BTreeMap<String, Vec<String>>);

impl Needs {
    /// The table of a step; empty where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn of(source: &Source, step: &Step) -> Result<Needs, Problem> {
        let path = source.root().join(file(step));
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Needs::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Needs::default()),
            Err(error) => Err(Problem::at(&path)(error)),
        }
    }

    /// The table from what was found: for each label the tests that fail without it.
    #[must_use]
    pub fn found(found: &BTreeMap<String, Vec<String>>) -> Needs {
        let mut by_number: Vec<(&String, &Vec<String>)> = found.iter().collect();
        by_number.sort_by_key(|(_, tests)| tests.len());
        let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (label, tests) in by_number {
            for test in tests {
                let labels = needs.entry(test.clone()).or_default();
                labels.push(label.clone());
            }
        }
        Needs(needs)
    }

    /// Reads a table.
    #[must_use]
    pub fn parse(text: &str) -> Needs {
        let mut needs = BTreeMap::new();
        let mut labels: Vec<String> = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("    ") {
                None => labels = line.split(' ').map(str::to_owned).collect(),
                Some(test) => drop(needs.insert(test.to_owned(), labels.clone())),
            }
        }
        Needs(needs)
    }

    /// The text of the table.
    #[must_use]
    pub fn render(&self) -> String {
        let mut groups: BTreeMap<&Vec<String>, Vec<&String>> = BTreeMap::new();
        for (test, labels) in &self.0 {
            groups.entry(labels).or_default().push(test);
        }
        let mut text = String::new();
        for (labels, tests) in groups {
            text.push_str(&format!("{}\n", labels.join(" ")));
            for test in tests {
                text.push_str(&format!("    {test}\n"));
            }
        }
        text
    }

    /// The tests that need a function, as `target name`.
    #[must_use]
    pub fn tests_of(&self, label: &str) -> Vec<String> {
        let needs = self
            .0
            .iter()
            .filter(|(_, labels)| labels.iter().any(|needed| needed == label));
        needs.map(|(test, _)| test.clone()).collect()
    }

    /// All tests of the table, as `target name`.
    pub fn tests(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All labels of the table.
    #[must_use]
    pub fn labels(&self) -> BTreeSet<&str> {
        self.0.values().flatten().map(String::as_str).collect()
    }

    /// The functions that a test needs, the likeliest first.
    #[must_use]
    pub fn of_test<'a>(&self, step: &'a Step, target: &str, name: &str) -> Vec<&'a Marked> {
        let labels = self.0.get(&format!("{target} {name}"));
        let marked = |label: &String| step.marks.iter().find(|marked| marked.mark.label == *label);
        labels.into_iter().flatten().filter_map(marked).collect()
    }
}

/// The file of a step's table, below the root.
#[must_use]
pub fn file(step: &Step) -> String {
    format!("steps/workbook/needs/{:02}.txt", step.number)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const TABLE: &str = "digits\n    bencode one\nstring digits\n    bencode two\n";

    #[test]
    fn a_table_is_read_as_it_was_written() {
        assert_eq!(Needs::parse(TABLE).render(), TABLE);
    }

    #[test]
    fn the_function_that_fewest_tests_need_comes_first() {
        let tests = |names: &[&str]| names.iter().map(|name| format!("bencode {name}")).collect();
        let found = BTreeMap::from([
            ("digits".to_owned(), tests(&["one", "two"])),
            ("string".to_owned(), tests(&["two"])),
        ]);
        let needs = Needs::found(&found);
        assert_eq!(needs.render(), TABLE);
        let source = Source::here().unwrap();
        let step = source.step("01").unwrap();
        let needed = |name| {
            let needed = needs.of_test(step, "bencode", name);
            let labels = needed.iter().map(|marked| marked.mark.label.as_str());
            labels.collect::<Vec<_>>()
        };
        assert_eq!(needed("two"), ["string", "digits"]);
        assert_eq!(needed("three"), [] as [&str; 0]);
    }
}
