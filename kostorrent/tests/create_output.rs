//! Where `kostorrent create` writes, and what it never writes over.

mod common;

use std::fs;
use std::path::Path;

use common::{Ran, folder, kostorrent, text};
use metainfo::Metainfo;
use pretty_assertions::assert_eq;

/// Runs `create` in a folder.
fn create(dir: &Path, options: &[&str]) -> Ran {
    let line = ["create", "--announce", "http://a/"];
    Ran::of(kostorrent(line.iter().chain(options)).current_dir(dir))
}

/// The names in a folder, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn torrent(path: impl AsRef<Path>) -> Metainfo {
    Metainfo::parse(&fs::read(path).unwrap()).unwrap()
}

/// A file that would take minutes to hash, as a hole: what is known before is told at once.
#[cfg(unix)] // Elsewhere a hole takes space.
fn huge(dir: &Path) {
    let file = fs::File::create(dir.join("huge")).unwrap();
    file.set_len(1 << 40).unwrap();
}

#[test]
fn an_existing_output_is_kept_unless_forced() {
    let dir = folder(&[("f", b"x")]);
    let made = |options: &[&str]| create(dir.path(), &[&["f", "--no-date"], options].concat());
    let ran = made(&[]).good();
    assert!(ran.out.starts_with("f.torrent\n"), "{}", ran.out);
    let first = fs::read(dir.path().join("f.torrent")).unwrap();
    let said = made(&["--comment", "two"]).failed(1);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(fs::read(dir.path().join("f.torrent")).unwrap(), first);

    made(&["--comment", "two", "--force"]).good();
    let second = torrent(dir.path().join("f.torrent"));
    assert_eq!(second.comment.as_deref(), Some("two"));
    assert_eq!(names(dir.path()), ["f", "f.torrent"]);
}

#[test]
fn what_is_no_torrent_file_is_not_written_over() {
    let dir = folder(&[("f", b"x"), ("photo.jpg", b"precious"), ("empty", b"")]);
    let said = create(dir.path(), &["f", "-f", "-o", "photo.jpg"]).failed(1);
    assert!(
        said.contains("no torrent file") && said.contains("remove it"),
        "{said}"
    );
    assert_eq!(fs::read(dir.path().join("photo.jpg")).unwrap(), b"precious");
    // What `mktemp` makes is nobody's.
    create(dir.path(), &["f", "-f", "-o", "empty"]).good();
    assert_eq!(torrent(dir.path().join("empty")).name, "f");
}

#[test]
fn the_torrent_file_is_no_part_of_what_it_describes() {
    let dir = folder(&[("d/a", b"x"), ("d/b", b"y")]);
    let options = ["d", "--no-date", "-o", "d/x.torrent"];
    create(dir.path(), &options).good();
    let first = fs::read(dir.path().join("d/x.torrent")).unwrap();
    for others in [&["-o", "d/x.torrent"][..], &["-o", "d/../d/x.torrent"]] {
        let options = [&["d", "--no-date", "-f"], others].concat();
        let ran = create(dir.path(), &options);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(
            ran.err.contains("x.torrent (the torrent file itself)"),
            "{}",
            ran.err
        );
        assert_eq!(fs::read(dir.path().join("d/x.torrent")).unwrap(), first);
    }

    // The default place is here, and here may be inside the folder.
    let inside = dir.path().join("d");
    fs::remove_file(inside.join("x.torrent")).unwrap();
    create(&inside, &["../d", "--no-date"]).good();
    let first = fs::read(inside.join("d.torrent")).unwrap();
    let ran = create(&inside, &[".", "--no-date", "-f"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(fs::read(inside.join("d.torrent")).unwrap(), first);
    assert_eq!(names(&inside), ["a", "b", "d.torrent"]);

    let said = create(&inside, &["d.torrent", "-f", "-o", "d.torrent"]).failed(1);
    assert!(said.contains("to be shared and written over"), "{said}");
}

#[cfg(unix)]
#[test]
fn what_is_in_the_way_is_told_before_the_hashing() {
    let dir = folder(&[("there", b"x"), ("folder/x", b"x")]);
    huge(dir.path());
    for (options, told) in [
        (&["-o", "there"][..], "exists already"),
        (&["-o", "folder"], "is a folder"),
        (&["-o", "folder/"], "is a folder"),
        (&["-o", "no/such/x.torrent"], "no/such is no folder"),
        (&["-o", "there/x.torrent"], "there"),
        (&["--piece-length", "16K"], "--piece-length 512K would do"),
        (
            &["--announce", "http://b/", "--announce", "http://a/"],
            "\"http://a/\" is given twice",
        ),
        (&["--name", "\u{202e}gpj.exe"], "rename it"),
    ] {
        let said = create(dir.path(), &[&["huge"], options].concat()).failed(1);
        assert!(said.contains(told), "{said}");
    }
    for options in [&["--name", "a/b"][..], &["-o", "-", "--json"]] {
        let ran = create(dir.path(), &[&["huge"], options].concat());
        assert_eq!(
            (ran.code, ran.err.lines().count()),
            (Some(2), 1),
            "{}",
            ran.err
        );
    }
    assert_eq!(names(dir.path()), ["folder", "huge", "there"]);
}

#[test]
fn stdout_gets_the_torrent_and_nothing_else() {
    let dir = folder(&[("f", b"x")]);
    let line = ["create", "f", "-o", "-", "--announce", "http://a/"];
    let output = kostorrent(line).current_dir(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(Metainfo::parse(&output.stdout).unwrap().name, "f");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("-\n  info-hash  "), "{said}");
    assert_eq!(names(dir.path()), ["f"]);
}

#[cfg(unix)]
mod unix {
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::process::Stdio;

    use pretty_assertions::assert_eq;
    #[cfg(target_os = "linux")]
    use rustix::fs::{CWD, Mode, mkfifoat};
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    #[test]
    fn a_link_is_written_through_and_one_to_nothing_is_not() {
        let dir = folder(&[("f", b"x"), ("store/old", b"d4:infodee")]);
        symlink("store/old", dir.path().join("link")).unwrap();
        symlink("store/none", dir.path().join("dead")).unwrap();
        create(dir.path(), &["f", "-f", "-o", "link"]).good();
        assert!(dir.path().join("link").is_symlink());
        assert_eq!(torrent(dir.path().join("store/old")).name, "f");
        let said = create(dir.path(), &["f", "-f", "-o", "dead"]).failed(1);
        assert!(said.contains("leads nowhere"), "{said}");
        assert_eq!(names(&dir.path().join("store")), ["old"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_and_pipes_are_written_to_as_they_are() {
        let dir = folder(&[("f", b"x")]);
        create(dir.path(), &["f", "-o", "/dev/null"]).good();
        // Under this name stdout gets the torrent alone, too.
        let line = [
            "create",
            "f",
            "-o",
            "/dev/stdout",
            "--announce",
            "http://a/",
        ];
        let output = kostorrent(line).current_dir(dir.path()).output().unwrap();
        assert_eq!(Metainfo::parse(&output.stdout).unwrap().name, "f");

        let pipe = dir.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::from_raw_mode(0o600)).unwrap();
        let mut child = kostorrent(["create", "f", "-o", "pipe"])
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut bytes = Vec::new();
        fs::File::open(&pipe)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(Metainfo::parse(&bytes).unwrap().name, "f");
        assert_eq!(names(dir.path()), ["f", "pipe"]);
    }

    #[test]
    fn a_socket_is_no_place_for_a_torrent() {
        let dir = folder(&[("f", b"x")]);
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("s")).unwrap();
        let said = create(dir.path(), &["f", "-f", "-o", "s"]).failed(1);
        assert!(said.contains("no place for a torrent file"), "{said}");
    }

    #[test]
    fn a_limit_of_the_file_size_costs_nothing_that_was_there() {
        let files: Vec<_> = (0..600).map(|n| format!("d/{n:0>100}")).collect();
        let files: Vec<_> = files.iter().map(|path| (&**path, &b"x"[..])).collect();
        let dir = folder(&files);
        let old = b"d4:infodee";
        fs::write(dir.path().join("old"), old).unwrap();
        let limited = |shell: &str| {
            let program = env!("CARGO_BIN_EXE_kostorrent");
            let line = format!("ulimit -f 1; exec {program} create d {shell}");
            Ran::of(
                std::process::Command::new("bash")
                    .args(["-c", &line])
                    .current_dir(dir.path()),
            )
        };
        let said = limited("-f -o old").failed(1);
        assert!(said.contains("ulimit -f"), "{said}");
        assert_eq!(names(dir.path()), ["d", "old"]);
        assert_eq!(fs::read(dir.path().join("old")).unwrap(), old);
        // Where nobody could know before, the write itself says so, and no signal ends us.
        let ran = limited("-o - > out");
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(ran.err.contains("too large"), "{}", ran.err);
    }

    #[test]
    fn an_interrupt_in_the_middle_leaves_what_was_there() {
        let dir = folder(&[("old", b"d4:infodee")]);
        huge(dir.path());
        let mut command = kostorrent(["create", "huge", "-f", "-o", "old", "-x", "none"]);
        let mut child = command
            .current_dir(dir.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The note comes before the hashing.
        let mut stderr = child.stderr.take().unwrap();
        let mut first = [0];
        stderr.read_exact(&mut first).unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
        assert!(said.contains("interrupted"), "{said}");
        assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"d4:infodee");
        assert_eq!(names(dir.path()), ["huge", "old"]);
    }
}

#[test]
fn a_torrent_comes_through_stdin_where_a_dash_stands() {
    let torrent = common::sample_torrent();
    let dir = tempfile::tempdir().unwrap();
    let through = |line: &[&str], from: &Path| {
        let file = fs::File::open(from).unwrap();
        Ran::of(kostorrent(line).stdin(file))
    };
    let shown = through(&["show", "-"], &torrent).good().out;
    assert_eq!(shown, common::run(["show", &text(&torrent)]).good().out);
    let data = text(common::source("sample"));
    through(&["verify", "-", "--data", &data], &torrent).good();

    let broken = dir.path().join("broken");
    fs::write(&broken, "no torrent").unwrap();
    let said = through(&["show", "-"], &broken).failed(1);
    assert!(
        said.contains("stdin is not a usable torrent file"),
        "{said}"
    );
    let huge = dir.path().join("huge");
    fs::File::create(&huge)
        .unwrap()
        .set_len((64 << 20) + 1)
        .unwrap();
    let said = through(&["download", "-"], &huge).failed(1);
    assert!(said.contains("stdin is larger than 64 MiB"), "{said}");
    let said = through(&["seed", "-", "-", "--data", &data], &torrent).failed(2);
    assert!(said.contains("one torrent file only"), "{said}");
}
