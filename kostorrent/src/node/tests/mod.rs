//! Nodes on loopback: real sockets, real files.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metainfo::Metainfo;
use metainfo::create::Create;
use pretty_assertions::assert_eq;

use super::*;

mod callers;
mod choosing;
mod ending;
mod others;
mod partial;
mod remembering;
mod together;

/// Some bytes that repeat nowhere near.
fn bytes(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// A torrent of three files, one of them empty, and its data below `root`.
fn torrent(root: &Path, piece_length: u64) -> Arc<Metainfo> {
    let files = [("a.bin", 700_001), ("empty", 0), ("b.bin", 345_678)];
    let mut all = Vec::new();
    let mut create = Create::multi("three", piece_length);
    std::fs::create_dir_all(root.join("three")).unwrap();
    for (name, len) in files {
        let content = bytes(len, len as u32);
        std::fs::write(root.join("three").join(name), &content).unwrap();
        create.add_file([name], len as u64);
        all.extend(content);
    }
    let hashes: Vec<_> = all
        .chunks(piece_length as usize)
        .map(|piece| hashing::digest(&[piece]))
        .collect();
    let bytes = create.to_bytes(&hashes).unwrap();
    Arc::new(Metainfo::parse(&bytes).unwrap())
}

fn options(metainfo: &Arc<Metainfo>, root: &Path, mode: Mode) -> TorrentOptions {
    TorrentOptions {
        seed: Some(1),
        ..TorrentOptions::new(metainfo.clone(), root, mode)
    }
}

/// A torrent in a node of its own, as `kostorrent download` and `seed` have it.
struct Alone {
    node: Node,
    endpoint: Endpoint,
    torrent: Torrent,
}

impl Alone {
    fn start(options: TorrentOptions) -> Alone {
        Alone::start_in(Node::start(NodeOptions::default()).unwrap(), options)
    }

    fn start_in(node: Node, options: TorrentOptions) -> Alone {
        let endpoint = node.listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let torrent = endpoint.add(options).unwrap();
        Alone {
            node,
            endpoint,
            torrent,
        }
    }

    fn addr(&self) -> SocketAddr {
        self.endpoint.local_addr()
    }

    async fn wait(self) -> Outcome {
        let outcome = self.torrent.wait().await;
        drop(self.endpoint);
        self.node.end().await;
        outcome
    }

    async fn stop(self) -> Outcome {
        self.torrent.stop();
        self.wait().await
    }
}

fn same(a: &Path, b: &Path) {
    for name in ["a.bin", "empty", "b.bin"] {
        let (a, b) = (a.join("three").join(name), b.join("three").join(name));
        assert!(
            std::fs::read(a).unwrap() == std::fs::read(b).unwrap(),
            "{name}"
        );
    }
}

const DOWNLOAD: Mode = Mode::Download {
    keep_seeding: false,
};

#[tokio::test]
async fn one_node_downloads_what_another_seeds() {
    for piece_length in [16 * 1024, 50_000, 1024 * 1024] {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let metainfo = torrent(from.path(), piece_length);
        let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
        let leecher = Alone::start(TorrentOptions {
            peers: vec![seeder.addr()],
            ..options(&metainfo, to.path(), DOWNLOAD)
        });
        let snapshots = leecher.torrent.snapshots();
        assert_eq!(leecher.wait().await, Outcome::Complete);
        let last = snapshots.borrow().clone();
        assert_eq!((last.left, last.pieces_have), (0, last.pieces));
        same(from.path(), to.path());
        assert_eq!(seeder.stop().await, Outcome::Stopped);
    }
}

#[tokio::test]
async fn what_is_there_is_kept_and_what_is_wrong_is_fetched_again() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    torrent(to.path(), 32 * 1024);
    let file = to.path().join("three/a.bin");
    let mut content = std::fs::read(&file).unwrap();
    content[400_000] ^= 1;
    std::fs::write(&file, content).unwrap();
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&metainfo, to.path(), DOWNLOAD)
    });
    let snapshots = leecher.torrent.snapshots();
    assert_eq!(leecher.wait().await, Outcome::Complete);
    assert_eq!(snapshots.borrow().downloaded, 32 * 1024, "one piece");
    same(from.path(), to.path());
    seeder.stop().await;
}

#[tokio::test]
async fn a_seed_with_missing_data_says_what_to_do() {
    let (from, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    let seeder = Alone::start(options(&metainfo, empty.path(), Mode::Seed));
    let Outcome::Failed(why) = seeder.wait().await else {
        panic!("there is nothing to seed");
    };
    assert!(why.to_string().contains("kostorrent verify"), "{why}");
    assert!(
        std::fs::read_dir(empty.path()).unwrap().next().is_none(),
        "a seed writes nothing"
    );
}

#[tokio::test]
async fn a_file_that_is_longer_than_the_torrent_says_is_cut_when_all_is_good() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    torrent(to.path(), 32 * 1024);
    let file = to.path().join("three/a.bin");
    let mut content = std::fs::read(&file).unwrap();
    content.extend([7; 1000]);
    std::fs::write(&file, content).unwrap();
    let leecher = Alone::start(options(&metainfo, to.path(), DOWNLOAD));
    assert_eq!(leecher.wait().await, Outcome::Complete);
    same(from.path(), to.path());
}

const SEED_ON: Mode = Mode::Download { keep_seeding: true };

/// The figures at the moment when everything is reported to be there.
async fn when_complete(alone: &mut Alone) -> Snapshot {
    let snapshots = alone.torrent.snapshots();
    let mut notices = alone.torrent.notices();
    while let Some(notice) = notices.recv().await {
        if notice == Notice::Torrent(Report::Complete) {
            break;
        }
    }
    snapshots.borrow().clone()
}

#[tokio::test]
async fn the_figures_of_completion_are_there_when_it_is_reported() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let mut leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&metainfo, to.path(), SEED_ON)
    });
    let then = when_complete(&mut leecher).await;
    assert_eq!((then.left, then.downloaded), (0, metainfo.total_length));
    for node in [leecher, seeder] {
        assert_eq!(node.stop().await, Outcome::Stopped);
    }
}

#[tokio::test]
async fn what_is_complete_at_the_start_and_seeded_on_is_reported_and_cut() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    torrent(to.path(), 32 * 1024);
    let file = to.path().join("three/a.bin");
    let content = [std::fs::read(&file).unwrap(), vec![7; 1000]].concat();
    std::fs::write(&file, content).unwrap();
    let mut node = Alone::start(options(&metainfo, to.path(), SEED_ON));
    let then = when_complete(&mut node).await;
    assert_eq!((then.left, then.pieces_have), (0, then.pieces));
    assert_eq!(node.stop().await, Outcome::Stopped);
    same(from.path(), to.path());
}

#[tokio::test]
async fn what_becomes_complete_and_is_seeded_on_is_cut() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    torrent(to.path(), 32 * 1024);
    let inside = |name: &str| to.path().join("three").join(name);
    let content = [std::fs::read(inside("a.bin")).unwrap(), vec![7; 1000]].concat();
    std::fs::write(inside("a.bin"), content).unwrap();
    let mut content = std::fs::read(inside("b.bin")).unwrap();
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(inside("b.bin"), content).unwrap();
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let mut leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&metainfo, to.path(), SEED_ON)
    });
    when_complete(&mut leecher).await;
    for node in [leecher, seeder] {
        node.stop().await;
    }
    same(from.path(), to.path());
}

#[tokio::test]
async fn a_seeder_tells_of_files_that_it_cannot_read_any_more() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    let mut seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let mut notices = seeder.torrent.notices();
    let mut snapshots = seeder.torrent.snapshots();
    let ready = snapshots
        .wait_for(|s| s.state == TorrentState::Seeding)
        .await;
    drop(ready.unwrap());
    let inside = |name: &str| from.path().join("three").join(name);
    std::fs::write(inside("a.bin"), [1; 10]).unwrap();
    std::fs::remove_file(inside("b.bin")).unwrap();
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&metainfo, to.path(), DOWNLOAD)
    });
    let told = loop {
        match notices.recv().await {
            Some(Notice::FileFailed { path, why }) => break (path, why),
            Some(_) => {}
            None => panic!("the seeder has ended"),
        }
    };
    let (path, why) = told;
    let shrunk = path == inside("a.bin") && why.contains("cut short");
    let gone = path == inside("b.bin") && why.contains("put it back");
    assert!(shrunk || gone, "{}: {why}", path.display());
    for node in [leecher, seeder] {
        node.stop().await;
    }
}
