//! `kostorrent lab`, `demo`, `download` and `seed`, run as a user runs them.

mod common;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use common::{assert_sample_in, kostorrent, run, text};
use kostorrent::lab::sample;
use metainfo::Metainfo;
use pretty_assertions::assert_eq;
use serde_json::Value;

/// A running lab; it ends with the test.
struct Lab {
    child: Child,
    // Read where there are signals.
    #[cfg_attr(not(unix), expect(dead_code))]
    out: BufReader<ChildStdout>,
    announce: String,
    torrent: PathBuf,
    dir: tempfile::TempDir,
}

impl Lab {
    /// Runs `kostorrent lab` on a free port and waits until it is ready.
    fn start(options: &[&str]) -> Lab {
        let dir = tempfile::tempdir().unwrap();
        let own = text(dir.path());
        let line = ["lab", "--port", "0", "--dir", &own];
        let mut command = kostorrent(line.iter().chain(options));
        // Its temporary files: to be seen, and gone with the folder if it is killed.
        command.env("TMPDIR", dir.path()).env("TMP", dir.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let ready = loop {
            let mut line = String::new();
            assert_ne!(
                out.read_line(&mut line).unwrap(),
                0,
                "the lab ended:\n{said}"
            );
            if let Some(ready) = line.strip_prefix("READY ") {
                break ready.trim_end().to_owned();
            }
            said.push_str(&line);
        };
        let (announce, torrent) = ready.split_once(' ').unwrap();
        assert!(said.contains(announce) && said.contains(torrent), "{said}");
        let (announce, torrent) = (announce.to_owned(), PathBuf::from(torrent));
        Lab {
            child,
            out,
            announce,
            torrent,
            dir,
        }
    }

    fn download(&self, output: &Path, options: &[&str]) -> Command {
        let (torrent, output) = (text(&self.torrent), text(output));
        let line = ["download", &torrent, "--output", &output];
        kostorrent(line.iter().chain(options))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What Ctrl-C does.
#[cfg(unix)]
fn interrupt(child: &Child) {
    signal(child, "-INT");
}

#[cfg(unix)]
fn signal(child: &Child, which: &str) {
    let kill = Command::new("kill")
        .args([which, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
}

fn events<'a>(all: &'a [Value], name: &str) -> Vec<&'a Value> {
    all.iter().filter(|event| event["event"] == name).collect()
}

#[test]
fn the_demo_downloads_the_sample_and_says_what_next() {
    let dir = tempfile::tempdir().unwrap();
    let output = text(dir.path().join("here"));
    let ran = run(["demo", "--fast", "--output", &output]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_sample_in(Path::new(&output));
    for part in [
        "\ncomplete: ",
        "every piece verified",
        "To try next",
        "verify",
        "lab",
    ] {
        assert!(ran.out.contains(part), "no {part:?} in:\n{}", ran.out);
    }
    assert!(
        ran.err.contains("kostorrent-sample: 684 KiB in 22 pieces"),
        "{}",
        ran.err
    );

    // What it proposes works.
    let verify = [
        "verify",
        &format!("{output}/kostorrent-sample.torrent"),
        "--data",
        &output,
    ];
    run(verify).good();
    // And a second run finds everything there.
    let again = run(["demo", "--fast", "--output", &output]);
    assert_eq!(again.code, Some(0));
    assert!(again.out.contains("was there already"), "{}", again.out);
}

#[test]
fn the_demo_among_trouble_makers_still_gets_every_byte() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run([
        "demo",
        "--fast",
        "--trouble",
        "--json",
        "--output",
        &text(dir.path()),
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_sample_in(dir.path());
}

#[test]
fn the_demo_in_json_is_events_alone() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(["demo", "--fast", "--json", "--output", &text(dir.path())]).good();
    let all = ran.events();
    assert_eq!(all[0]["event"], "start");
    assert_eq!(all.last().unwrap()["event"], "complete");
    assert!(!events(&all, "progress").is_empty());
    // In the end game some blocks come twice.
    assert!(all.last().unwrap()["downloaded"].as_u64() >= all[0]["total_length"].as_u64());
}

#[test]
fn quiet_is_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(["demo", "--fast", "--quiet", "--output", &text(dir.path())]).good();
    assert_eq!(ran.out, "");
}

#[test]
fn where_nobody_has_everything_a_download_is_complete_all_the_same() {
    let lab = Lab::start(&["--fast", "--rare"]);
    let dir = tempfile::tempdir().unwrap();
    let ran = lab.download(dir.path(), &["--json"]).output().unwrap();
    assert!(ran.status.success());
    assert_sample_in(dir.path());
    let told = String::from_utf8(ran.stdout).unwrap();
    let seeds = told.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["seeds"].as_u64().unwrap_or(0)
    });
    assert_eq!(seeds.max(), Some(0), "{told}");
}

#[test]
fn the_labs_torrent_is_the_sample_with_another_tracker() {
    let lab = Lab::start(&["--fast", "--seeders", "1"]);
    let told = Metainfo::parse(&std::fs::read(&lab.torrent).unwrap()).unwrap();
    let committed = Metainfo::parse(sample::TORRENT).unwrap();
    assert_eq!(told.announce, [[lab.announce.clone()]]);
    assert_eq!(told.info_hash_v1, committed.info_hash_v1);
    assert_eq!(lab.torrent.parent(), Some(lab.dir.path()));
}

#[test]
fn a_file_that_no_lab_has_written_is_not_written_over() {
    let dir = common::folder(&[("kostorrent-sample.torrent", b"my notes")]);
    let output = text(dir.path());
    for line in [
        &["lab", "--port", "0", "--dir", &output][..],
        &["demo", "--output", &output],
    ] {
        let said = run(line).failed(1);
        assert!(
            said.contains("kostorrent-sample.torrent is there already"),
            "{said}"
        );
    }
    let notes = dir.path().join("kostorrent-sample.torrent");
    assert_eq!(std::fs::read(&notes).unwrap(), b"my notes");

    // That of another lab, with another port in it, may go.
    std::fs::remove_file(&notes).unwrap();
    let made = || {
        let ran = run(["demo", "--fast", "--quiet", "--output", &output]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        std::fs::read(&notes).unwrap()
    };
    assert_ne!(made(), made());
}

#[test]
fn a_download_from_the_lab_is_complete_and_goes_on_where_it_was() {
    let lab = Lab::start(&["--fast"]);
    let dir = tempfile::tempdir().unwrap();
    let ran = common::Ran::of(&mut lab.download(dir.path(), &["--no-seed", "--no-dht"]));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("complete: "), "{}", ran.out);
    assert_sample_in(dir.path());

    let picture = dir.path().join(sample::NAME).join("figures/evening.bmp");
    let mut bytes = std::fs::read(&picture).unwrap();
    bytes[100_000] ^= 1;
    std::fs::write(picture, bytes).unwrap();
    let ran = common::Ran::of(&mut lab.download(dir.path(), &["--json"])).good();
    let complete = &events(&ran.events(), "complete")[0].clone();
    let downloaded = complete["downloaded"].as_u64().unwrap();
    // The damaged piece alone; in the end game its blocks may come once from every seeder.
    assert!(
        (32 << 10..=3 * (32 << 10)).contains(&downloaded),
        "{downloaded}"
    );
    assert_sample_in(dir.path());
}

#[cfg(unix)]
#[test]
fn the_lab_ends_with_ctrl_c_and_leaves_nothing() {
    let mut lab = Lab::start(&["--fast", "--trouble"]);
    let left = || {
        let names = std::fs::read_dir(lab.dir.path()).unwrap();
        names
            .filter(|entry| entry.as_ref().unwrap().path().is_dir())
            .count()
    };
    assert_eq!(left(), 1);
    interrupt(&lab.child);
    assert_eq!(lab.child.wait().unwrap().code(), Some(0));
    assert_eq!(left(), 0);
    let mut line = String::new();
    while lab.out.read_line(&mut line).unwrap() > 0 {}
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_there_and_says_so() {
    let lab = Lab::start(&["--seeders", "1"]);
    let dir = tempfile::tempdir().unwrap();
    let mut command = lab.download(dir.path(), &["--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut have = 0;
    while have == 0 {
        let mut line = String::new();
        assert_ne!(out.read_line(&mut line).unwrap(), 0);
        let event: Value = serde_json::from_str(&line).unwrap();
        have = event["pieces_have"].as_u64().unwrap_or(0);
    }
    interrupt(&child);
    let rest: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let ended = common::Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130));
    assert!(ended.err.contains("saved"), "{}", ended.err);
    assert!(!events(&rest, "stopping").is_empty(), "{rest:?}");
    let stopped = rest.last().unwrap();
    assert_eq!(stopped["event"], "stopped");
    assert!(stopped["pieces_have"].as_u64().unwrap() >= have);
    let verify = run([
        "verify",
        &text(&lab.torrent),
        "--data",
        &text(dir.path()),
        "--json",
    ]);
    assert!(
        verify.events().last().unwrap()["pieces_good"]
            .as_u64()
            .unwrap()
            >= have
    );
}

#[test]
fn a_reader_that_leaves_interrupts_the_download_without_a_word() {
    let lab = Lab::start(&["--seeders", "1"]);
    let dir = tempfile::tempdir().unwrap();
    let mut command = lab.download(dir.path(), &["--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    let ended = common::Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ended.code, &*ended.err), (Some(130), ""));
}

#[test]
fn a_reader_that_leaves_when_all_is_there_has_what_he_wanted() {
    let data = tempfile::tempdir().unwrap();
    sample::write(data.path()).unwrap();
    let torrent = text(common::sample_torrent());
    let line = [
        "download",
        &torrent,
        "-o",
        &text(data.path()),
        "--seed",
        "--json",
    ];
    let mut child = kostorrent(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("\"event\":\"complete\"") {
        said.clear();
        assert!(out.read_line(&mut said).unwrap() > 0, "complete");
    }
    drop(out);
    let ended = common::Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn a_seeder_serves_a_download_that_names_it() {
    let data = tempfile::tempdir().unwrap();
    sample::write(data.path()).unwrap();
    // No tracker at all: the two find each other by --peer.
    let torrent = text(data.path().join("alone.torrent"));
    let made = [
        "create",
        &text(data.path().join(sample::NAME)),
        "-o",
        &torrent,
    ];
    assert_eq!(run(made).code, Some(0));
    let line = ["seed", &torrent, "--data", &text(data.path()), "--json"];
    let mut seeder = kostorrent(line).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(seeder.stdout.take().unwrap());
    let mut start = String::new();
    out.read_line(&mut start).unwrap();
    let start: Value = serde_json::from_str(&start).unwrap();
    let port = start["listening"]
        .as_str()
        .unwrap()
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();

    let dir = tempfile::tempdir().unwrap();
    let peer = format!("127.0.0.1:{port}");
    let line = [
        "download",
        &torrent,
        "--output",
        &text(dir.path()),
        "--peer",
        &peer,
        "--quiet",
    ];
    run(line).good();
    assert_sample_in(dir.path());
    interrupt(&seeder);
    assert_eq!(seeder.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_said_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = run(["lab", "--port", &port]).failed(1);
    assert!(said.contains(&port) && said.contains("--port 0"), "{said}");
}

#[test]
fn a_download_without_anybody_to_ask_fails_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f"), "x").unwrap();
    let torrent = text(dir.path().join("f.torrent"));
    assert_eq!(
        run(["create", &text(dir.path().join("f")), "-o", &torrent]).code,
        Some(0)
    );
    let output = text(dir.path().join("out"));
    let ran = run(["download", &torrent, "--output", &output, "--json"]);
    assert_eq!(ran.code, Some(1));
    let all = ran.events();
    assert_eq!(all.last().unwrap()["event"], "error");
    let said = ran.err.trim_end();
    assert_eq!(
        said,
        format!(
            "error: {}",
            all.last().unwrap()["message"].as_str().unwrap()
        )
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_was_complete_and_is_seeded_on_as_done() {
    // A closed terminal ends it as well as Ctrl-C does, unless we were all told to outlive it.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let outlives =
        mask.is_none_or(|mask| !mask.ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']));
    let signals = ["-INT", "-HUP"].into_iter().take(2 - usize::from(outlives));
    for which in signals {
        let data = tempfile::tempdir().unwrap();
        sample::write(data.path()).unwrap();
        let path = data.path().join(sample::NAME).join(sample::FILES[0].0);
        let longer = [sample::FILES[0].1, b"more"].concat();
        std::fs::write(path, longer).unwrap();
        let torrent = text(common::sample_torrent());
        let data_text = text(data.path());
        let line = ["download", &torrent, "-o", &data_text, "--seed", "--json"];
        let mut child = kostorrent(line).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        while !said.contains("\"event\":\"complete\"") {
            assert!(out.read_line(&mut said).unwrap() > 0, "{said}");
        }
        signal(&child, which);
        std::io::Read::read_to_string(&mut out, &mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{which}");
        assert_eq!(said.matches("\"event\":\"complete\"").count(), 1);
        let last = said.lines().last().unwrap();
        assert!(last.contains("\"event\":\"stopped\""), "{last}");
        assert_sample_in(data.path());
    }
}
