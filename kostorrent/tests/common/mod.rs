//! What the tests of the program share.

#![allow(dead_code)] // Each test file uses a part of it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program, with nothing of our surroundings that would change what it prints.
pub fn kostorrent<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kostorrent"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env(
            "XDG_STATE_HOME",
            std::env::temp_dir().join("kostorrent-tests-state"),
        )
        .env_remove("SOURCE_DATE_EPOCH")
        .env("KOSTORRENT_LSD", "off")
        // Nothing leaves this machine.
        .env("KOSTORRENT_DHT_ROUTERS", "none")
        .env_remove("KOSTORRENT_LOG");
    command
}

/// Runs it to its end.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    Ran::of(&mut kostorrent(arguments))
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Ran {
        Ran::from(command.output().unwrap())
    }

    /// The run was a success and stderr stayed empty.
    #[track_caller]
    pub fn good(self) -> Ran {
        assert_eq!((self.code, &*self.err), (Some(0), ""), "{}", self.out);
        self
    }

    /// The run failed with this code, nothing on stdout and one line on stderr: that line.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, &*self.out), (Some(code), ""), "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        self.err
    }

    /// Every line of stdout as JSON.
    pub fn events(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A file of the source tree.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The committed torrent of the sample.
pub fn sample_torrent() -> PathBuf {
    source("sample/kostorrent-sample.torrent")
}

/// A folder with files: paths and contents.
pub fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    dir
}

/// A path as an argument.
pub fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().to_str().unwrap().to_owned()
}

/// Whether the sample, whole, is below this folder.
#[track_caller]
pub fn assert_sample_in(root: &Path) {
    for (path, bytes) in kostorrent::lab::sample::FILES {
        let path = root.join(kostorrent::lab::sample::NAME).join(path);
        let found =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(found == *bytes, "{} differs", path.display());
    }
}
