use pretty_assertions::assert_eq;

use super::*;
use crate::testing::{layout, stamp};
use crate::{COARSE_TICK, Counters, FINE_TICK, UnixTime};

mod model;
mod ticks;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Duration {
    SECOND * seconds as u32
}

/// Six pieces of ten bytes in files of 25 and 35; piece 2 is in both.
fn ledger() -> Ledger {
    Ledger::new(Arc::new(layout(&[25, 35], 10)))
}

fn about() -> About {
    About {
        info_hash: metainfo::InfoHash([0; 20]),
        folder: vec![],
        choice: None,
        counters: Counters::default(),
        saved: 0,
    }
}

fn save(ledger: &mut Ledger, now: u64) -> Resume {
    let resume = ledger.begin_save(about(), false, at(now)).unwrap();
    ledger.saved();
    resume
}

fn vouched(ledger: &Ledger) -> Vec<u32> {
    ledger.vouched().iter_ones().collect()
}

/// Writes pieces, and makes them durable.
fn sync(ledger: &mut Ledger, pieces: &[u32], now: u64) {
    for &piece in pieces {
        ledger.written(piece, at(now));
    }
    let batch = ledger.begin_batch().unwrap();
    let looks = batch
        .files
        .into_iter()
        .map(|file| (file, Some(stamp(25, 0))));
    ledger.batch_done(looks, at(now));
}

#[test]
fn a_piece_is_vouched_for_when_its_batch_is_done() {
    let mut ledger = ledger();
    assert_eq!((ledger.sync_due(), ledger.begin_batch()), (None, None));
    ledger.written(2, at(3));
    ledger.written(0, at(4));
    assert_eq!(ledger.sync_due(), Some(at(3) + SYNC_AFTER));
    let batch = ledger.begin_batch().unwrap();
    assert_eq!((batch.pieces, batch.files), (vec![0, 2], vec![0, 1]));
    assert_eq!((ledger.sync_due(), ledger.begin_batch()), (None, None));
    assert_eq!((vouched(&ledger), ledger.unsynced()), (vec![], 2));
    ledger.batch_done([], at(9));
    assert_eq!((vouched(&ledger), ledger.unsynced()), (vec![0, 2], 0));
    assert_eq!(ledger.sync_due(), None);
}

#[test]
fn a_sync_can_be_due_sooner_and_so_can_a_save() {
    let mut ledger = ledger().sync_after(Duration::from_millis(200));
    ledger.begin_save(about(), false, at(0)).unwrap();
    ledger.saved();
    ledger.written(0, at(1));
    assert_eq!(ledger.sync_due(), Some(at(1) + Duration::from_millis(200)));
    assert_eq!(ledger.save_due(), Some(at(0) + Duration::from_millis(400)));
}

#[test]
fn a_batch_that_failed_is_tried_again_later() {
    let mut ledger = ledger();
    ledger.written(0, at(0));
    ledger.begin_batch();
    ledger.written(1, at(1));
    ledger.batch_failed(at(7));
    assert_eq!((vouched(&ledger), ledger.unsynced()), (vec![], 2));
    assert_eq!(ledger.sync_due(), Some(at(12)));
    assert_eq!(ledger.begin_batch().unwrap().pieces, [0, 1]);
}

#[test]
fn a_batch_does_not_vouch_for_what_was_written_again_or_lost_meanwhile() {
    let mut ledger = ledger();
    for piece in 0..3 {
        ledger.written(piece, at(0));
    }
    ledger.begin_batch();
    ledger.written(0, at(1));
    ledger.lost(1);
    ledger.batch_done([], at(2));
    assert_eq!((vouched(&ledger), ledger.unsynced()), (vec![2], 1));
    assert_eq!(ledger.begin_batch().unwrap().pieces, [0]);
    ledger.lost(0);
    ledger.batch_failed(at(3));
    assert_eq!((vouched(&ledger), ledger.unsynced()), (vec![2], 0));
}

#[test]
fn what_was_found_waits_like_what_was_written_and_is_not_vouched_for_twice() {
    let mut ledger = ledger();
    ledger.found(0, at(0));
    ledger.found(0, at(0));
    assert_eq!(ledger.begin_batch().unwrap().pieces, [0]);
    ledger.found(0, at(1));
    ledger.batch_done([], at(2));
    ledger.found(0, at(3));
    assert_eq!((vouched(&ledger), ledger.unsynced()), (vec![0], 0));
    ledger.written(99, at(3));
    ledger.found(99, at(3));
    ledger.lost(99);
    assert_eq!(ledger.unsynced(), 0);
}

#[test]
fn the_first_save_is_due_before_anything_happens_and_the_next_ones_now_and_then() {
    let mut ledger = ledger();
    assert_eq!(ledger.save_due(), Some(Duration::ZERO));
    let first = ledger.begin_save(about(), false, at(1)).unwrap();
    assert!(!first.in_order);
    assert_eq!(ledger.save_due(), None);
    assert_eq!(ledger.begin_save(about(), false, at(1)), None);
    ledger.saved();
    assert_eq!(ledger.save_due(), Some(at(1) + IDLE_SAVE_EVERY));
    ledger.written(0, at(2));
    assert_eq!(ledger.save_due(), Some(at(1) + SAVE_EVERY));
    save(&mut ledger, 11);
    assert_eq!(ledger.save_due(), Some(at(11) + IDLE_SAVE_EVERY));
    ledger.begin_batch();
    ledger.batch_done([], at(12));
    assert_eq!(ledger.save_due(), Some(at(11) + SAVE_EVERY));
    assert_eq!(
        save(&mut ledger, 21).pieces.iter_ones().collect::<Vec<_>>(),
        [0]
    );
}

#[test]
fn what_says_nothing_new_is_not_saved() {
    let mut ledger = ledger();
    save(&mut ledger, 0);
    let with = |uploaded, active| About {
        counters: Counters {
            uploaded,
            active,
            ..Counters::default()
        },
        saved: 7,
        ..about()
    };
    let idle = IDLE_SAVE_EVERY.as_secs();
    assert_eq!(ledger.begin_save(with(0, 0), false, at(idle)), None);
    assert_eq!(ledger.save_due(), Some(at(2 * idle)), "later it may");
    // That time has passed at work is worth less than that something was given.
    assert_eq!(ledger.begin_save(with(0, 9), false, at(2 * idle)), None);
    let given = ledger.begin_save(with(1, 9), false, at(3 * idle)).unwrap();
    ledger.saved();
    assert_eq!((given.counters.uploaded, given.counters.active), (1, 9));
    let seconds = 3 * idle + SECONDS_SAVE_EVERY.as_secs();
    assert_eq!(ledger.begin_save(with(1, 10), false, at(seconds - 1)), None);
    let hour = ledger.begin_save(with(1, 10), false, at(seconds));
    assert!(hour.is_some());
    ledger.saved();
    // At the end it is said how it has ended.
    let end = ledger.begin_save(with(1, 10), true, at(seconds)).unwrap();
    assert!(!end.in_order);
}

#[test]
fn what_was_not_saved_for_a_fault_is_news() {
    let mut ledger = ledger();
    save(&mut ledger, 0);
    ledger.begin_save(about(), true, at(1)).unwrap();
    ledger.save_failed(at(1));
    assert!(ledger.begin_save(about(), false, at(11)).is_some());
}

#[test]
fn a_piece_that_is_lost_and_on_record_makes_a_save_due_at_once() {
    let mut ledger = ledger();
    sync(&mut ledger, &[0, 1], 0);
    save(&mut ledger, 1);
    assert!(ledger.claims(0) && !ledger.claims(2));
    ledger.lost(0);
    assert!(ledger.claims(0));
    assert_eq!(ledger.save_due(), Some(Duration::ZERO));
    ledger.begin_save(about(), false, at(2)).unwrap();
    assert!(ledger.claims(0), "the old file may still be there");
    ledger.saved();
    assert!(!ledger.claims(0) && ledger.claims(1));
}

#[test]
fn a_save_that_failed_may_be_found_all_the_same() {
    let mut ledger = ledger();
    save(&mut ledger, 0);
    sync(&mut ledger, &[0], 0);
    ledger.begin_save(about(), false, at(1)).unwrap();
    ledger.lost(0);
    ledger.save_failed(at(2));
    assert!(ledger.claims(0));
    assert_eq!(ledger.save_due(), Some(at(2) + SAVE_EVERY));
    assert_eq!(save(&mut ledger, 12).pieces.count(), 0);
    assert!(!ledger.claims(0));
}

#[test]
fn a_piece_lost_during_a_save_makes_the_next_one_due_at_once() {
    let mut ledger = ledger();
    sync(&mut ledger, &[0], 0);
    ledger.begin_save(about(), false, at(1)).unwrap();
    ledger.lost(0);
    ledger.saved();
    assert_eq!(ledger.save_due(), Some(Duration::ZERO));
}

#[test]
fn what_the_last_life_left_on_record_counts_until_the_first_save() {
    let mut ledger = ledger();
    sync(&mut ledger, &[0, 1], 0);
    let resume = save(&mut ledger, 1);
    let layout = Arc::new(layout(&[25, 35], 10));
    let found = [None, Some(stamp(35, 0))];
    let judgement = crate::judge(&resume, &layout, &found).unwrap();
    let mut ledger = Ledger::resumed(layout, &resume, &judgement, &found, at(0));
    assert_eq!(vouched(&ledger), [0u32; 0]);
    assert!(ledger.claims(0));
    save(&mut ledger, 0);
    assert!(!ledger.claims(0));
}

#[test]
fn an_end_is_in_order_only_if_nothing_waits() {
    let mut ledger = ledger();
    ledger.all_is_read();
    ledger.written(0, at(0));
    let last = |ledger: &mut Ledger| {
        let resume = ledger.begin_save(about(), true, at(1)).unwrap();
        ledger.saved();
        resume.in_order
    };
    assert!(!last(&mut ledger));
    ledger.begin_batch();
    assert!(!last(&mut ledger));
    ledger.batch_done([], at(1));
    assert!(last(&mut ledger));
}

#[test]
fn an_end_before_everything_was_read_is_not_in_order() {
    let mut ledger = ledger();
    let end = |ledger: &mut Ledger| ledger.begin_save(about(), true, at(1)).unwrap();
    let resume = end(&mut ledger);
    assert!(!resume.in_order);
    let layout = Arc::new(layout(&[25, 35], 10));
    let found = [None, Some(stamp(35, 0))];
    let judgement = crate::judge(&resume, &layout, &found).unwrap();
    let mut ledger = Ledger::resumed(Arc::clone(&layout), &resume, &judgement, &found, at(0));
    assert!(!end(&mut ledger).in_order);
    ledger.saved();
    ledger.all_is_read();
    let resume = end(&mut ledger);
    assert!(resume.in_order);
    let judgement = crate::judge(&resume, &layout, &[None, None]).unwrap();
    let mut ledger = Ledger::resumed(layout, &resume, &judgement, &[None, None], at(0));
    assert!(end(&mut ledger).in_order, "nothing had to be read");
}

/// What a save at the end says of the files, whether they are settled.
fn settled(ledger: &mut Ledger) -> Vec<Option<bool>> {
    let resume = ledger.begin_save(about(), true, at(0)).unwrap();
    ledger.saved();
    let files = resume.files.into_iter();
    files.map(|file| file.map(|file| file.settled)).collect()
}

#[test]
fn a_stamp_is_settled_when_it_is_seen_again_after_a_tick() {
    let mut ledger = ledger();
    ledger.written(0, at(0));
    assert_eq!(ledger.unsettled(), [0usize; 0], "nothing to lose");
    ledger.looked(0, Some(stamp(25, 0)), at(1));
    assert_eq!(ledger.unsettled(), [0]);
    assert_eq!(ledger.settles_at(), Some(at(1) + FINE_TICK));
    ledger.looked(0, Some(stamp(25, 0)), at(1) + FINE_TICK / 2);
    assert_eq!(settled(&mut ledger), [Some(false), None]);
    ledger.looked(0, Some(stamp(25, 0)), at(1) + FINE_TICK);
    assert_eq!(settled(&mut ledger), [Some(true), None]);
    assert_eq!((ledger.unsettled(), ledger.settles_at()), (vec![], None));
}

#[test]
fn a_write_within_the_tick_unsettles_a_stamp_that_shows_nothing_of_it() {
    let mut ledger = ledger();
    for seconds in [0, 1] {
        ledger.looked(0, Some(stamp(25, 0)), at(seconds));
    }
    assert_eq!(settled(&mut ledger), [Some(true), None]);
    ledger.written(0, at(1));
    assert_eq!(settled(&mut ledger), [Some(false), None]);
    assert_eq!(
        ledger.settles_at(),
        Some(Duration::ZERO),
        "it has to be looked at"
    );
    ledger.looked(0, Some(stamp(25, 0)), at(1));
    assert_eq!(settled(&mut ledger), [Some(false), None]);
    ledger.looked(0, Some(stamp(25, 0)), at(2));
    assert_eq!(settled(&mut ledger), [Some(true), None]);
    ledger.touched(0);
    assert_eq!(settled(&mut ledger), [Some(false), None]);
}

#[test]
fn what_nobody_has_noticed_stays_on_record_as_it_was() {
    let altered = Stamp {
        changed: Some(stamp(25, 1).modified),
        ..stamp(25, 0)
    };
    for now in [altered, stamp(25, 1), stamp(24, 0)] {
        let mut ledger = ledger();
        ledger.looked(0, Some(stamp(25, 0)), at(1));
        ledger.looked(0, Some(now), at(2));
        ledger.looked(0, Some(now), at(3));
        let recorded = save(&mut ledger, 3).files[0].unwrap();
        assert_eq!((recorded.stamp, recorded.settled), (stamp(25, 0), true));
        assert_eq!(ledger.unsettled(), [0usize; 0]);
        // What was noticed is another matter: its pieces are lost, until they are read again.
        ledger.touched(0);
        ledger.looked(0, Some(now), at(4));
        assert_eq!(save(&mut ledger, 4).files[0].unwrap().stamp, now);
    }
}

#[test]
fn a_file_that_was_lengthened_at_the_start_is_as_we_have_left_it() {
    let mut ledger = ledger();
    ledger.looked(0, Some(stamp(20, 0)), at(0));
    ledger.looked(0, Some(stamp(20, 0)), at(1));
    ledger.opened(0, Some(stamp(20, 0)), at(1));
    assert_eq!(settled(&mut ledger), [Some(true), None], "it was not");
    ledger.opened(0, Some(stamp(25, 5)), at(1));
    let recorded = save(&mut ledger, 1).files[0].unwrap();
    assert_eq!((recorded.stamp, recorded.settled), (stamp(25, 5), false));
}

#[test]
fn what_was_cut_to_its_length_is_looked_at_for_the_next_save() {
    let mut ledger = ledger();
    for seconds in [0, 1] {
        ledger.looked(0, Some(stamp(30, 0)), at(seconds));
        ledger.looked(1, Some(stamp(35, 0)), at(seconds));
    }
    save(&mut ledger, 1);
    assert_eq!(ledger.save_due(), Some(at(1) + IDLE_SAVE_EVERY));
    ledger.trimmed();
    assert_eq!(ledger.save_due(), Some(at(1) + SAVE_EVERY));
    assert_eq!(ledger.to_look(at(11)), [0]);
    ledger.looked(0, Some(stamp(25, 9)), at(11));
    let recorded = save(&mut ledger, 11).files[0].unwrap();
    assert_eq!(recorded.stamp, stamp(25, 9));
    // A file that a batch will look at waits for that.
    ledger.touched(0);
    ledger.found(0, at(12));
    assert_eq!(ledger.to_look(at(21)), [0usize; 0]);
    ledger.begin_batch();
    assert_eq!(ledger.to_look(at(21)), [0usize; 0]);
}

#[test]
fn what_is_not_settled_is_looked_at_before_the_next_save() {
    let mut ledger = ledger();
    sync(&mut ledger, &[0], 1);
    assert_eq!(ledger.to_look(at(1)), [0usize; 0], "too soon");
    assert_eq!(settled(&mut ledger), [Some(false), None]);
    assert_eq!(ledger.save_due(), Some(SAVE_EVERY));
    assert_eq!(ledger.to_look(at(10)), [0]);
    ledger.looked(0, Some(stamp(25, 0)), at(10));
    assert_eq!(settled(&mut ledger), [Some(true), None]);
    assert_eq!(ledger.save_due(), Some(IDLE_SAVE_EVERY));
    ledger.written(0, at(11));
    assert_eq!(ledger.to_look(at(20)), [0usize; 0], "we are writing to it");
}

#[test]
fn a_clock_of_whole_seconds_takes_longer() {
    let mut ledger = ledger();
    let coarse = Stamp {
        modified: UnixTime::from_seconds(1_700_000_000),
        ..stamp(35, 0)
    };
    ledger.looked(0, Some(stamp(25, 0)), at(1));
    ledger.looked(1, Some(coarse), at(1));
    assert_eq!(ledger.settles_at(), Some(at(1) + COARSE_TICK));
    for file in [0, 1] {
        let stamp = [stamp(25, 0), coarse][file];
        ledger.looked(file, Some(stamp), at(2));
    }
    assert_eq!(settled(&mut ledger), [Some(true), Some(false)]);
    ledger.looked(1, None, at(9));
    assert_eq!(settled(&mut ledger), [Some(true), None]);
}

#[test]
fn a_stamp_that_was_settled_in_the_last_life_is_so_in_this_one() {
    let mut ledger = ledger();
    for seconds in [0, 3] {
        ledger.looked(0, Some(stamp(25, 0)), at(seconds));
        ledger.looked(1, Some(stamp(35, 0)), at(seconds));
    }
    let resume = save(&mut ledger, 3);
    let layout = Arc::new(layout(&[25, 35], 10));
    let found = [Some(stamp(25, 0)), Some(stamp(35, 1))];
    let judgement = crate::judge(&resume, &layout, &found).unwrap();
    let mut ledger = Ledger::resumed(layout, &resume, &judgement, &found, at(0));
    assert_eq!(settled(&mut ledger), [Some(true), Some(false)]);
}
