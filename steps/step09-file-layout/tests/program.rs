//! The program of chapter 9, run as a reader runs it, against seeds on loopback.
#![cfg(feature = "program")]

mod support;

#[path = "support/ran.rs"]
mod ran;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};

use metainfo::File;
use metainfo::create::Create;
use pretty_assertions::assert_eq;
use ran::{complained, said, text};
use support::{Torrent, track};
use tempfile::tempdir;

const ALL: usize = usize::MAX;

/// Files that share pieces, an empty one, folders, padding.
fn create() -> Create {
    let mut create = Create::multi("t", 32 * 1024);
    create.add_file(["one"], 50_000);
    create.add_file(["folder", "two"], 100);
    create.add_file(["folder", "deep", "three"], 70_000);
    create.add_file(["empty"], 0);
    create.add_file([".pad", "10972"], 10_972).padding(true);
    create.add_file(["last"], 40_000);
    create
}

/// Sets the padding attribute of the file that was added last.
trait Padding {
    fn padding(&mut self, padding: bool) -> &mut Self;
}

impl Padding for Create {
    fn padding(&mut self, padding: bool) -> &mut Create {
        if let Some(File {
            padding: attribute, ..
        }) = self.files.last_mut()
        {
            *attribute = padding;
        }
        self
    }
}

/// Downloads to `root` from `peer`.
fn download(torrent: &Torrent, root: &Path, peer: SocketAddr) -> Output {
    run(torrent, root, &["--peer", &peer.to_string()])
}

fn run(torrent: &Torrent, root: &Path, more: &[&str]) -> Output {
    let folder = tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_step09-file-layout"))
        .arg(torrent.save(folder.path()))
        .arg("--output")
        .arg(root)
        .args(more)
        .output()
        .unwrap()
}

fn assert_complete(torrent: &Torrent, root: &Path) {
    let mut offset = 0;
    for file in &torrent.metainfo.files {
        let end = offset + file.length as usize;
        let path: std::path::PathBuf = file.path.iter().collect();
        if file.padding {
            assert!(!root.join(path).exists());
        } else if file.symlink.is_none() {
            assert!(
                fs::read(root.join(&path)).unwrap() == torrent.data[offset..end],
                "{path:?}"
            );
        }
        offset = end;
    }
}

/// A folder in which nothing but these names is.
fn assert_only(folder: &Path, names: &[&str]) {
    let mut found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
}

#[test]
fn the_first_complete_download() {
    let torrent = Torrent::new(&create());
    let root = tempdir().unwrap();
    let said = said(&download(&torrent, root.path(), torrent.seed(ALL)));
    assert_complete(&torrent, root.path());
    assert_only(root.path(), &["t"]);
    assert!(
        said.contains("-- ") || said.contains("Transmission"),
        "{said}"
    );
    let shown: Vec<&str> = said
        .lines()
        .skip_while(|line| !line.starts_with("piece 1"))
        .take(3)
        .collect();
    assert_eq!(
        shown,
        [
            "piece 1  good   32768 ..  50000  t/one",
            "                    0 ..    100  t/folder/two",
            "                    0 ..  15436  t/folder/deep/three",
        ]
    );
    assert!(
        said.ends_with(&format!("{}\n", root.path().join("t").display())),
        "{said}"
    );
}

#[test]
fn a_single_file_is_no_folder() {
    let torrent = Torrent::new(&Create::single("a.bin", 100_000, 16384));
    let root = tempdir().unwrap();
    said(&download(&torrent, root.path(), torrent.seed(ALL)));
    assert_only(root.path(), &["a.bin"]);
    assert_complete(&torrent, root.path());
}

#[test]
fn a_torrent_of_empty_files_needs_no_peer() {
    let mut create = Create::multi("t", 16384);
    create.add_file(["a"], 0);
    create.add_file(["b", "c"], 0);
    let torrent = Torrent::new(&create);
    let root = tempdir().unwrap();
    said(&download(
        &torrent,
        root.path(),
        "127.0.0.1:1".parse().unwrap(),
    ));
    assert_complete(&torrent, root.path());
}

#[test]
fn what_was_begun_goes_on() {
    let torrent = Torrent::new(&create());
    let root = tempdir().unwrap();
    let line = complained(&download(&torrent, root.path(), torrent.seed(5)));
    assert!(line.contains("hung up"), "{line}");
    let said = said(&download(&torrent, root.path(), torrent.seed(ALL)));
    assert!(said.contains("2 of 6 pieces are on disk already"), "{said}");
    assert_complete(&torrent, root.path());
}

#[test]
fn what_is_complete_asks_nobody() {
    let torrent = Torrent::new(&create());
    let root = tempdir().unwrap();
    said(&download(&torrent, root.path(), torrent.seed(ALL)));
    let said = said(&download(
        &torrent,
        root.path(),
        "127.0.0.1:1".parse().unwrap(),
    ));
    assert!(said.contains("6 of 6 pieces are on disk already"), "{said}");
}

#[test]
fn two_peers_with_half_each_complete_it_together() {
    let tracker = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut create = create();
    let url = format!("http://{}/announce", tracker.local_addr().unwrap());
    create.about.announce = vec![vec![url]];
    let torrent = Torrent::new(&create);
    let peers = [1, 0].map(|first| torrent.partial((first..6).step_by(2)));
    track(tracker, &peers);

    let root = tempdir().unwrap();
    let said = said(&run(&torrent, root.path(), &[]));
    assert_complete(&torrent, root.path());
    let line = format!(
        "{}: the peer has none of the 3 pieces that are missing",
        peers[0]
    );
    assert!(said.lines().any(|shown| shown == line), "{said}");
    let order: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("piece "))
        .map(|line| &line[..1])
        .collect();
    assert_eq!(order, ["1", "3", "5", "0", "2", "4"]);
}

#[test]
fn half_of_it_is_kept_when_nobody_has_the_other() {
    let torrent = Torrent::new(&create());
    let root = tempdir().unwrap();
    let line = complained(&download(&torrent, root.path(), torrent.partial([0, 5])));
    assert!(
        line.contains("the peer has none of the 4 pieces that are missing"),
        "{line}"
    );
    let said = said(&download(&torrent, root.path(), torrent.seed(ALL)));
    assert!(said.contains("2 of 6 pieces are on disk already"), "{said}");
    assert_complete(&torrent, root.path());
}

#[test]
fn a_wrong_piece_is_never_written() {
    let mut torrent = Torrent::new(&create());
    torrent.data[40_000] ^= 1;
    let root = tempdir().unwrap();
    let line = complained(&download(&torrent, root.path(), torrent.seed(ALL)));
    assert!(
        line.contains("piece 1 is not what the torrent promises"),
        "{line}"
    );
    assert_eq!(
        fs::read(root.path().join("t/one")).unwrap()[32_768..],
        [0; 50_000 - 32_768]
    );
}

#[test]
fn nobody_there() {
    let torrent = Torrent::new(&create());
    let root = tempdir().unwrap();
    let line = complained(&download(
        &torrent,
        root.path(),
        "127.0.0.1:1".parse().unwrap(),
    ));
    assert!(line.contains("is `kostorrent lab` running?"), "{line}");
}

#[test]
fn a_file_of_somebody_elses_is_left_alone() {
    let torrent = Torrent::new(&create());
    for (length, why) in [
        (50_001, "one: another file is in its place"),
        (13, "one: another file is in its place"),
        (50_000, "nothing of what is on disk is the torrent's"),
    ] {
        let root = tempdir().unwrap();
        fs::create_dir(root.path().join("t")).unwrap();
        fs::write(root.path().join("t/one"), vec![1; length]).unwrap();
        let line = complained(&download(&torrent, root.path(), torrent.seed(ALL)));
        assert!(line.contains(why), "{line}");
        let there = fs::read(root.path().join("t/one")).unwrap();
        assert_eq!(there, vec![1; length]);
    }
}

#[test]
fn help_names_the_chapter() {
    let output = Command::new(env!("CARGO_BIN_EXE_step09-file-layout"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&output.stdout).contains("Chapter 9 of the guide"));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use pretty_assertions::assert_eq;
    use tempfile::TempDir;

    use super::*;

    /// A folder with one file that nobody may touch.
    fn outside() -> TempDir {
        let outside = tempdir().unwrap();
        fs::write(outside.path().join("victim"), "safe").unwrap();
        outside
    }

    fn assert_untouched(outside: &TempDir) {
        assert_only(outside.path(), &["victim"]);
        assert_eq!(fs::read(outside.path().join("victim")).unwrap(), b"safe");
    }

    #[test]
    fn nothing_is_written_through_a_planted_link() {
        let torrent = Torrent::new(&create());
        for planted in ["t", "t/one", "t/folder", "t/empty", "t/folder/deep"] {
            let (root, outside) = (tempdir().unwrap(), outside());
            let place = root.path().join(planted);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            let target = if planted == "t/one" { "victim" } else { "" };
            symlink(outside.path().join(target), &place).unwrap();
            let line = complained(&download(&torrent, root.path(), torrent.seed(ALL)));
            assert!(
                line.contains("a symbolic link is in the way"),
                "{planted}: {line}"
            );
            assert_untouched(&outside);
        }
    }

    #[test]
    fn the_torrents_own_links_point_inside_and_programs_can_be_run() {
        let mut create = create();
        create.files[0].executable = true;
        create.add_file(["folder", "link"], 0);
        create.files.last_mut().unwrap().symlink = Some(vec!["t".into(), "one".into()]);
        let torrent = Torrent::new(&create);
        let root = tempdir().unwrap();
        for _ in 0..2 {
            said(&download(&torrent, root.path(), torrent.seed(ALL)));
            assert_complete(&torrent, root.path());
            assert_eq!(
                fs::read_link(root.path().join("t/folder/link")).unwrap(),
                Path::new("../../t/one")
            );
            let mode = |path| {
                fs::metadata(root.path().join(path))
                    .unwrap()
                    .permissions()
                    .mode()
                    & 0o100
            };
            assert_eq!((mode("t/one"), mode("t/last")), (0o100, 0));
        }
    }

    #[test]
    fn another_link_in_place_of_the_torrents_is_kept() {
        let mut create = create();
        create.add_file(["link"], 0);
        create.files.last_mut().unwrap().symlink = Some(vec!["t".into(), "one".into()]);
        let torrent = Torrent::new(&create);
        let (root, outside) = (tempdir().unwrap(), outside());
        fs::create_dir(root.path().join("t")).unwrap();
        symlink(outside.path(), root.path().join("t/link")).unwrap();
        let line = complained(&download(&torrent, root.path(), torrent.seed(ALL)));
        assert!(line.contains("t/link: "), "{line}");
        assert_untouched(&outside);
    }
}
