//! The client, built from what the reader wrote, and a download with it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::{Problem, Source, Workbook, cargo};

/// The folder that the sample comes in.
const SAMPLE: &str = "kostorrent-sample";

/// What the lab prints when its swarm is there.
const READY: &str = "READY";

/// Builds the reader's client, starts a lab of the book's own client on a free port, downloads the sample from it and
/// verifies what came. Returns where it is.
///
/// # Errors
///
/// When something does not build, or the client does not do it.
pub fn run(source: &Source, workbook: &Workbook) -> Result<PathBuf, Problem> {
    cargo::say("Building kostorrent from your libraries …");
    let yours = build(workbook, &["build", "--package", "kostorrent"])?;
    let lab = lab_client(source)?;
    let downloads = workbook.root().join("downloads");
    download(&yours, &lab, &downloads)?;
    Ok(downloads)
}

/// The reader's client.
fn build(workbook: &Workbook, arguments: &[&str]) -> Result<PathBuf, Problem> {
    let artifacts = cargo::build(workbook, arguments)?;
    let artifacts = artifacts.ok_or_else(|| {
        Problem::Client("The client does not build: the compiler's words are above.".to_owned())
    })?;
    executable(&artifacts).ok_or_else(|| Problem::Cargo("built no client".to_owned()))
}

/// The book's own client. The lab has to be somebody else: a mistake made on both sides would not be seen.
fn lab_client(source: &Source) -> Result<PathBuf, Problem> {
    if let Some(client) = std::env::var_os("KOSTORRENT_BIN") {
        return Ok(client.into());
    }
    cargo::say("Building the lab, from the book's libraries …");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(source.root())
        .args(["build", "--quiet", "--release", "--package", "kostorrent"])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command
        .output()
        .map_err(|error| Problem::Cargo(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<serde_json::Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    executable(&messages).ok_or_else(|| Problem::Cargo("built no lab".to_owned()))
}

fn executable(messages: &[serde_json::Value]) -> Option<PathBuf> {
    let mut executables = messages
        .iter()
        .filter_map(|message| message["executable"].as_str());
    executables.next_back().map(PathBuf::from)
}

/// A download from a lab, and its verification. What an earlier one has left is removed: a client that finds all of it
/// there downloads nothing.
///
/// # Errors
///
/// When one of them fails.
pub fn download(client: &Path, lab: &Path, to: &Path) -> Result<(), Problem> {
    match fs::remove_dir_all(to.join(SAMPLE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Problem::at(&to.join(SAMPLE))(error));
        }
        _ => {}
    }
    let folder = tempfile::tempdir().map_err(Problem::at(to))?;
    let _lab = Lab::start(lab, folder.path())?;
    let torrent = torrent_in(folder.path())?;
    let arguments = [
        OsStr::new("download"),
        torrent.as_os_str(),
        OsStr::new("--output"),
    ];
    ask(
        Command::new(client).args(arguments).arg(to),
        "download the sample",
    )?;
    let arguments = [
        OsStr::new("verify"),
        torrent.as_os_str(),
        OsStr::new("--data"),
    ];
    ask(
        Command::new(lab).args(arguments).arg(to),
        "verify the sample",
    )
}

/// Runs a client, whose words are shown.
fn ask(command: &mut Command, what: &str) -> Result<(), Problem> {
    let status = command.stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Problem::Client(format!(
            "The client did not {what}: {status}."
        ))),
        Err(error) => Err(Problem::Client(format!(
            "The client did not {what}: {error}."
        ))),
    }
}

/// A running lab; dropping it ends it.
struct Lab(Child);

impl Lab {
    fn start(client: &Path, folder: &Path) -> Result<Lab, Problem> {
        let failed =
            |error: std::io::Error| Problem::Client(format!("The lab does not start: {error}."));
        let mut command = Command::new(client);
        command
            .args(["lab", "--port", "0", "--fast", "--dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut lab = Lab(command.spawn().map_err(failed)?);
        let mut stdout = BufReader::new(lab.0.stdout.take().expect("a pipe of ours"));
        let mut line = String::new();
        while !line.contains(READY) {
            line.clear();
            if stdout.read_line(&mut line).map_err(failed)? == 0 {
                return Err(Problem::Client("The lab ended before it began.".to_owned()));
            }
        }
        // It goes on talking of who announces; a full pipe would stop it.
        thread::spawn(move || stdout.read_to_end(&mut Vec::new()));
        Ok(lab)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn torrent_in(folder: &Path) -> Result<PathBuf, Problem> {
    let entries = fs::read_dir(folder).map_err(Problem::at(folder))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let torrent = paths.find(|path| {
        path.extension()
            .is_some_and(|extension| extension == "torrent")
    });
    torrent.ok_or_else(|| Problem::Client("The lab wrote no torrent.".to_owned()))
}
