//! A download with any choice at any time, against a naive program that keeps everything in memory.

use std::fs;

use proptest::prelude::*;
use tempfile::tempdir;

use super::*;
use crate::testing::{Torrent, padding, regular};

/// One thing that happens to a download.
#[derive(Clone, Debug)]
enum Step {
    Store(prop::sample::Index),
    Want(prop::sample::Index),
    Unwant(prop::sample::Index),
    Restart,
    Check,
}

fn any_step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => index().prop_map(Step::Store),
        2 => index().prop_map(Step::Want),
        2 => index().prop_map(Step::Unwant),
        1 => Just(Step::Restart),
        1 => Just(Step::Check),
    ]
}

/// What a naive program would keep in memory of a download.
struct Model {
    wanted: Vec<bool>,
    have: BTreeSet<u32>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_chosen_when_every_wanted_file_is_whole_in_the_end(
        lengths in proptest::collection::vec(prop_oneof![Just(0), 1..60_u64, 1..9_000_u64], 1..9),
        piece_length in 500..4_000_u64,
        zeros in proptest::collection::vec((any::<prop::sample::Index>(), 1..5_000_usize), 0..5),
        mode in prop::sample::select(vec![Allocate::Sparse, Allocate::Full, Allocate::None]),
        first in any::<u16>(),
        steps in proptest::collection::vec(any_step(), 0..40),
        last in any::<prop::sample::Index>(),
    ) {
        let file = |(i, &length): (usize, &u64)| match i % 5 {
            3 => padding(length),
            _ => regular(&format!("t/{}/{i}", i % 3), length),
        };
        let layout: Vec<_> = lengths.iter().enumerate().map(file).collect();
        let mut data = Torrent::new(layout.clone(), piece_length).data;
        for (at, len) in zeros {
            let at = at.index(data.len() + 1);
            let end = data.len().min(at + len);
            data[at..end].fill(0);
        }
        let torrent = Torrent::with_data(layout, piece_length, data);
        // They are good wherever nothing was written yet.
        let is_zeros = |piece: u32| torrent.piece(piece).iter().all(|&byte| byte == 0);
        let (dir, files) = (tempdir().unwrap(), torrent.layout.files());
        let root = dir.path();
        let pieces = torrent.layout.geometry().pieces();
        let mut model = Model {
            wanted: (0..files.len()).map(|file| first & (1 << file) != 0).collect(),
            have: BTreeSet::new(),
        };
        let start = |model: &Model| {
            let wanted: Vec<usize> = (0..files.len()).filter(|&f| model.wanted[f]).collect();
            lay_out_as(root, &torrent, &wanted, mode)
        };
        let needs = |model: &Model, piece: u32| {
            torrent.layout.piece_spans(piece).any(|span| model.wanted[span.file])
        };
        let mut storage = start(&model);
        for step in &steps {
            match step {
                Step::Store(index) if pieces > 0 => {
                    let piece = index.index(pieces as usize) as u32;
                    if needs(&model, piece) && model.have.insert(piece) {
                        prop_assert_eq!(write(&mut storage, &torrent, piece), vec![]);
                    }
                }
                Step::Store(_) => {}
                Step::Want(index) => {
                    let file = index.index(files.len());
                    model.wanted[file] = true;
                    prop_assert_eq!(want(&mut storage, &[file]).unwrap().lost, vec![] as Vec<u32>);
                }
                Step::Unwant(index) => {
                    let file = index.index(files.len());
                    model.wanted[file] = false;
                    unwant(&mut storage, &[file]).unwrap();
                }
                Step::Restart => {
                    storage.sync().unwrap();
                    drop(storage);
                    let found = good(root, &torrent);
                    let had: Vec<u32> = model.have.iter().copied().collect();
                    for piece in &had {
                        prop_assert!(found.contains(piece), "{} of {:?}", piece, had);
                    }
                    storage = start(&model);
                }
                Step::Check => {
                    for &piece in &model.have {
                        prop_assert_eq!(storage.check(piece).unwrap(), PieceState::Good);
                        prop_assert_eq!(&read(&mut storage, &torrent, piece), torrent.piece(piece));
                    }
                }
            }
            let settled = storage.settle().unwrap();
            prop_assert_eq!((settled.changed, settled.lost), (vec![], vec![]));
        }
        // One more is wanted, and everything that is comes.
        model.wanted[last.index(files.len())] = true;
        want(&mut storage, &[last.index(files.len())]).unwrap();
        for piece in 0..pieces {
            if needs(&model, piece) && model.have.insert(piece) {
                write(&mut storage, &torrent, piece);
            }
        }
        storage.settle().unwrap();
        storage.sync().unwrap();
        let (mut is_needed, mut may_be) = (false, false);
        for (index, entry) in files.iter().enumerate() {
            let place = root.join(&entry.path);
            let mut own = torrent.layout.all_pieces_of(index);
            if entry.kind == Kind::Padding {
                prop_assert!(!place.exists());
            } else if model.wanted[index] {
                prop_assert!(fs::read(&place).unwrap() == torrent.file(index), "{place:?}");
            } else if !place.exists() {
                may_be |= own.clone().any(is_zeros);
                is_needed |= own.any(|piece| model.have.contains(&piece));
            } else {
                // It was wanted before, and there is something in it; of an empty one nobody can
                // tell after a restart who made it.
                let is_good = |piece| model.have.contains(&piece) || is_zeros(piece);
                let is_worth_it = entry.length == 0 || own.any(is_good);
                prop_assert!(is_worth_it, "{place:?}");
            }
        }
        let is_there = part_file(root).exists();
        prop_assert!(is_there == is_needed || (is_there && may_be), "{}", is_there);
        // Told what is wanted, the next run needs nothing.
        drop(storage);
        let mut storage = start(&model);
        for &piece in &model.have {
            prop_assert_eq!(&read(&mut storage, &torrent, piece), torrent.piece(piece));
        }
    }

    #[test]
    fn whatever_stands_in_a_part_file_nothing_wrong_is_taken_for_good(
        content in proptest::collection::vec(any::<u8>(), 0..3_000),
        header in proptest::collection::vec(prop_oneof![0..7_u32, any::<u32>()], 0..7),
        cut in any::<prop::sample::Index>(),
    ) {
        let (torrent, dir) = (torrent(), tempdir().unwrap());
        let root = dir.path();
        let words = [vec![5, 40_000], header].concat();
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.resize(1024, 0);
        bytes.extend(content.repeat(70));
        bytes.truncate(cut.index(bytes.len() + 1));
        fs::write(part_file(root), bytes).unwrap();
        prop_assert_eq!(good(root, &torrent), vec![] as Vec<u32>);
        let mut storage = lay_out(root, &torrent, &[1]);
        for piece in 0..3 {
            if let Err(error) = storage.write(piece, &torrent.blocks(piece)) {
                prop_assert!(error.to_string().contains("part file"), "{}", error);
                return Ok(());
            }
        }
        for piece in 0..3 {
            prop_assert_eq!(&read(&mut storage, &torrent, piece), torrent.piece(piece));
        }
        want(&mut storage, &[0, 2, 3, 6]).unwrap();
        prop_assert_eq!(good(root, &torrent), vec![0, 1, 2]);
        prop_assert!(!part_file(root).exists());
    }
}
