//! Zeros, strangers, files that come and go: what must not cost a good piece, nor anybody's bytes.

use pretty_assertions::assert_eq;

use super::*;

/// The same files as [`torrent`]; the bytes in this range are zeros.
fn torrent_with_zeros(zeros: std::ops::Range<usize>) -> Torrent {
    let Torrent {
        layout, mut data, ..
    } = torrent();
    data[zeros].fill(0);
    let files = layout.files().iter();
    let files = files.map(|file| (file.path.clone(), file.length, file.kind.clone()));
    Torrent::with_data(files.collect(), 40_000, data)
}

#[test]
fn a_piece_of_which_an_unwanted_file_has_only_zeros_stays_good() {
    // Of piece 0 `b` has 10,000 bytes, all of them zeros.
    let (torrent, dir) = (torrent_with_zeros(30_000..40_000), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[0, 1], [0]);
    let mut storage = lay_out(root, &torrent, &[0]);
    assert_eq!(there(root, &torrent), (vec![0], true));
    assert_good(&mut storage, &torrent, 0);
    assert_eq!(good(root, &torrent), [0]);
}

#[test]
fn zeros_of_a_piece_that_nobody_needs_stay_where_they_are_good() {
    // Piece 1 is in `b` alone, piece 2 in `b`, `c` and `d`: of that, `d` has zeros only.
    let (torrent, dir) = (torrent_with_zeros(110_000..120_000), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[0, 1, 2, 3], [2]);
    let mut storage = lay_out(root, &torrent, &[0]);
    assert_eq!(read(&mut storage, &torrent, 2), torrent.piece(2));
    assert_eq!(good(root, &torrent), [2]);
}

#[test]
fn an_unwanted_file_that_is_deleted_is_missed_when_a_piece_of_it_comes() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[0, 1], [1]);
    let mut storage = lay_out(root, &torrent, &[0]);
    fs::remove_file(root.join("t/b")).unwrap();
    let gone = Changed {
        file: 1,
        change: crate::Change::Gone,
    };
    assert_eq!(write(&mut storage, &torrent, 0), [gone]);
    assert_eq!(there(root, &torrent), (vec![0], true));
    assert_eq!(read(&mut storage, &torrent, 0), torrent.piece(0));
    assert_eq!(good(root, &torrent), [0]);
}

#[test]
fn a_seed_sees_that_a_file_comes_back_which_was_not_there_at_the_start() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    earlier(dir.path(), &torrent, &[1, 2, 3, 6], 0..5);
    let (there, away) = (dir.path().join("t/f"), dir.path().join("away"));
    fs::rename(&there, &away).unwrap();
    let mut seed = seed(dir.path(), &torrent);
    assert_eq!(seed.look(0..7).unwrap(), []);
    let back = |file| Changed {
        file,
        change: crate::Change::Back,
    };
    fs::rename(&away, &there).unwrap();
    assert_eq!(seed.look(0..7).unwrap(), [back(6)]);
    assert_eq!(seed.check(4).unwrap(), PieceState::Good);
    assert_eq!(read(&mut seed, &torrent, 4), torrent.piece(4));
    // A file whose bytes are in the part file too: both are good, and one of them is enough.
    fs::write(dir.path().join("t/a"), torrent.file(0)).unwrap();
    assert_eq!(seed.look(0..7).unwrap(), [back(0)]);
    for _ in 0..2 {
        assert_eq!(seed.check(0).unwrap(), PieceState::Good);
        assert_eq!(read(&mut seed, &torrent, 0), torrent.piece(0));
        fs::write(dir.path().join("t/a"), "of no use").unwrap();
    }
}

#[test]
fn what_the_part_file_has_does_not_go_into_a_strangers_file() {
    // It comes while the pieces are checked, before the files are laid out.
    for (length, byte) in [(4, 7), (20_000, 0)] {
        let (torrent, dir) = (torrent(), tempdir().unwrap());
        let root = dir.path();
        earlier(root, &torrent, &[1], 0..3);
        let before = crate::Looks::new(root, &torrent.layout).unwrap();
        let theirs = vec![byte; length];
        fs::create_dir(root.join("t/in")).unwrap();
        fs::write(root.join("t/in/c"), &theirs).unwrap();
        let used = |file| match file {
            1 | 2 => FileUse::Write,
            _ => FileUse::Unwanted,
        };
        let setup = Setup {
            before: Some(&before),
            ..Setup::new(HASH, &used)
        };
        let mut storage = set_up(root, &torrent, &setup);
        assert_eq!(fs::read(root.join("t/in/c")).unwrap(), theirs);
        assert_eq!(storage.take_changed().len(), 1);
        // What we have of it is not where it belongs, and is not served.
        assert_ne!(storage.check(2).unwrap(), PieceState::Good);
        if byte == 0 {
            assert_eq!(storage.settle().unwrap().lost, [2]);
        }
        assert_eq!(read(&mut storage, &torrent, 0), torrent.piece(0));
        // When the stranger has gone, nothing has to be fetched again.
        drop(storage);
        fs::remove_file(root.join("t/in/c")).unwrap();
        assert_eq!(good(root, &torrent), [0, 1, 2]);
        let mut storage = lay_out(root, &torrent, &[1, 2]);
        assert_eq!(read(&mut storage, &torrent, 2), torrent.piece(2));
    }
}

#[test]
fn a_check_reads_what_is_served() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[1], 0..3);
    let mut storage = lay_out(root, &torrent, &[1, 2]);
    assert_eq!(storage.check(2).unwrap(), PieceState::Good);
    // The part file still has the bytes of `c`, for it has those of `d`; but `c` is not read there.
    fs::write(root.join("t/in/c"), vec![0; 20_000]).unwrap();
    assert_eq!(storage.check(2).unwrap(), PieceState::Bad);
    assert_ne!(read(&mut storage, &torrent, 2), torrent.piece(2));
}

#[test]
fn a_slot_counts_when_all_of_it_is_written() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut storage = lay_out(root, &torrent, &[1]);
    write(&mut storage, &torrent, 0);
    let has = |piece| {
        Parts::open(root, &HASH, &torrent.layout)
            .unwrap()
            .has(piece)
    };
    let full = || DiskError::new(Doing::Write, root, ErrorKind::StorageFull.into());
    let result = storage.fill_slot(2, |_, file, slot| {
        transfer::write_all(file, slot, torrent.piece(2)).unwrap();
        assert!(!has(2));
        Err(full())
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::StorageFull);
    assert!(has(0) && !has(2));
    write(&mut storage, &torrent, 2);
    assert!(has(0) && has(2));
    assert_eq!(read(&mut storage, &torrent, 2), torrent.piece(2));
    assert_eq!(good(root, &torrent), [0, 2]);
}

#[test]
fn what_another_piece_has_left_in_a_slot_is_not_taken_for_anything() {
    // Of piece 2 `c` has 20,000 bytes, and `d` zeros.
    let (torrent, dir) = (torrent_with_zeros(110_000..120_000), tempdir().unwrap());
    let root = dir.path();
    let mut storage = lay_out(root, &torrent, &[1, 3]);
    write(&mut storage, &torrent, 0);
    want(&mut storage, &[0]).unwrap();
    let fill = vec![0xee; 60_000];
    fs::write(part_file(root), [&[0; 1024][..], &fill].concat()).unwrap();
    write(&mut storage, &torrent, 2);
    drop(storage);
    make_c(root);
    assert_eq!(good(root, &torrent), [0, 2]);
    let mut storage = lay_out(root, &torrent, &[0, 1, 2, 3]);
    assert_eq!(read(&mut storage, &torrent, 2), torrent.piece(2));
}

#[test]
fn a_neighbour_that_nobody_wants_and_that_is_there_is_read_from_its_file() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    // `b` has a piece of its own; `c` was to be filled.
    earlier(root, &torrent, &[1], [1, 2]);
    make_c(root);
    let unwanted = [true, true, false, true, true, true, true];
    let mut checker = checker(root, &torrent, &unwanted);
    assert_eq!(good_of(&mut checker, 2..3), [2]);
    let mut storage = lay_out(root, &torrent, &[2]);
    assert_eq!(read(&mut storage, &torrent, 2), torrent.piece(2));
    // What is in the part file is of no use where the file is read, and is not taken for good.
    let mut b = torrent.file(1).to_vec();
    b[55_000] ^= 1;
    drop(storage);
    fs::write(root.join("t/b"), b).unwrap();
    let mut storage = lay_out(root, &torrent, &[2]);
    assert_eq!(storage.settle().unwrap().lost, [2]);
    assert_ne!(storage.check(2).unwrap(), PieceState::Good);
}

#[test]
fn an_unwanted_file_that_only_seems_to_be_ours_is_left_alone() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[0], [0]);
    // Piece 0 is good with the part file, and there are bytes of it in this file too: others.
    fs::write(root.join("t/b"), vec![9; 60_000]).unwrap();
    let mut storage = lay_out(root, &torrent, &[0]);
    assert_eq!(storage.settle().unwrap(), crate::Settled::default());
    assert_eq!(storage.check(0).unwrap(), PieceState::Good);
    assert_eq!(read(&mut storage, &torrent, 0), torrent.piece(0));
    write(&mut storage, &torrent, 0);
    assert_eq!(fs::read(root.join("t/b")).unwrap(), [9; 60_000]);
}

#[test]
fn a_strangers_beginning_of_a_file_costs_no_piece_that_the_part_file_has() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[0], [0]);
    // Too short to have the end of piece 0, until it gets its length.
    fs::write(root.join("t/b"), vec![9; 1_000]).unwrap();
    assert_eq!(good(root, &torrent), [0]);
    let mut storage = lay_out(root, &torrent, &[0, 1]);
    assert_good(&mut storage, &torrent, 0);
    assert_eq!(storage.settle().unwrap(), crate::Settled::default());
    assert_eq!(good(root, &torrent), [0]);
}

#[test]
fn a_copy_that_was_cut_short_is_made_again() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    earlier(root, &torrent, &[0], [0]);
    // Killed in the middle of a copy: half is there, and the slot still is.
    let mut half = torrent.file(1).to_vec();
    half[5_000..].fill(0);
    fs::write(root.join("t/b"), half).unwrap();
    assert_eq!(good(root, &torrent), [0]);
    let mut storage = lay_out(root, &torrent, &[0, 1]);
    assert_eq!(read(&mut storage, &torrent, 0), torrent.piece(0));
    assert!(!part_file(root).exists());
    assert_eq!(good(root, &torrent), [0]);
}

#[test]
fn what_others_have_put_there_never_goes() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    fs::create_dir_all(root.join("t/in")).unwrap();
    // All of `b`, of which nobody can tell whose it is; and an empty one.
    fs::write(root.join("t/b"), vec![0; torrent.file(1).len()]).unwrap();
    fs::write(root.join("t/in/empty"), b"").unwrap();
    let before = fs::read_dir(root.join("t")).unwrap().count();
    let setup = Setup::new(HASH, &|file| match file {
        0 => FileUse::Write,
        _ => FileUse::UnwantedOurs,
    });
    let mut storage = set_up(root, &torrent, &setup);
    unwant(&mut storage, &[1]).unwrap();
    assert_eq!(fs::read_dir(root.join("t")).unwrap().count(), before + 1);
    assert!(root.join("t/in/empty").exists());
}

/// `b` may be somebody else's: it has bytes in the middle, where they prove nothing yet, and zeros.
fn compared(root: &std::path::Path, torrent: &Torrent, content: &[u8]) -> Storage {
    fs::create_dir(root.join("t")).unwrap();
    fs::write(root.join("t/b"), content).unwrap();
    let setup = Setup::new(HASH, &|file| match file {
        0 => FileUse::Write,
        1 => FileUse::Compare,
        _ => FileUse::Unwanted,
    });
    set_up(root, torrent, &setup)
}

#[test]
fn no_zero_of_a_strangers_file_is_written_over() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut theirs = vec![0; torrent.file(1).len()];
    theirs[20_000..30_000].fill(9);
    let mut storage = compared(root, &torrent, &theirs);
    write(&mut storage, &torrent, 0);
    assert_good(&mut storage, &torrent, 0);
    let error = storage.write(1, &torrent.blocks(1)).unwrap_err();
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(fs::read(root.join("t/b")).unwrap(), theirs);
    assert_eq!(storage.settle().unwrap(), crate::Settled::default());
    assert_eq!(fs::read(root.join("t/b")).unwrap(), theirs);
    assert_eq!(read(&mut storage, &torrent, 0), torrent.piece(0));
}

#[test]
fn what_came_before_a_file_was_proven_goes_into_it_then() {
    let (torrent, dir) = (torrent(), tempdir().unwrap());
    let root = dir.path();
    let mut ours = torrent.file(1).to_vec();
    ours[..20_000].fill(0);
    ours[30_000..].fill(0);
    let mut storage = compared(root, &torrent, &ours);
    write(&mut storage, &torrent, 0);
    assert!(part_file(root).exists());
    write(&mut storage, &torrent, 1);
    assert_eq!(
        fs::read(root.join("t/b")).unwrap()[..50_000],
        torrent.file(1)[..50_000]
    );
    for piece in [0, 1] {
        assert_eq!(read(&mut storage, &torrent, piece), torrent.piece(piece));
    }
    assert_eq!(storage.settle().unwrap(), crate::Settled::default());
    assert!(!part_file(root).exists());
    assert_eq!(good(root, &torrent), [0, 1]);
}

#[cfg(unix)]
#[test]
fn two_programs_do_not_write_to_one_part_file() {
    let dir = tempdir().unwrap();
    let torrent = torrent();
    // `a` needs piece 0, and `c` piece 2: each has a part in a file that is not wanted.
    let mut first = lay_out(dir.path(), &torrent, &[0]);
    let mut second = lay_out(dir.path(), &torrent, &[2]);
    write(&mut first, &torrent, 0);
    let refused = second.write(2, &torrent.blocks(2)).unwrap_err();
    assert!(
        refused.to_string().contains("end one of the two"),
        "{refused}"
    );
    // Nothing in it is the second's to delete.
    second.settle_aside().unwrap();
    assert!(dir.path().join(part_file_name(&HASH)).exists());
    drop(first);
    write(&mut second, &torrent, 2);
    drop(second);
    let mut seed = seed(dir.path(), &torrent);
    for piece in [0, 2] {
        assert_eq!(read(&mut seed, &torrent, piece), torrent.piece(piece));
    }
}
