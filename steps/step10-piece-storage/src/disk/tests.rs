//! What is asked is done and answered, each in its time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use blocks::block_buf;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::testing::{Torrent, padding, regular};

/// Two files and padding over six pieces of 40,000 bytes, the last of them short.
fn torrent(seed: u64) -> Torrent {
    let files = vec![
        regular("one", 50_000 + seed),
        padding(30_000 - seed),
        regular("two", 150_000),
    ];
    Torrent::new(files, 40_000)
}

/// A disk with some torrents, each in a folder of its number.
fn disk(torrents: &[Torrent]) -> (TempDir, Disk<usize>) {
    let dir = tempdir().unwrap();
    let mut disk = Disk::new();
    for (key, torrent) in torrents.iter().enumerate() {
        let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
        let root = dir.path().join(key.to_string());
        let storage = Storage::create(&root, layout, hashes).unwrap();
        assert!(disk.add(key, storage).is_none());
    }
    (dir, disk)
}

fn store(torrent: &Torrent, piece: u32, digests: BlockDigests) -> Job {
    Job::Store {
        piece,
        blocks: torrent.blocks(piece),
        digests,
    }
}

/// The piece with a bit of its last block turned over.
fn wrong(torrent: &Torrent, piece: u32, digests: BlockDigests) -> Job {
    let mut blocks = torrent.blocks(piece);
    blocks.last_mut().unwrap()[100] ^= 1;
    Job::Store {
        piece,
        blocks,
        digests,
    }
}

fn read(piece: u32, index: u32, torrent: &Torrent) -> Job {
    Job::Read {
        block: torrent.layout.geometry().block(piece, index),
        buf: block_buf(),
    }
}

fn serve<K: Ord + Copy>(disk: &mut Disk<K>, jobs: Vec<(K, Job)>) -> Vec<(K, Done)> {
    let mut done = Vec::new();
    disk.serve(jobs, &mut |key, answer| done.push((key, answer)));
    done
}

/// One word for an answer.
fn word(done: &Done) -> String {
    match done {
        Done::Stored { piece, result, .. } => match result {
            Stored::Written { .. } => format!("written {piece}"),
            Stored::Wrong { .. } => format!("wrong {piece}"),
            Stored::Failed(_) => format!("failed {piece}"),
        },
        Done::Read { block, result, .. } => format!("read {} {}", block.piece, result.is_ok()),
        Done::Synced(result) => format!("synced {}", result.is_ok()),
        Done::GivenToSync(result) => format!("given {}", result.is_ok()),
        Done::Looked { result, .. } => format!("looked {}", result.is_ok()),
        Done::LookedAt { changed, .. } => format!("looked at {}", changed.is_ok()),
        Done::Checked { piece, result, .. } => format!("checked {piece} {}", result.is_ok()),
        Done::Settled(result) => format!("settled {}", result.is_ok()),
        Done::Chosen(result) => format!("chosen {}", result.is_ok()),
    }
}

fn words<K>(done: &[(K, Done)]) -> Vec<String> {
    done.iter().map(|(_, done)| word(done)).collect()
}

fn on_disk(dir: &TempDir, key: usize, name: &str) -> Vec<u8> {
    fs::read(dir.path().join(key.to_string()).join(name)).unwrap()
}

#[test]
fn only_the_right_bytes_reach_a_file() {
    let torrent = torrent(0);
    let (dir, mut disk) = disk(std::slice::from_ref(&torrent));
    let never = BlockDigests::Never;
    let last = torrent.layout.geometry().pieces() - 1;
    let done = serve(
        &mut disk,
        vec![
            (0, store(&torrent, 2, never)),
            (0, wrong(&torrent, 3, never)),
            (0, wrong(&torrent, last, never)),
            (
                0,
                Job::Store {
                    piece: 4,
                    blocks: torrent.blocks(3),
                    digests: never,
                },
            ),
        ],
    );
    let last = format!("wrong {last}");
    assert_eq!(words(&done), ["written 2", "wrong 3", &last, "wrong 4"]);
    let two = on_disk(&dir, 0, "two");
    assert!(two[..40_000] == *torrent.piece(2));
    assert!(two[40_000..].iter().all(|&byte| byte == 0));
    // What the short last block does not use says nothing about the piece.
    let done = serve(&mut disk, vec![(0, store(&torrent, 5, never))]);
    assert_eq!(words(&done), ["written 5"]);
}

#[test]
fn blocks_and_buffers_come_back_as_they_were() {
    let torrent = torrent(0);
    let (_dir, mut disk) = disk(std::slice::from_ref(&torrent));
    let always = BlockDigests::Always;
    let jobs = vec![
        (0, store(&torrent, 0, always)),
        (0, wrong(&torrent, 0, always)),
    ];
    let mut expected = torrent.blocks(0);
    for (_, done) in serve(&mut disk, jobs) {
        let Done::Stored { blocks, .. } = done else {
            panic!("{done:?}");
        };
        assert!(blocks == expected);
        expected[2][100] ^= 1;
    }
}

#[test]
fn each_block_has_a_digest_when_that_is_wanted() {
    let torrent = torrent(0);
    let (_dir, mut disk) = disk(std::slice::from_ref(&torrent));
    let blocks = torrent.piece(0).chunks(16_384);
    let right: Vec<_> = blocks.map(|block| hashing::digest(&[block])).collect();
    for (digests, when_right, when_wrong) in [
        (BlockDigests::Never, false, false),
        (BlockDigests::IfWrong, false, true),
        (BlockDigests::Always, true, true),
    ] {
        let jobs = vec![
            (0, store(&torrent, 0, digests)),
            (0, wrong(&torrent, 0, digests)),
        ];
        let done = serve(&mut disk, jobs);
        let results = done.iter().map(|(_, done)| match done {
            Done::Stored { result, .. } => result,
            other => panic!("{other:?}"),
        });
        let results: Vec<&Stored> = results.collect();
        let [
            Stored::Written { digests: written },
            Stored::Wrong { digests: wrong },
        ] = results[..]
        else {
            panic!("{results:?}");
        };
        assert_eq!(*written, when_right.then(|| right.clone()));
        assert_eq!(wrong.is_some(), when_wrong);
        if let Some(wrong) = wrong {
            // The short last block counts too, by the bytes that it uses.
            assert_eq!((&wrong[..2], wrong.len()), (&right[..2], 3));
            assert_ne!(wrong[2], right[2]);
        }
    }
}

#[test]
fn pieces_of_many_torrents_are_hashed_side_by_side_and_written_where_they_belong() {
    let torrents: Vec<Torrent> = (0..7).map(|seed| torrent(seed * 100)).collect();
    let (dir, mut disk) = disk(&torrents);
    let mut jobs = Vec::new();
    for piece in 0..6 {
        for (key, torrent) in torrents.iter().enumerate() {
            if piece == 3 && key == 2 {
                jobs.push((key, wrong(torrent, piece, BlockDigests::Never)));
            }
            jobs.push((key, store(torrent, piece, BlockDigests::Never)));
        }
    }
    let done = serve(&mut disk, jobs);
    let wrong = |(_, done): &&(usize, Done)| word(done) == "wrong 3";
    assert_eq!(done.iter().filter(wrong).count(), 1);
    assert_eq!(done.len(), 6 * 7 + 1);
    for (key, torrent) in torrents.iter().enumerate() {
        assert!(on_disk(&dir, key, "one") == torrent.file(0));
        assert!(on_disk(&dir, key, "two") == torrent.file(2));
    }
}

#[test]
fn a_piece_is_answered_before_the_next_batch_is_hashed() {
    let torrent = torrent(0);
    let (_dir, mut disk) = disk(std::slice::from_ref(&torrent));
    let pieces = lane_count() + 5;
    for piece in 0..pieces {
        disk.hand_in(0, store(&torrent, piece as u32 % 6, BlockDigests::Never));
    }
    let mut answers = 0;
    disk.turn(&mut |_, _| answers += 1);
    assert_eq!((disk.hashed.len(), disk.queue.len()), (lane_count(), 5));
    for answered in 1..=lane_count() {
        disk.turn(&mut |_, _| answers += 1);
        assert_eq!((answers, disk.queue.len()), (answered, 5));
    }
    while disk.turn(&mut |_, _| answers += 1) {}
    assert_eq!(answers, pieces);
}

#[test]
fn reads_go_ahead_of_pieces_but_do_not_keep_them_waiting_for_ever() {
    let torrent = torrent(0);
    let (_dir, mut disk) = disk(std::slice::from_ref(&torrent));
    serve(
        &mut disk,
        vec![(0, store(&torrent, 0, BlockDigests::Never))],
    );
    for piece in [1, 2] {
        disk.hand_in(0, store(&torrent, piece, BlockDigests::Never));
    }
    let mut said: Vec<String> = Vec::new();
    for _ in 0..100 {
        // Peers that ask without end.
        disk.hand_in(0, read(0, 0, &torrent));
        disk.turn(&mut |_, done| said.push(word(&done)));
    }
    let at = |what: &str| said.iter().position(|word| word == what).unwrap();
    assert_eq!(at("read 0 true"), 0);
    assert_eq!(at("written 1"), 2 * READS_IN_A_ROW);
    assert_eq!(at("written 2"), 3 * READS_IN_A_ROW + 1);
    while disk.turn(&mut |_, done| said.push(word(&done))) {}
    assert_eq!(said.len(), 102);
}

#[test]
fn a_read_that_comes_while_pieces_wait_is_next() {
    let torrent = torrent(0);
    let (_dir, mut disk) = disk(std::slice::from_ref(&torrent));
    for piece in 0..6 {
        disk.hand_in(0, store(&torrent, piece, BlockDigests::Never));
    }
    let mut said: Vec<String> = Vec::new();
    while !said.contains(&"written 0".to_owned()) {
        disk.turn(&mut |_, done| said.push(word(&done)));
    }
    disk.hand_in(0, read(0, 1, &torrent));
    while disk.turn(&mut |_, done| said.push(word(&done))) {}
    assert_eq!(said[..3], ["written 0", "read 0 true", "written 1"]);
}

#[test]
fn what_is_read_is_what_was_stored() {
    let torrent = torrent(0);
    let (_dir, mut disk) = disk(std::slice::from_ref(&torrent));
    let jobs = (0..6).map(|piece| (0, store(&torrent, piece, BlockDigests::Never)));
    serve(&mut disk, jobs.collect());
    for piece in 0..6 {
        for (index, expected) in torrent.piece(piece).chunks(16_384).enumerate() {
            let done = serve(&mut disk, vec![(0, read(piece, index as u32, &torrent))]);
            let [
                (
                    0,
                    Done::Read {
                        block,
                        buf,
                        result: Ok(()),
                        ..
                    },
                ),
            ] = &done[..]
            else {
                panic!("{done:?}");
            };
            assert!(buf[..block.len as usize] == *expected);
        }
    }
}

#[test]
fn sync_comes_after_the_pieces_before_it_and_before_those_after_it() {
    let torrent = torrent(0);
    let (_dir, mut disk) = disk(std::slice::from_ref(&torrent));
    let never = BlockDigests::Never;
    let jobs = vec![
        (0, store(&torrent, 0, never)),
        (0, store(&torrent, 1, never)),
        (0, Job::Sync),
        (0, store(&torrent, 2, never)),
        (0, Job::Settle),
        (0, read(2, 0, &torrent)),
    ];
    let done = serve(&mut disk, jobs);
    // The read went ahead; the piece is not there yet, but the file is at its full length.
    let expected = [
        "read 2 true",
        "written 0",
        "written 1",
        "synced true",
        "written 2",
        "settled true",
    ];
    assert_eq!(words(&done), expected);
}

#[test]
fn what_fails_is_answered_with_the_file_and_hurts_nobody_else() {
    let torrents = [torrent(0), torrent(100)];
    let (dir, mut disk) = disk(&torrents);
    fs::remove_file(dir.path().join("0/two")).unwrap();
    fs::create_dir(dir.path().join("0/two")).unwrap();
    let never = BlockDigests::Never;
    let jobs = vec![
        (0, store(&torrents[0], 3, never)),
        (1, store(&torrents[1], 3, never)),
        (0, read(3, 0, &torrents[0])),
        (1, read(3, 0, &torrents[1])),
    ];
    let done = serve(&mut disk, jobs);
    assert_eq!(
        words(&done),
        ["read 3 false", "read 3 true", "failed 3", "written 3"]
    );
    for (_, done) in done {
        if let Done::Stored {
            result: Stored::Failed(error),
            ..
        }
        | Done::Read {
            result: Err(error), ..
        } = done
        {
            assert_eq!(error.path(), dir.path().join("0/two"));
        }
    }
}

#[test]
fn a_read_that_fails_says_what_happened_to_the_file() {
    let torrents = [torrent(0)];
    let (dir, mut disk) = disk(&torrents);
    let storing = (0..6).map(|piece| (0, store(&torrents[0], piece, BlockDigests::Never)));
    serve(&mut disk, storing.collect());
    fs::remove_file(dir.path().join("0/two")).unwrap();
    disk.get_mut(0).unwrap().close_files();
    let jobs = vec![
        (0, read(3, 0, &torrents[0])),
        (0, read(3, 1, &torrents[0])),
        (0, read(0, 0, &torrents[0])),
        (0, store(&torrents[0], 3, BlockDigests::Never)),
    ];
    let done = serve(&mut disk, jobs);
    // The file is there again, and what is not in it any more is not read as zeros.
    let expected = ["read 3 false", "read 3 false", "read 0 true", "written 3"];
    assert_eq!(words(&done), expected);
    let changes = done.into_iter().map(|(_, done)| match done {
        Done::Read { changed, .. } => changed.unwrap().len(),
        Done::Stored { changed, .. } => changed.len(),
        _ => 0,
    });
    assert_eq!(changes.collect::<Vec<_>>(), [1, 0, 0, 0]);
    let done = serve(
        &mut disk,
        vec![(0, read(3, 0, &torrents[0])), (0, Job::Look { from: 0 })],
    );
    assert_eq!(words(&done), ["read 3 true", "looked true"]);
    let again = serve(&mut disk, vec![(0, Job::Check { piece: 4 })]);
    let [(0, Done::Checked { result, .. })] = &again[..] else {
        panic!("{again:?}");
    };
    assert_ne!(*result.as_ref().unwrap(), PieceState::Good);
}

#[test]
fn a_look_for_the_record_is_no_older_than_what_was_noticed() {
    let torrent = torrent(0);
    let (dir, mut disk) = disk(std::slice::from_ref(&torrent));
    let place = dir.path().join("0/two");
    serve(
        &mut disk,
        vec![(0, store(&torrent, 2, BlockDigests::Never))],
    );
    let mut look = || {
        let files = vec![0, 1, 2];
        match disk.ask(0, Job::LookAt { files }) {
            Some(Done::LookedAt { files, changed }) => (files, changed.unwrap()),
            other => panic!("{other:?}"),
        }
    };
    let (files, changed) = look();
    let lengths = files
        .into_iter()
        .map(|(f, found)| (f, found.map(|it| it.len())));
    assert_eq!(
        lengths.collect::<Vec<_>>(),
        [(0, Some(50_000)), (1, None), (2, Some(150_000))]
    );
    assert_eq!(changed, [], "it was we who wrote");
    fs::write(&place, vec![1; 150_000]).unwrap();
    let now = fs::metadata(&place).unwrap().modified().unwrap();
    let (files, changed) = look();
    assert_eq!(files[2].1.as_ref().unwrap().modified().unwrap(), now);
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!(changed[0].file, 2);
}

#[test]
fn jobs_of_a_torrent_that_was_taken_away_fail_and_give_their_buffers_back() {
    let torrents = [torrent(0), torrent(100)];
    let (_dir, mut disk) = disk(&torrents);
    assert!(disk.remove(0).is_some());
    assert!(disk.remove(0).is_none());
    let jobs = vec![
        (0, store(&torrents[0], 3, BlockDigests::Always)),
        (1, store(&torrents[1], 3, BlockDigests::Never)),
        (0, read(3, 0, &torrents[0])),
        (0, Job::Sync),
        (0, Job::GiveToSync { files: vec![0] }),
        (0, Job::LookAt { files: vec![0] }),
        (0, Job::Settle),
    ];
    let done = serve(&mut disk, jobs);
    assert_eq!(
        words(&done),
        [
            "read 3 false",
            "failed 3",
            "written 3",
            "synced false",
            "given false",
            "looked at false",
            "settled false"
        ]
    );
    let (
        0,
        Done::Stored {
            blocks,
            result: Stored::Failed(error),
            ..
        },
    ) = &done[1]
    else {
        panic!("{done:?}");
    };
    assert!(*blocks == torrents[0].blocks(3));
    assert!(error.to_string().contains("taken away"), "{error}");
}

#[test]
fn many_torrents_share_the_files_that_may_be_open() {
    let files = |key: usize| (0..30).map(move |i| regular(&format!("{key}/{i}"), 1_000));
    let torrents: Vec<Torrent> = (0..10)
        .map(|key| Torrent::new(files(key).collect(), 30_000))
        .collect();
    let (dir, mut disk) = disk(&torrents);
    for round in 0..2 {
        for (key, torrent) in torrents.iter().enumerate() {
            let done = serve(
                &mut disk,
                vec![(key, store(torrent, 0, BlockDigests::Never))],
            );
            assert_eq!(words(&done), ["written 0"], "{round}");
            assert!(disk.open_files() <= OPEN_IN_ALL);
            assert_eq!(disk.torrents[&key].storage.open_files(), 30);
        }
    }
    for (key, torrent) in torrents.iter().enumerate() {
        assert!(on_disk(&dir, key, &format!("{key}/7")) == torrent.file(7));
    }
}

#[test]
fn a_piece_that_a_file_does_not_take_has_failed() {
    let torrent = torrent(0);
    let dir = tempdir().unwrap();
    for name in ["one", "two"] {
        let length = torrent.layout.files()[usize::from(name == "two") * 2].length;
        fs::write(dir.path().join(name), vec![0; length as usize]).unwrap();
    }
    // Open to read only: the system refuses to write, as it does for a disk that became so.
    let (layout, hashes) = (torrent.layout.clone(), torrent.hashes.clone());
    let mut disk = Disk::new();
    disk.add((), Storage::open(dir.path(), layout, hashes, None).unwrap());
    let done = serve(
        &mut disk,
        vec![((), store(&torrent, 3, BlockDigests::Never))],
    );
    let [
        (
            (),
            Done::Stored {
                result: Stored::Failed(error),
                ..
            },
        ),
    ] = &done[..]
    else {
        panic!("{done:?}");
    };
    assert_eq!(error.path(), Path::new(&dir.path().join("two")));
}

#[derive(Clone, Debug)]
enum Ask {
    Store { key: usize, piece: u32, wrong: bool },
    Read { key: usize, piece: u32 },
    Sync { key: usize },
    Turn,
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let any =
        (0..3_usize, 0..6_u32, any::<bool>(), 0..10_u8).prop_map(|(key, piece, wrong, what)| {
            match what {
                0..5 => Ask::Store { key, piece, wrong },
                5..8 => Ask::Read { key, piece },
                8 => Ask::Sync { key },
                _ => Ask::Turn,
            }
        });
    proptest::collection::vec(any, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_job_is_answered_once_and_rightly(asks in asks()) {
        let torrents = [torrent(0), torrent(100), torrent(200)];
        let (dir, mut disk) = disk(&torrents);
        let mut expected: BTreeMap<(usize, String), i32> = BTreeMap::new();
        let mut written = [[false; 6]; 3];
        let mut said = Vec::new();
        for ask in asks {
            let (key, word, job) = match ask {
                Ask::Store { key, piece, wrong: true } => {
                    (key, format!("wrong {piece}"), wrong(&torrents[key], piece, BlockDigests::Never))
                }
                Ask::Store { key, piece, wrong: false } => {
                    written[key][piece as usize] = true;
                    (key, format!("written {piece}"), store(&torrents[key], piece, BlockDigests::Never))
                }
                Ask::Read { key, piece } => {
                    (key, format!("read {piece} true"), read(piece, 0, &torrents[key]))
                }
                Ask::Sync { key } => (key, "synced true".to_owned(), Job::Sync),
                Ask::Turn => {
                    disk.turn(&mut |key, done| said.push((key, word(&done))));
                    continue;
                }
            };
            *expected.entry((key, word)).or_default() += 1;
            disk.hand_in(key, job);
        }
        while disk.turn(&mut |key, done| said.push((key, word(&done)))) {}
        for said in said {
            *expected.entry(said).or_default() -= 1;
        }
        prop_assert!(expected.values().all(|&left| left == 0), "{:?}", expected);
        for (key, torrent) in torrents.iter().enumerate() {
            let there = [on_disk(&dir, key, "one"), vec![0; torrent.layout.files()[1].length as usize],
                on_disk(&dir, key, "two")].concat();
            for piece in 0..6 {
                let start = piece * 40_000;
                let here = &there[start..(start + 40_000).min(there.len())];
                let right = here == torrent.piece(piece as u32);
                let written = written[key][piece];
                prop_assert!(right == written, "{} {}", key, piece);
            }
        }
    }
}
