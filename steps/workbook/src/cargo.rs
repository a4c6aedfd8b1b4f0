//! Cargo in the reader's workspace.

use std::env;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read, Write as _, stderr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::outcome::{self, Outcome};
use crate::{Problem, Workbook};

/// How long a program of tests may be silent. Then one of its tests is in an endless loop.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A program of tests that cargo has built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestProgram {
    /// What it tests: the name of a library, or of a file in `tests`.
    pub target: String,
    /// The program.
    pub executable: PathBuf,
    /// The folder of its package, where it runs.
    pub folder: PathBuf,
}

/// What cargo made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// Programs of tests.
    Tests(Vec<TestProgram>),
    /// Nothing: the compiler has said on stderr what is wrong.
    Broken,
}

/// Cargo for the reader's workspace. It builds into a folder of its own: to cargo a package of the reader's and the
/// book's package of the same name are one and the same, and in a shared folder it would take one for the other.
pub fn command(workbook: &Workbook, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let subcommand = arguments.iter().take(1);
    command
        .current_dir(workbook.root())
        .args(subcommand)
        .arg("--target-dir")
        .arg(workbook.root().join("target"))
        .args(arguments.iter().skip(1))
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null());
    if !stderr().is_terminal() {
        command.arg("--quiet");
    }
    command
}

/// Builds the tests of a package: of its library, and those in `tests`.
///
/// # Errors
///
/// When cargo cannot be run.
pub fn build_tests(workbook: &Workbook, package: &str) -> Result<Built, Problem> {
    // Not `--tests`: that builds the answers to the exercises as well.
    let of_library = ["test", "--no-run", "--lib", "--test", "*"];
    let mut arguments = of_library.to_vec();
    arguments.extend(["--package", package]);
    let Some(artifacts) = build(workbook, &arguments)? else {
        return Ok(Built::Broken);
    };
    Ok(Built::Tests(artifacts.iter().filter_map(program).collect()))
}

/// Runs cargo and returns what it made, or nothing when it failed and has said why.
///
/// # Errors
///
/// When cargo cannot be run.
pub fn build(
    workbook: &Workbook,
    arguments: &[&str],
) -> Result<Option<Vec<serde_json::Value>>, Problem> {
    let mut command = command(workbook, arguments);
    command.arg("--message-format=json-render-diagnostics");
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Problem::Cargo(error.to_string()))?;
    if !output.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(Some(messages.collect()))
}

/// The program of tests that a message of cargo is about.
#[must_use]
pub fn program(message: &serde_json::Value) -> Option<TestProgram> {
    let is_test = message["profile"]["test"].as_bool()?;
    let manifest = Path::new(message["manifest_path"].as_str()?);
    is_test.then_some(TestProgram {
        target: message["target"]["name"].as_str()?.to_owned(),
        executable: message["executable"].as_str()?.into(),
        folder: manifest.parent()?.to_owned(),
    })
}

/// Runs a program of tests.
///
/// # Errors
///
/// When it cannot be started.
pub fn run_tests(program: &TestProgram) -> Result<Outcome, Problem> {
    run_tests_with(program, |_| {})
}

/// Runs a program of tests, with something more said about how: its environment, its arguments.
///
/// # Errors
///
/// When it cannot be started.
pub fn run_tests_with(
    program: &TestProgram,
    how: impl FnOnce(&mut Command),
) -> Result<Outcome, Problem> {
    let mut command = Command::new(&program.executable);
    command
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder)
        // The smallest case that fails is printed; a file of it beside the reader's own would only be in the way.
        .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    how(&mut command);
    let failed = |error: std::io::Error| Problem::Cargo(format!("{}: {error}", program.target));
    let mut child = command.spawn().map_err(failed)?;
    let (lines, heard) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        let lines = lines.clone();
        thread::spawn(move || pass_on(stdout, |line| lines.send(line).is_ok()));
    }
    // What tests write past the harness is of no use here, but it has to go somewhere.
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || pass_on(stderr, |_| true));
    }
    drop(lines);
    let (text, is_stuck) = listen(&heard, &mut child);
    let status = child.wait().map_err(failed)?;
    Ok(outcome::read(
        &program.target,
        &text,
        status.success(),
        is_stuck,
    ))
}

fn pass_on(from: impl Read, mut to: impl FnMut(String) -> bool) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
        if !to(String::from_utf8_lossy(&line).into_owned()) {
            return;
        }
        line.clear();
    }
}

/// All that a program of tests prints, and whether it had to be ended.
fn listen(heard: &mpsc::Receiver<String>, child: &mut Child) -> (String, bool) {
    let mut text = String::new();
    loop {
        match heard.recv_timeout(PATIENCE) {
            Ok(line) => text.push_str(&line),
            Err(RecvTimeoutError::Disconnected) => return (text, false),
            Err(RecvTimeoutError::Timeout) => {
                let _ = child.kill();
                return (text, true);
            }
        }
    }
}

/// Says on stderr what takes a while now.
pub fn say(what: &str) {
    let _ = writeln!(stderr(), "{what}");
}
