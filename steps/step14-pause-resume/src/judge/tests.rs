use metainfo::InfoHash;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::testing::{layout, stamp};
use crate::{COARSE_TICK, Counters};

const SAVED: i64 = 1_700_000_005;

/// A torrent of two files, of 25 and 35 bytes, in six pieces of ten; piece 2 is in both.
fn torrent() -> Layout {
    layout(&[25, 35], 10)
}

/// Both files were written to at the beginning, and the file was saved four seconds later.
fn resume(pieces: &[u32], in_order: bool) -> Resume {
    let mut vouched = Bitfield::new(6);
    for &piece in pieces {
        vouched.set(piece);
    }
    let recorded = |length| {
        let (stamp, settled) = (stamp(length, 0), true);
        Some(Recorded { stamp, settled })
    };
    Resume {
        info_hash: InfoHash([0; 20]),
        folder: vec![],
        pieces: vouched,
        files: vec![recorded(25), recorded(35)],
        choice: None,
        counters: Counters::default(),
        in_order,
        saved: SAVED,
    }
}

fn as_recorded() -> [Option<Stamp>; 2] {
    [Some(stamp(25, 0)), Some(stamp(35, 0))]
}

/// What is trusted, what is to be hashed, and why of the first file.
fn judged(resume: &Resume, found: [Option<Stamp>; 2]) -> (Vec<u32>, Vec<u32>, Verdict) {
    let judgement = judge(resume, &torrent(), &found).unwrap();
    let pieces = |set: &Bitfield| set.iter_ones().collect();
    let verdict = judgement.files[0];
    (
        pieces(&judgement.trusted),
        pieces(&judgement.to_hash),
        verdict,
    )
}

fn first(resume: &Resume, now: Stamp) -> Verdict {
    judged(resume, [Some(now), as_recorded()[1]]).2
}

#[test]
fn after_an_end_in_order_nothing_is_read_that_is_as_it_was() {
    let found = judged(&resume(&[0, 2, 5], true), as_recorded());
    assert_eq!(found, (vec![0, 2, 5], vec![], Verdict::AsRecorded));
}

#[test]
fn a_file_that_was_touched_after_an_end_in_order_is_read_and_no_other() {
    let resume = resume(&[0, 2, 5], true);
    let shorter = Verdict::Shorter { of: 25, is: 24 };
    for (now, verdict, read) in [
        (stamp(25, 1), Verdict::Touched, vec![0, 1, 2]),
        // Of what is past its end there is nothing to read.
        (stamp(24, 0), shorter, vec![0, 1]),
        (stamp(26, 0), Verdict::Touched, vec![0, 1, 2]),
    ] {
        let found = judged(&resume, [Some(now), as_recorded()[1]]);
        assert_eq!(found, (vec![5], read, verdict));
    }
}

#[test]
fn after_another_end_what_was_synced_is_trusted_and_the_rest_is_read() {
    let resume = resume(&[0, 2, 5], false);
    let later = Duration::from_secs(60);
    let now = Some(stamp(25, 60_000));
    assert_eq!(
        judged(&resume, [now, as_recorded()[1]]),
        (vec![0, 2, 5], vec![1, 3, 4], Verdict::WrittenOn { later })
    );
}

#[test]
fn what_was_written_long_after_the_save_was_not_written_by_us() {
    let resume = resume(&[0], false);
    // It was saved less than four seconds after the stamp.
    let last = stamp(25, 0).modified.since(UnixTime::from_seconds(SAVED));
    assert_eq!(last, Duration::ZERO);
    let window = WINDOW.as_millis() as u64;
    let verdict = first(&resume, stamp(25, window + 3_999));
    assert!(verdict.is_trusted(), "{verdict}");
    let verdict = first(&resume, stamp(25, window + 4_001));
    assert!(matches!(verdict, Verdict::TooLate { .. }), "{verdict}");
}

#[test]
fn a_file_of_which_we_had_all_is_not_written_to_by_us() {
    let resume = resume(&[0, 1, 2], false);
    assert_eq!(first(&resume, stamp(25, 1)), Verdict::TouchedWhole);
    assert_eq!(first(&resume, stamp(25, 0)), Verdict::AsRecorded);
}

#[test]
fn a_time_that_was_set_back_is_not_ours() {
    let mut resume = resume(&[0], false);
    resume.files[0].as_mut().unwrap().stamp = stamp(25, 3_600_000);
    let by = Duration::from_secs(3_600);
    assert_eq!(first(&resume, stamp(25, 0)), Verdict::Earlier { by });
}

#[test]
fn a_file_server_may_be_ahead_of_us() {
    let mut resume = resume(&[0], false);
    let ahead = 3_600_000;
    resume.files[0].as_mut().unwrap().stamp = stamp(25, ahead);
    assert!(first(&resume, stamp(25, ahead + 20_000)).is_trusted());
    let verdict = first(&resume, stamp(25, ahead + 80_000));
    assert!(matches!(verdict, Verdict::TooLate { .. }), "{verdict}");
}

#[test]
fn a_stamp_that_was_not_settled_proves_nothing_of_a_file_that_we_do_not_write_to() {
    for (pieces, in_order, trusted) in [
        (&[0, 1, 2][..], true, false),
        (&[0, 1, 2][..], false, false),
        (&[0][..], true, false),
        (&[0][..], false, true),
    ] {
        let mut resume = resume(pieces, in_order);
        resume.files[0].as_mut().unwrap().settled = false;
        let verdict = first(&resume, stamp(25, 0));
        assert_eq!(verdict == Verdict::AsRecorded, trusted, "{verdict}");
        assert_eq!(verdict == Verdict::Racy, !trusted, "{verdict}");
    }
}

#[test]
fn a_copy_is_read_though_it_has_the_times() {
    let copy = Stamp {
        number: Some(8),
        ..stamp(25, 0)
    };
    for in_order in [true, false] {
        assert_eq!(first(&resume(&[0], in_order), copy), Verdict::AnotherFile);
    }
}

#[test]
fn who_writes_and_sets_the_time_back_is_noticed() {
    let altered = Stamp {
        changed: Some(stamp(25, 60_000).modified),
        ..stamp(25, 0)
    };
    for (pieces, in_order) in [(&[0][..], true), (&[0], false), (&[0, 1, 2], false)] {
        let resume = resume(pieces, in_order);
        assert_eq!(first(&resume, altered), Verdict::Altered);
    }
    // An earlier version has not recorded it.
    let mut resume = resume(&[0], true);
    resume.files[0].as_mut().unwrap().stamp.changed = None;
    assert_eq!(first(&resume, altered), Verdict::AsRecorded);
}

#[test]
fn a_copy_from_an_archive_is_another_file() {
    // Every second file in there has such a time.
    let even = Stamp {
        modified: UnixTime::from_seconds(1_700_000_000),
        ..stamp(25, 0)
    };
    let mut resume = resume(&[0, 1, 2], true);
    for changed in [even.changed, None] {
        let recorded = Stamp { changed, ..even };
        resume.files[0].as_mut().unwrap().stamp = recorded;
        let copy = Stamp {
            number: Some(8),
            ..even
        };
        assert_eq!(first(&resume, copy), Verdict::AnotherFile);
    }
}

#[test]
fn in_another_time_zone_fat_has_other_times() {
    let fat = |hours: i64| Stamp {
        modified: UnixTime::from_seconds(1_700_000_000 + 3_600 * hours),
        changed: Some(UnixTime::from_seconds(1_700_000_000 + 3_600 * hours)),
        ..stamp(25, 0)
    };
    assert_eq!(fat(0).tick(), COARSE_TICK);
    let mut resume = resume(&[0, 1, 2], true);
    resume.files[0].as_mut().unwrap().stamp = fat(0);
    assert_eq!(first(&resume, fat(0)), Verdict::AsRecorded);
    let mounted_anew = Stamp {
        number: Some(8),
        ..fat(0)
    };
    assert_eq!(first(&resume, mounted_anew), Verdict::AsRecorded);
    for hours in [-1, 1] {
        assert_eq!(first(&resume, fat(hours)), Verdict::Touched);
    }
}

#[test]
fn what_is_gone_is_not_even_read() {
    for in_order in [true, false] {
        let resume = resume(&[0, 2, 5], in_order);
        let (trusted, to_hash, verdict) = judged(&resume, [None, as_recorded()[1]]);
        let rest = if in_order { vec![] } else { vec![3, 4] };
        assert_eq!((trusted, to_hash, verdict), (vec![5], rest, Verdict::Gone));
    }
}

#[test]
fn a_file_that_was_longer_is_cut_by_our_first_write_to_it() {
    let mut resume = resume(&[0], false);
    resume.files[0].as_mut().unwrap().stamp.length = 30;
    assert!(first(&resume, stamp(25, 1)).is_trusted());
    assert!(first(&resume, stamp(30, 1)).is_trusted());
    let verdict = first(&resume, stamp(27, 1));
    assert_eq!(verdict, Verdict::Longer { was: 30, is: 27 });
    let verdict = first(&resume, stamp(24, 1));
    assert_eq!(verdict, Verdict::Shorter { of: 25, is: 24 });
}

#[test]
fn without_a_record_everything_that_is_there_is_read() {
    let mut resume = resume(&[0, 1, 2, 3, 4, 5], true);
    resume.files[0] = None;
    let found = judged(&resume, as_recorded());
    assert_eq!(found, (vec![3, 4, 5], vec![0, 1, 2], Verdict::Unknown));
    let judgement = Judgement::without_resume(&torrent(), &[None, as_recorded()[1]]);
    assert_eq!(judgement.files, [Verdict::Gone, Verdict::Unknown]);
    assert_eq!(judgement.to_hash.iter_ones().collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!((judgement.missing(), judgement.trusted.count()), (3, 0));
}

#[test]
fn a_resume_file_of_other_pieces_or_files_is_not_judged() {
    let resume = resume(&[], true);
    let other = layout(&[25], 10);
    assert!(matches!(
        judge(&resume, &other, &[None]),
        Err(ResumeError::OtherPieces {
            found: 6,
            expected: 3
        })
    ));
    let other = layout(&[60], 10);
    assert!(matches!(
        judge(&resume, &other, &[None]),
        Err(ResumeError::OtherFiles {
            found: 2,
            expected: 1
        })
    ));
    // Fewer stamps than files are files that are not there.
    let judgement = judge(&resume, &torrent(), &[]).unwrap();
    assert_eq!(judgement.files, [Verdict::Gone, Verdict::Gone]);
}

prop_compose! {
    /// A torrent, its resume file, and what is found on disk, like it or not.
    fn case()(files in proptest::collection::vec((0u64..40, any::<bool>()), 1..6))(
        stamps in proptest::collection::vec(
            proptest::option::weighted(0.8, (0u64..3, 0u64..100_000, any::<bool>())),
            2 * files.len(),
        ),
        bits in proptest::collection::vec(any::<bool>(), 25),
        in_order in any::<bool>(),
        files in Just(files),
    ) -> (Layout, Resume, Vec<Option<Stamp>>) {
        let lengths: Vec<u64> = files.iter().map(|(length, _)| *length).collect();
        let layout = layout(&lengths, 10);
        let mut pieces = Bitfield::new(layout.geometry().pieces());
        for piece in (0..).zip(bits).filter(|(_, bit)| *bit).map(|(piece, _)| piece) {
            pieces.set(piece);
        }
        let mut all = stamps.iter().zip(lengths.iter().cycle()).map(|(parts, length)| {
            parts.map(|(more, millis, settled)| {
                let stamp = stamp((length + more).saturating_sub(1), millis / 50_000);
                Recorded { stamp, settled }
            })
        });
        let recorded: Vec<_> = all.by_ref().take(lengths.len()).collect();
        let mut found: Vec<_> = all.map(|found| found.map(|found| found.stamp)).collect();
        for ((found, recorded), (_, is_same)) in found.iter_mut().zip(&recorded).zip(&files) {
            if *is_same {
                *found = recorded.map(|recorded| recorded.stamp);
            }
        }
        let resume = Resume { pieces, files: recorded, ..resume(&[], in_order) };
        (layout, resume, found)
    }
}

proptest! {
    /// Piece by piece, from the verdicts alone.
    #[test]
    fn each_piece_is_what_its_files_say((layout, resume, found) in case()) {
        let judgement = judge(&resume, &layout, &found).unwrap();
        for piece in 0..layout.geometry().pieces() {
            let verdicts = layout.piece_spans(piece).map(|span| judgement.files[span.file]);
            let verdicts: Vec<Verdict> = verdicts.collect();
            let is_trusted = verdicts.iter().all(Verdict::is_trusted);
            let is_there = layout.piece_spans(piece).all(|span| {
                let length = found[span.file].map_or(0, |now| now.length);
                length >= span.offset + span.len
            });
            let is_vouched = resume.pieces.get(piece);
            prop_assert_eq!(judgement.trusted.get(piece), is_trusted && is_vouched && is_there);
            let is_doubted = !is_trusted || !resume.in_order && !is_vouched;
            prop_assert_eq!(judgement.to_hash.get(piece), is_doubted && is_there);
        }
        // What shows no difference is trusted, if it could have shown one.
        for (file, verdict) in judgement.files.iter().enumerate() {
            let recorded = resume.files[file];
            let has_bytes = layout.files()[file].length > 0;
            prop_assert_eq!(*verdict == Verdict::NoBytes, !has_bytes);
            prop_assert_eq!(*verdict == Verdict::Gone, has_bytes && found[file].is_none());
            let is_same = recorded.is_some_and(|was| was.settled && Some(was.stamp) == found[file]);
            let is_whole = recorded.is_some_and(|was| was.stamp.length >= layout.files()[file].length);
            if has_bytes && is_same && is_whole {
                prop_assert_eq!(*verdict, Verdict::AsRecorded);
            }
        }
    }
}

/// A hundred thousand files and a million pieces, and each kind of file among them.
#[test]
fn many_files_and_pieces_are_judged_one_by_one() {
    let layout = layout(&vec![10_485; 100_000], 1_049);
    let pieces = layout.geometry().pieces();
    assert!(pieces > 999_000);
    let recorded = Recorded {
        stamp: stamp(10_485, 0),
        settled: true,
    };
    let resume = Resume {
        pieces: Bitfield::full(pieces),
        files: vec![Some(recorded); 100_000],
        ..resume(&[], true)
    };
    let mut found = vec![Some(stamp(10_485, 0)); 100_000];
    for file in (0..100_000).step_by(1_000) {
        found[file] = Some(stamp(10_485, 1));
    }
    let resume = Resume::decode(&resume.encode()).unwrap();

    let judgement = judge(&resume, &layout, &found).unwrap();
    let touched = judgement.files.iter().filter(|v| **v == Verdict::Touched);
    assert_eq!(touched.count(), 100);
    assert_eq!(judgement.missing(), 0);
    let per_file = 10..=11;
    let read = judgement.to_hash.count() / 100;
    assert!(per_file.contains(&read), "{read} pieces a file");
}

#[test]
fn a_file_that_grows_as_it_comes_is_trusted_as_long_as_it_does_not_shrink() {
    for in_order in [true, false] {
        let mut resume = resume(&[0], in_order);
        resume.files[0].as_mut().unwrap().stamp.length = 15;
        assert_eq!(first(&resume, stamp(15, 0)), Verdict::AsRecorded);
        let verdict = first(&resume, stamp(14, 0));
        assert_eq!(verdict, Verdict::Shorter { of: 15, is: 14 });
    }
    let mut resume = resume(&[0], false);
    resume.files[0].as_mut().unwrap().stamp.length = 15;
    for longer in [16, 25] {
        let verdict = first(&resume, stamp(longer, 1));
        assert!(matches!(verdict, Verdict::WrittenOn { .. }), "{verdict:?}");
    }
    let verdict = first(&resume, stamp(26, 1));
    assert_eq!(verdict, Verdict::Longer { was: 15, is: 26 });
}
