//! Whatever is done to files under a running program is noticed.

use std::fs;
use std::ops::Range;
use std::path::Path;

use pretty_assertions::assert_eq;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::testing::{Torrent, regular};
use crate::{FileUse, Looks, Setup};

/// Three files over five pieces of 40,000 bytes.
fn torrent() -> Torrent {
    let files = vec![
        regular("t/a", 100_000),
        regular("t/sub/b", 60_000),
        regular("t/c", 40_000),
    ];
    Torrent::new(files, 40_000)
}

/// A download of which these pieces are there.
fn download(torrent: &Torrent, pieces: Range<u32>) -> (TempDir, Storage) {
    let dir = tempdir().unwrap();
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let mut storage = Storage::create(&dir.path().join("in"), layout, hashes).unwrap();
    for piece in pieces {
        assert_eq!(storage.write(piece, &torrent.blocks(piece)).unwrap(), []);
    }
    (dir, storage)
}

fn seed(root: &Path, torrent: &Torrent) -> Storage {
    Storage::open(root, torrent.layout.clone(), torrent.hashes.clone(), None).unwrap()
}

fn changes(found: Vec<Changed>) -> Vec<(usize, Change)> {
    let changes = found.into_iter();
    changes.map(|found| (found.file, found.change)).collect()
}

/// Another time than now, so that a change is seen even where clocks are coarse.
fn let_time_pass(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    file.set_modified(then).unwrap();
}

#[test]
fn what_we_write_ourselves_is_no_change() {
    let torrent = torrent();
    let (_dir, mut storage) = download(&torrent, 0..3);
    assert_eq!(storage.look(0..3).unwrap(), []);
    storage.write(4, &torrent.blocks(4)).unwrap();
    assert_eq!(storage.look(0..3).unwrap(), []);
    assert_eq!(storage.settle().unwrap(), Settled::default());
}

#[test]
fn a_file_that_is_deleted_is_made_anew_and_said() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let file = dir.path().join("in/t/c");
    fs::remove_file(&file).unwrap();
    assert_eq!(
        changes(storage.settle().unwrap().changed),
        [(2, Change::Gone)]
    );
    assert_eq!(fs::read(&file).unwrap(), [0; 40_000]);
    assert_eq!(storage.check(4).unwrap(), PieceState::Missing);
    let again = storage.settle().unwrap();
    assert_eq!(
        (again.changed, again.lost),
        (vec![], vec![4]),
        "it is said once"
    );
    storage.write(4, &torrent.blocks(4)).unwrap();
    assert_eq!(fs::read(&file).unwrap(), torrent.file(2));
    assert_eq!(storage.check(4).unwrap(), PieceState::Good);
}

#[test]
fn a_piece_that_went_into_a_deleted_file_is_written_again() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..1);
    // The file is open, and writing to it does not fail.
    fs::remove_dir_all(dir.path().join("in/t")).unwrap();
    let changed = storage.write(2, &torrent.blocks(2)).unwrap();
    assert_eq!(changes(changed), [(0, Change::Gone), (1, Change::Gone)]);
    assert_eq!(storage.check(2).unwrap(), PieceState::Good);
    assert_eq!(storage.check(0).unwrap(), PieceState::Missing);
    // What was not written to is found when it is looked for.
    assert_eq!(
        changes(storage.settle().unwrap().changed),
        [(2, Change::Gone)]
    );
}

#[test]
fn a_folder_that_was_renamed_is_not_followed() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 2..3);
    let (there, away) = (dir.path().join("in/t/sub"), dir.path().join("away"));
    fs::rename(&there, &away).unwrap();
    let changed = storage.write(3, &torrent.blocks(3)).unwrap();
    assert_eq!(changes(changed), [(1, Change::Gone)]);
    assert_eq!(
        fs::read(there.join("b")).unwrap()[20_000..],
        torrent.file(1)[20_000..]
    );
}

#[test]
fn a_file_that_was_cut_gets_its_length_back() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let path = dir.path().join("in/t/a");
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(50_000).unwrap();
    assert_eq!(
        changes(storage.look(0..3).unwrap()),
        [(0, Change::Cut(50_000))]
    );
    assert_eq!(fs::metadata(&path).unwrap().len(), 100_000);
    assert_eq!(storage.check(0).unwrap(), PieceState::Good);
    assert_eq!(storage.check(1).unwrap(), PieceState::Bad);
}

#[test]
fn what_a_look_has_noticed_before_it_failed_the_next_one_tells() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let (a, sub) = (dir.path().join("in/t/a"), dir.path().join("in/t/sub"));
    let_time_pass(&a);
    fs::remove_dir_all(&sub).unwrap();
    fs::write(&sub, "in the way").unwrap();
    for _ in 0..2 {
        storage.look(0..3).unwrap_err();
    }
    fs::remove_file(&sub).unwrap();
    assert_eq!(
        changes(storage.look(0..3).unwrap()),
        [(0, Change::Touched), (1, Change::Gone)]
    );
    assert_eq!(fs::metadata(sub.join("b")).unwrap().len(), 60_000);
    assert_eq!(storage.look(0..3).unwrap(), []);
}

/// Puts a file in the place of another.
fn put(root: &Path, content: &[u8], file: &Path) {
    fs::write(root.join("other"), content).unwrap();
    fs::rename(root.join("other"), file).unwrap();
}

#[test]
fn another_file_in_the_place_of_ours_is_left_alone() {
    // It is met by a write, by a look, or by a read; while the file is open, or not.
    for (open, meet) in [
        (true, "write"),
        (false, "write"),
        (true, "look"),
        (false, "read"),
    ] {
        let torrent = torrent();
        let (dir, mut storage) = download(&torrent, 0..4);
        if !open {
            storage.close_files();
        }
        let file = dir.path().join("in/t/a");
        put(dir.path(), b"somebody's", &file);
        match meet {
            "look" => assert_eq!(
                changes(storage.look(0..3).unwrap()),
                [(0, Change::Replaced)]
            ),
            "read" => assert_eq!(
                changes(storage.look_at_those_of(0).unwrap()),
                [(0, Change::Replaced)]
            ),
            _ => {}
        }
        for _ in 0..2 {
            let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
            assert!(error.to_string().contains("left alone"), "{meet}: {error}");
        }
        assert_eq!(fs::read(&file).unwrap(), b"somebody's");
    }
}

#[test]
fn a_copy_in_the_place_of_ours_is_taken_when_a_piece_of_it_is_good() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let file = dir.path().join("in/t/a");
    let mut copy = torrent.file(0).to_vec();
    copy[90_000] ^= 1;
    put(dir.path(), &copy, &file);
    assert_eq!(
        changes(storage.settle().unwrap().changed),
        [(0, Change::Replaced)]
    );
    assert_eq!(storage.check(2).unwrap(), PieceState::Bad);
    assert!(
        storage.write(2, &torrent.blocks(2)).is_err(),
        "nothing is known to be good"
    );
    assert_eq!(storage.check(0).unwrap(), PieceState::Good);
    storage.write(2, &torrent.blocks(2)).unwrap();
    assert_eq!(fs::read(&file).unwrap(), torrent.file(0));
}

#[test]
fn what_others_write_between_our_own_writes_is_seen() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..2);
    let a = dir.path().join("in/t/a");
    let_time_pass(&a);
    storage.write(2, &torrent.blocks(2)).unwrap();
    assert_eq!(changes(storage.look(0..3).unwrap()), [(0, Change::Touched)]);
    assert_eq!(storage.look(0..3).unwrap(), []);
    // What is cut is not made up for by the next write.
    let file = fs::File::options().write(true).open(&a).unwrap();
    file.set_len(0).unwrap();
    let changed = storage.write(2, &torrent.blocks(2)).unwrap();
    assert_eq!(changes(changed), [(0, Change::Cut(0))]);
    assert_eq!(storage.settle().unwrap().lost, [0, 1]);
    // What was put to the end is cut in the end.
    let c = dir.path().join("in/t/c");
    file_append(&c, b"tail");
    storage.write(4, &torrent.blocks(4)).unwrap();
    storage.settle().unwrap();
    assert_eq!(fs::read(&c).unwrap(), torrent.file(2));
}

fn file_append(path: &Path, bytes: &[u8]) {
    use std::io::Write;
    let file = fs::File::options().append(true).open(path);
    file.unwrap().write_all(bytes).unwrap();
}

#[cfg(unix)]
#[test]
fn a_complete_file_behind_a_link_may_be_touched() {
    let torrent = torrent();
    let (dir, storage) = download(&torrent, 0..5);
    drop(storage);
    let root = dir.path().join("in");
    let (c, away) = (root.join("t/c"), dir.path().join("c"));
    fs::rename(&c, &away).unwrap();
    std::os::unix::fs::symlink(&away, &c).unwrap();
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let mut storage = Storage::create_unless(&root, layout, hashes, |_| false, || false).unwrap();
    let_time_pass(&away);
    assert_eq!(changes(storage.look(0..3).unwrap()), [(2, Change::Touched)]);
    let block = blocks::BlockRequest {
        piece: 4,
        offset: 0,
        len: 100,
    };
    storage.read(&block, &mut [0; 100]).unwrap();
    file_append(&away, b"tail");
    assert_eq!(
        changes(storage.settle().unwrap().changed),
        [(2, Change::Touched)]
    );
}

#[test]
fn a_download_folder_that_is_gone_ends_it() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..3);
    let root = dir.path().join("in");
    fs::rename(&root, dir.path().join("away")).unwrap();
    let error = storage.write(4, &torrent.blocks(4)).unwrap_err();
    assert_eq!(error.path(), root);
    fs::create_dir(&root).unwrap();
    let error = storage.settle().unwrap_err();
    assert_eq!(error.path(), root);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
}

#[test]
fn what_becomes_longer_is_cut_in_the_end() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let path = dir.path().join("in/t/c");
    storage.look(0..3).unwrap();
    let mut more = torrent.file(2).to_vec();
    more.extend(b"more");
    fs::write(&path, more).unwrap();
    assert_eq!(
        changes(storage.settle().unwrap().changed),
        [(2, Change::Touched)]
    );
    assert_eq!(fs::read(&path).unwrap(), torrent.file(2));
}

#[test]
fn a_seed_changes_nothing_and_sees_everything() {
    let torrent = torrent();
    let (dir, storage) = download(&torrent, 0..5);
    drop(storage);
    let root = dir.path().join("in");
    let mut seed = seed(&root, &torrent);
    assert_eq!(seed.look(0..3).unwrap(), []);
    let (a, b, c) = (root.join("t/a"), root.join("t/sub/b"), root.join("t/c"));
    fs::rename(&a, dir.path().join("a")).unwrap();
    let_time_pass(&b);
    fs::write(dir.path().join("other"), [7; 40_000]).unwrap();
    fs::rename(dir.path().join("other"), &c).unwrap();
    let expected = [
        (0, Change::Gone),
        (1, Change::Touched),
        (2, Change::Replaced),
    ];
    assert_eq!(changes(seed.look(0..3).unwrap()), expected);
    assert_eq!(seed.look(0..3).unwrap(), []);
    assert!(!a.exists());
    assert_eq!(seed.check(0).unwrap(), PieceState::Missing);
    assert_eq!(seed.check(3).unwrap(), PieceState::Good);
    assert_eq!(seed.check(4).unwrap(), PieceState::Bad);
    fs::rename(dir.path().join("a"), &a).unwrap();
    assert_eq!(changes(seed.look(0..3).unwrap()), [(0, Change::Back)]);
    assert_eq!(seed.check(0).unwrap(), PieceState::Good);
}

#[cfg(unix)]
#[test]
fn a_complete_file_is_only_read_and_links_may_lead_to_it() {
    let torrent = torrent();
    let dir = tempdir().unwrap();
    let root = dir.path().join("in");
    fs::create_dir_all(root.join("t")).unwrap();
    fs::write(dir.path().join("elsewhere"), torrent.file(2)).unwrap();
    std::os::unix::fs::symlink("../../elsewhere", root.join("t/c")).unwrap();
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let written = |file| file != 2;
    let mut storage =
        Storage::create_unless(&root, layout.clone(), hashes.clone(), written, || false).unwrap();
    for piece in 0..4 {
        storage.write(piece, &torrent.blocks(piece)).unwrap();
    }
    assert_eq!(storage.settle().unwrap(), Settled::default());
    assert_eq!(storage.check(4).unwrap(), PieceState::Good);
    let error = storage.write(4, &torrent.blocks(4)).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    assert!(Storage::create(&root, layout, hashes).is_err());
}

#[cfg(unix)]
#[test]
fn a_complete_file_that_turns_out_wrong_is_written_to() {
    let torrent = torrent();
    let (dir, storage) = download(&torrent, 0..5);
    drop(storage);
    let root = dir.path().join("in");
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let mut storage = Storage::create_unless(&root, layout, hashes, |_| false, || false).unwrap();
    let mut buf = [0; 100];
    let block = blocks::BlockRequest {
        piece: 4,
        offset: 0,
        len: 100,
    };
    storage.read(&block, &mut buf).unwrap();
    storage.write(4, &torrent.blocks(4)).unwrap();
    assert_eq!(storage.check(4).unwrap(), PieceState::Good);
}

/// A download whose files were looked at, then changed by `meanwhile`, then opened.
fn opened_after(
    torrent: &Torrent,
    written: impl Fn(usize) -> bool,
    meanwhile: impl Fn(&Path),
) -> (TempDir, Storage) {
    let (dir, storage) = download(torrent, 0..5);
    drop(storage);
    let root = dir.path().join("in");
    let before = Looks::new(&root, &torrent.layout).unwrap();
    meanwhile(&root);
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let used = |file| match written(file) {
        true => FileUse::Write,
        false => FileUse::Leave,
    };
    let setup = Setup {
        before: Some(&before),
        ..Setup::new([0; 20], &used)
    };
    let storage = Storage::lay_out(&root, layout, hashes, &setup);
    (dir, storage.unwrap())
}

#[test]
fn what_changes_before_the_files_are_opened_is_noticed_then() {
    let torrent = torrent();
    for complete in [false, true] {
        let (dir, mut storage) = opened_after(
            &torrent,
            |_| !complete,
            |root| {
                fs::remove_file(root.join("t/a")).unwrap();
                let cut = fs::File::options().write(true).open(root.join("t/sub/b"));
                cut.unwrap().set_len(30_000).unwrap();
                let_time_pass(&root.join("t/c"));
            },
        );
        let expected = [
            (0, Change::Gone),
            (1, Change::Cut(30_000)),
            (2, Change::Touched),
        ];
        assert_eq!(changes(storage.take_changed()), expected);
        assert_eq!(storage.look(0..3).unwrap(), [], "each is told once");
        let lost = storage.settle().unwrap().lost;
        assert_eq!(lost, [0, 1, 2, 3]);
        for piece in lost {
            storage.write(piece, &torrent.blocks(piece)).unwrap();
        }
        assert_eq!(storage.settle().unwrap(), Settled::default());
        for (file, path) in ["t/a", "t/sub/b", "t/c"].into_iter().enumerate() {
            let there = fs::read(dir.path().join("in").join(path)).unwrap();
            assert!(there == torrent.file(file), "{path}");
        }
    }
}

#[test]
fn another_file_that_comes_before_the_files_are_opened_is_not_ours() {
    let torrent = torrent();
    let (dir, mut storage) = opened_after(
        &torrent,
        |_| true,
        |root| {
            fs::remove_file(root.join("t/c")).unwrap();
            fs::write(root.join("other"), "mine").unwrap();
            fs::rename(root.join("other"), root.join("t/c")).unwrap();
        },
    );
    assert_eq!(changes(storage.take_changed()), [(2, Change::Replaced)]);
    let error = storage.write(4, &torrent.blocks(4)).unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(fs::read(dir.path().join("in/t/c")).unwrap(), b"mine");
}

#[test]
fn a_seed_notices_it_as_well() {
    let torrent = torrent();
    let (dir, storage) = download(&torrent, 0..5);
    drop(storage);
    let root = dir.path().join("in");
    let before = Looks::new(&root, &torrent.layout).unwrap();
    fs::remove_file(root.join("t/c")).unwrap();
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let mut seed = Storage::open(&root, layout, hashes, Some(&before)).unwrap();
    assert_eq!(changes(seed.take_changed()), [(2, Change::Gone)]);
    assert_eq!(seed.look(0..3).unwrap(), []);
}

#[test]
fn a_file_that_somebody_puts_where_one_is_gone_is_left_alone() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let path = dir.path().join("in/t/c");
    fs::remove_file(&path).unwrap();
    // As if it were found gone, and another came before it is made anew.
    storage.known[2].seen = None;
    fs::write(&path, "mine").unwrap();
    assert_eq!(storage.mend(2, Change::Gone).unwrap(), Change::Back);
    assert!(storage.write(4, &torrent.blocks(4)).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_looked_at_is_not_taken_for_gone() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let t = dir.path().join("in/t");
    fs::rename(&t, dir.path().join("t")).unwrap();
    // A circle of links: the system cannot say what is there.
    std::os::unix::fs::symlink("t", &t).unwrap();
    assert_eq!(storage.look(0..3).unwrap(), []);
    fs::remove_file(&t).unwrap();
    fs::rename(dir.path().join("t"), &t).unwrap();
    assert_eq!(storage.look(0..3).unwrap(), []);
}

#[cfg(unix)]
#[test]
fn a_passing_fault_at_the_start_stays_a_fault() {
    let torrent = torrent();
    let (dir, storage) = download(&torrent, 0..5);
    drop(storage);
    let root = dir.path().join("in");
    let (c, away) = (root.join("t/c"), dir.path().join("c"));
    let before = Looks::new(&root, &torrent.layout).unwrap();
    fs::rename(&c, &away).unwrap();
    std::os::unix::fs::symlink("c", &c).unwrap();
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    assert_eq!(Looks::new(&root, &layout).unwrap_err().path(), c);
    let seed = Storage::open(&root, layout.clone(), hashes.clone(), None);
    assert_eq!(seed.unwrap_err().path(), c);
    for used in [FileUse::Leave, FileUse::UnwantedOurs] {
        let files = |_| used;
        let setup = Setup {
            before: Some(&before),
            ..Setup::new([0; 20], &files)
        };
        let again = || Storage::lay_out(&root, layout.clone(), hashes.clone(), &setup);
        assert_eq!(again().unwrap_err().path(), c);
        // It passes, and nothing has changed.
        fs::rename(&away, &c).unwrap();
        assert_eq!(again().unwrap().take_changed(), []);
        fs::rename(&c, &away).unwrap();
        std::os::unix::fs::symlink("c", &c).unwrap();
    }
}

#[test]
fn another_file_that_is_shorter_gets_its_length_when_it_turns_out_ours() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let file = dir.path().join("in/t/a");
    put(dir.path(), &torrent.file(0)[..50_000], &file);
    let replaced = [(0, Change::Replaced)];
    assert_eq!(changes(storage.look(0..3).unwrap()), replaced);
    assert_eq!(storage.check(2).unwrap(), PieceState::Missing);
    assert_eq!(fs::metadata(&file).unwrap().len(), 50_000);
    assert_eq!(storage.check(0).unwrap(), PieceState::Good);
    for piece in 1..3 {
        assert_eq!(storage.write(piece, &torrent.blocks(piece)).unwrap(), []);
    }
    assert_eq!(fs::read(&file).unwrap(), torrent.file(0));
}

#[test]
fn another_file_that_its_owner_cuts_stays_his() {
    let torrent = torrent();
    let (dir, mut storage) = download(&torrent, 0..5);
    let file = dir.path().join("in/t/a");
    put(dir.path(), &[7; 500], &file);
    let replaced = [(0, Change::Replaced)];
    assert_eq!(changes(storage.look(0..3).unwrap()), replaced);
    fs::write(&file, "shorter").unwrap();
    assert_eq!(changes(storage.look(0..3).unwrap()), [(0, Change::Cut(7))]);
    let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"shorter");
}
