//! Files of somebody else's in the place of ours, and another program at work on the same ones.

use std::fs;
use std::path::PathBuf;

use pretty_assertions::assert_eq;
use selection::{Files, Selection};

use super::remembering::{PIECE, Scene};
use super::*;

/// Downloads of these files, one number for each.
fn only(scene: &Scene, numbers: [u8; 3]) -> TorrentOptions {
    let options = scene.options(DOWNLOAD);
    let names = Names::of(&scene.metainfo).unwrap();
    let selection = Selection::from_numbers(&Files::new(names.own()), &numbers);
    assert!(selection.is_some());
    TorrentOptions {
        selection,
        ..options
    }
}

const A: [u8; 3] = [2, 0, 0];
const ALL: [u8; 3] = [2, 2, 2];

fn b(scene: &Scene) -> PathBuf {
    scene.to.path().join("three/b.bin")
}

/// Downloads until it ends; what became of it.
async fn download(scene: &Scene, options: TorrentOptions) -> Outcome {
    let seeder = Alone::start(self::options(
        &scene.metainfo,
        scene.from.path(),
        Mode::Seed,
    ));
    let leecher = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..options
    });
    let outcome = leecher.wait().await;
    seeder.stop().await;
    outcome
}

#[tokio::test]
async fn what_was_not_ours_in_one_life_is_not_in_the_next() {
    // As long as ours, shorter, longer, and one with which nobody can tell.
    let cut = |len: usize| [vec![7; len], vec![0; 345_678 - len]].concat();
    for theirs in [
        vec![9; 345_678],
        vec![9; 300_000],
        vec![9; 400_000],
        cut(3_000),
    ] {
        let scene = Scene::new();
        fs::create_dir(scene.to.path().join("three")).unwrap();
        fs::write(b(&scene), &theirs).unwrap();
        assert_eq!(download(&scene, only(&scene, A)).await, Outcome::Complete);
        for life in 0..2 {
            let refused = download(&scene, only(&scene, ALL)).await;
            assert!(matches!(refused, Outcome::Failed(_)), "{life}: {refused:?}");
            assert_eq!(fs::read(b(&scene)).unwrap(), theirs);
        }
        // Told to, it is written over, and nothing of it is taken for ours.
        let over = TorrentOptions {
            overwrite: true,
            ..only(&scene, ALL)
        };
        assert_eq!(download(&scene, over).await, Outcome::Complete);
        assert_eq!(fs::read(b(&scene)).unwrap(), bytes(345_678, 345_678));
    }
}

#[tokio::test]
async fn what_nobody_wants_and_nobody_knows_stays() {
    for theirs in [vec![0; 345_678], vec![0; 1_000], Vec::new()] {
        let scene = Scene::new();
        fs::create_dir(scene.to.path().join("three")).unwrap();
        fs::write(b(&scene), &theirs).unwrap();
        for _ in 0..2 {
            assert_eq!(download(&scene, only(&scene, A)).await, Outcome::Complete);
            assert_eq!(fs::read(b(&scene)).unwrap(), theirs);
        }
    }
}

#[tokio::test]
async fn what_we_have_made_goes_when_nobody_wants_it_any_more() {
    let scene = Scene::new();
    // Some of `a.bin`: `b.bin` is made, and nothing is in it.
    scene.begin(only(&scene, [3, 2, 1])).await;
    assert!(b(&scene).exists());
    assert_eq!(download(&scene, only(&scene, A)).await, Outcome::Complete);
    assert!(!b(&scene).exists());
    let shared = fs::read_dir(scene.to.path()).unwrap().count();
    assert_eq!(shared, 2, "the folder and the part file");
}

#[tokio::test]
async fn a_complete_file_stays_whoever_wants_it() {
    let scene = Scene::new();
    assert_eq!(download(&scene, only(&scene, ALL)).await, Outcome::Complete);
    assert_eq!(download(&scene, only(&scene, A)).await, Outcome::Complete);
    assert_eq!(fs::read(b(&scene)).unwrap(), bytes(345_678, 345_678));
    assert!(scene.to.path().join("three/empty").exists());
}

#[tokio::test]
async fn who_wants_less_takes_nothing_from_another_at_work() {
    let scene = Scene::new();
    let seeder = Alone::start(TorrentOptions {
        limit_up: Some(1_000_000),
        ..self::options(&scene.metainfo, scene.from.path(), Mode::Seed)
    });
    let first = Alone::start(TorrentOptions {
        peers: vec![seeder.addr()],
        ..only(&scene, [3, 2, 1])
    });
    // `a.bin` is complete, and of `b.bin` there is next to nothing.
    let whole = u32::try_from(700_001 / PIECE + 1).unwrap();
    let mut snapshots = first.torrent.snapshots();
    let some = snapshots.wait_for(|s| s.pieces_have >= whole).await;
    drop(some.unwrap());
    let second = Alone::start(only(&scene, A));
    assert_eq!(second.wait().await, Outcome::Complete);
    assert!(b(&scene).exists());
    assert_eq!(first.wait().await, Outcome::Complete);
    assert_eq!(fs::read(b(&scene)).unwrap(), bytes(345_678, 345_678));
    assert_eq!(fs::read_dir(scene.to.path()).unwrap().count(), 1);
    seeder.stop().await;
}
