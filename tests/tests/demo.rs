//! The first thing that anyone runs.

use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::{kostorrent, programs, temp};
use pretty_assertions::assert_eq;

#[test]
fn the_demo_downloads_the_sample() {
    let folder = temp();
    let finished = kostorrent::run(["demo", "--output", folder.path().to_str().unwrap()]);
    finished.expect_code(0);
    assert_sample_in(folder.path());
    assert!(
        finished.stdout.contains("kostorrent-sample"),
        "it says where the files are:\n{}",
        finished.stdout
    );
}

#[test]
fn the_demo_copes_with_trouble_makers() {
    let folder = temp();
    kostorrent::run([
        "demo",
        "--fast",
        "--trouble",
        "--output",
        folder.path().to_str().unwrap(),
    ])
    .expect_code(0);
    assert_sample_in(folder.path());
}

#[test]
fn a_second_demo_finds_the_files_there() {
    let folder = temp();
    for _ in 0..2 {
        kostorrent::run([
            "demo",
            "--fast",
            "--output",
            folder.path().to_str().unwrap(),
        ])
        .expect_code(0);
        assert_sample_in(folder.path());
    }
}

#[test]
fn two_demos_run_side_by_side() {
    let (one, two) = (temp(), temp());
    let start = |folder: &Path| {
        let mut command = kostorrent::command(["demo", "--fast", "--output"]);
        kostorrent_tests::process::Process::start("kostorrent demo", command.arg(folder))
    };
    let (first, second) = (start(one.path()), start(two.path()));
    first.finish().expect_code(0);
    second.finish().expect_code(0);
    assert_sample_in(one.path());
    assert_sample_in(two.path());
}

/// Every file of the committed sample is there, and nothing else.
#[track_caller]
fn assert_sample_in(folder: &Path) {
    let torrent = programs::root().join("kostorrent/sample/kostorrent-sample.torrent");
    let there = tree(&folder.join("kostorrent-sample"));
    assert_eq!(
        there,
        tree(&programs::root().join("kostorrent/sample/kostorrent-sample"))
    );
    assert!(there.len() > 3, "{there:?}");
    kostorrent::verify(&torrent, folder).expect_code(0);
}

/// Paths and contents of all files below a folder, in order.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in
            fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display()))
        {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((
                    path.strip_prefix(folder).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                ));
            }
        }
    }
    files.sort();
    files
}
