//! Other files are chosen while a torrent is at work.

use std::fs;
use std::path::PathBuf;

use pretty_assertions::assert_eq;
use selection::{Files, Selection};
use tokio::sync::mpsc::UnboundedReceiver;

use super::remembering::{PIECE, Scene};
use super::*;

/// `a.bin`, `empty` and `b.bin`, a number for each.
fn chosen(scene: &Scene, numbers: [u8; 3]) -> Selection {
    let names = Names::of(&scene.metainfo).unwrap();
    Selection::from_numbers(&Files::new(names.own()), &numbers).unwrap()
}

/// A seeder, and a leecher that wants these files.
fn begin(scene: &Scene, numbers: [u8; 3], mode: Mode) -> (Alone, Alone) {
    let seeder = Alone::start(options(&scene.metainfo, scene.from.path(), Mode::Seed));
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        selection: Some(chosen(scene, numbers)),
        ..scene.options(mode)
    });
    (seeder, leecher)
}

fn inside(scene: &Scene, name: &str) -> PathBuf {
    scene.to.path().join("three").join(name)
}

fn part_files(scene: &Scene) -> usize {
    let inside = fs::read_dir(scene.to.path()).unwrap();
    let names = inside.map(|entry| entry.unwrap().file_name());
    names
        .filter(|n| n.to_string_lossy().ends_with(".parts"))
        .count()
}

async fn until(notices: &mut UnboundedReceiver<Notice>, is_it: impl Fn(&Notice) -> bool) {
    loop {
        let notice = notices.recv().await.expect("a torrent that goes on");
        if is_it(&notice) {
            return;
        }
    }
}

/// A seeder, and a leecher that has `a.bin`, which was all that it wanted, and seeds it.
async fn with_a(scene: &Scene) -> (Alone, Alone, UnboundedReceiver<Notice>) {
    let (seeder, mut leecher) = begin(scene, [2, 0, 0], SEED_ON);
    let mut notices = leecher.torrent.notices();
    until(&mut notices, |notice| *notice == COMPLETE).await;
    (seeder, leecher, notices)
}

const COMPLETE: Notice = Notice::Torrent(Report::Complete);

#[tokio::test]
async fn what_is_wanted_later_is_made_and_what_waited_for_it_is_used() {
    let scene = Scene::new();
    let (seeder, leecher, mut notices) = with_a(&scene).await;
    assert!(!inside(&scene, "b.bin").exists());
    assert_eq!(
        part_files(&scene),
        1,
        "the end of the piece that both share"
    );
    let before = leecher.torrent.snapshots().borrow().downloaded;

    let all = chosen(&scene, [2, 2, 2]);
    leecher.torrent.choose(all.clone());
    let told = Notice::Chosen { selection: all };
    until(&mut notices, |notice| *notice == told).await;
    until(&mut notices, |notice| *notice == COMPLETE).await;
    same(scene.from.path(), scene.to.path());
    assert_eq!(part_files(&scene), 0);
    let after = leecher.torrent.snapshots().borrow().clone();
    assert_eq!(
        after.downloaded, scene.metainfo.total_length,
        "nothing twice"
    );
    assert!(before < after.downloaded);
    assert_eq!(leecher.stop().await, Outcome::Stopped);
    seeder.stop().await;

    // The end was one in order: what is there is known, and where it is.
    let look = scene.look(scene.options(SEED_ON)).await;
    assert_eq!(look.left, 0);
}

#[tokio::test]
async fn what_is_not_wanted_any_more_ends_a_download_that_has_the_rest() {
    let scene = Scene::new();
    let seeder = Alone::start(TorrentOptions {
        limit_up: Some(300_000),
        ..options(&scene.metainfo, scene.from.path(), Mode::Seed)
    });
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..scene.options(DOWNLOAD)
    });
    let mut snapshots = leecher.torrent.snapshots();
    let some = snapshots.wait_for(|s| s.pieces_have > 3).await;
    drop(some.unwrap());
    leecher.torrent.choose(chosen(&scene, [0, 0, 2]));
    assert_eq!(leecher.wait().await, Outcome::Complete);
    let whole = |name: &str| fs::read(scene.from.path().join("three").join(name)).unwrap();
    assert!(fs::read(inside(&scene, "b.bin")).unwrap() == whole("b.bin"));
    let last = snapshots.borrow().clone();
    assert_eq!(last.left, 0);
    assert!(last.pieces_have < last.pieces);
    seeder.stop().await;

    // What has come of the other stays, and is not fetched again.
    let (seeder, leecher) = begin(&scene, [2, 2, 2], DOWNLOAD);
    let snapshots = leecher.torrent.snapshots();
    assert_eq!(leecher.wait().await, Outcome::Complete);
    same(scene.from.path(), scene.to.path());
    let missing = last.pieces - last.pieces_have;
    let fetched = snapshots.borrow().downloaded;
    assert!(fetched <= u64::from(missing) * PIECE, "{fetched}");
    seeder.stop().await;
}

#[tokio::test]
async fn a_file_of_somebody_elses_is_not_wanted_after_all() {
    let scene = Scene::new();
    let (seeder, leecher, mut notices) = with_a(&scene).await;
    fs::write(inside(&scene, "b.bin"), "mine").unwrap();
    leecher.torrent.choose(chosen(&scene, [2, 2, 2]));
    let is_told = |notice: &Notice| match notice {
        Notice::FileFailed { path, why } => {
            assert_eq!(*path, inside(&scene, "b.bin"), "{why}");
            true
        }
        _ => false,
    };
    until(&mut notices, is_told).await;
    let left = chosen(&scene, [2, 0, 0]);
    let is_left =
        |notice: &Notice| matches!(notice, Notice::Chosen { selection } if *selection == left);
    until(&mut notices, is_left).await;
    assert_eq!(fs::read_to_string(inside(&scene, "b.bin")).unwrap(), "mine");
    // It goes on seeding what it has, which is all that is wanted, and another choice may do.
    until(&mut notices, |notice| *notice == COMPLETE).await;
    fs::remove_file(inside(&scene, "b.bin")).unwrap();
    leecher.torrent.choose(chosen(&scene, [2, 2, 2]));
    until(&mut notices, |notice| *notice == COMPLETE).await;
    same(scene.from.path(), scene.to.path());
    for node in [leecher, seeder] {
        assert_eq!(node.stop().await, Outcome::Stopped);
    }
}

#[tokio::test]
async fn whoever_is_killed_after_a_choice_goes_on_with_it() {
    let scene = Scene::new();
    let (seeder, leecher, _notices) = with_a(&scene).await;
    let numbers = vec![0, 0, 3];
    leecher.torrent.choose(chosen(&scene, [0, 0, 3]));
    // Long before the end, and before the next save would be due.
    while scene.resume().and_then(|resume| resume.choice) != Some(numbers.clone()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for node in [leecher, seeder] {
        assert_eq!(node.stop().await, Outcome::Stopped);
    }
}
