use std::net::{Ipv4Addr, Ipv6Addr};

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

const ZERO: Duration = Duration::ZERO;

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// An id that shares exactly so many bits with the table's, which is all zeros.
fn id(shared: usize, n: u8) -> Id {
    let mut id = Id([0; 20]);
    id.0[shared / 8] = 0x80 >> (shared % 8);
    id.0[19] = n;
    id
}

/// Somebody at home, where every address counts alone and every id fits.
fn home(id: Id, port: u16) -> Contact {
    let addr = (Ipv4Addr::LOCALHOST, port).into();
    Contact { id, addr }
}

fn outside(id: Id, ip: [u8; 4]) -> Contact {
    let addr = (Ipv4Addr::from(ip), 6881).into();
    Contact { id, addr }
}

fn table() -> Table {
    Table::new(Id([0; 20]), ZERO)
}

/// A table whose bucket 0 is full, of nodes of ports 1 to 8, and was split off.
fn full() -> Table {
    let mut table = table();
    for n in 1..=8 {
        table.answered(home(id(0, n), n.into()), ZERO);
    }
    table.answered(home(id(1, 9), 9), ZERO);
    table.refreshed_all();
    table
}

fn is_in(table: &Table, contact: Contact) -> bool {
    table.known().any(|known| known.contact == contact)
}

#[test]
fn the_bucket_that_we_are_in_is_split_and_no_other() {
    let mut table = full();
    assert_eq!(table.buckets.len(), 2);
    assert_eq!(table.len(), 9);
    // Half of the network is far away, and of it no more than eight are kept.
    table.answered(home(id(0, 10), 10), ZERO);
    assert_eq!(table.len(), 9);
    // Of those that are near more are kept.
    for shared in 2..20 {
        table.answered(home(id(shared, 1), 100 + shared as u16), ZERO);
    }
    assert_eq!(table.len(), 27);
}

#[test]
fn somebody_who_makes_up_ids_near_to_ours_gets_a_few_buckets_and_no_more() {
    let mut table = table();
    for shared in 0..160 {
        for n in 0..20u16 {
            let contact = home(id(shared, n as u8), 1 + 20 * shared as u16 + n);
            table.answered(contact, ZERO);
        }
    }
    assert!(table.buckets.len() <= MAX_BUCKETS);
    assert!(table.len() <= MAX_BUCKETS * K);
}

#[test]
fn the_closest_come_first() {
    let table = full();
    let closest = table.closest(id(0, 3), 3, ZERO);
    let names: Vec<u8> = closest.iter().map(|contact| contact.id.0[19]).collect();
    // 3 from 3 is 0, from 2 is 1, from 1 is 2: by exclusive or.
    assert_eq!(names, [3, 2, 1]);
}

#[test]
fn good_is_who_was_heard_of_in_the_last_quarter_of_an_hour() {
    let mut table = full();
    let almost = minutes(15) - Duration::from_secs(1);
    assert_eq!(table.closest(Id([0; 20]), 20, almost).len(), 9);
    assert_eq!(table.closest(Id([0; 20]), 20, minutes(15)), []);
    // Who asks us something is alive.
    table.asked(home(id(0, 1), 1), minutes(14));
    // The same id elsewhere is somebody else.
    table.asked(home(id(0, 2), 99), minutes(14));
    let good = table.closest(Id([0; 20]), 20, minutes(28));
    assert_eq!(good, [home(id(0, 1), 1)]);
    assert_eq!(table.to_begin_with(id(0, 2)).len(), 9);
}

#[test]
fn the_questionable_are_pinged_the_longest_silent_first() {
    let mut table = full();
    table.asked(home(id(0, 1), 1), minutes(1));
    assert_eq!(table.take_silent(2, minutes(14)), []);
    let first = table.take_silent(2, minutes(20));
    assert_eq!(first.len(), 2);
    let mut all = first;
    for _ in 0..10 {
        all.extend(table.take_silent(2, minutes(20)));
    }
    assert_eq!(all.len(), 9, "each once");
    assert_eq!(all.last(), Some(&home(id(0, 1), 1)));
    assert_eq!(
        table.take_silent(20, minutes(21)).len(),
        9,
        "and again later"
    );
}

#[test]
fn who_stays_questionable_keeps_nobody_else_from_being_pinged() {
    let mut table = full();
    let mut pinged = std::collections::BTreeSet::new();
    // Nothing that counts comes of any ping.
    for n in 0..5 {
        pinged.extend(table.take_silent(2, minutes(20 + n)).iter().map(|c| c.addr));
    }
    assert_eq!(pinged.len(), 9);
}

#[test]
fn who_does_not_answer_twice_makes_room_for_who_has() {
    let mut table = full();
    let next = home(id(0, 10), 10);
    table.answered(next, minutes(1));
    assert!(!is_in(&table, next), "it waits");
    let silent = home(id(0, 3), 3);
    table.failed(silent.addr);
    assert!(is_in(&table, silent), "once may be the network");
    assert!(
        !table.closest(silent.id, 20, ZERO).contains(&silent),
        "but it is named to nobody"
    );
    table.failed(silent.addr);
    assert!(!is_in(&table, silent));
    assert!(is_in(&table, next));
}

#[test]
fn an_answer_between_makes_good_again() {
    let mut table = full();
    let node = home(id(0, 3), 3);
    table.failed(node.addr);
    table.answered(node, ZERO);
    table.failed(node.addr);
    assert!(is_in(&table, node));
    assert_eq!(table.len(), 9);
}

#[test]
fn after_a_night_without_a_network_the_bad_are_better_than_nobody() {
    let mut table = full();
    for port in 1..=9 {
        for _ in 0..5 {
            table.failed((Ipv4Addr::LOCALHOST, port).into());
        }
    }
    assert_eq!(table.len(), 9);
    assert_eq!(table.closest(Id([0; 20]), 20, ZERO), []);
    assert_eq!(table.to_begin_with(Id([0; 20])).len(), 9);
}

#[test]
fn one_address_has_one_place_however_many_ids_it_makes_up() {
    let mut table = table();
    for n in 0..200u8 {
        let mut contact = outside(id(n as usize % 30, n), [203, 0, 113, 5]);
        contact.addr.set_port(1_000 + u16::from(n));
        table.answered(contact, ZERO);
    }
    assert_eq!(table.len(), 1);
    // And one /64.
    for n in 1..200u16 {
        let ip = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, n, n, n, n);
        let addr = (ip, 6881).into();
        table.answered(
            Contact {
                id: id(n as usize % 30, n as u8),
                addr,
            },
            ZERO,
        );
    }
    assert_eq!(table.len(), 2);
}

#[test]
fn a_network_has_few_places_in_a_bucket() {
    let mut table = table();
    for n in 0..=255u8 {
        table.answered(outside(id(0, n), [203, 0, 113, n]), ZERO);
    }
    assert_eq!(table.len(), MAX_PER_NETWORK);
}

#[test]
fn an_id_cannot_be_taken_from_who_is_there() {
    let mut table = full();
    let thief = home(id(0, 3), 99);
    table.answered(thief, minutes(1));
    assert!(!is_in(&table, thief));
    // When the owner has been silent for long, it may have moved.
    table.answered(thief, minutes(16));
    assert!(is_in(&table, thief));
    assert_eq!(table.len(), 9);
}

#[test]
fn who_comes_back_with_a_new_id_has_its_old_place_no_more() {
    let mut table = full();
    table.answered(home(id(1, 77), 3), minutes(1));
    assert!(is_in(&table, home(id(1, 77), 3)));
    assert!(!is_in(&table, home(id(0, 3), 3)));
}

#[test]
fn whose_address_answers_with_another_id_is_gone_even_if_that_gets_no_place() {
    let mut table = full();
    // Somebody who says that he is us, and one whose new id belongs to somebody else.
    table.answered(home(Id([0; 20]), 3), minutes(1));
    table.answered(home(id(0, 5), 4), minutes(1));
    for n in [3, 4] {
        assert!(!is_in(&table, home(id(0, n), n.into())), "{n}");
    }
    assert!(is_in(&table, home(id(0, 5), 5)));
    assert_eq!(table.len(), 7);
}

#[test]
fn who_fits_its_address_goes_before_who_does_not() {
    let mut table = table();
    for n in 1..=8 {
        table.answered(outside(id(0, n), [203, 0, n, 1]), ZERO);
    }
    table.answered(outside(id(1, 9), [203, 0, 9, 1]), ZERO);
    assert_eq!(table.known().filter(|known| known.fits).count(), 0);
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let ip = Ipv4Addr::new(198, 51, 100, 7);
    let fit = loop {
        let id = Id::for_address(ip.into(), rng);
        if id.0[0] >= 0x80 {
            break outside(id, ip.octets());
        }
    };
    table.answered(fit, ZERO);
    assert!(is_in(&table, fit));
    assert_eq!(table.len(), 9);
}

#[test]
fn a_bucket_in_which_nothing_happens_is_looked_through() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut table = full();
    assert_eq!(table.take_stale(minutes(14), rng), None);
    table.answered(home(id(1, 9), 9), minutes(10));
    let target = table.take_stale(minutes(15), rng).unwrap();
    assert_eq!(target.shared_bits(Id([0; 20])), 0);
    assert_eq!(table.take_stale(minutes(15), rng), None, "not twice");
    let target = table.take_stale(minutes(26), rng).unwrap();
    assert!(target.shared_bits(Id([0; 20])) >= 1, "{target}");
}

#[test]
fn in_the_last_bucket_all_that_are_nearer_are_looked_for() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut table = full();
    let mut shared = std::collections::BTreeSet::new();
    for n in 1..=40 {
        let last = || table.take_stale(minutes(15 * n), rng);
        let targets: Vec<Id> = std::iter::from_fn(last).collect();
        assert_eq!(targets.len(), 2);
        assert_eq!(targets[0].shared_bits(Id([0; 20])), 0);
        shared.insert(targets[1].shared_bits(Id([0; 20])));
    }
    assert!(shared.first() == Some(&1) && shared.len() > 2, "{shared:?}");
}

#[test]
fn after_a_split_both_halves_are_looked_through() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut table = table();
    for n in 1..=9 {
        table.answered(home(id(usize::from(n) % 2, n), n.into()), ZERO);
    }
    let targets: Vec<Id> = std::iter::from_fn(|| table.take_stale(ZERO, rng)).collect();
    let shared: Vec<usize> = targets.iter().map(|id| id.shared_bits(table.own)).collect();
    assert_eq!((shared.len(), shared[0]), (2, 0));
    assert!(shared[1] >= 1, "{shared:?}");
}

#[test]
fn seen_from_another_id_they_are_the_same_nodes() {
    let mut table = full();
    table.failed(home(id(0, 3), 3).addr);
    let other = table.seen_from(id(0, 200), ZERO);
    assert_eq!(other.len(), 9);
    assert_eq!(other.closest(id(0, 200), 20, ZERO).len(), 8);
}

proptest! {
    #[test]
    fn whatever_happens_the_rules_of_the_table_hold(
        steps in prop::collection::vec((0u8..4, 0usize..40, any::<u8>(), any::<u8>(), 0u64..300), 1..400),
    ) {
        let mut table = table();
        let mut now = ZERO;
        for (what, shared, n, host, seconds) in steps {
            now += Duration::from_secs(seconds);
            let contact = outside(id(shared, n), [203, 0, host / 4, host]);
            match what {
                0 | 1 => table.answered(contact, now),
                2 => table.failed(contact.addr),
                _ => table.asked(contact, now),
            }
            prop_assert!(table.buckets.len() <= MAX_BUCKETS);
            for (at, bucket) in table.buckets.iter().enumerate() {
                prop_assert!(bucket.nodes.len() <= K && bucket.waiting.len() <= MAX_WAITING);
                let all = bucket.nodes.iter().chain(&bucket.waiting);
                prop_assert!(all.into_iter().all(|known| table.bucket_of(known.contact.id) == at));
            }
            let hosts: std::collections::BTreeSet<Host> =
                table.known().map(|known| Host::of(known.contact.addr)).collect();
            prop_assert_eq!(hosts.len(), table.len(), "one node a host");
            let ids: std::collections::BTreeSet<Id> = table.known().map(|known| known.contact.id).collect();
            prop_assert_eq!(ids.len(), table.len(), "one host an id");
        }
    }
}
