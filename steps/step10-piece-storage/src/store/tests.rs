//! What is written is in the files, and nothing else.

use std::fs;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;
use crate::testing::{Torrent, padding, regular};

fn create(root: &Path, torrent: &Torrent) -> Storage {
    Storage::create(root, torrent.layout.clone(), torrent.hashes.clone()).unwrap()
}

fn open(root: &Path, torrent: &Torrent) -> Storage {
    Storage::open(root, torrent.layout.clone(), torrent.hashes.clone(), None).unwrap()
}

fn write(storage: &mut Storage, torrent: &Torrent, piece: u32) {
    storage.write(piece, &torrent.blocks(piece)).unwrap();
}

/// Reads bytes of a piece as a seeder does, into a buffer full of rubbish.
fn read(storage: &mut Storage, piece: u32, offset: u32, len: u32) -> Result<Vec<u8>, DiskError> {
    let mut bytes = vec![0xee; len as usize];
    storage.read(&BlockRequest { piece, offset, len }, &mut bytes)?;
    Ok(bytes)
}

/// Three files and padding over pieces of 40,000 bytes: two blocks and a bit.
fn small() -> Torrent {
    let files = vec![
        regular("t/one", 50_000),
        padding(30_000),
        regular("t/sub/two", 20),
        regular("t/empty", 0),
        regular("t/sub/three", 45_000),
    ];
    Torrent::new(files, 40_000)
}

#[test]
fn everything_is_laid_out_at_the_start() {
    let dir = tempdir().unwrap();
    let root = dir.path().join("made/too");
    create(&root, &small());
    let length = |path: &str| fs::metadata(root.join(path)).unwrap().len();
    assert_eq!(length("t/one"), 50_000);
    assert_eq!(length("t/empty"), 0);
    assert_eq!(length("t/sub/two"), 20);
    assert_eq!(length("t/sub/three"), 45_000);
    assert!(!root.join(".pad").exists());
}

#[test]
fn the_making_of_files_can_be_given_up_between_two() {
    let dir = tempdir().unwrap();
    let torrent = small();
    let asked = std::cell::Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) == 2;
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let given_up = Storage::create_unless(dir.path(), layout, hashes, |_| true, stop).unwrap_err();
    assert_eq!(given_up.kind(), io::ErrorKind::Interrupted);
    let made = ["t/one", "t/sub/two", "t/empty", "t/sub/three"];
    let made = made.map(|path| dir.path().join(path).exists());
    assert_eq!(made, [true, true, false, false]);
    // The next time it goes on from there.
    create(dir.path(), &torrent);
    assert!(dir.path().join("t/sub/three").exists());
}

#[cfg(unix)]
#[test]
fn programs_can_be_run_and_links_point_inside() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let link = |path: &str, target: &str| {
        (
            path.into(),
            0,
            Kind::Symlink {
                target: target.into(),
            },
        )
    };
    let torrent = Torrent::new(
        vec![
            ("t/run".into(), 3, Kind::Regular { executable: true }),
            regular("t/data", 3),
            link("t/a/b/link", "t/data"),
            link("top", "t/run"),
        ],
        16384,
    );
    create(dir.path(), &torrent);
    create(dir.path(), &torrent);
    let mode = |path| {
        fs::metadata(dir.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o111
    };
    assert_ne!(mode("t/run"), 0);
    assert_eq!(mode("t/data"), 0);
    let says = |path| fs::read_link(dir.path().join(path)).unwrap();
    assert_eq!(says("t/a/b/link"), Path::new("../../data"));
    assert_eq!(says("top"), Path::new("t/run"));
    assert_eq!(
        fs::canonicalize(dir.path().join("top")).unwrap(),
        fs::canonicalize(dir.path().join("t/run")).unwrap()
    );
}

#[test]
fn a_shorter_file_is_lengthened_and_keeps_its_bytes() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("t")).unwrap();
    fs::write(dir.path().join("t/one"), b"begun").unwrap();
    create(dir.path(), &small());
    let found = fs::read(dir.path().join("t/one")).unwrap();
    assert_eq!((&found[..5], found.len()), (&b"begun"[..], 50_000));
}

#[test]
fn a_longer_file_keeps_its_tail_until_it_is_written_to() {
    let dir = tempdir().unwrap();
    let torrent = small();
    fs::create_dir_all(dir.path().join("t/sub")).unwrap();
    let (one, two) = (dir.path().join("t/one"), dir.path().join("t/sub/two"));
    fs::write(&one, vec![1; 60_000]).unwrap();
    fs::write(&two, vec![2; 60_000]).unwrap();
    let mut storage = create(dir.path(), &torrent);
    read(&mut storage, 0, 0, 40_000).unwrap();
    assert_eq!(fs::metadata(&one).unwrap().len(), 60_000);
    write(&mut storage, &torrent, 0);
    assert_eq!(fs::metadata(&one).unwrap().len(), 50_000);
    assert_eq!(fs::metadata(&two).unwrap().len(), 60_000);
    storage.trim().unwrap();
    assert_eq!(fs::read(&two).unwrap(), [2; 20]);
}

#[test]
fn a_file_that_vanished_is_named() {
    let dir = tempdir().unwrap();
    let torrent = small();
    let mut storage = create(dir.path(), &torrent);
    fs::remove_file(dir.path().join("t/sub/three")).unwrap();
    let error = read(&mut storage, 3, 0, 10).unwrap_err();
    assert_eq!(error.path(), dir.path().join("t/sub/three"));
    assert_eq!(
        (error.doing(), error.kind()),
        (Doing::Open, std::io::ErrorKind::NotFound)
    );
    let changed = storage.write(3, &torrent.blocks(3)).unwrap();
    assert_eq!(changed.len(), 1, "a download makes it anew");
    read(&mut storage, 3, 0, 10).unwrap();
}

#[test]
fn a_file_that_was_cut_off_does_not_read_as_zeros() {
    let dir = tempdir().unwrap();
    let torrent = small();
    create(dir.path(), &torrent);
    fs::write(dir.path().join("t/one"), b"short").unwrap();
    let error = read(&mut open(dir.path(), &torrent), 0, 0, 10).unwrap_err();
    assert_eq!(
        (error.doing(), error.kind()),
        (Doing::Read, std::io::ErrorKind::UnexpectedEof)
    );
}

#[test]
fn a_folder_in_place_of_a_file_is_an_error_with_a_remedy() {
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join("t/one")).unwrap();
    let torrent = small();
    let error =
        Storage::create(dir.path(), torrent.layout.clone(), torrent.hashes.clone()).unwrap_err();
    assert_eq!(error.path(), dir.path().join("t/one"));
    assert!(error.to_string().contains("move that away"), "{error}");
}

#[test]
fn a_root_that_is_no_folder_is_an_error() {
    let dir = tempdir().unwrap();
    let root = dir.path().join("file");
    fs::write(&root, "").unwrap();
    let torrent = small();
    assert!(Storage::create(&root, torrent.layout.clone(), torrent.hashes.clone()).is_err());
    assert!(Storage::open(&root, torrent.layout.clone(), torrent.hashes.clone(), None).is_err());
    assert!(
        Storage::open(
            &dir.path().join("none"),
            torrent.layout.clone(),
            torrent.hashes.clone(),
            None
        )
        .is_err()
    );
}

#[cfg(unix)]
#[test]
fn planted_links_lead_nowhere() {
    use std::os::unix::fs::symlink;
    let torrent = small();
    let plants: [fn(&Path, &Path); 4] = [
        |root, outside| symlink(outside, root.join("t")).unwrap(),
        |root, outside| symlink(outside.join("victim"), root.join("t/one")).unwrap(),
        |root, outside| symlink(outside, root.join("t/sub")).unwrap(),
        |root, outside| symlink(outside.join("new"), root.join("t/empty")).unwrap(),
    ];
    for (which, plant) in plants.iter().enumerate() {
        let (dir, outside) = (tempdir().unwrap(), tempdir().unwrap());
        fs::write(outside.path().join("victim"), "safe").unwrap();
        if which > 0 {
            fs::create_dir(dir.path().join("t")).unwrap();
        }
        plant(dir.path(), outside.path());
        let error = Storage::create(dir.path(), torrent.layout.clone(), torrent.hashes.clone())
            .unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
        let there: Vec<_> = fs::read_dir(outside.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(there, ["victim"]);
        assert_eq!(fs::read(outside.path().join("victim")).unwrap(), b"safe");
    }
}

#[cfg(unix)]
#[test]
fn a_link_planted_while_downloading_is_refused_too() {
    let torrent = small();
    let (dir, outside) = (tempdir().unwrap(), tempdir().unwrap());
    fs::write(outside.path().join("victim"), "safe").unwrap();
    let mut storage = create(dir.path(), &torrent);
    fs::remove_file(dir.path().join("t/one")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("victim"), dir.path().join("t/one")).unwrap();
    let error = storage.write(0, &torrent.blocks(0)).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
    assert_eq!(fs::read(outside.path().join("victim")).unwrap(), b"safe");
}

#[cfg(unix)]
#[test]
fn a_seed_may_be_a_farm_of_links() {
    let torrent = small();
    let (dir, farm) = (tempdir().unwrap(), tempdir().unwrap());
    let mut storage = create(dir.path(), &torrent);
    for piece in 0..torrent.layout.geometry().pieces() {
        write(&mut storage, &torrent, piece);
    }
    std::os::unix::fs::symlink(dir.path().join("t"), farm.path().join("t")).unwrap();
    assert_eq!(
        read(&mut open(farm.path(), &torrent), 0, 0, 40_000).unwrap(),
        torrent.piece(0)
    );
}

#[test]
fn two_thousand_files_take_forty_handles() {
    let files = (0..2000)
        .map(|i| regular(&format!("t/{}/{i}", i % 7), i % 3 * 5))
        .collect();
    let torrent = Torrent::new(files, 16384);
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    write(&mut storage, &torrent, 0);
    assert_eq!(storage.handles.len(), crate::handles::OPEN_FILES);
    let block = torrent.layout.geometry().block(0, 0);
    let files = storage.read(&block, &mut vec![0; 16_384]).unwrap();
    assert!(files.is_empty(), "{} more are held open", files.len());
    assert_eq!(
        read(&mut storage, 0, 0, torrent.data.len() as u32).unwrap(),
        torrent.data
    );
    assert_eq!(storage.handles.len(), crate::handles::OPEN_FILES);
}

#[test]
fn a_read_gives_the_open_files_that_it_used() {
    let torrent = small();
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    for piece in 0..4 {
        write(&mut storage, &torrent, piece);
    }
    // The end of `one`, and padding.
    let block = BlockRequest {
        piece: 1,
        offset: 0,
        len: 20_000,
    };
    let mut bytes = vec![0xee; 20_000];
    let files = storage.read(&block, &mut bytes).unwrap();
    assert!(bytes == torrent.piece(1)[..20_000]);
    let [(0, one)] = &files[..] else {
        panic!("{files:?}");
    };
    let mut bytes = vec![0; 40_000];
    transfer::read(one, 0, &mut bytes).unwrap();
    assert!(bytes == torrent.piece(0));
    // `two`, which follows in the torrent on more padding, and `three`.
    let block = BlockRequest {
        piece: 2,
        offset: 0,
        len: 100,
    };
    let files = storage.read(&block, &mut bytes).unwrap();
    assert!(bytes[..100] == torrent.piece(2)[..100]);
    let numbers: Vec<usize> = files.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [2, 4]);
}

#[test]
fn bytes_that_no_piece_has_are_refused() {
    let torrent = small();
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    for (piece, offset, len) in [(0, 39_999, 2), (3, 5_021, 1), (4, 0, 1), (0, u32::MAX, 9)] {
        let error = read(&mut storage, piece, offset, len).unwrap_err();
        assert!(error.to_string().contains("request"), "{error}");
    }
    let block = torrent.layout.geometry().block(0, 0);
    let error = storage.read(&block, &mut [0; 100]).unwrap_err();
    assert!(error.to_string().contains("too short"), "{error}");
}

#[test]
fn what_was_written_is_made_durable_once() {
    let torrent = small();
    let dir = tempdir().unwrap();
    let mut storage = create(&dir.path().join("made/too"), &torrent);
    // The folders that got an entry, from the one that was there before.
    let folders = ["", "made", "made/too", "made/too/t", "made/too/t/sub"];
    let folders = folders.map(|folder| dir.path().join(folder));
    assert!(storage.unsynced.folders.iter().eq(&folders));
    write(&mut storage, &torrent, 1);
    write(&mut storage, &torrent, 2);
    assert!(storage.unsynced.files.iter().eq(&[0, 2, 4]));
    storage.sync().unwrap();
    assert!(storage.unsynced.files.is_empty() && storage.unsynced.folders.is_empty());
    storage.sync().unwrap();
}

#[test]
fn a_file_that_cannot_be_made_durable_is_named_and_tried_again() {
    let torrent = small();
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    write(&mut storage, &torrent, 2);
    storage.close_files();
    let (there, away) = (dir.path().join("t/sub/two"), dir.path().join("away"));
    fs::rename(&there, &away).unwrap();
    for _ in 0..2 {
        assert_eq!(storage.sync().unwrap_err().path(), there);
    }
    fs::rename(&away, &there).unwrap();
    storage.sync().unwrap();
}

#[test]
fn what_was_lost_on_its_way_stays_lost() {
    let torrent = small();
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    write(&mut storage, &torrent, 0);
    let lost = std::io::Error::other("the disk is on fire");
    let given = storage.to_sync(&[0]).unwrap();
    let first = given.lose(&dir.path().join("t/one"), lost);
    // The system has nothing against it now.
    for _ in 0..2 {
        let error = storage.sync().unwrap_err();
        assert_eq!(error.doing(), Doing::Sync);
        assert_eq!(error.to_string(), first.to_string());
        let error = storage.to_sync(&[]).unwrap_err();
        assert_eq!(error.to_string(), first.to_string());
    }
}

#[test]
fn what_is_given_out_to_be_synced_is_what_was_asked_for() {
    let torrent = small();
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    write(&mut storage, &torrent, 1);
    write(&mut storage, &torrent, 2);
    // The second is empty, and one that nobody has written to may be asked for, too.
    let given = storage.to_sync(&[0, 1, 3]).unwrap();
    assert!(storage.unsynced.files.iter().eq(&[2, 4]));
    assert!(storage.unsynced.folders.is_empty());
    given.sync().unwrap();
    storage.sync().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_in_memory_is_read_without_waiting_where_the_disk_can_tell() {
    let torrent = small();
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    write(&mut storage, &torrent, 0);
    write(&mut storage, &torrent, 1);
    let file = storage.file(0).unwrap();
    let mut bytes = vec![0; 30_000];
    if transfer::read_now(&file, 0, &mut bytes[..1]) {
        assert!(transfer::read_now(&file, 20_000, &mut bytes));
        assert!(bytes == torrent.data[20_000..50_000]);
    }
    // Bytes that are not there are in no memory either, on any disk.
    assert!(!transfer::read_now(&file, 20_001, &mut bytes));
}

/// More blocks than one system call takes.
#[test]
fn a_piece_of_many_blocks_is_written_whole() {
    let torrent = Torrent::new(vec![regular("a", 5), regular("b", 17 << 20)], 17 << 20);
    let dir = tempdir().unwrap();
    let mut storage = create(dir.path(), &torrent);
    write(&mut storage, &torrent, 0);
    write(&mut storage, &torrent, 1);
    assert!(fs::read(dir.path().join("b")).unwrap() == torrent.file(1));
}

/// Files of a torrent: a length, and whether it is padding.
fn any_files() -> impl Strategy<Value = Vec<(u64, bool)>> {
    let length = prop_oneof![Just(0), 1..100_u64, 1..70_000_u64];
    proptest::collection::vec((length, prop::bool::weighted(0.2)), 1..12)
}

fn torrent_of(files: &[(u64, bool)], piece_length: u64) -> Torrent {
    let one = |(i, &(length, pad)): (usize, &(u64, bool))| {
        if pad {
            padding(length)
        } else {
            regular(&format!("t/{}/{i}", i % 3), length)
        }
    };
    Torrent::new(files.iter().enumerate().map(one).collect(), piece_length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_written_in_any_order_read_back_equal(
        files in any_files(),
        piece_length in 1_000..50_000_u64,
        order in any::<prop::sample::Index>(),
        ranges in proptest::collection::vec((any::<prop::sample::Index>(), any::<u32>(), any::<u32>()), 8),
    ) {
        let torrent = torrent_of(&files, piece_length);
        let geometry = torrent.layout.geometry();
        let dir = tempdir().unwrap();
        let mut storage = create(dir.path(), &torrent);
        let mut pieces: Vec<u32> = (0..geometry.pieces()).collect();
        if !pieces.is_empty() {
            let turn = order.index(pieces.len());
            pieces.rotate_left(turn);
            pieces.reverse();
        }
        for &piece in &pieces {
            write(&mut storage, &torrent, piece);
        }
        for (index, file) in torrent.layout.files().iter().enumerate() {
            if file.kind != Kind::Padding {
                prop_assert_eq!(fs::read(dir.path().join(&file.path)).unwrap(), torrent.file(index));
            }
        }
        for (piece, from, len) in ranges {
            if !pieces.is_empty() {
                let piece = pieces[piece.index(pieces.len())];
                let whole = torrent.piece(piece);
                let from = from % whole.len() as u32;
                let len = len % (whole.len() as u32 - from + 1);
                let expected = &whole[from as usize..(from + len) as usize];
                if len > 0 {
                    prop_assert_eq!(read(&mut storage, piece, from, len).unwrap(), expected);
                }
            }
        }
    }
}

#[test]
fn a_file_that_may_be_somebody_elses_is_compared_before_it_is_written_over() {
    let torrent = small();
    let open = |dir: &Path, content: &[u8]| {
        create(dir, &torrent);
        fs::write(dir.join("t/sub/two"), content).unwrap();
        let setup = crate::Setup::new([7; 20], &|file| match file {
            2 => crate::FileUse::Compare,
            _ => crate::FileUse::Write,
        });
        let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
        Storage::lay_out(dir, layout, hashes, &setup).unwrap()
    };
    // The second piece has all of it.
    let two = torrent.file(2).to_vec();
    let mut part = two.clone();
    part[7..].fill(0);
    for ours in [two.clone(), part, vec![0; 20]] {
        let dir = tempdir().unwrap();
        let mut storage = open(dir.path(), &ours);
        write(&mut storage, &torrent, 2);
        assert_eq!(
            read(&mut storage, 2, 0, 20).unwrap(),
            torrent.piece(2)[..20]
        );
        let there = fs::read(dir.path().join("t/sub/two")).unwrap();
        match ours == vec![0; 20] {
            // Zeros prove nothing, until all of the file is there.
            true => assert_eq!(there, ours),
            false => assert_eq!(there, two),
        }
        storage.settle().unwrap();
        assert_eq!(fs::read(dir.path().join("t/sub/two")).unwrap(), two);
        assert_eq!(storage.check(2).unwrap(), crate::PieceState::Good);
    }
    let dir = tempdir().unwrap();
    let mut storage = open(dir.path(), b"somebody's own notes");
    let error = storage.write(2, &torrent.blocks(2)).unwrap_err();
    assert_eq!(error.path(), dir.path().join("t/sub/two"));
    assert!(error.to_string().contains("left alone"), "{error}");
    let there = fs::read(dir.path().join("t/sub/two")).unwrap();
    assert_eq!(there, b"somebody's own notes");
}
