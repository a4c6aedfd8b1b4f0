//! `kostorrent examine`: what it says of our own client, of the plain one, and of clients that do one thing wrong; and
//! that nothing it starts outlives it.

mod broken;
mod clients;
mod manners;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::{kostorrent, programs, skip};
use serde_json::Value;

/// What was said of each check, by stage and name.
type Said = BTreeMap<(String, String), Told>;

#[derive(Debug)]
struct Told {
    verdict: String,
    text: String,
    /// The run in which it was seen.
    run: String,
}

/// Runs an examination with these options of this command, and ends in whatever way.
fn examine(options: &[&str], command: &[String]) -> Finished {
    let mut examine = kostorrent::command(["examine"]);
    examine.args(options).arg("--").args(command);
    // It takes some forty seconds on a quiet machine.
    Process::start("kostorrent examine", &mut examine).finish_within(Duration::from_secs(400))
}

/// Runs one with `--json`.
fn said(options: &[&str], command: &[String]) -> Said {
    let finished = examine(&[&["--json"], options].concat(), command);
    read(&finished)
}

fn read(finished: &Finished) -> Said {
    let lines = finished.stdout.lines();
    let events = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let checks = events.filter(|event| event["event"] == "check");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let said: Said = checks
        .map(|event| {
            let check = (text(&event["stage"]), text(&event["check"]));
            let told = Told {
                verdict: text(&event["verdict"]),
                text: text(&event["text"]),
                run: text(&event["take"]),
            };
            (check, told)
        })
        .collect();
    assert!(!said.is_empty(), "{}", finished.stderr);
    said
}

/// The checks that came to this verdict, as `stage/check`.
fn with<'a>(said: &'a Said, verdict: &'a str) -> Vec<String> {
    let found = said.iter().filter(|(_, told)| told.verdict == verdict);
    found
        .map(|((stage, check), _)| format!("{stage}/{check}"))
        .collect()
}

/// Python with a file of ours and words for it; `None` where there is no Python.
fn python(file: PathBuf, words: &[&str]) -> Option<Vec<String>> {
    skip::unless_no_program("python3")?;
    // The program itself: what stands before it on the PATH may take long, and this starts hundreds.
    let mut ask = Command::new("python3");
    let itself = ask
        .args(["-c", "import sys; print(sys.executable)"])
        .output();
    let itself = String::from_utf8(itself.unwrap().stdout).unwrap();
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let start = [
        "env".to_owned(),
        // Compiled once, and not among the source.
        format!("PYTHONPYCACHEPREFIX={}", compiled.display()),
        itself.trim().to_owned(),
        file.to_str().unwrap().to_owned(),
    ];
    let words = words.iter().map(ToString::to_string);
    Some(start.into_iter().chain(words).collect())
}

/// A file of the plain client.
fn plain(file: &str) -> PathBuf {
    programs::root().join("book/plain").join(file)
}
