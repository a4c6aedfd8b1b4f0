//! The program of chapter 14, run as a reader runs it, against a seed on loopback.
#![cfg(feature = "program")]

mod support;

#[allow(dead_code)]
#[path = "../../step09-file-layout/tests/support/ran.rs"]
mod ran;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use metainfo::create::Create;
use pretty_assertions::assert_eq;
use ran::text;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use resume::Resume;
use support::{Seed, Torrent};
use tempfile::{TempDir, tempdir};

const PIECE: u64 = 16 * 1024;

/// Files that share pieces, an empty one, folders: 13 pieces.
fn create() -> Create {
    let mut create = Create::multi("t", PIECE);
    create.add_file(["one"], 50_000);
    create.add_file(["folder", "two"], 100);
    create.add_file(["folder", "deep", "three"], 70_000);
    create.add_file(["empty"], 0);
    create.add_file(["last"], 80_000);
    create
}

/// A torrent, a seed of it, and folders for the program.
struct Place {
    torrent: Torrent,
    seed: Seed,
    dir: TempDir,
}

impl Place {
    fn new(create: &Create) -> Place {
        let torrent = Torrent::new(create);
        let dir = tempdir().unwrap();
        torrent.save(dir.path());
        Place {
            seed: Seed::of(&torrent),
            torrent,
            dir,
        }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_step14-pause-resume"));
        command
            .arg(self.dir.path().join("a.torrent"))
            .arg("--output")
            .arg(self.root())
            .arg("--state")
            .arg(self.state())
            .args(["--peer", &self.seed.addr.to_string()])
            .args(more)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    /// It must succeed; what it says.
    fn succeeds(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert_eq!(text(&output.stderr), "", "{}", text(&output.stdout));
        assert!(output.status.success(), "{}", text(&output.stdout));
        text(&output.stdout)
    }

    /// It must die after so many pieces; what it said before.
    fn dies_after(&self, pieces: u32) -> String {
        let output = self.run(&["--crash", &pieces.to_string()]);
        assert_eq!(output.status.code(), None, "{}", text(&output.stdout));
        text(&output.stdout)
    }

    /// It must fail with one line.
    fn fails(&self, more: &[&str]) -> String {
        let output = self.run(more);
        let line = text(&output.stderr);
        let code = output.status.code();
        assert_eq!((code, line.lines().count()), (Some(1), 1), "{line}");
        line
    }

    fn resume_file(&self) -> PathBuf {
        let files = fs::read_dir(self.state()).unwrap();
        let files = files.map(|file| file.unwrap().path());
        // A program that is at work, or was killed, has its lock beside it.
        let mut files = files.filter(|file| file.extension() != Some("lock".as_ref()));
        let file = files.next().unwrap();
        assert!(files.next().is_none(), "one file, and nothing beside it");
        file
    }

    fn resume(&self) -> Resume {
        Resume::decode(&fs::read(self.resume_file()).unwrap()).unwrap()
    }

    fn vouched(&self) -> BTreeSet<u32> {
        self.resume().pieces.iter_ones().collect()
    }

    /// Which pieces the seed was asked for since the last time.
    fn asked(&self) -> BTreeSet<u32> {
        let asked = self.seed.asked();
        asked.iter().map(|request| request.piece).collect()
    }

    fn assert_complete(&self) {
        let mut offset = 0;
        for file in &self.torrent.metainfo.files {
            let end = offset + file.length as usize;
            let path: PathBuf = file.path.iter().collect();
            let found = fs::read(self.root().join(&path)).unwrap();
            assert!(found == self.torrent.data[offset..end], "{path:?}");
            offset = end;
        }
    }

    /// Writes zeros to a file of the torrent, and says that it was written to at that time.
    fn spoil(&self, path: &str, at: SystemTime) {
        let file = File::options().write(true).open(self.root().join(path));
        let mut file = file.unwrap();
        file.write_all(&[0; 100]).unwrap();
        file.set_modified(at).unwrap();
    }
}

/// The lines of the table for this file.
fn of<'s>(said: &'s str, file: &str) -> Vec<&'s str> {
    let lines = said
        .lines()
        .filter(|line| line.contains(&format!("{file}: ")));
    lines.map(str::trim_start).collect()
}

fn all() -> BTreeSet<u32> {
    (0..13).collect()
}

#[test]
fn what_is_complete_is_neither_read_nor_fetched_again() {
    let place = Place::new(&create());
    let said = place.succeeds(&[]);
    assert!(said.contains("nothing of it is on disk"), "{said}");
    place.assert_complete();
    assert_eq!(place.asked(), all());
    let resume = place.resume();
    assert!(resume.in_order && resume.pieces.is_full());
    assert_eq!(resume.counters.downloaded, 200_100);
    let is_settled = |file: &Option<resume::Recorded>| file.is_some_and(|file| file.settled);
    assert!(resume.files.iter().all(is_settled), "{:?}", resume.files);

    let said = place.succeeds(&[]);
    assert!(said.contains("the last life ended in order"), "{said}");
    assert!(said.contains("     13 pieces trusted"), "{said}");
    assert!(said.contains("      0 pieces to read\n"), "{said}");
    assert_eq!(place.asked(), BTreeSet::new());
}

#[test]
fn after_a_crash_nothing_is_fetched_twice_and_the_table_says_why() {
    let place = Place::new(&create());
    place.dies_after(4);
    assert_eq!(
        (place.vouched(), place.resume().in_order),
        (BTreeSet::new(), false)
    );
    assert!(place.asked().is_superset(&BTreeSet::from([0, 1, 2, 3])));

    let said = place.dies_after(3);
    assert!(
        said.contains("the last life did not end in order"),
        "{said}"
    );
    assert!(
        said.contains("     13 pieces to read: not vouched for"),
        "{said}"
    );
    assert!(said.contains("13 pieces … 4 of them good"), "{said}");
    assert_eq!(place.asked(), BTreeSet::from([4, 5, 6]));
    assert_eq!(place.vouched(), BTreeSet::from([0, 1, 2, 3]));

    let said = place.succeeds(&[]);
    assert!(said.contains("      4 pieces trusted"), "{said}");
    assert!(
        said.contains("      9 pieces to read: not vouched for"),
        "{said}"
    );
    assert!(said.contains("9 pieces … 3 of them good"), "{said}");
    assert_eq!(place.asked(), (7..13).collect());
    place.assert_complete();
}

/// Each life is killed after one to three pieces. What is in the files is found again, and what was
/// vouched for is not even read.
#[test]
fn a_hundred_kills_end_in_a_complete_download() {
    let mut create = Create::multi("t", PIECE);
    for length in [1_000_000, 5, 2_000_000, 40_000, 0, 900_000] {
        create.add_file([format!("{length}")], length);
    }
    let place = Place::new(&create);
    let pieces = place.torrent.metainfo.piece_count();
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let (mut vouched, mut asked) = (BTreeSet::new(), Vec::new());
    for kill in 0..100 {
        let said = place.dies_after(rng.random_range(1..=3));
        let trusted = format!("{:>7} piece", vouched.len());
        assert!(kill == 0 || said.contains(&trusted), "{trusted}: {said}");
        let now = place.seed.asked();
        let again = now.iter().find(|request| vouched.contains(&request.piece));
        assert_eq!(again, None, "it was vouched for");
        asked.extend(now);
        let before = std::mem::replace(&mut vouched, place.vouched());
        assert!(before.is_subset(&vouched), "nothing was lost");
    }
    assert!(
        vouched.len() > 100 && vouched.len() < pieces as usize,
        "{}",
        vouched.len()
    );
    place.succeeds(&[]);
    asked.extend(place.seed.asked());
    place.assert_complete();
    // Each piece has one block.
    let mut asked: Vec<u32> = asked.iter().map(|request| request.piece).collect();
    asked.sort_unstable();
    assert_eq!(asked, (0..pieces).collect::<Vec<_>>(), "each once");
}

#[test]
fn a_file_that_somebody_has_written_to_is_read_and_mended() {
    let place = Place::new(&create());
    place.succeeds(&[]);
    place.asked();
    place.spoil("t/folder/deep/three", SystemTime::now());
    let said = place.succeeds(&[]);
    let three = of(&said, "t/folder/deep/three");
    assert_eq!(three.len(), 1, "{said}");
    assert!(
        three[0].ends_with("somebody has written to it since"),
        "{said}"
    );
    assert!(said.contains("8 pieces trusted"), "{said}");
    assert!(said.contains("5 pieces to read: vouched for"), "{said}");
    assert!(said.contains("5 pieces … 4 of them good"), "{said}");
    assert_eq!(place.asked(), BTreeSet::from([3]));
    place.assert_complete();
}

#[test]
fn after_a_crash_a_write_of_somebody_else_shows_by_its_time() {
    let hour = Duration::from_secs(3_600);
    for (later, why) in [(true, "so not by us"), (false, "its time was set back")] {
        let place = Place::new(&create());
        place.dies_after(2);
        place.dies_after(1);
        assert_eq!(place.vouched(), BTreeSet::from([0, 1]));
        place.asked();
        let now = SystemTime::now();
        place.spoil("t/one", if later { now + hour } else { now - hour });
        let said = place.succeeds(&[]);
        assert!(of(&said, "t/one")[0].contains(why), "{said}");
        assert!(place.asked().contains(&0), "{said}");
        place.assert_complete();
    }
}

#[test]
fn of_a_file_that_is_gone_only_its_own_pieces_are_fetched_again() {
    let place = Place::new(&create());
    place.succeeds(&[]);
    place.asked();
    fs::remove_file(place.root().join("t/last")).unwrap();
    let said = place.succeeds(&[]);
    assert!(of(&said, "t/last")[0].ends_with("not there"), "{said}");
    assert!(said.contains("6 pieces missing"), "{said}");
    assert_eq!(place.asked(), (7..13).collect());
    place.assert_complete();
}

#[test]
fn a_copy_of_a_file_is_read_though_it_has_its_times() {
    let place = Place::new(&create());
    place.succeeds(&[]);
    let (one, copy) = (place.root().join("t/one"), place.root().join("t/copy"));
    let time = fs::metadata(&one).unwrap().modified().unwrap();
    fs::copy(&one, &copy).unwrap();
    File::options()
        .write(true)
        .open(&copy)
        .unwrap()
        .set_modified(time)
        .unwrap();
    fs::rename(&copy, &one).unwrap();
    let said = place.succeeds(&[]);
    let why = if cfg!(unix) {
        "another file"
    } else {
        "as it was"
    };
    assert!(of(&said, "t/one")[0].contains(why), "{said}");
    place.assert_complete();
}

#[test]
fn a_damaged_resume_file_costs_a_check_and_no_piece() {
    let place = Place::new(&create());
    place.succeeds(&[]);
    place.asked();
    let path = place.resume_file();
    let bytes = fs::read(&path).unwrap();
    for (damaged, why) in [
        (
            bytes[..bytes.len() / 2].to_vec(),
            "the resume file is damaged",
        ),
        (vec![], "the resume file is damaged"),
        (text(&[b'x'; 40]).into_bytes(), "the resume file is damaged"),
    ] {
        fs::write(&path, damaged).unwrap();
        let said = place.succeeds(&[]);
        assert!(said.contains(why), "{said}");
        assert!(said.contains("13 pieces … 13 of them good"), "{said}");
        assert_eq!(place.asked(), BTreeSet::new());
        assert!(place.resume().pieces.is_full());
    }
}

#[test]
fn who_asks_for_a_check_gets_it() {
    let place = Place::new(&create());
    place.succeeds(&[]);
    let said = place.succeeds(&["--check"]);
    assert!(said.contains("13 pieces … 13 of them good"), "{said}");
    let said = place.succeeds(&[]);
    assert!(said.contains("13 pieces trusted"), "{said}");
}

#[test]
fn the_resume_file_is_shown_key_by_key() {
    let place = Place::new(&create());
    let line = place.fails(&["--show"]);
    assert!(line.contains("there is no resume file"), "{line}");
    assert!(!place.root().exists() && !place.state().exists());
    place.succeeds(&[]);
    let said = place.succeeds(&["--show"]);
    for expected in [
        "13 pieces are vouched for: 0 to 12",
        "the last life ended in order",
        "t/one: 50000 bytes, of 20",
        "200100 bytes received, over all lives",
        "6:format i1e",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    // The offsets are those of the bytes.
    let bytes = fs::read(place.resume_file()).unwrap();
    for line in said.lines().filter(|line| line.contains(':')).skip(1) {
        let Some((at, shown)) = line.trim_start().split_once("  ") else {
            continue;
        };
        let at: usize = at.parse().unwrap();
        let first = shown.trim_start().as_bytes()[0];
        assert_eq!(char::from(bytes[at]), char::from(first), "{line}");
    }
}

#[test]
fn a_file_of_somebody_elses_is_left_alone() {
    for (path, bytes) in [
        ("t/one", 50_000),
        ("t/one", 60_000),
        ("t/empty", 5),
        ("t/one", 7),
    ] {
        let place = Place::new(&create());
        let file = place.root().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, vec![1; bytes]).unwrap();
        let line = place.fails(&[]);
        assert!(line.contains("nothing in it is the torrent's"), "{line}");
        assert_eq!(fs::read(&file).unwrap(), vec![1; bytes]);
        assert_eq!(place.asked(), BTreeSet::new());
    }
}

#[test]
fn a_state_folder_that_cannot_be_made_is_an_error_before_the_first_piece() {
    let place = Place::new(&create());
    fs::write(place.state(), "a file").unwrap();
    let line = place.fails(&[]);
    assert!(line.contains("resume file"), "{line}");
    assert_eq!(place.asked(), BTreeSet::new());
}

#[test]
fn the_state_folder_follows_the_environment() {
    let place = Place::new(&create());
    let home = place.dir.path().join("home");
    let output = Command::new(env!("CARGO_BIN_EXE_step14-pause-resume"))
        .arg(place.dir.path().join("a.torrent"))
        .arg("--show")
        .env_clear()
        .env("XDG_STATE_HOME", &home)
        .env("LOCALAPPDATA", &home)
        .output()
        .unwrap();
    let line = text(&output.stderr);
    assert!(
        line.contains(&home.join("kostorrent").display().to_string()),
        "{line}"
    );
}

#[test]
fn nobody_there() {
    let place = Place::new(&create());
    let output = place.run(&["--peer", "127.0.0.1:1"]);
    // The option may be given once only.
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_names_the_chapter() {
    let output = Command::new(env!("CARGO_BIN_EXE_step14-pause-resume"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("Chapter 14 of the guide"));
}

/// A program that runs, and its lines.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(place: &Place) -> Running {
        let mut command = place.command(&[]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    fn wait_for(&mut self, expected: &str) {
        let found = self.lines.any(|line| line.unwrap().starts_with(expected));
        assert!(found, "it does not say {expected}");
    }

    fn press(&mut self, key: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{key}").unwrap();
    }
}

#[test]
fn a_pause_saves_what_is_there_and_the_same_key_goes_on() {
    let place = Place::new(&create());
    place.seed.be_silent_after(5);
    let mut running = Running::start(&place);
    running.wait_for("piece      4 written");
    running.press("p");
    running.wait_for("paused");
    assert_eq!(
        (place.vouched(), place.resume().in_order),
        ((0..5).collect(), false)
    );
    place.seed.be_silent_after(usize::MAX);
    running.press("p");
    running.wait_for("all pieces are verified");
    assert!(running.child.wait().unwrap().success());
    place.assert_complete();
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_in_order_whether_paused_or_not() {
    for paused in [false, true] {
        let place = Place::new(&create());
        place.seed.be_silent_after(5);
        let mut running = Running::start(&place);
        running.wait_for("piece      4 written");
        if paused {
            running.press("p");
            running.wait_for("paused");
        }
        let id = running.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        running.wait_for("stopped, and saved");
        assert_eq!(running.child.wait().unwrap().code(), Some(130));
        assert_eq!(
            (place.vouched(), place.resume().in_order),
            ((0..5).collect(), true)
        );
        assert!(place.asked().is_superset(&(0..5).collect()));

        place.seed.be_silent_after(usize::MAX);
        let said = place.succeeds(&[]);
        assert!(said.contains("5 pieces trusted"), "{said}");
        assert!(said.contains("      0 pieces to read\n"), "{said}");
        assert!(said.contains("8 pieces missing"), "{said}");
        assert_eq!(place.asked(), (5..13).collect());
        place.assert_complete();
    }
}

#[cfg(unix)]
#[test]
fn what_somebody_has_spoiled_meanwhile_is_not_vouched_for() {
    let place = Place::new(&create());
    place.seed.be_silent_after(5);
    let mut running = Running::start(&place);
    running.wait_for("piece      4 written");
    running.press("p");
    running.wait_for("paused");
    assert_eq!(place.vouched(), (0..5).collect());
    place.spoil("t/one", SystemTime::now());
    let id = running.child.id().to_string();
    let kill = Command::new("kill").args(["-INT", &id]).status();
    assert!(kill.unwrap().success());
    running.wait_for("piece      0 is not there any more");
    running.wait_for("stopped, and saved");
    assert_eq!(running.child.wait().unwrap().code(), Some(130));
    assert_eq!(place.vouched(), (1..5).collect());
    place.asked();
    place.seed.be_silent_after(usize::MAX);
    place.succeeds(&[]);
    assert_eq!(place.asked(), [0].into_iter().chain(5..13).collect());
    place.assert_complete();
}

#[test]
fn a_closed_pipe_is_no_error_and_what_is_there_is_saved() {
    let place = Place::new(&create());
    let mut running = Running::start(&place);
    running.wait_for("piece      0 written");
    let Running { mut child, lines } = running;
    drop(lines);
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
    let resume = place.resume();
    assert!(resume.in_order && resume.pieces.get(0));
}

/// Nothing is left beside the torrent's own files.
#[test]
fn the_download_folder_gets_the_torrent_and_nothing_else() {
    let place = Place::new(&create());
    place.dies_after(1);
    place.succeeds(&[]);
    let names = |path: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(path).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names(&place.root()), BTreeSet::from(["t".to_owned()]));
    let expected = ["empty", "folder", "last", "one"].map(str::to_owned);
    assert_eq!(names(&place.root().join("t")), BTreeSet::from(expected));
}
