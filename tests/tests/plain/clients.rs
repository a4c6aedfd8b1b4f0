//! Whole plain clients, against the lab, scripted peers and the finished client.

use std::fs;
use std::path::{Path, PathBuf};

use kostorrent_tests::payload::Payload;
use kostorrent_tests::peer::{Manner, Seeder};
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::tracker::{Answer, Tracker};
use kostorrent_tests::{kostorrent, programs, temp};
use pretty_assertions::assert_eq;

use super::{download, download_by, plain, python};

#[test]
fn the_plain_client_seeds_to_the_finished_one() {
    if cfg!(windows) {
        return; // its `select` has no Ctrl-C there, and there is no pwrite
    }
    let Some(mut command) = python() else { return };
    let payload = Payload::odd("многие files");
    let (full, to) = (temp(), temp());
    payload.write(full.path());
    let tracker = Tracker::naming(&[]);
    let described = payload.torrent(32_768, &[&[&tracker.url()]]);
    let torrent = full.path().join("the.torrent");
    described.write(&torrent);
    command
        .arg(plain().join("ch16_seed.py"))
        .args([torrent.as_os_str(), full.path().as_os_str()])
        .args(["0", "1"]);
    let mut seeder = Process::start("ch16_seed.py", &mut command);
    let port: u16 = seeder.until_line("a port", |line| {
        line.rsplit_once("on port ")?.1.trim().parse().ok()
    });
    let announce = tracker.until_event("started");
    assert_eq!((announce.left, announce.port), (0, port));

    let mut command = kostorrent::download(&torrent, to.path());
    command.args(["--peer", &format!("127.0.0.1:{port}")]);
    Process::run("kostorrent download", &mut command).expect_code(0);
    payload.assert_in(to.path());
    let finished = seeder.finish();
    finished.expect_code(0);
    assert!(
        finished.stdout.contains("has called"),
        "{}",
        finished.stdout
    );
}

/// Everything below a folder, by its path; the bytes of the files.
pub(super) fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = kostorrent_tests::book::files_below(folder).unwrap();
    files
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path.strip_prefix(folder).unwrap().to_owned(), bytes)
        })
        .collect()
}

#[test]
fn the_plain_client_downloads_the_sample_from_the_lab() {
    let folder = temp();
    let mut command = kostorrent::lab(folder.path());
    command.args(["--port", "0", "--fast"]);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let torrent = lab.until_line("READY", |line| {
        let (_, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
        Some(PathBuf::from(torrent))
    });
    let to = folder.path().join("new/folder");
    let Some(finished) = download(&torrent, &to) else {
        return;
    };
    finished.expect_code(0);
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample");
    assert!(tree(&to.join("kostorrent-sample")) == tree(&sample));
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);

    // Nothing is ever written over.
    let again = download(&torrent, &to).unwrap();
    again.expect_code(1);
    assert!(again.stderr.contains("FileExistsError"), "{}", again.stderr);
}

#[test]
fn two_plain_peers_that_lack_different_halves_complete_each_other() {
    if cfg!(windows) {
        return; // there is no pwrite
    }
    let folder = temp();
    let mut command = kostorrent::lab(folder.path());
    command.args(["--port", "0", "--seeders", "0"]);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let torrent = lab.until_line("READY", |line| {
        let (_, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
        Some(PathBuf::from(torrent))
    });
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample");
    let files = tree(&sample);
    let mut peers = Vec::new();
    for (name, lacks) in [("ada", 0..300_000), ("ben", 330_000..589_878)] {
        let home = folder.path().join(name).join("kostorrent-sample");
        for (path, bytes) in &files {
            let mut bytes = bytes.clone();
            if path.ends_with("evening.bmp") {
                bytes[lacks.clone()].fill(0);
            }
            fs::create_dir_all(home.join(path).parent().unwrap()).unwrap();
            fs::write(home.join(path), bytes).unwrap();
        }
        let Some(mut command) = python() else { return };
        command
            .arg(plain().join("ch16_trade.py"))
            .args([torrent.as_os_str(), home.parent().unwrap().as_os_str()])
            .args(["0", "600"]);
        peers.push((Process::start("ch16_trade.py", &mut command), home));
    }
    for (peer, home) in &mut peers {
        peer.until_line("all of it", |line| {
            line.contains("everything is here").then_some(())
        });
        assert!(tree(home) == files);
    }
}

#[test]
fn the_plain_clients_for_many_peers_download_among_trouble_makers() {
    if cfg!(windows) {
        return; // there is no pwrite
    }
    let folder = temp();
    let mut command = kostorrent::lab(folder.path());
    command.args(["--port", "0", "--fast", "--trouble"]);
    let mut lab = Process::start("kostorrent lab", &mut command);
    let torrent = lab.until_line("READY", |line| {
        let (_, torrent) = line.strip_prefix("READY ")?.split_once(' ')?;
        Some(PathBuf::from(torrent))
    });
    let sample = programs::root().join("kostorrent/sample/kostorrent-sample");
    for file in ["ch11_peers.py", "ch12_async.py"] {
        let to = folder.path().join(file);
        let Some(finished) = download_by(file, &torrent, &to) else {
            return;
        };
        finished.expect_code(0);
        assert!(
            tree(&to.join("kostorrent-sample")) == tree(&sample),
            "{file}"
        );
        let sent = finished.stdout.matches(" sent ").count();
        assert!(sent >= 3, "{}", finished.stdout);
    }
}

/// Downloads from one scripted seeder, and returns what came of it.
fn from_seeder(payload: &Payload, piece_length: u64, manner: Manner) -> Option<(Finished, bool)> {
    let folder = temp();
    let tracker = Tracker::naming(&[]);
    let described = payload.torrent(piece_length, &[&[&tracker.url()]]);
    let seeder = Seeder::start(&described, payload.bytes(), manner);
    tracker.answer(Answer::Peers(vec![seeder.address()], 1800));
    let torrent = folder.path().join("the.torrent");
    described.write(&torrent);
    let to = folder.path().join("to");
    let finished = download(&torrent, &to)?;
    assert_eq!(tracker.events(), ["started", "stopped"]);
    let difference = payload.difference(&to, true);
    Some((finished, difference.is_none()))
}

#[test]
fn the_plain_client_downloads_one_file_and_odd_ones() {
    let single = Payload::single("single file é.bin", 500_001);
    let odd = Payload::odd("многие files");
    let chokes = Manner {
        choke_every: Some(3),
        have_messages: true,
        ..Manner::default()
    };
    for (payload, piece_length, manner) in [
        (single, 65_536, chokes),
        (Payload::single("small", 1), 16_384, Manner::default()),
        (odd, 100_000, Manner::default()),
    ] {
        let Some((finished, same)) = from_seeder(&payload, piece_length, manner) else {
            return;
        };
        finished.expect_code(0);
        assert!(same, "{}", payload.name());
    }
}

#[test]
fn the_plain_client_takes_no_lie() {
    let payload = Payload::single("a.bin", 300_000);
    let lies = Manner {
        spoils: Some(9),
        ..Manner::default()
    };
    let Some((finished, same)) = from_seeder(&payload, 32_768, lies) else {
        return;
    };
    finished.expect_code(1);
    assert!(!same);
    assert!(
        finished.stdout.contains("piece 4 is wrong"),
        "{}",
        finished.stdout
    );
    assert_eq!(finished.stderr.trim(), "6 pieces are missing");
}
