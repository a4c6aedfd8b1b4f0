//! Several torrents in one node.

use pretty_assertions::assert_eq;

use super::*;

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
async fn who_begins_to_look_at_a_torrent_that_rests_is_shown_it() {
    let from = tempfile::tempdir().unwrap();
    let metainfo = other_torrent(from.path());
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    let mut snapshots = seeder.torrent.snapshots();
    let ready = snapshots.wait_for(|s| s.state == TorrentState::Seeding);
    drop(ready.await.unwrap());
    for _ in 0..2 {
        let mut details = seeder.torrent.details();
        let shown = details.wait_for(|details| details.pieces.len() == 14);
        drop(shown.await.unwrap());
    }
    seeder.stop().await;
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
