//! Seeds of a part.

use pretty_assertions::assert_eq;

use super::*;

#[tokio::test]
async fn a_partial_seed_gives_what_it_has() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 16 * 1024);
    std::fs::remove_file(from.path().join("three/b.bin")).unwrap();
    // The piece that the two files share is not there.
    let whole = 700_001 / (16 * 1024);
    let refused = Alone::start(options(&metainfo, from.path(), Mode::Seed))
        .wait()
        .await;
    let Outcome::Failed(why) = refused else {
        panic!("a part is not given unasked");
    };
    assert!(why.to_string().contains("--partial"), "{why}");
    let seeder = Alone::start(TorrentOptions {
        partial: true,
        ..options(&metainfo, from.path(), Mode::Seed)
    });
    let mut seeding = seeder.torrent.snapshots();
    let ready = seeding.wait_for(|s| s.state == TorrentState::Seeding).await;
    assert_eq!(ready.unwrap().pieces_have, whole);
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&metainfo, to.path(), DOWNLOAD)
    });
    let mut snapshots = leecher.torrent.snapshots();
    let all = snapshots.wait_for(|s| s.pieces_have == whole).await;
    assert!(all.unwrap().left > 0);
    for node in [leecher, seeder] {
        assert_eq!(node.stop().await, Outcome::Stopped);
    }
    assert!(
        !from.path().join("three/b.bin").exists(),
        "a seed writes nothing"
    );
}
