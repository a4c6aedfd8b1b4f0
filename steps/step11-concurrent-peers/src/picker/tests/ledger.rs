//! What was asked of whom, and is struck out again.

use pretty_assertions::assert_eq;

use super::*;

#[test]
fn the_ledger_is_in_the_order_of_asking() {
    let mut t = Table::of(2, 4, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    let mut asked = t.pick(A, &all, 3);
    let b = t.pick(B, &all, 1);
    asked.extend(t.pick(A, &all, 2));
    assert!(t.picker.asked(A).eq(asked.iter().copied()));
    assert!(t.picker.is_asked(B, b[0]) && !t.picker.is_asked(A, b[0]));

    assert!(t.picker.release(A, asked[3]));
    assert!(!t.picker.release(A, asked[3]), "it is released already");
    assert!(!t.picker.release(B, asked[0]), "it was not asked of B");
    t.receive(A, &asked[1..2]);
    let left = [asked[0], asked[2], asked[4]];
    assert!(t.picker.asked(A).eq(left));
    assert_eq!(t.picker.asked_of(A), 3);
    assert!(!t.picker.is_asked(A, asked[1]) && !t.picker.is_asked(A, asked[3]));
    assert_eq!(t.picker.release_all(A), left);
    assert_eq!(t.picker.asked(A).count(), 0);
}

#[test]
fn a_block_from_elsewhere_leaves_every_ledger() {
    let mut t = Table::new(1, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 2);
    t.pick(B, &all, 2);
    t.receive(C, &blocks[..1]);
    assert!(t.picker.asked(A).eq([blocks[1]]));
    assert!(t.picker.asked(B).eq([blocks[1]]));
    assert_eq!(t.picker.peer_left(B, &all), [blocks[1]]);
    assert_eq!(t.picker.asked_of(B), 0);
}

#[test]
fn a_piece_found_on_disk_is_owed_by_nobody() {
    let mut t = Table::new(2, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 3);
    t.picker.yield_to_others(A, blocks[0]);
    t.picker.set_have(blocks[0].piece);
    assert!(t.picker.asked(A).eq([blocks[2]]));
    assert_eq!(t.pick(A, &all, 1).len(), 1, "nor is what it had yielded");
}

#[test]
fn a_silent_peer_still_owes_what_others_may_be_asked_for() {
    let mut t = Table::new(1, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 2);
    assert!(t.picker.yield_to_others(A, blocks[0]));
    assert!(!t.picker.yield_to_others(A, blocks[0]), "it has yielded");
    assert!(!t.picker.yield_to_others(B, blocks[1]), "B was not asked");
    assert!(!t.picker.in_end_game(), "a block is free");
    assert_eq!(t.picker.asked_of(A), 2);
    assert_eq!(t.pick(A, &all, 9), [], "it is to deliver that first");
    assert_eq!(t.pick(B, &all, 1), blocks[..1]);

    let also_asked = vec![A];
    let whole = false;
    assert_eq!(
        t.picker.received(B, blocks[0]),
        Receipt::Kept { whole, also_asked }
    );
    assert!(t.picker.asked(A).eq([blocks[1]]));
    assert_eq!(t.picker.received(A, blocks[0]), Receipt::Unwanted);
}

#[test]
fn a_silent_peer_that_comes_back_is_asked_for_more() {
    let mut t = Table::new(2, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 1);
    t.picker.yield_to_others(A, blocks[0]);
    assert_eq!(t.pick(A, &all, 1), []);
    t.receive(A, &blocks);
    assert_eq!(t.pick(A, &all, 1).len(), 1);

    let owed: Vec<BlockRequest> = t.picker.asked(A).collect();
    t.picker.yield_to_others(A, owed[0]);
    assert_eq!(t.picker.release_all(A), owed);
    assert_eq!(t.pick(A, &all, 1), owed, "and so when it has choked us");
}

#[test]
fn forgetting_counts_those_who_have_yielded() {
    let (mut t, blocks) = Table::with_one_yielded();
    assert_eq!(
        t.picker.forget(0),
        [(B, blocks[0]), (A, blocks[1]), (A, blocks[0])]
    );
    assert_eq!(t.picker.asked_of(A) + t.picker.asked_of(B), 0);
}
