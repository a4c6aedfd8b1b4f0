//! The steps' programs, run as the guide says, against the lab.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::process::{self, Finished, Process};
use kostorrent_tests::{json, kostorrent, programs, temp, wait};
use pretty_assertions::assert_eq;
use tempfile::TempDir;

/// The steps that have a program, and whether it talks to peers or trackers.
const STEPS: [(&str, bool); 22] = [
    ("step01-bencode", false),
    ("step02-metainfo", false),
    ("step03-peer-id", false),
    ("step04-tracker", true),
    ("step05-handshake", true),
    ("step06-bitfield", true),
    ("step07-block-requests", true),
    ("step08-sha1", false),
    ("step09-file-layout", true),
    ("step10-piece-storage", true),
    ("step11-concurrent-peers", true),
    ("step12-async", true),
    ("step13-progress", false),
    ("step14-pause-resume", true),
    ("step15-file-selection", true),
    ("step16-seeding", true),
    // The sample names no UDP tracker: it is told of one.
    (UDP, false),
    // Of a torrent file it shows the link. The lab's seeders give no metadata away yet: the test `magnet` asks real ones.
    (MAGNET, false),
    ("step19-peer-exchange", false),
    // It makes a lab of its own: the test `dht` runs it among real clients.
    (DHT, false),
    ("step21-fast", true),
    ("step22-encryption", true),
];

const UDP: &str = "step17-udp-tracker";
const MAGNET: &str = "step18-magnet";

const DHT: &str = "step20-dht";

/// The number in a step's name: 5 for `step05-handshake`.
fn number(package: &str) -> u32 {
    package["step".len()..][..2].parse().unwrap()
}

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

    /// The same tracker, asked by UDP.
    fn udp(&self) -> String {
        self.announce().replacen("http:", "udp:", 1)
    }

    /// Runs a step's program on the lab's torrent, in the lab's folder.
    fn step(&self, package: &str, more: &[&str]) -> Finished {
        let mut command = program(package, self.folder.path());
        command.arg(&self.torrent).args(more);
        Process::run(package, &mut command)
    }
}

/// A step's program, which has nothing but this folder.
fn program(package: &str, folder: &Path) -> Command {
    let mut command = process::command(programs::step(package));
    command
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"));
    command
}

fn step(package: &str, arguments: &[&str]) -> Finished {
    let folder = temp();
    Process::run(package, program(package, folder.path()).args(arguments))
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
    for (package, _) in STEPS.into_iter().filter(|(package, _)| *package != DHT) {
        let finished = match package {
            "step03-peer-id" => step(package, &[]),
            "step13-progress" => step(package, &["--speed", "0"]),
            "step19-peer-exchange" => step(package, &[]),
            "step16-seeding" => lab.step(package, &["--output", package, "--round", "0.1"]),
            "step21-fast" | "step22-encryption" => lab.step(package, &[]),
            UDP => lab.step(package, &["--tracker", &lab.udp()]),
            MAGNET => lab.step(package, &[]),
            _ if number(package) >= 9 => lab.step(package, &["--output", package]),
            _ => lab.step(package, &[]),
        };
        finished.expect_code(0);
        assert!(
            finished.stdout.lines().count() >= 3,
            "{package} shows something:\n{}",
            finished.stdout
        );
        assert_eq!(finished.stderr, "", "{package}");
        let folder = lab.folder.path().join(package);
        let folders = match package {
            "step16-seeding" => vec![folder.join("ada"), folder.join("ben")],
            "step13-progress"
            | "step19-peer-exchange"
            | "step21-fast"
            | "step22-encryption"
            | UDP
            | MAGNET => vec![],
            _ if number(package) >= 9 => vec![folder],
            _ => vec![],
        };
        for folder in folders {
            kostorrent::verify(&lab.torrent, &folder).expect_code(0);
        }
    }
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
fn piece_storage_shows_what_is_on_disk_and_in_memory() {
    let lab = Lab::start(&[]);
    let said = lab.step("step10-piece-storage", &[]).stdout;
    // The sample has 700,067 bytes; its files have all of them from the start.
    let rows: Vec<&str> = said.lines().filter(|line| line.contains("/22")).collect();
    assert!(
        rows.first().unwrap().contains(" 0/22 ") && rows.len() >= 2,
        "{said}"
    );
    assert!(rows.last().unwrap().contains("22/22 "), "{said}");
    assert!(rows.iter().all(|row| row.contains(" 683 KiB ")), "{said}");
    let again = lab.step("step10-piece-storage", &[]).stdout;
    assert!(
        again.contains("22 of 22 pieces are on disk already"),
        "{again}"
    );
}

#[test]
fn concurrent_peers_shows_how_rare_the_pieces_are() {
    let lab = Lab::start(&["--rare"]);
    let said = lab.step("step11-concurrent-peers", &[]).stdout;
    let last = "22 of 22 pieces, 3 peers\n\
                one peer has  #######\n\
                2 peers have  #######\n\
                3 peers have  ########\n";
    assert!(said.contains(last), "{said}");
    assert!(
        said.contains("\nrarest: the pieces that 1 had were asked for as number "),
        "{said}"
    );
}

#[test]
fn async_shows_who_wakes_whom() {
    // Each seeder has what no other has: all three are needed.
    let lab = Lab::start(&["--rare"]);
    let said = lab.step("step12-async", &["--trace"]).stdout;
    for peer in 0..3 {
        let task = format!("peer {peer} -> torrent   heard ");
        assert!(said.contains(&task), "{task}: {said}");
    }
    assert_eq!(said.matches(" -> disk      pieces ").count(), 22, "{said}");
    assert_eq!(said.matches(" is written\n").count(), 22, "{said}");
}

#[test]
fn progress_plays_what_a_download_has_printed() {
    let lab = Lab::start(&[]);
    let folder = temp();
    let mut command = kostorrent::download(&lab.torrent, folder.path());
    let printed = Process::run("kostorrent download", &mut command);
    let recording = folder.path().join("recording.json");
    std::fs::write(&recording, &printed.stdout).unwrap();
    let played = step(
        "step13-progress",
        &["--speed", "0", recording.to_str().unwrap()],
    );
    played.expect_code(0);
    let figures = json::lines(&printed.stdout).into_iter();
    let frames = figures.filter(|event| event["event"] == "progress").count();
    assert!(frames > 0);
    assert_eq!(
        played.stdout.matches("/22 pieces").count(),
        frames,
        "{}",
        played.stdout
    );
    assert!(
        played.stdout.contains("complete after "),
        "{}",
        played.stdout
    );
}

#[test]
fn seeding_shows_a_trade_with_its_reasons() {
    let lab = Lab::start(&[]);
    let said = lab.step("step16-seeding", &["--round", "0.1"]).stdout;
    for reason in [
        "unchoked  gives us ",
        "unchoked  optimistic: its turn, ",
        "choked    no slot free: ",
    ] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
    // Of 22 pieces Ada had half; Ben, Carl and Dora cannot give her more than the rest.
    let ada = said
        .lines()
        .find(|line| line.starts_with("ada         "))
        .unwrap();
    assert!(ada.contains(" 332 KiB"), "{said}");
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
        let mut command = program(package, folder.path());
        let finished = Process::run(package, command.arg(&torrent));
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
    for (package, _) in STEPS {
        let chapter = number(package);
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
        .filter(|(package, _)| !["step03-peer-id", "step19-peer-exchange"].contains(package))
    // they take no file
    {
        for torrent in [&broken, &missing] {
            let torrent = torrent.to_str().unwrap();
            let finished = match package {
                DHT => step(package, &["lookup", torrent, "--node", "127.0.0.1:9"]),
                _ => step(package, &[torrent]),
            };
            finished.expect_code(1);
            let lines = finished.stderr.trim_end().lines().count();
            assert_eq!(lines, 1, "{package} {torrent}: {}", finished.stderr);
        }
    }
}
