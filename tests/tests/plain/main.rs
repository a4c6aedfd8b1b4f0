//! The plain client of the book, in Python: what its parts read and refuse, and that it downloads from the lab.

mod boxes;
mod clients;
mod dht;
mod disk;
mod encryption;
mod exchange;
mod fast;
mod first;
mod magnet;
mod peers;
mod together;
mod udp;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::{programs, skip};

/// The folder with the plain files.
fn plain() -> PathBuf {
    programs::root().join("book/plain")
}

/// The names of the plain files, in the order of the chapters.
fn modules() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(plain())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Python, not started yet; it leaves no compiled files among the source.
fn python() -> Option<Command> {
    let mut command = process::command(skip::unless_no_program("python3")?);
    command
        .env("PYTHONPATH", plain())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8")
        .env("no_proxy", "*")
        .env_remove("PYTHONOPTIMIZE"); // it would leave out what is asserted
    Some(command)
}

/// Runs lines of Python which use the plain files; they assert what they expect.
#[track_caller]
fn holds(lines: &str) {
    let Some(mut command) = python() else { return };
    let imports: String = modules()
        .iter()
        .map(|name| format!("from {name} import *\n"))
        .collect();
    // What is refused, with any of Python's errors.
    let refused = "\
def refused(function, *arguments):
    try:
        result = function(*arguments)
    except Exception as error:
        return type(error).__name__
    assert False, f'{arguments} gave {result}'
";
    // The same chances each time.
    let chance = "import random\nrandom.seed(1)\n";
    command.args(["-c", &format!("{imports}{chance}{refused}{lines}")]);
    command.current_dir(programs::root());
    Process::run("python3", &mut command).expect_code(0);
}

/// The plain client of chapter 9, which downloads into a folder.
fn download(torrent: &Path, folder: &Path) -> Option<Finished> {
    download_by("ch09_files.py", torrent, folder)
}

/// One of the plain clients.
fn download_by(file: &str, torrent: &Path, folder: &Path) -> Option<Finished> {
    let mut command = python()?;
    command.arg(plain().join(file)).arg(torrent).arg(folder);
    Some(Process::run(file, &mut command))
}
