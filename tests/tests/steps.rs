//! The steps' programs, run as the guide says, against the lab.

use std::net::TcpStream;
use std::path::PathBuf;

use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::{json, kostorrent, programs, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// The steps that have a program, and whether it talks to peers or trackers.
const STEPS: [(&str, bool); 9] = [
    ("step01-bencode", false),
    ("step02-metainfo", false),
    ("step03-peer-id", false),
    ("step04-tracker", true),
    ("step05-handshake", true),
    ("step06-bitfield", true),
    ("step07-block-requests", true),
    ("step08-sha1", false),
    ("step09-file-layout", true),
];

/// A running lab on a port of its own.
struct Lab {
    folder: TempDir,
    torrent: PathBuf,
    _process: Process,
}

impl Lab {
    fn start(more: &[&str]) -> Lab {
        let folder = temp();
        let mut command = kostorrent::lab(folder.path());
        command.args(["--port", "0", "--fast"]).args(more);
        let process = Process::start("kostorrent lab", &mut command);
        let torrent = wait::until("the lab's torrent", || {
            let files = std::fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().path());
            let mut torrents = files.filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "torrent")
            });
            torrents
                .next()
                .filter(|torrent| kostorrent::show(torrent).code() == Some(0))
        });
        let lab = Lab {
            folder,
            torrent,
            _process: process,
        };
        let url = lab.announce();
        let address = url
            .strip_prefix("http://")
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        wait::until("the lab's tracker", || TcpStream::connect(&address).ok());
        lab
    }

    fn shown(&self) -> serde_json::Value {
        json::lines(&kostorrent::show(&self.torrent).stdout).remove(0)
    }

    fn announce(&self) -> String {
        self.shown()["announce"][0][0]
            .as_str()
            .expect("an announce URL")
            .to_owned()
    }

    /// Runs a step's program on the lab's torrent, in the lab's folder.
    fn step(&self, package: &str, more: &[&str]) -> Finished {
        let mut command = process::command(programs::step(package));
        command
            .current_dir(self.folder.path())
            .arg(&self.torrent)
            .args(more);
        Process::run(package, &mut command)
    }
}

fn step(package: &str, arguments: &[&str]) -> Finished {
    let folder = temp();
    let mut command = process::command(programs::step(package));
    Process::run(package, command.current_dir(folder.path()).args(arguments))
}

#[test]
fn the_lab_moves_the_sample_and_keeps_its_info_hash() {
    let lab = Lab::start(&[]);
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample.torrent");
    let committed = json::lines(&kostorrent::show(&sample).stdout).remove(0);
    assert_eq!(lab.shown()["info_hash_v1"], committed["info_hash_v1"]);
    assert_eq!(
        committed["announce"][0][0],
        "http://127.0.0.1:7878/announce"
    );
    assert_ne!(lab.announce(), "http://127.0.0.1:7878/announce");
}

#[test]
fn a_download_from_the_lab_is_complete() {
    for more in [&[][..], &["--trouble"]] {
        let lab = Lab::start(more);
        let folder = temp();
        kostorrent::download_all(&lab.torrent, folder.path());
        kostorrent::verify(&lab.torrent, folder.path()).expect_code(0);
    }
}

#[test]
fn every_program_runs_against_the_lab() {
    let lab = Lab::start(&[]);
    for (package, _) in STEPS {
        let finished = if package == "step03-peer-id" {
            step(package, &[])
        } else {
            lab.step(package, &[])
        };
        finished.expect_code(0);
        assert!(
            finished.stdout.lines().count() >= 3,
            "{package} shows something:\n{}",
            finished.stdout
        );
        assert_eq!(finished.stderr, "", "{package}");
    }
    // The last one has downloaded everything, into the folder where it was run.
    kostorrent::verify(&lab.torrent, lab.folder.path()).expect_code(0);
}

#[test]
fn what_the_programs_show_is_true() {
    let lab = Lab::start(&[]);
    let info_hash = lab.shown()["info_hash_v1"].as_str().unwrap().to_owned();
    assert!(lab.step("step01-bencode", &[]).stdout.contains("pieces"));
    let metainfo = lab.step("step02-metainfo", &[]).stdout;
    assert!(
        metainfo.contains(&info_hash) && metainfo.contains("kostorrent-sample"),
        "{metainfo}"
    );
    assert!(step("step03-peer-id", &[]).stdout.contains("kostorrent"));
    let announced = lab.step("step04-tracker", &[]).stdout;
    assert!(announced.contains("127.0.0.1:"), "{announced}");
}

#[test]
fn without_a_lab_they_ask_whether_it_is_running() {
    let lab = Lab::start(&[]);
    let Lab {
        folder,
        torrent,
        _process: running,
    } = lab;
    drop(running);
    for (package, _) in STEPS.into_iter().filter(|(_, network)| *network) {
        let mut command = process::command(programs::step(package));
        let finished = Process::run(package, command.current_dir(folder.path()).arg(&torrent));
        finished.expect_code(1);
        assert_eq!(
            finished.stderr.trim_end().lines().count(),
            1,
            "{package}: {}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains("is `kostorrent lab` running?"),
            "{package}: {}",
            finished.stderr
        );
    }
}

#[test]
fn help_names_the_chapter_and_wrong_usage_is_exit_code_2() {
    for ((package, _), chapter) in STEPS.into_iter().zip(1..) {
        let help = step(package, &["--help"]);
        help.expect_code(0);
        assert!(
            help.stdout
                .contains(&format!("Chapter {chapter} of the guide")),
            "{package}: {}",
            help.stdout
        );
        step(package, &["--no-such-option"]).expect_code(2);
    }
}

#[test]
fn broken_input_is_one_line_on_stderr() {
    let folder = temp();
    let broken = folder.path().join("broken.torrent");
    std::fs::write(&broken, "d8:announce3:x").unwrap();
    let missing = folder.path().join("missing.torrent");
    for (package, _) in STEPS
        .into_iter()
        .filter(|(package, _)| *package != "step03-peer-id")
    {
        for torrent in [&broken, &missing] {
            let finished = step(package, &[torrent.to_str().unwrap()]);
            finished.expect_code(1);
            let lines = finished.stderr.trim_end().lines().count();
            assert_eq!(
                lines,
                1,
                "{package} {}: {}",
                torrent.display(),
                finished.stderr
            );
        }
    }
}
