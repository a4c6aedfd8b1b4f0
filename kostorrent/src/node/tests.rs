//! Nodes on loopback: real sockets, real files.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metainfo::Metainfo;
use metainfo::create::Create;
use pretty_assertions::assert_eq;

use super::*;

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
async fn a_torrent_that_is_stopped_keeps_its_pieces_for_the_next() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 16 * 1024);
    let seeder = Alone::start(TorrentOptions {
        limit_up: Some(200_000),
        ..options(&metainfo, from.path(), Mode::Seed)
    });
    let download = || {
        Alone::start(TorrentOptions {
            peers: vec![seeder.addr()],
            ..options(&metainfo, to.path(), DOWNLOAD)
        })
    };
    let first = download();
    let mut snapshots = first.torrent.snapshots();
    snapshots.wait_for(|s| s.pieces_have > 3).await.unwrap();
    assert_eq!(first.stop().await, Outcome::Stopped);
    let written = snapshots.borrow().pieces_have;
    let second = download();
    let mut snapshots = second.torrent.snapshots();
    let begun = snapshots
        .wait_for(|s| s.state == TorrentState::Downloading)
        .await;
    assert!(begun.unwrap().pieces_have >= written);
    second.stop().await;
    seeder.stop().await;
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
    let shrunk = path == inside("a.bin") && why.contains("shorter");
    let gone = path == inside("b.bin") && why.contains("gone");
    assert!(shrunk || gone, "{}: {why}", path.display());
    for node in [leecher, seeder] {
        node.stop().await;
    }
}

#[tokio::test]
async fn silent_callers_do_not_close_the_door() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 32 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let call = |_| std::net::TcpStream::connect(seeder.addr()).unwrap();
    let silent: Vec<_> = (0..60).map(call).collect();
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&metainfo, to.path(), DOWNLOAD)
    });
    let ended = tokio::time::timeout(Duration::from_secs(8), leecher.wait()).await;
    assert_eq!(ended.ok(), Some(Outcome::Complete));
    drop(silent);
    seeder.stop().await;
}

#[tokio::test]
async fn a_host_full_of_silent_callers_does_not_push_out_a_slow_one() {
    use std::io::{Read, Write};

    let from = tempfile::tempdir().unwrap();
    let metainfo = torrent(from.path(), 32 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let addr = seeder.addr();
    let hello = handshake::Handshake {
        reserved: handshake::Reserved::none(),
        info_hash: metainfo.info_hash_v1.unwrap(),
        peer_id: PeerId([7; 20]),
    };
    let slow = move || {
        let mut slow = std::net::TcpStream::connect(addr).unwrap();
        slow.write_all(&hello.to_bytes()[..30]).unwrap();
        // Another address of the same machine, where it has several.
        let silent = (0..200).map(|_| call_from([127, 0, 0, 2], addr));
        let silent: Vec<_> = silent.collect();
        // The last of them was taken, and so were all before it.
        slow.write_all(&hello.to_bytes()[30..]).unwrap();
        let mut heard = [0; handshake::LEN];
        slow.read_exact(&mut heard).unwrap();
        drop(silent);
        handshake::Handshake::parse(&heard).unwrap().info_hash
    };
    if cfg!(target_os = "linux") {
        let heard = tokio::task::spawn_blocking(slow).await.unwrap();
        assert_eq!(Some(heard), metainfo.info_hash_v1);
    }
    seeder.stop().await;
}

/// A call from an address of one's own choice.
fn call_from(ip: [u8; 4], to: SocketAddr) -> socket2::Socket {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((ip, 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket
}

/// A second torrent, of one file.
fn other_torrent(root: &Path) -> Arc<Metainfo> {
    let content = bytes(222_222, 9);
    std::fs::write(root.join("single"), &content).unwrap();
    let hashes: Vec<_> = content
        .chunks(16 * 1024)
        .map(|piece| hashing::digest(&[piece]))
        .collect();
    let create = Create::single("single", content.len() as u64, 16 * 1024);
    Arc::new(Metainfo::parse(&create.to_bytes(&hashes).unwrap()).unwrap())
}

#[tokio::test]
async fn torrents_behind_one_port_are_told_apart() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let both = [torrent(from.path(), 32 * 1024), other_torrent(from.path())];
    let seeders = Node::start(NodeOptions::default()).unwrap();
    let endpoint = seeders.listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let seed = |metainfo| endpoint.add(options(metainfo, from.path(), Mode::Seed));
    let torrents = both.each_ref().map(|metainfo| seed(metainfo).unwrap());
    let twice = seed(&both[0]).unwrap_err().to_string();
    assert!(twice.contains("already"), "{twice}");

    let leechers = Node::start(NodeOptions::default()).unwrap();
    let from_there = leechers.listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let downloads = both.each_ref().map(|metainfo| {
        let download = TorrentOptions {
            peers: vec![endpoint.local_addr()],
            ..options(metainfo, to.path(), DOWNLOAD)
        };
        from_there.add(download).unwrap()
    });
    for download in downloads {
        assert_eq!(download.wait().await, Outcome::Complete);
    }
    same(from.path(), to.path());
    let single = |dir: &tempfile::TempDir| std::fs::read(dir.path().join("single")).unwrap();
    assert!(single(&from) == single(&to));

    let [one, two] = torrents;
    one.stop();
    assert_eq!(one.wait().await, Outcome::Stopped);
    assert!(seed(&both[0]).is_ok(), "it has gone, and may come again");
    two.stop();
    assert_eq!(two.wait().await, Outcome::Stopped);
    drop((endpoint, from_there));
    seeders.end().await;
    leechers.end().await;
}

#[tokio::test]
async fn a_torrent_whose_handle_is_dropped_ends_and_its_node_with_it() {
    let from = tempfile::tempdir().unwrap();
    let metainfo = torrent(from.path(), 32 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let mut snapshots = seeder.torrent.snapshots();
    let ready = snapshots
        .wait_for(|s| s.state == TorrentState::Seeding)
        .await;
    drop(ready.unwrap());
    drop((seeder.torrent, seeder.endpoint));
    seeder.node.end().await;
    while snapshots.changed().await.is_ok() {}
}

#[tokio::test]
async fn what_was_handed_to_the_disk_is_written_and_counted_before_the_end() {
    use std::sync::{Condvar, Mutex};

    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 16 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    // A disk that does nothing until it is allowed to.
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let before = gate.clone();
    let slow = disk::start_slow(move |_| {
        let open = before.0.lock().unwrap();
        drop(before.1.wait_while(open, |open| !*open).unwrap());
    });
    let node = Node::start_with(NodeOptions::default(), slow).unwrap();
    let leecher = Alone::start_in(
        node,
        TorrentOptions {
            peers: vec![seeder.addr()],
            ..options(&metainfo, to.path(), DOWNLOAD)
        },
    );
    let mut snapshots = leecher.torrent.snapshots();
    let all = metainfo.total_length;
    let arrived = snapshots.wait_for(|s| s.downloaded >= all).await;
    assert_eq!(arrived.unwrap().pieces_have, 0, "nothing is written yet");
    leecher.torrent.stop();
    let leaving = snapshots.wait_for(|s| s.state == TorrentState::Ended).await;
    drop(leaving.unwrap());
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    assert_eq!(leecher.wait().await, Outcome::Stopped);
    let last = snapshots.borrow().clone();
    assert_eq!((last.pieces_have, last.left), (last.pieces, 0));
    same(from.path(), to.path());
    seeder.stop().await;
}
