//! `--record` and `kostorrent replay`: what is written, that it is the same again, and what a damaged
//! recording is good for.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use common::{Ran, kostorrent, run, source, text};
use pretty_assertions::assert_eq;
use serde_json::Value;

/// A file, its torrent without trackers, and a seeder of it that ends with the test.
struct Shared {
    dir: tempfile::TempDir,
    seeder: Child,
    peer: String,
}

impl Shared {
    fn new() -> Shared {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        let bytes: Vec<u8> = (0..600_000_u32)
            .map(|n| (n.wrapping_mul(n) >> 7) as u8)
            .collect();
        fs::write(data.join("file"), bytes).unwrap();
        let torrent = text(dir.path().join("file.torrent"));
        let made = [
            "create",
            &text(data.join("file")),
            "-o",
            &torrent,
            "-l",
            "64K",
        ];
        assert_eq!(run(made).code, Some(0));
        let line = ["seed", &torrent, "--data", &text(&data), "--json"];
        let mut seeder = kostorrent(line).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(seeder.stdout.take().unwrap());
        let mut events = out
            .lines()
            .map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
        let start = events.find(|event| event["event"] == "start").unwrap();
        let port = start["listening"]
            .as_str()
            .unwrap()
            .rsplit_once(':')
            .unwrap()
            .1
            .to_owned();
        events.find(|event| event["phase"] == "seeding").unwrap();
        // Nobody reads the rest; there is little of it.
        std::mem::forget(events);
        let peer = format!("127.0.0.1:{port}");
        Shared { dir, seeder, peer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Downloads into a folder of this name, with a recording.
    fn download(&self, name: &str, more: &[&str]) -> (Ran, PathBuf) {
        let recording = self.path(&format!("{name}.jsonl"));
        let (torrent, output) = (text(self.path("file.torrent")), text(self.path(name)));
        fs::create_dir_all(self.path(name)).unwrap();
        let line = [
            "download", &torrent, "-o", &output, "--peer", &self.peer, "--quiet",
        ];
        let record = ["--record".to_owned(), text(&recording)];
        let more = more.iter().map(|&word| word.to_owned());
        let line = line
            .iter()
            .map(|&word| word.to_owned())
            .chain(record)
            .chain(more);
        (run(line), recording)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = self.seeder.kill();
        let _ = self.seeder.wait();
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn replay(path: &Path, more: &[&str]) -> Ran {
    run(["replay", &text(path)]
        .into_iter()
        .chain(more.iter().copied()))
}

#[test]
fn a_download_is_recorded_and_the_engine_wants_the_same_again() {
    let shared = Shared::new();
    let (ran, recording) = shared.download("plain", &[]);
    ran.good();
    let said = lines(&recording);
    assert_eq!(said[0]["kostorrent_recording"], 1);
    assert_eq!(said[0]["total_length"], 600_000);
    let blocks = said.iter().filter(|line| !line["event"]["Block"].is_null());
    assert_eq!(blocks.count(), 37, "one for each block, and no payload");
    assert!(fs::metadata(&recording).unwrap().len() < 60_000);

    let told = replay(&recording, &[]).good().out;
    let last = told.lines().last().unwrap();
    assert!(last.contains("recorded actions are wanted again"), "{last}");
    for part in [
        "is called: the user named it",
        "is asked for piece",
        "goes to the disk",
        "it is over: Complete",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }

    let events = replay(&recording, &["--json", "--piece", "3"])
        .good()
        .events();
    let (summary, decisions) = events.split_last().unwrap();
    assert_eq!(summary["same"], true);
    assert_eq!(summary["damage"], Value::Null);
    assert!(decisions.iter().all(|decision| decision["piece"] == 3));
    let whats: Vec<&str> = decisions
        .iter()
        .filter_map(|d| d["what"].as_str())
        .collect();
    assert!(
        whats.contains(&"ask") && whats.contains(&"store") && whats.contains(&"stored"),
        "{whats:?}"
    );
    let ask = decisions
        .iter()
        .find(|decision| decision["what"] == "ask")
        .unwrap();
    assert_eq!(ask["why"]["Asked"]["copies"], 1);
    assert_eq!(ask["addr"], shared.peer.as_str());

    let by = |whom: &str| {
        replay(&recording, &["--peer", whom])
            .good()
            .out
            .lines()
            .count()
    };
    assert_eq!(by("127.0.0.1"), by(&shared.peer));
    assert!(by("127.0.0.1") > 5);
    assert_eq!(by("127.0.0.2"), 1, "the last line alone");
    let standing = replay(&recording, &["--at", "1h", "--json"])
        .good()
        .events();
    assert_eq!(
        (&standing[0]["event"], &standing[0]["pieces_have"]),
        (&"standing".into(), &10.into())
    );
    let early = replay(&recording, &["--until", "0", "--json"])
        .good()
        .events();
    assert_eq!(early.last().unwrap()["events"], 0);
}

#[test]
fn an_anonymous_recording_names_nobody_and_is_the_same_again() {
    let shared = Shared::new();
    let (ran, recording) = shared.download("hidden", &["--anonymous"]);
    ran.good();
    let written = fs::read_to_string(&recording).unwrap();
    assert!(!written.contains("127.0.0.1"), "{written}");
    assert!(written.contains("\"10.0.0.1:1024\""), "{written}");
    let header = &lines(&recording)[0];
    assert_eq!(header["anonymous"], true);
    let id = hex::decode(header["peer_id"].as_str().unwrap()).unwrap();
    assert!(id.ends_with(b"-000000000001"), "{id:?}");
    let told = replay(&recording, &["--json"]).good().events();
    assert_eq!(told.last().unwrap()["same"], true);
}

#[test]
fn a_recording_that_breaks_off_is_replayed_up_to_there() {
    let shared = Shared::new();
    let (ran, recording) = shared.download("whole", &[]);
    ran.good();
    let whole = fs::read(&recording).unwrap();
    let broken = shared.path("broken.jsonl");
    // In the middle of a line: who ends between two has nothing to be seen of it.
    let middle = whole.len() / 2;
    let line = whole[middle..].iter().position(|&byte| byte == b'\n');
    fs::write(&broken, &whole[..middle + line.unwrap() + 10]).unwrap();
    let ran = replay(&broken, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("is asked for piece"), "{}", ran.out);
    assert!(ran.out.contains("are wanted again"), "{}", ran.out);
    assert_eq!(ran.err.lines().count(), 1);
    assert!(ran.err.contains("it breaks off in line"), "{}", ran.err);

    let wrong = String::from_utf8(whole.clone()).unwrap();
    let wrong = wrong.replacen("\"Block\"", "\"Brick\"", 1);
    fs::write(&broken, wrong).unwrap();
    let ran = replay(&broken, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("cannot be understood"), "{}", ran.err);

    // Another engine would have asked for another block.
    let text = String::from_utf8(whole).unwrap();
    let other = text.replacen("\"len\":16384}}}}}", "\"len\":16383}}}}}", 1);
    let first = text.find("\"Request\"").unwrap();
    let (before, rest) = text.split_at(first);
    let other = match other == text {
        true => format!(
            "{before}{}",
            rest.replacen("\"offset\":", "\"offset\":1", 1)
        ),
        false => other,
    };
    fs::write(&broken, other).unwrap();
    let said = replay(&broken, &[]).good().out;
    assert!(
        said.contains("wants something else than the one that recorded"),
        "{said}"
    );

    for (text, why) in [
        ("", "no recording"),
        ("hello\n", "no recording"),
        ("{\"kostorrent_recording\":2}\n", "format 2"),
        ("{\"kostorrent_recording\":1}\n", "first line"),
    ] {
        fs::write(&broken, text).unwrap();
        let said = replay(&broken, &[]).failed(1);
        assert!(said.contains(why), "{text}: {said}");
    }
}

#[test]
fn what_is_no_recording_is_not_written_over_and_an_old_one_is() {
    let shared = Shared::new();
    let notes = shared.path("notes.jsonl");
    fs::write(&notes, "mine").unwrap();
    let (ran, _) = shared.download("notes", &[]);
    let said = ran.failed(1);
    assert!(said.contains("is no recording"), "{said}");
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    fs::write(&notes, "{\"kostorrent_recording\":1}\nlong ago\n").unwrap();
    shared.download("notes", &[]).0.good();
    assert!(!fs::read_to_string(&notes).unwrap().contains("long ago"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fails_ends_the_recording_and_not_the_download() {
    let shared = Shared::new();
    let (torrent, output) = (text(shared.path("file.torrent")), text(shared.path("out")));
    fs::create_dir(shared.path("out")).unwrap();
    let line = ["download", &torrent, "-o", &output, "--peer", &shared.peer];
    let ran = run(line.into_iter().chain(["--record", "/dev/full"]));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = ran
        .err
        .matches("cannot write the recording /dev/full")
        .count();
    assert_eq!(told, 1, "{}", ran.err);
    assert_eq!(
        fs::read(shared.path("out").join("file")).unwrap(),
        fs::read(shared.path("data").join("file")).unwrap()
    );
}

/// A recording that was of use: a torrent that has no pieces, all its files being empty, and a peer
/// that says it has one. The engine counted down from none for its sentence, and broke.
#[test]
fn a_peer_that_has_a_piece_of_a_torrent_without_pieces_is_left() {
    let recording = source("tests/recordings/have_of_no_pieces.jsonl");
    let said = replay(&recording, &[]).good().out;
    assert!(said.contains("is left: it says it has piece 0"), "{said}");
    assert!(said.contains("recorded actions are wanted again"), "{said}");
}
