//! Any resume file is read or refused; what was read is written the same; and whatever it says and whatever is on disk,
//! nothing is trusted that it does not vouch for, and nothing is forgotten that may be there.
#![no_main]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use layout::{Kind, Layout};
use libfuzzer_sys::fuzz_target;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use resume::{Judgement, Ledger, Recorded, Resume, Stamp, UnixTime, Verdict, judge};

/// A piece of the torrent that a resume file is taken to be of.
const PIECE: u64 = 16;
/// More pieces or files than that take long, and show nothing new.
const MOST: usize = 2_000;

fuzz_target!(|bytes: &[u8]| {
    let resume = match Resume::decode(bytes) {
        Ok(resume) => resume,
        Err(error) => {
            assert!(error.to_string().len() < 1000);
            return;
        }
    };
    assert_eq!(Resume::decode(&resume.encode()).as_ref(), Ok(&resume));

    // The file itself says what torrent fits, and its counters are the source of chance.
    let mut chance = ChaCha8Rng::seed_from_u64(resume.counters.uploaded);
    let Some(layout) = torrent(&resume, &mut chance) else {
        return;
    };
    let found: Vec<Option<Stamp>> = resume
        .files
        .iter()
        .map(|file| look(file.as_ref(), &mut chance))
        .collect();
    let judgement = judge(&resume, &layout, &found).expect("it fits");
    check(&resume, &layout, &judgement, &found);

    let nothing = judge(&resume, &layout, &vec![None; found.len()]).expect("it fits");
    assert_eq!(
        (nothing.trusted.count(), nothing.to_hash.count()),
        (0, 0),
        "no file is there"
    );
    let without = Judgement::without_resume(&layout, &found);
    assert_eq!(without.trusted.count(), 0);

    let layout = Arc::new(layout);
    let ledger = Ledger::resumed(layout, &resume, &judgement, &found, Duration::ZERO);
    for piece in ledger.vouched().iter_ones() {
        assert!(judgement.trusted.get(piece));
    }
});

/// A torrent with as many pieces and files as the resume file speaks of.
fn torrent(resume: &Resume, chance: &mut ChaCha8Rng) -> Option<Layout> {
    let pieces = u64::from(resume.pieces.len());
    let files = resume.files.len();
    if pieces as usize > MOST || files > MOST || (files == 0) != (pieces == 0) {
        return None;
    }
    let mut left = (pieces * PIECE).saturating_sub(chance.random_range(0..PIECE));
    let files = (0..files).map(|index| {
        let length = match index + 1 == files {
            true => left,
            false => chance.random_range(0..=left),
        };
        left -= length;
        let kind = Kind::Regular { executable: false };
        (PathBuf::from(format!("t/{index}")), length, kind)
    });
    Layout::new(files.collect::<Vec<_>>(), PIECE).ok()
}

/// What is on disk in place of a file: often what was recorded, or nearly so.
fn look(recorded: Option<&Recorded>, chance: &mut ChaCha8Rng) -> Option<Stamp> {
    let any = Stamp {
        length: chance.next_u64() >> chance.random_range(0..64),
        modified: UnixTime::from_seconds(chance.next_u64() as i64),
        number: Some(chance.next_u64()),
        changed: None,
    };
    let was = recorded.map_or(any, |recorded| recorded.stamp);
    match chance.random_range(0..8) {
        0 => None,
        1 => Some(any),
        2 => Some(Stamp {
            length: any.length,
            ..was
        }),
        3 => Some(Stamp {
            modified: was
                .modified
                .plus(Duration::from_millis(chance.random_range(0..600_000))),
            ..was
        }),
        4 => Some(Stamp {
            number: None,
            ..was
        }),
        5 => Some(Stamp {
            changed: Some(any.modified),
            ..was
        }),
        _ => Some(was),
    }
}

fn check(resume: &Resume, layout: &Layout, judgement: &Judgement, found: &[Option<Stamp>]) {
    for verdict in &judgement.files {
        assert!(verdict.to_string().len() < 200, "{verdict}");
    }
    for piece in 0..resume.pieces.len() {
        let (trusted, to_hash) = (judgement.trusted.get(piece), judgement.to_hash.get(piece));
        let vouched = resume.pieces.get(piece);
        let files: Vec<Verdict> = layout
            .piece_spans(piece)
            .map(|span| judgement.files[span.file])
            .collect();
        let there = layout.piece_spans(piece).all(|span| {
            let is_regular = matches!(layout.files()[span.file].kind, Kind::Regular { .. });
            let length = found[span.file].map_or(0, |now| now.length);
            !is_regular || length >= span.offset + span.len
        });
        let all_trusted = files.iter().all(Verdict::is_trusted);
        assert_eq!(
            trusted,
            vouched && all_trusted && there,
            "piece {piece}: {files:?}"
        );
        // What may be there is read: all that is doubted, and after a crash all that is not vouched for.
        let doubted = !all_trusted || (!resume.in_order && !vouched);
        assert_eq!(to_hash, doubted && there, "piece {piece}: {files:?}");
    }
}
