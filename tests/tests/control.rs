//! Speaking to a running client from another terminal: status, pause, resume, stop.
#![cfg(unix)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::process::Command;

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::{kostorrent, programs, temp, wait};
use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

const PIECE: u64 = 65_536;

/// A user with a runtime folder of his own, in which his clients are found.
struct User {
    folder: TempDir,
}

impl User {
    fn new() -> User {
        User { folder: temp() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of this user's.
    fn at_home(&self, mut command: Command) -> Command {
        command
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("TMPDIR", self.folder.path());
        command
    }

    fn says(&self, line: &[&str]) -> Finished {
        Process::run("kostorrent", &mut self.at_home(kostorrent::command(line)))
    }

    /// What `status --json` tells.
    fn status(&self) -> Vec<Value> {
        let told = self.says(&["status", "--json"]);
        told.expect_code(0);
        let lines = told.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The state of the torrent with this name, if it is there.
    fn state(&self, name: &str) -> Option<String> {
        let all = self.status();
        let torrent = all.iter().find(|torrent| torrent["name"] == name)?;
        Some(torrent["state"].as_str().unwrap().to_owned())
    }

    fn until(&self, name: &str, state: &str) {
        wait::until_true(state, || self.state(name).as_deref() == Some(state));
    }

    /// Starts a download of several torrents from their seeders.
    fn download(&self, swarms: &[&Swarm]) -> Process {
        let mut command = kostorrent::command(["download", "--json", "--no-dht"]);
        for swarm in swarms {
            command.arg(&swarm.torrent);
            command.args(["--peer", &swarm.seeder.address().to_string()]);
        }
        command.arg("--output").arg(self.path("to"));
        Process::start("kostorrent download", &mut self.at_home(command))
    }
}

/// A seeder, slow enough to be spoken about: some four seconds for everything.
struct Swarm {
    payload: Payload,
    seeder: Seeder,
    torrent: PathBuf,
}

impl Swarm {
    fn new(user: &User, name: &str) -> Swarm {
        Swarm::of(user, Payload::single(name, 2_000_000))
    }

    fn of(user: &User, payload: Payload) -> Swarm {
        let name = payload.name();
        let described = payload.torrent(PIECE, &[]);
        let slow = Manner {
            rate: Some(500_000),
            ..Manner::default()
        };
        let seeder = Seeder::start(&described, payload.bytes(), slow);
        let torrent = user.path(&format!("{name}.torrent"));
        described.write(&torrent);
        Swarm {
            payload,
            seeder,
            torrent,
        }
    }
}

#[test]
fn status_tells_a_person_and_a_program_how_it_stands() {
    let user = User::new();
    let nothing = user.says(&["status"]);
    nothing.expect_code(0);
    assert_eq!(nothing.stdout, "no download and no seeder is running\n");
    assert_eq!(user.status(), [] as [Value; 0]);

    let swarm = Swarm::new(&user, "film");
    let download = user.download(&[&swarm]);
    user.until("film", "downloading");
    let moves = || {
        user.status()
            .pop()
            .filter(|it| it["downloaded"].as_u64() > Some(0))
    };
    let status = wait::until("bytes", moves);
    let fields: Vec<&str> = status
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut documented = [
        "event",
        "pid",
        "name",
        "info_hash",
        "state",
        "checked",
        "pieces_have",
        "pieces",
        "left",
        "total_length",
        "downloaded",
        "uploaded",
        "down_rate",
        "up_rate",
        "peers",
        "seeds",
        "known_seeders",
        "known_leechers",
        "ratio",
        "eta",
        "path",
        "listening",
    ];
    documented.sort_unstable();
    assert_eq!(fields, documented);
    assert_eq!(status["event"], "status");
    assert_eq!(status["total_length"], 2_000_000);
    assert_eq!(status["path"], user.path("to/film").to_str().unwrap());

    let table = user.says(&["status", "fil"]);
    table.expect_code(0);
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", table.stdout);
    assert!(lines[0].starts_with("NAME  STATE "), "{}", table.stdout);
    for part in [
        "film  downloading ",
        " % ",
        user.path("to").to_str().unwrap(),
    ] {
        assert!(lines[1].contains(part), "{part}: {}", table.stdout);
    }
    download.finish().expect_code(0);
    swarm.payload.assert_in(&user.path("to"));
    assert_eq!(user.status(), [] as [Value; 0]);
    assert!(!user.path("kostorrent").exists(), "nothing is left behind");
}

#[test]
fn a_pause_stops_the_bytes_and_a_resume_lets_them_come() {
    let user = User::new();
    let swarm = Swarm::new(&user, "film");
    let download = user.download(&[&swarm]);
    wait::until_true("blocks", || swarm.seeder.seen().blocks > 5);
    let paused = user.says(&["pause"]);
    paused.expect_code(0);
    assert_eq!(paused.stdout, "film: paused\n");
    assert_eq!(user.state("film").as_deref(), Some("paused"));
    // What was asked for before comes, and then nothing: a block takes a thirtieth of a second.
    let asked = || swarm.seeder.seen().requests.len();
    let before = wait::until("silence", || {
        let before = asked();
        std::thread::sleep(std::time::Duration::from_secs(1));
        (asked() == before).then_some(before)
    });
    assert!(before < 100, "it was paused in the middle: {before}");
    assert_eq!(user.state("film").as_deref(), Some("paused"));

    let resumed = user.says(&["resume", "film"]);
    resumed.expect_code(0);
    assert_eq!(resumed.stdout, "film: downloading\n");
    let finished = download.finish();
    finished.expect_code(0);
    for event in ["\"paused\"", "\"resumed\""] {
        assert!(finished.stdout.contains(event), "{}", finished.stdout);
    }
    swarm.payload.assert_in(&user.path("to"));
}

#[test]
fn other_files_are_chosen_while_it_runs() {
    let user = User::new();
    let files = [("a/one.bin", 900_000), ("b/two.bin", 900_000)];
    let files = files.map(|(name, length)| (name.to_owned(), length));
    let swarm = Swarm::of(&user, Payload::multi("films", files));
    let download = user.download(&[&swarm]);
    wait::until_true("blocks", || swarm.seeder.seen().blocks > 5);
    let wrong = user.says(&["choose", "--files", "b/tow.bin"]);
    wrong.expect_code(1);
    assert!(wrong.stderr.contains("two.bin"), "{}", wrong.stderr);
    let chosen = user.says(&["choose", "films", "--files", "2"]);
    chosen.expect_code(0);
    assert_eq!(chosen.stdout, "films: 2 is wanted now\n");
    let finished = download.finish();
    finished.expect_code(0);
    let told = r#"{"event":"chosen","files":"2","wanted":1,"of":2,"message":"1 of 2 files are wanted now"}"#;
    assert!(finished.stdout.contains(told), "{}", finished.stdout);
    let two = user.path("to/films/b/two.bin");
    let expected = &swarm.payload.bytes()[900_000..];
    assert!(fs::read(two).unwrap() == *expected);
    let one = fs::read(user.path("to/films/a/one.bin")).unwrap_or_default();
    let bytes = swarm.payload.bytes();
    assert!(one != bytes[..900_000], "the other was not fetched whole");

    // Nobody says anything: it goes on with that choice, and then with another.
    let again = user.download(&[&swarm]).finish();
    again.expect_code(0);
    assert!(
        again
            .stdout
            .contains("1 of 2 files are wanted, as chosen before"),
        "{}",
        again.stdout
    );
}

#[test]
fn stop_ends_as_ctrl_c_does_and_keeps_what_is_there() {
    let user = User::new();
    let swarm = Swarm::new(&user, "film");
    let download = user.download(&[&swarm]);
    let pieces = || swarm.payload.pieces_in(&user.path("to"), PIECE as usize);
    let right = || pieces().into_iter().filter(|&right| right).count();
    wait::until_true("pieces", || right() >= 2);
    let stopped = user.says(&["stop", "film"]);
    stopped.expect_code(0);
    assert_eq!(stopped.stdout, "film: stopped\n");
    let finished = download.finish();
    finished.expect_code(130);
    assert!(
        finished.stderr.contains("pieces saved"),
        "{}",
        finished.stderr
    );
    assert!((2..31).contains(&right()));

    // And the same command goes on from there.
    user.download(&[&swarm]).finish().expect_code(0);
    swarm.payload.assert_in(&user.path("to"));
}

#[test]
fn one_of_several_is_meant_by_a_part_of_its_name_or_its_hash() {
    let user = User::new();
    let (one, two) = (Swarm::new(&user, "film one"), Swarm::new(&user, "film two"));
    let download = user.download(&[&one, &two]);
    user.until("film two", "downloading");
    for line in [&["pause"][..], &["pause", "film"], &["status", "FILM"]] {
        let ambiguous = user.says(line);
        ambiguous.expect_code(1);
        let said = ambiguous.stderr;
        assert!(
            said.contains("film one (") && said.contains("film two ("),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let unknown = user.says(&["stop", "music"]);
    unknown.expect_code(1);
    assert!(unknown.stderr.contains("`music`"), "{}", unknown.stderr);

    let hash = user
        .status()
        .iter()
        .find(|it| it["name"] == "film one")
        .unwrap()["info_hash"]
        .clone();
    user.says(&["pause", &hash.as_str().unwrap()[..8]])
        .expect_code(0);
    assert_eq!(user.state("film one").as_deref(), Some("paused"));
    assert_ne!(user.state("film two").as_deref(), Some("paused"));

    // The other one is stopped, and the process goes on with this one.
    user.says(&["stop", "two"]).expect_code(0);
    assert_eq!(user.state("film two").as_deref(), Some("stopped"));
    user.says(&["resume"]).expect_code(0);
    let finished = download.finish();
    finished.expect_code(130);
    one.payload.assert_in(&user.path("to"));
}

#[test]
fn all_processes_are_found_and_can_be_stopped_together() {
    let user = User::new();
    let swarm = Swarm::new(&user, "film");
    let (data, other) = (user.path("data"), Payload::single("song", 100_000));
    fs::create_dir(&data).unwrap();
    other.write(&data);
    let torrent = user.path("song.torrent");
    other.torrent(PIECE, &[]).write(&torrent);
    let mut seed = kostorrent::command(["seed", "--quiet"]);
    seed.arg(&torrent).arg("--data").arg(&data);
    let seed = Process::start("kostorrent seed", &mut user.at_home(seed));
    let download = user.download(&[&swarm]);
    user.until("song", "seeding");
    user.until("film", "downloading");
    let pids: Vec<Value> = user.status().iter().map(|it| it["pid"].clone()).collect();
    assert_ne!(pids[0], pids[1]);
    user.says(&["stop", "--all"]).expect_code(0);
    // A seeder that is ended has done what it was to do.
    seed.finish().expect_code(0);
    download.finish().expect_code(130);
    let nobody = user.says(&["stop"]);
    nobody.expect_code(1);
    assert_eq!(
        nobody.stderr,
        "error: no download and no seeder is running\n"
    );
}

#[test]
fn the_socket_is_its_users_alone_and_what_is_wrong_on_it_is_answered() {
    let user = User::new();
    let swarm = Swarm::new(&user, "film");
    let mut download = user.download(&[&swarm]);
    user.until("film", "downloading");
    let folder = user.path("kostorrent");
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    let socket = fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert_eq!(fs::metadata(&socket).unwrap().mode() & 0o777, 0o600);
    for (asked, part) in [
        (&b"{\"version\":2,\"ask\":\"status\"}\n"[..], "version 2"),
        (b"GET / HTTP/1.1\r\n\r\n", "JSON"),
        (&[b'x'; 100_000], "one line"),
    ] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let _ = stream.write_all(asked);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).expect("a line of JSON");
        assert_eq!(answer["version"], 1);
        assert!(answer["error"].as_str().unwrap().contains(part), "{answer}");
    }
    // A process that is killed leaves its socket, and whoever looks next removes it.
    download.kill();
    assert!(socket.exists());
    assert_eq!(user.status(), [] as [Value; 0]);
    assert!(!socket.exists());
}

#[test]
fn without_a_folder_for_the_socket_the_work_goes_on() {
    let user = User::new();
    let swarm = Swarm::new(&user, "film");
    // Somebody else has been there: the runtime folder, and the one among the temporary files.
    let others = [
        user.path("kostorrent"),
        user.path(&format!(
            "kostorrent-{}",
            rustix::process::geteuid().as_raw()
        )),
    ];
    for folder in &others {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let finished = user.download(&[&swarm]).finish();
    finished.expect_code(0);
    let first: Value = serde_json::from_str(finished.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["event"], "warning");
    assert!(
        first["message"]
            .as_str()
            .unwrap()
            .contains("kostorrent status"),
        "{first}"
    );
    swarm.payload.assert_in(&user.path("to"));
    for folder in &others {
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_manager_is_told_of_the_start_and_the_end_and_sigterm_is_a_good_end() {
    let user = User::new();
    let (data, payload) = (user.path("data"), Payload::single("song", 100_000));
    fs::create_dir(&data).unwrap();
    payload.write(&data);
    let torrent = user.path("song.torrent");
    payload.torrent(PIECE, &[]).write(&torrent);
    let manager = UnixDatagram::bind(user.path("notify")).unwrap();
    let mut seed = kostorrent::command(["seed"]);
    seed.arg(&torrent).arg("--data").arg(&data);
    seed.env("NOTIFY_SOCKET", user.path("notify"));
    let seed = Process::start("kostorrent seed", &mut user.at_home(seed));
    let mut said = [0; 64];
    let mut next = || {
        let length = manager.recv(&mut said).unwrap();
        String::from_utf8_lossy(&said[..length]).into_owned()
    };
    assert_eq!(next(), "READY=1");
    user.until("song", "seeding");
    seed.terminate();
    assert_eq!(next(), "STOPPING=1");
    let finished = seed.finish();
    finished.expect_code(0);
    assert_eq!(finished.stdout, "");
    let stopped = |line: &&str| line.ends_with("stopped with 2 of 2 pieces");
    assert!(
        finished.stderr.lines().any(|line| stopped(&line)),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_unit_for_systemd_names_only_options_that_exist() {
    let unit = programs::root().join("kostorrent/systemd/kostorrent-seed.service");
    let unit = fs::read_to_string(unit).unwrap();
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .expect("the unit starts something");
    assert!(start.contains("kostorrent seed "), "{start}");
    let help = kostorrent::run(["seed", "--help"]).stdout;
    let options = start
        .split([' ', '\'', '"', '='])
        .filter(|word| word.starts_with("--"));
    let options: Vec<&str> = options.filter(|word| *word != "--").collect();
    assert!(!options.is_empty());
    for option in options {
        assert!(
            help.contains(&format!("{option} ")),
            "{option} is not in:\n{help}"
        );
    }
}
