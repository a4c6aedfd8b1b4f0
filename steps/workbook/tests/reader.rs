//! The proof of the workbook: empty it compiles and the tests of each step fail, each function that is not written is
//! missed by a test, with all of them written the tests pass, and what is wrong is told in plain words.
//!
//! One build holds all functions twice, empty and written, and the environment says which of them is empty. Cargo builds
//! into the folder of the workspace, where most of other people's crates are already. The packages lie one folder deeper
//! than the book's: cargo tells them by their paths, and would take one for the other.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use workbook::cargo::{self, TestProgram};
use workbook::needs::{self, Needs};
use workbook::outcome::Outcome;
use workbook::proof::{self, Proofs, Proved};
use workbook::{Source, Step, Workbook, check, marks};

/// Names the function that is empty in this run of a program: `step01-bencode digits`.
const EMPTY: &str = "WORKBOOK_EMPTY";

/// With this in the environment tables of `steps/workbook/needs` are made anew, and what was proved is noted: `all`, or
/// the numbers of steps, `07 08`.
const REFRESH: &str = "WORKBOOK_REFRESH";

/// What `check` says of a step that is begun: the book shows it.
const SHOWN: &str = "steps/workbook/pages/begun.txt";

/// Tests that try a library from outside. Those that run a step's program are left out, for it
/// would have to be built, and so are those that crash a download ten thousand times.
const OUTSIDE: [&str; 5] = [
    "agrees_with_bendy",
    "connection",
    "lenient",
    "model",
    "window",
];

/// A workspace of the steps in a place of its own, which stays the same so that cargo knows it again the next time.
struct Place {
    root: PathBuf,
    /// The folder below the root in which the packages lie.
    below: &'static str,
}

impl Place {
    fn new(source: &Source, below: &'static str) -> Place {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("workbook")
            .join(below);
        let place = Place { root, below };
        let fresh = tempfile::tempdir().unwrap();
        let (fresh, _) = Workbook::start(source, &fresh.path().join("fresh")).unwrap();
        let manifest = fs::read_to_string(fresh.root().join("Cargo.toml")).unwrap();
        // It is needed by a step whose chapter is still to come, and those are not here.
        let manifest = manifest.replace("[profile.dev.package.crypto-bigint]\nopt-level = 3\n", "");
        let manifest = manifest + &quick(source);
        put(
            &place.root.join("Cargo.toml"),
            nested(&manifest, below).as_bytes(),
        );
        // Cargo strikes out what the steps do not need.
        let lock = source.read(Path::new("Cargo.lock")).unwrap();
        fs::write(place.root.join("Cargo.lock"), lock).unwrap();
        place
    }

    /// Writes the steps: of each Rust file with marks what is made of it, of any other what the reader has.
    fn write(&self, source: &Source, made: impl Fn(&Step, &str) -> String) {
        for step in source.steps() {
            let files = source.files(&step.folder()).unwrap();
            for file in &files {
                let bytes = match step.marks.iter().any(|marked| marked.file == *file) {
                    false => source.whole(file).unwrap(),
                    true => {
                        let text = String::from_utf8(source.read(file).unwrap()).unwrap();
                        made(step, &text).into_bytes()
                    }
                };
                put(&self.root.join(self.below).join(file), &bytes);
            }
            let here = self.root.join(self.below).join(step.folder());
            for file in below(&here) {
                if !files.contains(&step.folder().join(&file)) {
                    fs::remove_file(here.join(file)).unwrap();
                }
            }
        }
    }

    /// Builds the tests of all libraries, by their packages. It has all that it needs: nothing may be fetched.
    fn build(&self) -> BTreeMap<String, Vec<TestProgram>> {
        let mut arguments = vec![
            "test",
            "--no-run",
            "--message-format=json-render-diagnostics",
            "--workspace",
            "--lib",
        ];
        for test in OUTSIDE {
            arguments.extend(["--test", test]);
        }
        let output = self.cargo(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("warning"), "{said}");
        let mut programs: BTreeMap<String, Vec<TestProgram>> = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Some(program) = cargo::program(&serde_json::from_str(line).unwrap()) {
                let package = program.folder.file_name().unwrap().to_string_lossy();
                let of_package = programs.entry(package.into_owned()).or_default();
                of_package.push(program);
            }
        }
        programs
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut command = Command::new(env!("CARGO"));
        command
            .current_dir(&self.root)
            .args(arguments)
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_NET_OFFLINE", "true");
        command.output().unwrap()
    }
}

/// A workbook's manifest for packages that lie one folder deeper, without the client.
fn nested(manifest: &str, below: &str) -> String {
    let mut nested = String::new();
    let mut is_of_client = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_of_client = line == "[profile.dev.package.kostorrent]";
        }
        let line = match line {
            _ if is_of_client => continue,
            _ if line.starts_with("default-members") => continue,
            _ if line.contains("path = \"kostorrent") => continue,
            _ if line.starts_with("members = ") => format!("members = [\"{below}/steps/*\"]"),
            _ => line.replace("path = \"steps/", &format!("path = \"{below}/steps/")),
        };
        nested += &format!("{line}\n");
    }
    nested
}

/// The steps are compiled as quickly as can be. One has settings of its own, and another one's tests run whole networks.
fn quick(source: &Source) -> String {
    let steps = source
        .steps()
        .iter()
        .filter(|step| ![8, 20].contains(&step.number));
    let settings = steps.map(|step| {
        let package = &step.package;
        format!("\n[profile.dev.package.{package}]\nopt-level = 0\ndebug = false\n")
    });
    settings.collect()
}

/// Writes a file, unless it is so already: cargo compares times.
fn put(path: &Path, bytes: &[u8]) {
    if fs::read(path).ok().as_deref() != Some(bytes) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The files of a folder, with their paths below it.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    files
}

fn name(step: &Step, label: &str) -> String {
    format!("{} {label}", step.package)
}

/// The text with marked functions that are as they were, each of them empty when [`EMPTY`] names it.
fn switched(step: &Step, text: &str) -> String {
    let switched = marks::rewritten(text, |mark, _, body| {
        let (name, todo) = (name(step, &mark.label), mark.call());
        format!(
            "{{ static OFF: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| \
             std::env::var(\"{EMPTY}\").is_ok_and(|name| name == \"{name}\"));\n\
             if *OFF {{ {todo} }} }}\n{body}"
        )
    });
    switched.unwrap()
}

/// Runs a program with a function that is empty. What is asked is whether a test fails, not what the smallest case is.
fn run(program: &TestProgram, empty: &str, arguments: &[&str]) -> Outcome {
    let ran = cargo::run_tests_with(program, |command| {
        command
            .args(arguments)
            .env(EMPTY, empty)
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .env("PROPTEST_CASES", "16");
    });
    ran.unwrap()
}

/// All tests of these programs that fail when the function is empty, as `target name`.
fn missed(programs: &[TestProgram], step: &Step, label: &str) -> Vec<String> {
    let failed = programs
        .iter()
        .flat_map(|program| run(program, &name(step, label), &[]).failed);
    failed
        .map(|failure| format!("{} {}", failure.target, failure.name))
        .collect()
}

/// Makes the table of a step.
fn tabulate(source: &Source, step: &Step, programs: &[TestProgram]) {
    let found = step.marks.iter().map(|marked| {
        let label = &marked.mark.label;
        (label.clone(), missed(programs, step, label))
    });
    let table = source.root().join(needs::file(step));
    put(&table, Needs::found(&found.collect()).render().as_bytes());
}

/// Chooses the tests that are to prove the functions. Where there is none, the proof says so.
fn choose(source: &Source) -> Proofs {
    let mut proofs = Proofs::new();
    for step in source.steps() {
        let needs = Needs::of(source, step).unwrap();
        for marked in &step.marks {
            let label = &marked.mark.label;
            let Some(test) = proof::witness(source, &needs, step, label).unwrap() else {
                continue;
            };
            let print = proof::fingerprint(source, step, marked, &test).unwrap();
            let print = print.unwrap_or_else(|| panic!("where is `{test}`?"));
            proofs.insert((step.number, label.clone()), Proved { test, print });
        }
    }
    proofs
}

/// The test that is to prove a function fails without it. It passes when nothing is empty, like all others.
fn prove(step: &Step, label: &str, programs: &[TestProgram], proved: &Proved) {
    let (target, test) = proved.test.split_once(' ').unwrap();
    let empty = name(step, label);
    // A library and a file of tests may have one name.
    let programs = programs.iter().filter(|program| program.target == target);
    let failed: Vec<_> = programs
        .flat_map(|program| run(program, &empty, &[test, "--exact"]).failed)
        .collect();
    assert!(
        !failed.is_empty(),
        "`{test}` of {} does not miss `{label}`",
        step.package
    );
}

#[test]
fn an_empty_workbook_compiles_and_the_tests_of_each_step_fail() {
    let source = Source::here().unwrap();
    let place = Place::new(&source, "empty");
    place.write(&source, |_, text| marks::emptied(text).unwrap());
    let programs = place.build();
    for step in source.steps() {
        let ran = programs[&step.package]
            .iter()
            .map(|program| run(program, "", &[]));
        let failed: Vec<_> = ran.flat_map(|outcome| outcome.failed).collect();
        assert!(!failed.is_empty(), "{}", step.package);
    }
}

#[test]
fn each_function_that_is_not_written_is_missed_by_a_test_and_with_all_of_them_the_tests_pass() {
    let source = Source::here().unwrap();
    let place = Place::new(&source, "switched");
    place.write(&source, switched);
    let programs = place.build();
    let refresh = env::var(REFRESH).ok();
    let proofs = match &refresh {
        None => proof::read(&source).unwrap(),
        Some(which) => {
            let is_meant =
                |step: &&Step| which == "all" || which.contains(&format!("{:02}", step.number));
            for step in source.steps().iter().filter(is_meant) {
                tabulate(&source, step, &programs[&step.package]);
            }
            choose(&source)
        }
    };
    let mut unproved: Vec<String> = Vec::new();
    for step in source.steps() {
        let programs = &programs[&step.package];
        for program in programs {
            assert_eq!(run(program, "", &[]).failed, [], "{}", step.package);
        }
        for marked in &step.marks {
            let label = &marked.mark.label;
            let proved = proofs.get(&(step.number, label.clone()));
            match proved {
                Some(proved) => prove(step, label, programs, proved),
                None => unproved.push(name(step, label)),
            }
        }
    }
    assert_eq!(unproved, [] as [String; 0], "no test misses these");
    if refresh.is_some() {
        let file = source.root().join(proof::FILE);
        put(&file, proof::render(&proofs).as_bytes());
    }
}

/// Step 01 of a workbook, with its marked functions as they are in the book but for those that `other` knows better.
fn write_first(source: &Source, workbook: &Workbook, other: impl Fn(&str) -> Option<String>) {
    let step = source.step("01").unwrap();
    for marked in &step.marks {
        let text = String::from_utf8(source.read(&marked.file).unwrap()).unwrap();
        let text = marks::rewritten(&text, |mark, _, body| {
            let other = match other(&mark.label) {
                Some(other) if other.is_empty() => mark.call(),
                Some(other) => other,
                None => return body.to_owned(),
            };
            format!("        {other}\n")
        });
        put(
            &workbook.root().join(&marked.file),
            text.unwrap().as_bytes(),
        );
    }
}

#[test]
fn a_step_is_checked_in_plain_words() {
    let source = Source::here().unwrap();
    // It has a folder to build in, like a reader's own. That is worth keeping, and all else is written anew.
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("workbook/begun");
    for entry in fs::read_dir(&root).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            _ if path.ends_with("target") || path.ends_with(".workbook") => {}
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }
    let _ = fs::remove_file(root.join(".workbook/passed"));
    fs::create_dir_all(root.join(".workbook")).unwrap();
    let (workbook, _) = Workbook::start(&source, &root).unwrap();
    let step = source.step("01").unwrap();

    // One function is not written yet, one wrongly.
    write_first(&source, &workbook, |label| match label {
        "string" => Some(String::new()),
        "number" => Some("Ok(())".to_owned()),
        _ => None,
    });
    let report = check::due(&source, &workbook).unwrap();
    assert!(!report.done);
    let shown = source.root().join(SHOWN);
    if env::var_os(REFRESH).is_some() {
        put(&shown, report.text.as_bytes());
    }
    let shown = fs::read_to_string(shown).unwrap();
    assert_eq!(
        report.text, shown,
        "{SHOWN}, which the book shows, is another"
    );
    let count = source.steps().len();
    let progress = format!("[-{}] 0 of {count} steps, 5 of ", ".".repeat(count - 1));
    for expected in [
        progress.as_str(),
        "It tries `number`: see chapter 1, \"Strict or lenient\".",
        "for a function that is not written",
        "\nTo be written:\n  string  steps/step01-bencode/src/decoder.rs:",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }

    // All written, not quite as in the book.
    write_first(&source, &workbook, |label| {
        (label == "end").then(|| "if self.open.is_empty() { return Err(self.error(Problem::NothingToEnd)); }
        if self.open.last().is_some_and(|open| open.needs_value) { return Err(self.error(Problem::KeyWithoutValue)); }
        let node = self.open.pop().map_or(0, |open| open.node);
        self.at += 1;
        self.nodes[node].end = self.at as u32;
        self.nodes[node].next = self.nodes.len() as u32;
        Ok(())".to_owned())
    });
    let report = check::due(&source, &workbook).unwrap();
    assert!(!report.done);
    let said = report.text;
    assert!(
        said.starts_with("Step 01, bencode: all its tests pass.\n[#"),
        "{said}"
    );
    assert!(said.contains("Next is step 02"), "{said}");
    let report = check::one(&source, &workbook, step).unwrap();
    assert_eq!(report.text, "Step 01, bencode: all its tests pass.\n");
}
