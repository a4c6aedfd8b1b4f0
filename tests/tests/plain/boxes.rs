//! The rules for the files and their boxes.

use std::collections::BTreeSet;
use std::fs;

use kostorrent_tests::book::includes::{anchored, anchors};
use regex::Regex;

use super::{modules, plain};

/// They are imported all at once above; and who reads them in order is to find one meaning for a name.
#[test]
fn no_two_files_have_a_function_of_the_same_name() {
    let define = Regex::new(r"(?m)^(?:async )?def +([A-Za-z0-9_]+)").unwrap();
    let mut seen = BTreeSet::new();
    for name in modules() {
        let source = fs::read_to_string(plain().join(&name).with_extension("py")).unwrap();
        for found in define.captures_iter(&source) {
            assert!(seen.insert(found[1].to_owned()), "{name}: {}", &found[1]);
        }
    }
}

#[test]
fn each_file_uses_python_alone_and_the_plain_files_before_it() {
    let names = modules();
    assert!(names.len() >= 9);
    let standard = BTreeSet::from([
        "asyncio",
        "base64",
        "errno",
        "fnmatch",
        "hashlib",
        "http",
        "json",
        "math",
        "os",
        "pprint",
        "queue",
        "random",
        "select",
        "socket",
        "string",
        "sys",
        "threading",
        "time",
        "unicodedata",
        "urllib",
    ]);
    let import = Regex::new(r"(?m)^\s*(?:from|import) +([A-Za-z0-9_]+)").unwrap();
    for (at, name) in names.iter().enumerate() {
        let text = fs::read_to_string(plain().join(format!("{name}.py"))).unwrap();
        for found in import.captures_iter(&text) {
            let used = &found[1];
            let before = names[..at].iter().any(|earlier| earlier == used);
            assert!(
                before || standard.contains(used),
                "{name}.py imports {used}"
            );
        }
        assert!(!text.contains("\nclass "), "{name}.py has a class");
    }
}

#[test]
fn each_box_has_a_sentence_above_each_function_and_at_most_twenty_lines() {
    for name in modules() {
        let text = fs::read_to_string(plain().join(format!("{name}.py"))).unwrap();
        for anchor in anchors(&text) {
            let lines = anchored(&text, &anchor.name).unwrap();
            assert!(
                lines.len() <= 20,
                "{name}.py: {} has {} lines",
                anchor.name,
                lines.len()
            );
        }
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            let function = pair[1].starts_with("def ");
            assert!(
                !function || pair[0].starts_with("# ") && pair[0].ends_with(['.', ')', '?']),
                "{name}.py: a sentence stands above {}",
                pair[1]
            );
        }
    }
}
