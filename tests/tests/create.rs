//! Torrents that `create` makes, taken by other clients.

use kostorrent_tests::clients::{aria2, libtorrent};
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{self, Process};
use kostorrent_tests::tracker::Tracker;
use kostorrent_tests::{json, kostorrent, programs, temp};
use pretty_assertions::assert_eq;
use serde_json::json;

#[test]
fn what_it_makes_it_shows_and_verifies() {
    let (payload, folder) = (Payload::odd("made"), temp());
    payload.write(folder.path());
    let torrent = folder.path().join("made.torrent");
    let mut command = kostorrent::command(["create"]);
    command
        .arg(folder.path().join("made"))
        .arg("--output")
        .arg(&torrent)
        .args(["--piece-length", "32K", "--private"]);
    command.args([
        "--announce",
        "http://one.example/announce",
        "--announce",
        "http://two.example/announce",
    ]);
    command.args([
        "--comment",
        "a comment",
        "--web-seed",
        "http://web.example/files/",
    ]);
    Process::run("kostorrent create", &mut command).expect_code(0);

    kostorrent::verify(&torrent, folder.path()).expect_code(0);
    let shown = kostorrent::show(&torrent);
    shown.expect_code(0);
    let shown = &json::lines(&shown.stdout)[0];
    assert_eq!(shown["name"], "made");
    assert_eq!(shown["piece_length"], 32_768);
    assert_eq!(shown["total_length"], payload.bytes().len());
    assert_eq!(shown["private"], true);
    assert_eq!(
        shown["announce"],
        json!([
            ["http://one.example/announce"],
            ["http://two.example/announce"]
        ])
    );
    assert_eq!(shown["web_seeds"], json!(["http://web.example/files/"]));
    assert_eq!(shown["comment"], "a comment");
    assert_eq!(
        shown["files"].as_array().unwrap().len(),
        payload.files().len(),
        "also the empty ones"
    );
    let mut paths: Vec<&str> = shown["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    let mut wanted: Vec<String> = payload
        .files()
        .iter()
        .map(|(path, _)| path.to_str().unwrap().replace('\\', "/"))
        .collect();
    wanted.sort_unstable();
    assert_eq!(paths, wanted);
}

#[test]
fn the_same_files_give_the_same_torrent() {
    let (payload, folder) = (Payload::odd("same"), temp());
    payload.write(folder.path());
    let make = |name: &str| {
        let torrent = folder.path().join(name);
        let mut command = kostorrent::command(["create", "--no-date"]);
        command
            .arg(folder.path().join("same"))
            .arg("--output")
            .arg(&torrent);
        Process::run("kostorrent create", &mut command).expect_code(0);
        std::fs::read(torrent).unwrap()
    };
    assert_eq!(make("one.torrent"), make("two.torrent"));
}

#[test]
fn a_torrent_that_lies_in_its_own_folder_can_be_seeded() {
    let (payload, folder) = (Payload::odd("own"), temp());
    payload.write(folder.path());
    let torrent = folder.path().join("own/own.torrent");
    for more in [&[][..], &["--force"]] {
        let mut command = kostorrent::command(["create", "--output"]);
        command
            .arg(&torrent)
            .arg(folder.path().join("own"))
            .args(more);
        Process::run("kostorrent create", &mut command).expect_code(0);
        kostorrent::verify(&torrent, folder.path()).expect_code(0);
        let shown = &json::lines(&kostorrent::show(&torrent).stdout)[0];
        assert_eq!(shown["total_length"], payload.bytes().len());
    }
}

// Nobody is kept from reading elsewhere; and root nowhere.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_may_not_be_read_is_named_before_the_hashing() {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    // In a folder that everybody can reach: the one of a test run may be ours alone.
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let allow = |path: &std::path::Path, mode| {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    // Wherever the program was built, whoever runs it must be able to.
    let program = folder.path().join("kostorrent");
    fs::copy(programs::kostorrent(), &program).unwrap();
    allow(folder.path(), 0o777);
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    File::create(data.join("huge"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    fs::write(data.join("secret"), "x").unwrap();
    allow(&data.join("secret"), 0o000);
    let mut command = process::command_as_nobody(&program);
    command
        .args(["create", "--output"])
        .arg(folder.path().join("t"))
        .arg(&data);
    let finished = Process::run("kostorrent create", &mut command);
    finished.expect_code(1);
    let said = &finished.stderr;
    assert!(
        said.contains("data/secret") && said.contains("cannot read"),
        "{said}"
    );

    // Nor where it may not be written to.
    allow(folder.path(), 0o755);
    let finished = Process::run("kostorrent create", &mut command);
    finished.expect_code(1);
    let said = &finished.stderr;
    let expected = "check who may write there";
    // Whoever runs the tests as himself owns the folder.
    assert!(
        said.contains(expected) || said.contains("data/secret"),
        "{said}"
    );
}

/// A folder of files with a torrent of them, made by our client; the seeder and the tracker for it.
fn made() -> (Payload, tempfile::TempDir, std::path::PathBuf, Tracker) {
    let (payload, folder) = (Payload::odd("made for others"), temp());
    payload.write(folder.path());
    let tracker = Tracker::naming(&[]);
    let torrent = folder.path().join("made.torrent");
    let mut command = kostorrent::command(["create"]);
    command
        .arg(folder.path().join(payload.name()))
        .arg("--output")
        .arg(&torrent)
        .args(["--announce", &tracker.url()]);
    Process::run("kostorrent create", &mut command).expect_code(0);
    (payload, folder, torrent, tracker)
}

#[test]
fn libtorrent_takes_it() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (_payload, folder, torrent, _tracker) = made();
    let _seeder = libtorrent::seed(&python, &torrent, folder.path()); // it says READY only when every piece has passed
}

#[test]
fn aria2_takes_it() {
    let Some(()) = aria2::available() else { return };
    let (_payload, folder, torrent, tracker) = made();
    let _seeder = aria2::seed(&torrent, folder.path());
    let started = tracker.until_event("started");
    assert_eq!(started.left, 0, "every piece has passed");
}
