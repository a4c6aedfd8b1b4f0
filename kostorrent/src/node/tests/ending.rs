//! How a torrent's work ends.

use pretty_assertions::assert_eq;

use super::super::trackers::tests::tracker;
use super::*;

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
async fn a_download_of_an_empty_file_alone_is_complete_at_once() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metainfo = torrent(from.path(), 16 * 1024);
    let names = Names::of(&metainfo).unwrap();
    let files = selection::Files::new(names.own());
    let list: selection::List = "2".parse().unwrap();
    let leecher = Alone::start(TorrentOptions {
        selection: Some(list.select(&files, None).unwrap()),
        ..options(&metainfo, to.path(), DOWNLOAD)
    });
    assert_eq!(leecher.wait().await, Outcome::Complete);
    assert!(to.path().join("three/empty").exists());
    assert!(!to.path().join("three/a.bin").exists());
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

#[tokio::test]
async fn a_complete_download_tells_its_tracker_so_and_says_goodbye() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let without = torrent(from.path(), 32 * 1024);
    let (url, told) = tracker(usize::MAX);
    let with = Metainfo {
        announce: vec![vec![url]],
        ..Metainfo::clone(&without)
    };
    let seeder = Alone::start(options(&without, from.path(), Mode::Seed));
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options(&Arc::new(with), to.path(), DOWNLOAD)
    });
    assert_eq!(leecher.wait().await, Outcome::Complete);
    let told = told.lock().unwrap().clone();
    let events: Vec<&str> = told.iter().map(|(_, event)| &**event).collect();
    // On a busy machine a `stopped` that does not wait may pass by, and then there is another.
    assert_eq!(
        events.iter().filter(|event| **event == "completed").count(),
        1
    );
    assert_eq!(
        (events[0], events[events.len() - 1]),
        ("started", "stopped")
    );
    seeder.stop().await;
}

#[tokio::test]
async fn a_pause_during_the_check_holds_when_it_is_over() {
    let from = tempfile::tempdir().unwrap();
    let metainfo = torrent(from.path(), 16 * 1024);
    let seeder = Alone::start(options(&metainfo, from.path(), Mode::Seed));
    // Nothing has been looked at yet, or hardly anything.
    seeder.torrent.command(Command::Pause);
    let mut snapshots = seeder.torrent.snapshots();
    let paused = snapshots
        .wait_for(|s| s.state == TorrentState::Paused)
        .await;
    drop(paused.unwrap());
    seeder.torrent.command(Command::Resume);
    let again = snapshots
        .wait_for(|s| s.state == TorrentState::Seeding)
        .await;
    drop(again.unwrap());
    seeder.stop().await;
}
