//! The programs under test, built once for each run of the tests and never older than the source.
//!
//! `tests/run` builds them first and says where they are in `KOSTORRENT_BIN` and `KOSTORRENT_STEPS`. Without these
//! the first test that asks lets cargo build them; a lock makes the others wait.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The client, built as a user builds it.
///
/// # Panics
///
/// When it does not build.
#[must_use]
pub fn kostorrent() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = env::var_os("KOSTORRENT_BIN") {
        return path.into();
    }
    let folder = FOLDER.get_or_init(|| build("client", &["--release", "--package", "kostorrent"]));
    folder.join(format!("kostorrent{}", env::consts::EXE_SUFFIX))
}

/// The program of a step, by its package: `step05-handshake`.
///
/// # Panics
///
/// When it does not build.
#[must_use]
pub fn step(package: &str) -> PathBuf {
    let folder = match env::var_os("KOSTORRENT_STEPS") {
        Some(folder) => folder.into(),
        None => built_once(package, &["--package", package, "--bins"]),
    };
    folder.join(format!("{package}{}", env::consts::EXE_SUFFIX))
}

/// An example of a step: `step01-bencode` and `naive_recursive`.
///
/// # Panics
///
/// When it does not build.
#[must_use]
pub fn example(package: &str, name: &str) -> PathBuf {
    let folder = match env::var_os("KOSTORRENT_STEPS") {
        Some(folder) => Path::new(&folder).join("examples"),
        None => built_once(
            &format!("{package}-{name}"),
            &["--package", package, "--example", name],
        ),
    };
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the workspace")
        .to_owned()
}

/// A folder under `target` for what the tests keep from run to run.
///
/// # Panics
///
/// When it cannot be made.
#[must_use]
pub fn shared() -> PathBuf {
    // A test is target/debug/deps/NAME, another program target/debug/NAME.
    let here = env::current_exe().expect("the path of this program");
    let folder = here.parent().expect("a program is in a folder");
    let profile = if folder.ends_with("deps") {
        folder.parent().expect("deps is in a folder")
    } else {
        folder
    };
    let target = profile.parent().expect("programs are in the target folder");
    let folder = target.join("tests");
    fs::create_dir_all(&folder).expect("a folder under target");
    folder
}

/// Like [`build`], but only the first time in this process.
fn built_once(what: &str, arguments: &[&str]) -> PathBuf {
    static FOLDERS: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = folders.get(what) {
        return folder.clone();
    }
    let folder = build(what, arguments);
    folders.insert(what.to_owned(), folder.clone());
    folder
}

/// Builds with cargo and returns the folder with the programs. Fresh programs cost cargo a moment; within one run of
/// nextest, which starts a process for each test, even that is paid only once.
fn build(what: &str, arguments: &[&str]) -> PathBuf {
    let stamp = shared().join(format!("{what}.built"));
    let lock = File::create(stamp.with_extension("lock")).expect("a lock file");
    lock.lock().expect("the lock for building");
    let run = env::var("NEXTEST_RUN_ID").unwrap_or_default();
    if let Some((built_by, folder)) = fs::read_to_string(&stamp)
        .ok()
        .as_deref()
        .and_then(|text| text.split_once('\n'))
        && built_by == run
        && !run.is_empty()
    {
        return folder.into();
    }

    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root())
        .args([
            "build",
            "--quiet",
            "--message-format=json-render-diagnostics",
        ])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo build {arguments:?} failed");
    let executable = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names what it built");
    let folder = executable.parent().expect("a program is in a folder");
    fs::write(&stamp, format!("{run}\n{}", folder.display())).expect("a note of what was built");
    folder.to_owned()
}
