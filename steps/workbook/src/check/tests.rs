use std::fs;

use pretty_assertions::assert_eq;

use super::*;

fn failure(name: &str, said: &str) -> Failure {
    Failure {
        target: "bencode".into(),
        name: name.into(),
        said: said.into(),
        place: Some("steps/step01-bencode/src/decoder/tests.rs:20".into()),
    }
}

fn unwritten<'a>(step: &'a Step, label: &str) -> Unwritten<'a> {
    let marked = step
        .marks
        .iter()
        .find(|marked| marked.mark.label == label)
        .unwrap();
    Unwritten { marked, line: 160 }
}

#[test]
fn a_failing_test_names_the_page_that_explains_it() {
    let source = Source::here().unwrap();
    let step = source.step("01").unwrap();
    let outcome = Outcome {
        passed: vec!["a".into(), "b".into()],
        failed: vec![
            failure(
                "decoder::tests::lengths",
                "assertion failed\n  left: 1\n right: 2",
            ),
            failure("empty", "not yet implemented: end: chapter 1, The loop"),
            failure("through_a_program", "nothing came"),
        ],
    };
    let needs = Needs::parse(
        "string digits\n    bencode decoder::tests::lengths\nend\n    bencode through_a_program\n",
    );
    assert_eq!(
        ran(step, &[unwritten(step, "end")], &outcome, &needs),
        "Step 01, bencode: 2 tests pass, 1 fails, 2 wait for a function that is not written.\n\
         \n  decoder::tests::lengths\n\
         \x20     assertion failed\n\
         \x20       left: 1\n\
         \x20      right: 2\n\
         \x20   in steps/step01-bencode/src/decoder/tests.rs:20\n\
         \x20   It tries `string` and `digits`: see chapter 1, \"The loop\".\n\
         \nTo be written:\n\
         \x20 end  steps/step01-bencode/src/decoder.rs:160  chapter 1, \"The loop\"\n"
    );
}

#[test]
fn the_failure_that_is_about_the_fewest_functions_is_told_first() {
    let source = Source::here().unwrap();
    let step = source.step("01").unwrap();
    let outcome = Outcome {
        passed: Vec::new(),
        failed: ["a", "b", "c"].map(|name| failure(name, "no")).to_vec(),
    };
    let needs =
        Needs::parse("number\n    bencode c\nnumber integer string digits\n    bencode b\n");
    let text = ran(step, &[], &outcome, &needs);
    let told: Vec<&str> = text
        .lines()
        .filter(|line| ["  a", "  b", "  c"].contains(line) || line.contains(" chapter "))
        .map(str::trim)
        .collect();
    assert_eq!(
        told,
        [
            "c",
            "It tries `number`: see chapter 1, \"Strict or lenient\".",
            "b",
            "It tries `number`: see chapter 1, \"Strict or lenient\".",
            "It tries `integer`, `string` and `digits`: see chapter 1, \"The loop\".",
            "a",
            "See chapter 1.",
        ]
    );
}

#[test]
fn of_many_failures_the_first_are_told() {
    let source = Source::here().unwrap();
    let step = source.step("01").unwrap();
    let outcome = Outcome {
        passed: Vec::new(),
        failed: (0..9)
            .map(|n| failure(&format!("test_{n}"), "no"))
            .collect(),
    };
    let text = ran(step, &[], &outcome, &Needs::default());
    assert!(
        text.starts_with("Step 01, bencode: 0 tests pass, 9 fail.\n"),
        "{text}"
    );
    assert!(
        text.contains("test_2\n") && !text.contains("test_3"),
        "{text}"
    );
    assert!(
        text.contains("and 6 more") && text.contains("See chapter 1.\n"),
        "{text}"
    );
}

/// A bar that begins so, and how many of the steps are done.
fn bar(source: &Source, begins: &str, done: usize) -> String {
    let count = source.steps().len();
    format!("[{begins:.<count$}] {done} of {count} steps")
}

#[test]
fn an_untouched_step_is_told_without_building_anything() {
    let source = Source::here().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let (workbook, _) = Workbook::start(&source, &temp.path().join("mine")).unwrap();
    let report = due(&source, &workbook).unwrap();
    assert!(!report.done);
    let all: usize = source.steps().iter().map(|step| step.marks.len()).sum();
    let begins = format!(
        "{}, 0 of {all} functions\n\nNext is step 01, bencode.",
        bar(&source, "", 0)
    );
    assert!(report.text.starts_with(&begins), "{}", report.text);
    for marked in &source.steps()[0].marks {
        assert!(
            report.text.contains(&format!("  {}", marked.mark.function)),
            "{}",
            report.text
        );
    }
}

#[test]
fn whoever_skips_is_told_of_solve() {
    let source = Source::here().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let (workbook, _) = Workbook::start(&source, &temp.path().join("mine")).unwrap();
    workbook.solve(&source, source.step("02").unwrap()).unwrap();
    let report = one(&source, &workbook, source.step("04").unwrap()).unwrap();
    assert!(
        !report.done && report.text.contains("`solve 01 03`"),
        "{}",
        report.text
    );
}

#[test]
fn the_bar_tells_done_from_begun() {
    let source = Source::here().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let (workbook, _) = Workbook::start(&source, &temp.path().join("mine")).unwrap();
    let [first, second, third] = ["01", "02", "03"].map(|typed| source.step(typed).unwrap());
    let line = || progress(&source, &workbook).unwrap();
    // The book's own is done without a look.
    workbook.solve(&source, first).unwrap();
    assert!(line().starts_with(&bar(&source, "#", 1)), "{}", line());
    // The reader's is when its tests have passed.
    for step in [second, third] {
        workbook.solve(&source, step).unwrap();
    }
    let file = workbook.root().join(&second.marks[0].file);
    let mine = fs::read_to_string(&file).unwrap() + "\n// mine\n";
    fs::write(&file, mine).unwrap();
    assert!(line().starts_with(&bar(&source, "#--", 1)), "{}", line());
    let fingerprint = workbook.fingerprint(&source, second).unwrap();
    workbook.note_passed(second, fingerprint).unwrap();
    assert!(line().starts_with(&bar(&source, "##-", 2)), "{}", line());
}

#[test]
fn what_is_all_the_books_own_is_done_without_building_anything() {
    let source = Source::here().unwrap();
    let temp = tempfile::tempdir().unwrap();
    let (workbook, _) = Workbook::start(&source, &temp.path().join("mine")).unwrap();
    workbook.solve(&source, source.step("01").unwrap()).unwrap();
    let report = due(&source, &workbook).unwrap();
    assert!(report.text.contains("Next is step 02"), "{}", report.text);
    for step in source.steps() {
        workbook.solve(&source, step).unwrap();
    }
    let report = due(&source, &workbook).unwrap();
    assert!(report.done, "{}", report.text);
    let all = source.steps().len();
    assert!(
        report
            .text
            .starts_with(&bar(&source, &"#".repeat(all), all)),
        "{}",
        report.text
    );
}
