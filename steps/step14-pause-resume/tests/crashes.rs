//! Crashes at every moment, with everything that a disk may make of them.

mod crash {
    pub mod disk;
    pub mod driver;
    pub mod witness;
}

use std::panic::{AssertUnwindSafe, catch_unwind};

use crash::disk::{Disk, Stop};
use crash::driver::{Habits, Life, Rules, Torrent, resume_file};
use crash::witness::Witness;
use pretty_assertions::assert_eq;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Two files, three pieces; one piece is in both files, and one in two sectors.
fn small() -> Torrent {
    Torrent::new(&[700, 836], 512)
}

/// Files of all kinds, with pieces of five sectors across them.
fn large() -> Torrent {
    Torrent::new(&[3_000, 10, 0, 12_345, 2_560, 700, 1, 9_000], 2_560)
}

fn life<'t>(
    torrent: &'t Torrent,
    rules: Rules,
    habits: Habits,
    disk: Disk,
) -> Life<'t, ChaCha8Rng> {
    Life {
        torrent,
        rules,
        habits,
        rng: ChaCha8Rng::seed_from_u64(disk.clock ^ disk.crash_at as u64),
        disk,
    }
}

/// A life that is not disturbed ends with everything there.
fn goes_on(torrent: &Torrent, rules: Rules, habits: Habits, disk: Disk, witness: &mut Witness) {
    let habits = Habits {
        damage: 0,
        ..habits
    };
    let mut life = life(torrent, rules, habits, disk);
    assert_eq!(life.run(witness), Ok(()));
    for piece in torrent.pieces() {
        assert!(
            torrent.is_there(&life.disk, piece),
            "piece {piece} is not there"
        );
    }
}

/// A life that ends before its step `at`; `None` if it is complete before.
fn crashes(
    torrent: &Torrent,
    rules: Rules,
    habits: Habits,
    mut disk: Disk,
    at: usize,
    witness: &mut Witness,
) -> Option<Disk> {
    disk.crash_at = at;
    let mut life = life(torrent, rules, habits, disk);
    match life.run(witness) {
        Ok(()) => None,
        Err(stop) => {
            assert_eq!(stop, Stop::Crash);
            Some(life.disk)
        }
    }
}

const PATIENT: Habits = Habits {
    batch_every: 2,
    write_meanwhile: false,
    damage: 0,
};

const HABITS: [Habits; 4] = [
    PATIENT,
    Habits {
        batch_every: 1,
        ..PATIENT
    },
    Habits {
        batch_every: 1,
        write_meanwhile: true,
        ..PATIENT
    },
    Habits {
        batch_every: 3,
        ..PATIENT
    },
];

/// All subsets are tried of so many pending changes.
const MOST: usize = 15;

// ANCHOR: every_crash
/// Every crash of a download of the small torrent, and every subset of what was pending. Gives how
/// many there were, and of how many changes at most.
fn every_crash(rules: Rules, habits: Habits) -> (usize, usize) {
    let torrent = small();
    let (mut count, mut most) = (0, 0);
    for at in 0.. {
        let mut witness = Witness::new();
        let crash = crashes(&torrent, rules, habits, Disk::new(), at, &mut witness);
        let Some(disk) = crash else {
            break;
        };
        most = most.max(disk.pending());
        for survivors in subsets(disk.pending()) {
            let disk = disk.power_cut(survivors);
            goes_on(&torrent, rules, habits, disk, &mut witness.clone());
            count += 1;
        }
        goes_on(&torrent, rules, habits, disk.kill(), &mut witness);
    }
    (count, most)
}
// ANCHOR_END: every_crash

/// All subsets of so many changes, or of too many a few.
fn subsets(pending: usize) -> Vec<Vec<usize>> {
    if pending > MOST {
        return a_few(pending);
    }
    let is_in = |subset: u32, change: &usize| subset >> change & 1 == 1;
    (0..1_u32 << pending)
        .map(|subset| {
            (0..pending)
                .filter(|change| is_in(subset, change))
                .collect()
        })
        .collect()
}

/// None of the changes, all of them, each alone, and all but each.
fn a_few(pending: usize) -> Vec<Vec<usize>> {
    let one = (0..pending).map(|change| vec![change]);
    let but_one = (0..pending).map(|not| (0..pending).filter(|&c| c != not).collect());
    let all = (0..pending).collect();
    one.chain(but_one).chain([vec![], all]).collect()
}

#[test]
fn every_crash_of_a_small_download_keeps_the_promise() {
    for habits in HABITS {
        let (count, most) = every_crash(Rules::ALL, habits);
        assert!(
            count > 1_000 && most <= MOST,
            "{count} crashes, of {most} changes"
        );
    }
}

/// What a first crash of a download leaves, and then a second one at every moment: a few subsets of
/// what was pending survive that.
fn a_second_crash(rules: Rules, first: impl Fn(Disk) -> Disk) {
    let torrent = small();
    for first_at in 0.. {
        let mut witness = Witness::new();
        let begun = crashes(
            &torrent,
            rules,
            PATIENT,
            Disk::new(),
            first_at,
            &mut witness,
        );
        let Some(left) = begun.map(&first) else {
            break;
        };
        for at in 0.. {
            let mut witness = witness.clone();
            let crash = crashes(&torrent, rules, PATIENT, left.clone(), at, &mut witness);
            let Some(disk) = crash else {
                break;
            };
            for survivors in a_few(disk.pending()) {
                let disk = disk.power_cut(survivors);
                goes_on(&torrent, rules, PATIENT, disk, &mut witness.clone());
            }
        }
    }
}

fn kill_then_power_cut(rules: Rules) {
    a_second_crash(rules, |disk| disk.kill());
}

/// The first one lets everything survive, but in the wrong order.
fn two_power_cuts(rules: Rules) {
    a_second_crash(rules, |disk| disk.power_cut((0..disk.pending()).rev()));
}

#[test]
fn what_a_killed_program_left_in_memory_is_not_taken_for_durable() {
    kill_then_power_cut(Rules::ALL);
}

#[test]
fn what_a_power_cut_has_left_in_disorder_does_no_harm_at_the_next_one() {
    two_power_cuts(Rules::ALL);
}

/// Lives of random length, killed or without power, somebody who writes to the files, and what
/// survives in any order.
fn random_crashes(rules: Rules, seeds: std::ops::Range<u64>) -> usize {
    let torrent = large();
    let mut count = 0;
    for seed in seeds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let habits = Habits {
            batch_every: rng.random_range(1..6),
            write_meanwhile: rng.random(),
            damage: [0, 15][rng.random_range(0..2)],
        };
        let (mut disk, mut witness) = (Disk::new(), Witness::new());
        for _ in 0..rng.random_range(1..6) {
            let at = rng.random_range(0..100);
            let crash = crashes(&torrent, rules, habits, disk.kill(), at, &mut witness);
            // What somebody has done before it could be noted is nobody's promise.
            let Some(crashed) = crash.filter(|_| witness.damaged.is_empty()) else {
                break;
            };
            count += 1;
            disk = match rng.random_ratio(1, 4) {
                true => crashed.kill(),
                false => {
                    let likely = rng.random_range(0..=4);
                    let pending = 0..crashed.pending();
                    let mut survivors: Vec<usize> =
                        pending.filter(|_| rng.random_ratio(likely, 4)).collect();
                    survivors.shuffle(&mut rng);
                    crashed.power_cut(survivors)
                }
            };
            disk.clock += rng.random_range(0..1_000_000_000_000);
            goes_on(&torrent, rules, habits, disk.kill(), &mut witness.clone());
        }
    }
    count
}

#[test]
fn ten_thousand_random_crashes_keep_the_promise() {
    let count = random_crashes(Rules::ALL, 0..8_000);
    assert!(count > 10_000, "{count} crashes");
}

#[test]
fn after_an_end_in_order_nothing_is_read_or_fetched() {
    let torrent = large();
    let mut witness = Witness::new();
    let mut first = life(&torrent, Rules::ALL, PATIENT, Disk::new());
    assert_eq!(first.run(&mut witness), Ok(()));
    let resume = witness
        .resume_file(first.disk.read(&resume_file()))
        .unwrap();
    assert!(resume.in_order);
    let looks = torrent.looks(&first.disk);
    let judgement = resume::judge(&resume, &torrent.layout, &looks).unwrap();
    assert!(judgement.trusted.is_full(), "{:?}", judgement.files);
    goes_on(&torrent, Rules::ALL, PATIENT, first.disk, &mut witness);
    assert_eq!(witness.count(), 0);
}

#[test]
fn a_disk_that_is_full_while_saving_leaves_the_old_file() {
    let torrent = large();
    for at in 20..80 {
        let mut witness = Witness::new();
        let begun = crashes(&torrent, Rules::ALL, PATIENT, Disk::new(), at, &mut witness);
        let mut disk = begun.unwrap().kill();
        let before = disk.read(&resume_file()).map(<[u8]>::to_vec);
        disk.full = Some(".resume");
        let mut second = life(&torrent, Rules::ALL, PATIENT, disk);
        assert_eq!(
            second.run(&mut witness),
            Ok(()),
            "the download needs no resume file"
        );
        assert_eq!(second.disk.read(&resume_file()), before.as_deref());
        goes_on(
            &torrent,
            Rules::ALL,
            PATIENT,
            second.disk.power_cut([]),
            &mut witness,
        );
    }
}

/// A client that breaks a rule must be caught, or these tests would be worth nothing.
fn is_caught<T>(run: impl FnOnce() -> T) -> String {
    let caught = catch_unwind(AssertUnwindSafe(run))
        .map(|_| ())
        .expect_err("the broken rule was not noticed");
    match caught.downcast::<String>() {
        Ok(why) => *why,
        Err(other) => (*other.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// What was vouched for is not there. It is trusted, or its file shows that it is lost.
fn is_broken_promise(why: &str) -> bool {
    why.contains("is trusted") || why.contains("is fetched again")
}

#[test]
fn who_saves_before_the_sync_is_caught() {
    let rules = Rules {
        sync_first: false,
        ..Rules::ALL
    };
    let why = is_caught(|| every_crash(rules, PATIENT));
    assert!(is_broken_promise(&why), "{why}");
}

#[test]
fn who_takes_what_can_be_read_for_durable_is_caught() {
    let rules = Rules {
        sync_found: false,
        ..Rules::ALL
    };
    let why = is_caught(|| kill_then_power_cut(rules));
    assert!(is_broken_promise(&why), "{why}");
}

#[test]
fn who_does_not_sync_the_folder_of_the_files_is_caught() {
    let rules = Rules {
        sync_folder: false,
        ..Rules::ALL
    };
    let why = is_caught(|| every_crash(rules, PATIENT));
    assert!(why.contains("is fetched again"), "{why}");
}

#[test]
fn who_does_not_sync_the_folder_of_the_resume_file_is_caught() {
    let rules = Rules {
        sync_state: false,
        ..Rules::ALL
    };
    let why = is_caught(|| every_crash(rules, PATIENT));
    assert!(why.contains("neither the old"), "{why}");
}

#[test]
fn who_renames_the_resume_file_before_it_is_synced_is_caught() {
    let rules = Rules {
        sync_new: false,
        ..Rules::ALL
    };
    let why = is_caught(|| every_crash(rules, PATIENT));
    assert!(why.contains("a mixture"), "{why}");
}

#[test]
fn who_writes_over_the_old_resume_file_is_caught() {
    let rules = Rules {
        write_beside: false,
        ..Rules::ALL
    };
    let why = is_caught(|| every_crash(rules, PATIENT));
    assert!(why.contains("a mixture"), "{why}");
}

/// A disk that lost half of a renaming knows one file by both names.
#[test]
fn who_writes_over_a_new_file_that_was_left_there_is_caught() {
    let rules = Rules {
        remove_left: false,
        ..Rules::ALL
    };
    let why = is_caught(|| two_power_cuts(rules));
    assert!(why.contains("a mixture"), "{why}");
}

#[test]
fn who_does_not_tell_of_lost_pieces_is_caught() {
    let rules = Rules {
        tell_lost: false,
        ..Rules::ALL
    };
    let why = is_caught(|| random_crashes(rules, 0..500));
    assert!(is_broken_promise(&why), "{why}");
}
