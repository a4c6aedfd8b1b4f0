//! What it costs to ask for a peer, and when it is of use to ask again.

use pretty_assertions::assert_eq;

use super::*;
use crate::open::LOOKS;

#[test]
fn fewer_pieces_are_opened_when_memory_gets_less() {
    let mut t = Table::new(9, 4);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 8);
    t.picker.set_max_open(2);
    let whole = t.receive(A, &blocks);
    for &piece in &whole[..2] {
        t.picker.close(piece);
        assert_eq!(t.pick(A, &all, 2), []);
    }
    t.picker.close(whole[2]);
    assert_eq!(t.pick(A, &all, 9).len(), 2);
    t.picker.set_max_open(5);
    assert_eq!(t.pick(A, &all, 9).len(), 6);
}

#[test]
fn a_round_of_the_end_game_looks_at_what_it_asks_for() {
    // Two pieces of 256 MiB: 32,768 blocks. All but 500 are here.
    let mut t = Table::of(2, 16_384, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 40_000);
    t.receive(A, &blocks[..blocks.len() - 500]);
    assert!(t.picker.in_end_game());
    let looks = |t: &mut Table, peer: u32| {
        let before = LOOKS.get();
        let picks = t.pick(PeerKey(peer), &all, 100).len();
        (picks, LOOKS.get() - before)
    };
    assert_eq!(looks(&mut t, 2), (32, 32));
    // A block has come: one more is asked for.
    t.receive(B, &blocks[32_268..32_269]);
    assert_eq!(looks(&mut t, 2), (1, 1));
    assert_eq!(looks(&mut t, 2), (0, 0));
    for peer in 3..100 {
        let (picks, looks) = looks(&mut t, peer);
        assert!(looks <= picks, "{picks} picks, {looks} looks");
    }
    assert_eq!(looks(&mut t, 100), (0, 0), "each was asked of three");
}

#[test]
fn only_those_who_owe_something_are_compared() {
    let mut t = Table::of(2, 100, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    t.pick(A, &all, 150);
    t.pick(B, &all, 10);
    let looked_at = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let due = |peer, _| {
        looked_at.borrow_mut().insert(peer);
        std::time::Duration::from_secs(if peer == B { 60 } else { 1 })
    };
    let mut again = Vec::new();
    t.picker.pick_again(
        C,
        &all,
        5,
        due,
        |ours, theirs| theirs > ours * 10,
        &mut again,
    );
    assert_eq!(again.len(), 5);
    assert!(again.iter().all(|&block| t.picker.is_asked(B, block)));
    assert!(looked_at.borrow().iter().eq([&A, &B, &C]));
}

#[test]
fn nobody_waits_for_a_block_that_was_yielded() {
    let (mut t, blocks) = Table::with_one_yielded();
    let all = t.all();
    // By its rate A would bring both at once; but it has been silent.
    let due = |peer, _| std::time::Duration::from_secs(if peer == B { 60 } else { 1 });
    let mut again = Vec::new();
    let is_worth = |ours, theirs| theirs > ours;
    t.picker.pick_again(C, &all, 5, due, is_worth, &mut again);
    assert_eq!(again, blocks[..1]);
}

/// The peer C has only piece 0, and nothing to do as things stand. Then something happens, and there
/// is something for it.
fn it_is_news(mut t: Table, what: impl FnOnce(&mut Table)) {
    let few = t.some(&[0]);
    t.picker.peer_joined(&few);
    assert_eq!(t.pick(C, &few, 1), []);
    assert!(t.picker.has_nothing_for(C, &few));
    let news = t.picker.news();
    what(&mut t);
    assert_ne!(t.picker.news(), news);
    assert!(!t.picker.has_nothing_for(C, &few));
    assert_eq!(t.pick(C, &few, 1).len(), 1);
}

/// Pieces of two blocks. Of the first everything was asked of A, of the second only one block: it
/// is not yet the end game.
fn nearly_the_end() -> Table {
    let mut t = Table::new(2, 2);
    let (all, first) = (t.all(), t.some(&[0]));
    t.picker.peer_joined(&all);
    assert_eq!(t.pick(A, &first, 2).len(), 2);
    assert_eq!(t.pick(A, &all, 1).len(), 1);
    t
}

#[test]
fn a_block_that_was_given_up_is_news() {
    it_is_news(nearly_the_end(), |t| {
        let first = t.picker.asked(A).next().unwrap();
        assert!(t.picker.release(A, first));
    });
    it_is_news(nearly_the_end(), |t| {
        let first = t.picker.asked(A).next().unwrap();
        assert!(t.picker.yield_to_others(A, first));
    });
    it_is_news(nearly_the_end(), |t| {
        assert_eq!(t.picker.release_all(A).len(), 3);
    });
}

#[test]
fn a_piece_that_has_to_be_fetched_anew_is_news() {
    it_is_news(nearly_the_end(), |t| {
        let blocks: Vec<BlockRequest> = t.picker.asked(A).take(2).collect();
        assert_eq!(t.receive(A, &blocks), [0]);
        t.picker.failed(0);
    });
    it_is_news(nearly_the_end(), |t| {
        assert_eq!(t.picker.forget(0).len(), 2);
    });
}

#[test]
fn the_end_game_is_news() {
    // The last block is asked for.
    it_is_news(nearly_the_end(), |t| {
        assert_eq!(t.pick(A, &t.all(), 1).len(), 1);
    });
    // The last block comes without having been asked for.
    it_is_news(nearly_the_end(), |t| {
        let last = t.picker.geometry.block(1, 1);
        t.receive(A, &[last]);
    });
    // The piece with the last block is found on disk.
    it_is_news(nearly_the_end(), |t| t.picker.set_have(1));
    // The only one that had the last block leaves.
    it_is_news(nearly_the_end(), |t| {
        t.picker.peer_joined(&t.some(&[0]));
        let first: Vec<BlockRequest> = t.picker.asked(A).take(2).collect();
        t.picker.peer_left(A, &t.all());
        assert_eq!(t.pick(B, &t.some(&[0]), 9), first);
    });
}

#[test]
fn a_piece_that_nobody_has_any_more_is_news() {
    let mut t = Table::new(2, 1);
    let (first, second) = (t.some(&[0]), t.some(&[1]));
    t.picker.peer_joined(&first);
    t.picker.peer_joined(&second);
    assert_eq!(t.pick(A, &first, 2).len(), 2);
    let found = t.picker.clone();
    it_is_news(t, |t| assert_eq!(t.picker.peer_left(B, &second), []));

    // Or that is on disk, and was not open.
    let mut t = Table::new(2, 1);
    t.picker = found;
    it_is_news(t, |t| t.picker.set_have(1));
}

#[test]
fn in_the_end_game_a_block_that_may_be_asked_for_again_is_news() {
    let mut t = Table::new(1, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 9);
    for peer in [4, 5] {
        assert_eq!(t.pick(PeerKey(peer), &all, 9).len(), 2);
    }
    it_is_news(t, |t| {
        assert!(t.picker.release(PeerKey(4), blocks[1]));
    });
}

#[test]
fn room_for_a_piece_is_news() {
    let full = || {
        let mut t = Table::new(2, 1);
        let (all, second) = (t.all(), t.some(&[1]));
        t.picker.peer_joined(&all);
        assert_eq!(t.pick(A, &second, 2).len(), 2);
        t
    };
    it_is_news(full(), |t| {
        let blocks: Vec<BlockRequest> = t.picker.asked(A).collect();
        assert_eq!(t.receive(A, &blocks), [1]);
        t.picker.close(1);
    });
    it_is_news(full(), |t| t.picker.set_max_open(2));
}

#[test]
fn a_piece_that_may_be_asked_of_others_is_news() {
    let kept_for_a = || {
        let mut t = Table::new(2, 2);
        let all = t.all();
        t.picker.peer_joined(&all);
        assert_eq!(t.picker.only_from(0, Some(A)), []);
        t
    };
    it_is_news(kept_for_a(), |t| {
        assert_eq!(t.picker.only_from(0, None), []);
    });
    it_is_news(kept_for_a(), |t| {
        assert_eq!(t.picker.only_from(0, Some(C)), []);
    });
    // The same with an open piece.
    let mut t = kept_for_a();
    assert_eq!(t.pick(A, &t.some(&[0]), 1).len(), 1);
    it_is_news(t, |t| assert_eq!(t.picker.only_from(0, None), []));
}

#[test]
fn a_new_piece_of_its_own_is_news_to_a_peer() {
    let mut t = Table::new(3, 1);
    let (few, mut more) = (t.some(&[0]), t.some(&[0]));
    t.picker.peer_joined(&few);
    t.picker.set_have(0);
    assert_eq!(t.pick(C, &few, 1), []);
    more.set(2);
    t.picker.peer_has(2);
    assert!(!t.picker.has_nothing_for(C, &more));
    assert_eq!(t.pick(C, &more, 9).len(), 2);
}

#[test]
fn what_was_written_is_no_news_when_nothing_waits_for_room() {
    let mut t = Table::new(3, 3);
    let (all, few) = (t.all(), t.some(&[0]));
    t.picker.peer_joined(&all);
    t.picker.peer_joined(&few);
    let blocks = t.pick(A, &all, 4);
    let whole = t.receive(A, &blocks);
    let news = t.picker.news();
    whole.into_iter().for_each(|piece| t.picker.close(piece));
    t.picker.peer_has(1);
    t.picker.peer_joined(&few);
    assert_eq!(t.picker.news(), news);
}

#[test]
fn who_gives_up_a_doubled_block_may_be_asked_for_it_anew() {
    let mut t = Table::new(1, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 9);
    assert_eq!(t.pick(B, &all, 9), blocks);
    assert_eq!(t.pick(B, &all, 9), []);
    assert_eq!(t.picker.release_all(B), blocks);
    assert_eq!(t.pick(B, &all, 9), blocks);
}

#[test]
fn a_piece_that_is_wanted_after_all_is_news() {
    let mut t = nearly_the_end();
    let _ = t.picker.forget(0);
    t.picker.leave_out(0);
    it_is_news(t, |t| t.picker.take_in(0));
}

#[test]
fn what_nobody_wants_keeps_nobody_from_the_end_game() {
    let mut t = Table::new(2, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    let blocks = t.pick(A, &all, 2);
    assert!(!t.picker.in_end_game());
    let other = 1 - blocks[0].piece;
    t.picker.leave_out(other);
    assert!(t.picker.in_end_game());
    t.picker.take_in(other);
    assert!(!t.picker.in_end_game());
    t.picker.take_in(blocks[0].piece);
    let picked = t.pick(B, &all, 2);
    assert!(
        picked.iter().all(|block| block.piece == other),
        "{picked:?}"
    );
}
