//! Names that are fine on Linux and not on every system, and folders that are named instead of the
//! one that holds them.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::clients::libtorrent;
use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::{json, kostorrent, temp};
use pretty_assertions::assert_eq;

/// Every kind of name that another system cannot keep, and the portable one.
const NAMES: [(&str, &str); 10] = [
    ("READ.ME", "READ.ME"),
    ("Read.me", "Read (2).me"),
    ("a: \"b\"?", "a_ _b__"),
    ("aux.c", "_aux.c"),
    ("con", "_con"),
    ("deep./nul", "deep_/_nul"),
    ("etc...", "etc___"),
    ("strasse", "strasse"),
    ("straße", "straße (2)"),
    ("trailing ", "trailing_"),
];

fn payload() -> Payload {
    let files = NAMES.iter().zip(10_000..);
    Payload::multi(
        "R.E.M.",
        files.map(|((own, _), length)| ((*own).to_owned(), length)),
    )
}

/// Writes the payload under the portable names.
fn write_portable(payload: &Payload, folder: &Path) {
    for ((_, bytes), (_, portable)) in payload.files().iter().zip(NAMES) {
        let path = folder.join("R.E.M_").join(portable);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Everything below a folder, by path.
fn listed(folder: &Path) -> Vec<String> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(folder).unwrap().to_str().unwrap().into()),
            }
        }
    }
    files.sort();
    files
}

fn portable_paths() -> Vec<String> {
    let mut paths: Vec<String> = NAMES
        .iter()
        .map(|(_, name)| format!("R.E.M_/{name}"))
        .collect();
    paths.sort();
    paths
}

fn create(what: &Path, torrent: &Path, more: &[&str]) -> Finished {
    let mut command = kostorrent::command(["create"]);
    command.arg(what).arg("--output").arg(torrent).args(more);
    Process::run("kostorrent create", &mut command)
}

/// It says that it is ready.
fn seeds(torrent: &Path, data: &Path) {
    let (mut seeder, _) = kostorrent::start_seed(torrent, data);
    seeder.until_line("the seeder", |line| {
        line.contains("\"seeding\"").then_some(())
    });
    seeder.kill();
}

/// Nobody is there to fetch anything from.
#[track_caller]
fn complete_already(torrent: &Path, folder: &Path) {
    let before = listed(folder);
    let done = kostorrent::download_all(torrent, folder);
    let last = json::lines(&done.stdout).pop().unwrap();
    assert_eq!(
        (&last["event"], &last["downloaded"]),
        (&"complete".into(), &0.into())
    );
    assert_eq!(listed(folder), before);
}

#[test]
fn what_is_there_is_taken_and_told() {
    let (payload, data, folder) = (payload(), temp(), temp());
    payload.write(data.path());
    let torrent = folder.path().join("the.torrent");
    let root = data.path().join("R.E.M.");
    let made = create(&root, &torrent, &["--piece-length", "16K"]);
    made.expect_code(0);
    let notes: Vec<&str> = made.stderr.lines().collect();
    assert_eq!(notes.len(), 10 + 1, "{notes:?}");
    assert!(
        notes
            .iter()
            .any(|note| note.contains("\"aux.c\"") && note.contains("\"_aux.c\""))
    );
    assert!(
        notes
            .iter()
            .any(|note| note.contains("\"Read.me\" for that of another file"))
    );
    let made = create(&root, &torrent, &["--force", "--json"]);
    let lines = json::lines(&made.stdout);
    let warnings = lines.iter().filter(|line| line["event"] == "warning");
    assert_eq!(warnings.count(), 10);

    kostorrent::verify(&torrent, data.path()).expect_code(0);
    seeds(&torrent, data.path());
    complete_already(&torrent, data.path());

    let shown = kostorrent::show(&torrent);
    let files = &json::lines(&shown.stdout)[0]["files"];
    let paths = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap());
    assert_eq!(
        paths.collect::<Vec<_>>(),
        NAMES.map(|(own, _)| format!("R.E.M./{own}"))
    );
}

#[test]
fn a_name_that_is_dangerous_anywhere_is_refused_by_create() {
    for name in ["a\\b", "a\nb", "a\u{202e}b"] {
        let (data, folder) = (temp(), temp());
        let inside = data.path().join("folder/deep");
        fs::create_dir_all(&inside).unwrap();
        fs::write(inside.join(name), "x").unwrap();
        let torrent = folder.path().join("the.torrent");
        let made = create(&data.path().join("folder"), &torrent, &[]);
        made.expect_code(1);
        assert!(
            made.stderr.contains("for example to \"folder/deep/a_b\""),
            "{}",
            made.stderr
        );
        assert!(!torrent.exists());
    }
}

#[test]
fn of_many_such_names_a_few_are_told() {
    let (data, folder) = (temp(), temp());
    let inside = data.path().join("many");
    fs::create_dir(&inside).unwrap();
    for number in 0..200 {
        fs::write(inside.join(format!("{number}.")), "x").unwrap();
    }
    let made = create(&inside, &folder.path().join("the.torrent"), &[]);
    made.expect_code(0);
    assert!(made.stderr.lines().count() < 15, "{}", made.stderr);
    assert!(
        made.stderr
            .contains("200 files have a path that not every system can keep")
    );
}

#[test]
fn what_libtorrent_makes_of_them_is_found() {
    let Some(python) = libtorrent::available() else {
        return;
    };
    let (payload, data, folder) = (payload(), temp(), temp());
    payload.write(data.path());
    let torrent = folder.path().join("the.torrent");
    libtorrent::make(&python, "v1", &data.path().join("R.E.M."), &torrent, 16_384);
    kostorrent::verify(&torrent, data.path()).expect_code(0);
    seeds(&torrent, data.path());
    complete_already(&torrent, data.path());
}

#[test]
fn what_is_new_has_its_own_name_and_portable_ones_for_whoever_wants_them() {
    let (payload, folder) = (payload(), temp());
    let described = payload.torrent(16_384, &[]);
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    let torrent = folder.path().join("the.torrent");
    described.write(&torrent);
    let download = |output: &Path, more: &[&str]| {
        let mut command = kostorrent::download(&torrent, output);
        command
            .args(["--peer", &seeder.address().to_string()])
            .args(more);
        let done = Process::run("kostorrent download", &mut command);
        done.expect_code(0);
        json::lines(&done.stdout).pop().unwrap()["path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (own, portable) = (temp(), temp());
    let path = download(own.path(), &[]);
    assert_eq!(Path::new(&path), own.path().join("R.E.M."));
    payload.assert_in(own.path());
    let mut paths: Vec<String> = NAMES
        .iter()
        .map(|(own, _)| format!("R.E.M./{own}"))
        .collect();
    paths.sort();
    assert_eq!(listed(own.path()), paths, "nothing beside it");

    let path = download(portable.path(), &["--portable-names"]);
    assert_eq!(Path::new(&path), portable.path().join("R.E.M_"));
    assert_eq!(listed(portable.path()), portable_paths());
    let again = download(portable.path(), &["--portable-names"]);
    assert_eq!(again, path);
    // Without the option too they are found: by the names that are there.
    complete_already(&torrent, portable.path());
    kostorrent::verify(&torrent, portable.path()).expect_code(0);
    seeds(&torrent, portable.path());
    // With it the own names are not looked for.
    let mut verify = kostorrent::command(["verify", "--portable-names", "--data"]);
    verify.arg(own.path()).arg(&torrent);
    Process::run("kostorrent verify", &mut verify).expect_code(1);
}

#[test]
fn an_earlier_download_goes_on_under_its_portable_names() {
    let (payload, folder) = (payload(), temp());
    let described = payload.torrent(16_384, &[]);
    let torrent = folder.path().join("the.torrent");
    described.write(&torrent);
    let data = temp();
    write_portable(&payload, data.path());
    complete_already(&torrent, data.path());
    // One file is gone, and comes again under the name it had.
    fs::remove_file(data.path().join("R.E.M_/_aux.c")).unwrap();
    let seeder = Seeder::start(&described, payload.bytes(), Manner::default());
    let mut command = kostorrent::download(&torrent, data.path());
    command.args(["--peer", &seeder.address().to_string()]);
    Process::run("kostorrent download", &mut command).expect_code(0);
    let mut paths = portable_paths();
    let gone = paths.iter_mut().find(|path| path.ends_with("_aux.c"));
    *gone.unwrap() = "R.E.M_/aux.c".into();
    paths.sort();
    assert_eq!(
        listed(data.path()),
        paths,
        "what is new has its own name, in the folder that is there"
    );
    complete_already(&torrent, data.path());
}

/// A payload in a folder of its own, and a torrent of it elsewhere.
fn scene(payload: &Payload) -> (tempfile::TempDir, tempfile::TempDir, PathBuf) {
    let (data, folder) = (temp(), temp());
    payload.write(data.path());
    let torrent = folder.path().join("the.torrent");
    payload.torrent(16_384, &[]).write(&torrent);
    (data, folder, torrent)
}

#[track_caller]
fn says_it_is_its_own(finished: &Finished, what: &str) {
    finished.expect_code(0);
    let message = format!("is the torrent's own {what}: ");
    assert!(
        finished.stderr.contains(&message) || finished.stdout.contains(&message),
        "{}{}",
        finished.stdout,
        finished.stderr
    );
}

#[test]
fn a_torrents_own_folder_or_file_is_taken_for_the_one_around_it() {
    for (payload, what) in [
        (Payload::odd("own"), "folder"),
        (payload(), "folder"),
        (Payload::single("own.bin", 50_000), "file"),
    ] {
        let (data, _folder, torrent) = scene(&payload);
        let own = data.path().join(payload.name());
        let before = listed(data.path());
        says_it_is_its_own(&kostorrent::verify(&torrent, &own), what);
        says_it_is_its_own(&kostorrent::download_all(&torrent, &own), what);
        seeds(&torrent, &own);
        assert_eq!(listed(data.path()), before);
        if what == "folder" {
            let mut here = kostorrent::download(&torrent, Path::new("."));
            says_it_is_its_own(
                &Process::run("kostorrent download", here.current_dir(&own)),
                what,
            );
            assert_eq!(listed(data.path()), before);
        }
        // In JSON it is an event, and nothing is on stderr.
        let mut verify = kostorrent::command(["verify", "--json", "--data"]);
        verify.arg(&own).arg(&torrent);
        let verified = Process::run("kostorrent verify", &mut verify);
        assert_eq!(
            (verified.stderr.as_str(), json::events(&verified.stdout)),
            ("", vec!["warning".into(), "verified".into()])
        );
    }
}

#[test]
fn a_folder_of_that_name_is_not_taken_where_it_is_not_clear() {
    let payload = Payload::odd("same");
    let (_data, folder, torrent) = scene(&payload);
    let seeder = Seeder::start(
        &payload.torrent(16_384, &[]),
        payload.bytes(),
        Manner::default(),
    );
    let outer = folder.path().join("same");
    fs::create_dir(&outer).unwrap();
    fs::write(outer.join("unrelated"), "x").unwrap();
    // A file of the torrent's name and place, but of another length.
    fs::write(outer.join("read me.txt"), "x").unwrap();
    let mut command = kostorrent::download(&torrent, &outer);
    command.args(["--peer", &seeder.address().to_string()]);
    let done = Process::run("kostorrent download", &mut command);
    done.expect_code(0);
    payload.assert_in(&outer);
    assert!(done.stdout.contains("if "), "{}", done.stdout);
    assert_eq!(fs::read(outer.join("read me.txt")).unwrap(), b"x");
}

#[test]
fn a_folder_that_was_renamed_is_recognised_and_told() {
    let payload = Payload::odd("before");
    let (data, _folder, torrent) = scene(&payload);
    let after = data.path().join("after");
    fs::rename(data.path().join("before"), &after).unwrap();
    let verified = kostorrent::verify(&torrent, &after);
    verified.expect_code(1);
    assert!(
        verified.stderr.contains("in a folder \"before\" in it"),
        "{}",
        verified.stderr
    );
    let wrong = data.path().join("after/read me.txt");
    let verified = kostorrent::verify(&torrent, &wrong);
    verified.expect_code(1);
    assert!(
        verified
            .stderr
            .contains("--data names the folder that holds \"before\"")
    );
}

#[test]
fn an_empty_copy_inside_does_not_hide_the_torrents_own_folder() {
    let payload = Payload::odd("own");
    let (data, _folder, torrent) = scene(&payload);
    let own = data.path().join("own");
    // What a download into the wrong folder leaves: the right lengths, and zeros.
    for (path, bytes) in payload.files() {
        let copy = own.join(path);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, vec![0; bytes.len()]).unwrap();
    }
    let verified = kostorrent::verify(&torrent, &own);
    verified.expect_code(0);
    let said = "is the torrent's own folder";
    assert!(verified.stderr.contains(said), "{}", verified.stderr);

    // With both whole, what was given is taken.
    payload.write(&own);
    let (first, ..) = &payload.files()[0];
    fs::write(data.path().join(first), "x").unwrap();
    let verified = kostorrent::verify(&torrent, &own);
    verified.expect_code(0);
    let said = "the first is taken; for the other, give --data";
    assert!(verified.stderr.contains(said), "{}", verified.stderr);
}

#[cfg(unix)]
#[test]
fn a_link_to_the_torrents_own_folder_is_that_folder() {
    let payload = Payload::odd("own");
    let (data, folder, torrent) = scene(&payload);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(data.path().join("own"), &link).unwrap();
    let verified = kostorrent::verify(&torrent, &link);
    verified.expect_code(0);
    let said = "is the torrent's own folder";
    assert!(verified.stderr.contains(said), "{}", verified.stderr);

    // A link of the torrent's name is its folder where it stands.
    let named = folder.path().join("own");
    fs::rename(&link, &named).unwrap();
    let verified = kostorrent::verify(&torrent, &named);
    verified.expect_code(0);
    let around = format!("{} is taken", folder.path().display());
    assert!(verified.stderr.contains(&around), "{}", verified.stderr);
}
