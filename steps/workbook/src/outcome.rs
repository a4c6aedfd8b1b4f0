//! What a program of tests printed, read.

/// How the tests of a program ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The tests that passed, by their names.
    pub passed: Vec<String>,
    /// Those that did not.
    pub failed: Vec<Failure>,
}

/// A test that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The program it is in: the name of a library, or of a file in `tests`.
    pub target: String,
    /// Its name: `decoder::tests::every_value_knows_its_span`. Empty when the program itself ended.
    pub name: String,
    /// What it said last, without the harness's own words.
    pub said: String,
    /// Where it said it: file and line, below the step's folder.
    pub place: Option<String>,
}

impl Failure {
    /// The label of the empty function that it ran into.
    #[must_use]
    pub fn unwritten(&self) -> Option<&str> {
        let (_, rest) = self.said.split_once("not yet implemented: ")?;
        let (label, rest) = rest.split_once(':')?;
        rest.starts_with(" chapter ").then_some(label)
    }
}

/// Reads what a program of tests printed. `went_well` is its own opinion, by its exit code; `is_stuck` means that it was
/// ended, because it said nothing for too long.
#[must_use]
pub fn read(target: &str, text: &str, went_well: bool, is_stuck: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut slow = Vec::new();
    for line in text.lines() {
        if let Some((name, result)) = line
            .strip_prefix("test ")
            .and_then(|l| l.rsplit_once(" ... "))
        {
            let name = name
                .strip_suffix(" - should panic")
                .unwrap_or(name)
                .to_owned();
            match result {
                "ok" => outcome.passed.push(name),
                "FAILED" => outcome.failed.push(failure(target, name, text)),
                _ => {}
            }
        } else if let Some((name, _)) = line
            .strip_prefix("test ")
            .and_then(|l| l.split_once(" has been running for over"))
        {
            slow.push(name.to_owned());
        }
    }
    if is_stuck {
        slow.retain(|name| {
            !outcome.passed.contains(name) && !outcome.failed.iter().any(|f| f.name == *name)
        });
        slow.truncate(3);
        let said =
            "It has not ended after three minutes. Is there a loop that nothing leaves?".to_owned();
        outcome.failed.extend(slow.into_iter().map(|name| Failure {
            target: target.to_owned(),
            name,
            said: said.clone(),
            place: None,
        }));
    }
    // They ran side by side, and ended in any order.
    outcome
        .failed
        .sort_by(|one, other| one.name.cmp(&other.name));
    if !went_well && outcome.failed.is_empty() {
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        outcome.failed.push(Failure {
            target: target.to_owned(),
            name: String::new(),
            said: format!(
                "The tests ended early. Last line: {}",
                last.unwrap_or("none")
            ),
            place: None,
        });
    }
    outcome
}

/// The words of a test that failed: between its heading and the next.
fn failure(target: &str, name: String, text: &str) -> Failure {
    let heading = format!("---- {name} stdout ----\n");
    let said = text.split_once(&heading).map_or("", |(_, said)| said);
    let end = ["\n---- ", "\nfailures:\n"]
        .iter()
        .filter_map(|end| said.find(end))
        .min();
    let said = &said[..end.unwrap_or(said.len())];
    let (place, said) = match said.rfind(" panicked at ") {
        Some(at) => {
            let (place, said) = said[at + " panicked at ".len()..]
                .split_once('\n')
                .unwrap_or_default();
            let place = place.trim_end_matches(':').rsplit_once(':');
            (place.map(|(place, _)| place.to_owned()), said)
        }
        None => (None, said),
    };
    let lines: Vec<&str> = said.lines().filter(|line| !is_harness(line)).collect();
    let said = without_colours(lines.join("\n").trim());
    Failure {
        target: target.to_owned(),
        name,
        place: of_property(&said).or(place),
        said,
    }
}

/// Whether a line is the harness's own, or a count of a property's cases.
fn is_harness(line: &str) -> bool {
    let counts = ["\tsuccesses: ", "\tlocal rejects: ", "\tglobal rejects: "];
    line.starts_with("note: run with `RUST_BACKTRACE")
        || counts.iter().any(|count| line.starts_with(count))
}

/// Where a property says that it failed: `… at src/lib.rs:20.` above its smallest case. What panics is the macro around
/// all properties of the file.
fn of_property(said: &str) -> Option<String> {
    let (above, _) = said.split_once("\nminimal failing input:")?;
    let (_, place) = above.lines().last()?.rsplit_once(" at ")?;
    let (file, line) = place.strip_suffix('.')?.rsplit_once(':')?;
    line.parse::<u32>().ok()?;
    Some(format!("{file}:{line}"))
}

/// The text without what colours it in a terminal: a comparison shows its two sides in red and green.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const PRINTED: &str = "
running 4 tests
test a::good ... ok
test a::empty ... FAILED
test a::wrong ... FAILED
test a::panics - should panic ... ok

failures:

---- a::empty stdout ----

thread 'a::empty' (41) panicked at steps/step01-bencode/src/decoder.rs:160:9:
not yet implemented: digits: chapter 1, The loop
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- a::wrong stdout ----
something printed

thread 'a::wrong' panicked at steps/step01-bencode/src/decoder/tests.rs:20:5:
assertion `left == right` failed
  left: 1
 right: 2


failures:
    a::empty
    a::wrong

test result: FAILED. 2 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn what_the_harness_prints_is_read() {
        let outcome = read("bencode", PRINTED, false, false);
        assert_eq!(outcome.passed, ["a::good", "a::panics"]);
        let [empty, wrong] = &outcome.failed[..] else {
            panic!("{outcome:?}")
        };
        assert_eq!(empty.unwritten(), Some("digits"));
        assert_eq!(
            empty.place.as_deref(),
            Some("steps/step01-bencode/src/decoder.rs:160")
        );
        assert_eq!(wrong.unwritten(), None);
        assert_eq!(
            wrong.said,
            "assertion `left == right` failed\n  left: 1\n right: 2"
        );
    }

    #[test]
    fn a_property_failed_where_its_assertion_stands() {
        let said = "Test failed: assertion failed: `(left == right)` \n  left: `{63}`,\n right: `{0}` at \
                    src/tests.rs:136.\nminimal failing input: len = 2";
        assert_eq!(of_property(said).as_deref(), Some("src/tests.rs:136"));
        for other in [
            "Test failed: no at all.\nminimal failing input: len = 2",
            "at src/tests.rs:136.",
        ] {
            assert_eq!(of_property(other), None, "{other}");
        }
    }

    #[test]
    fn what_a_property_counts_is_left_out() {
        let said = "---- a stdout ----\nthread 'a' panicked at src/lib.rs:9:1:\nTest failed: no.\n\
                    minimal failing input: len = 1\n\tsuccesses: 0\n\tlocal rejects: 0\n\tglobal rejects: 0\n\n";
        let failure = failure("bencode", "a".into(), said);
        assert_eq!(
            failure.said,
            "Test failed: no.\nminimal failing input: len = 1"
        );
    }

    #[test]
    fn colours_are_left_out() {
        let text =
            "\u{1b}[1mDiff\u{1b}[0m \u{1b}[31m< left\u{1b}[0m / \u{1b}[32mright >\u{1b}[0m :";
        assert_eq!(without_colours(text), "Diff < left / right > :");
        assert_eq!(without_colours("a [1m b"), "a [1m b");
    }

    #[test]
    fn a_program_that_ends_early_or_never_has_failed() {
        let early = read(
            "bencode",
            "\nrunning 2 tests\nthread has overflowed\n",
            false,
            false,
        );
        assert!(early.failed[0].said.contains("overflowed"), "{early:?}");
        let stuck = "test a ... ok\ntest b has been running for over 60 seconds\n";
        let stuck = read("bencode", stuck, false, true);
        assert_eq!(stuck.failed[0].name, "b");
        assert_eq!(read("bencode", "test a ... ok\n", true, false).failed, []);
    }
}
