use std::time::Duration;

use blocks::BLOCK;
use pretty_assertions::assert_eq;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::END_GAME_REQUESTS;

const A: PeerKey = PeerKey(1);
const B: PeerKey = PeerKey(2);
const C: PeerKey = PeerKey(3);

mod ledger;
mod news;

/// A picker and its random numbers.
struct Table {
    picker: Picker,
    rng: ChaCha8Rng,
}

impl Table {
    /// Pieces of two blocks each.
    fn new(pieces: u32, max_open: u32) -> Table {
        Table::of(pieces, 2, max_open)
    }

    fn of(pieces: u32, blocks: u32, max_open: u32) -> Table {
        let piece_length = u64::from(blocks * BLOCK);
        let geometry = Geometry::new(u64::from(pieces) * piece_length, piece_length).unwrap();
        Table {
            picker: Picker::new(geometry, max_open),
            rng: ChaCha8Rng::seed_from_u64(1),
        }
    }

    /// A piece of two blocks, which A was asked for. It has yielded the first, and B was asked for that.
    fn with_one_yielded() -> (Table, Vec<BlockRequest>) {
        let mut t = Table::new(1, 1);
        let all = t.all();
        t.picker.peer_joined(&all);
        let blocks = t.pick(A, &all, 2);
        t.picker.yield_to_others(A, blocks[0]);
        assert_eq!(t.pick(B, &all, 1), blocks[..1]);
        (t, blocks)
    }

    fn all(&self) -> Bitfield {
        Bitfield::full(self.picker.geometry.pieces())
    }

    fn some(&self, pieces: &[u32]) -> Bitfield {
        let mut some = Bitfield::new(self.picker.geometry.pieces());
        pieces.iter().for_each(|&piece| {
            some.set(piece);
        });
        some
    }

    fn pick(&mut self, peer: PeerKey, has: &Bitfield, count: usize) -> Vec<BlockRequest> {
        let mut out = Vec::new();
        self.picker.pick(peer, has, count, &mut self.rng, &mut out);
        out
    }

    /// Receives blocks; the pieces that became whole.
    fn receive(&mut self, peer: PeerKey, blocks: &[BlockRequest]) -> Vec<u32> {
        let mut whole = Vec::new();
        for &block in blocks {
            match self.picker.received(peer, block) {
                Receipt::Kept { whole: true, .. } => whole.push(block.piece),
                Receipt::Kept { .. } => {}
                Receipt::Unwanted => panic!("{block:?} is wanted"),
            }
        }
        whole
    }
}

fn pieces_of(blocks: &[BlockRequest]) -> Vec<u32> {
    let mut pieces: Vec<u32> = blocks.iter().map(|block| block.piece).collect();
    pieces.dedup();
    pieces
}

#[test]
fn blocks_of_an_open_piece_come_before_a_new_piece() {
    let mut t = Table::of(10, 4, 10);
    let all = t.all();
    t.picker.peer_joined(&all);
    let first = t.pick(A, &all, 1);
    let rest = t.pick(B, &all, 4);
    assert_eq!(pieces_of(&rest)[0], first[0].piece);
    assert_eq!(pieces_of(&rest).len(), 2);
    let offsets: Vec<u32> = rest.iter().map(|block| block.offset / BLOCK).collect();
    assert_eq!(offsets, [1, 2, 3, 0]);
}

#[test]
fn the_rarest_piece_is_opened_first() {
    let mut t = Table::new(20, 20);
    (0..RANDOM_FIRST).for_each(|piece| t.picker.set_have(piece));
    let all = t.all();
    t.picker.peer_joined(&all);
    let mut common = t.all();
    common.clear(13);
    t.picker.peer_joined(&common);
    common.clear(7);
    t.picker.peer_joined(&common);
    let picks = t.pick(A, &all, 4);
    assert_eq!(pieces_of(&picks), [13, 7]);
}

#[test]
fn the_first_pieces_are_any_pieces() {
    let mut opened = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let mut t = Table::new(20, 20);
        t.rng = ChaCha8Rng::seed_from_u64(seed);
        let all = t.all();
        t.picker.peer_joined(&all);
        let mut common = t.all();
        common.clear(13);
        t.picker.peer_joined(&common);
        opened.extend(pieces_of(&t.pick(A, &all, 1)));
    }
    assert!(opened.len() > 10, "{opened:?}");
}

#[test]
fn a_peer_is_asked_only_for_what_it_has() {
    let mut t = Table::new(10, 10);
    let has = t.some(&[3, 8]);
    t.picker.peer_joined(&has);
    let mut pieces = pieces_of(&t.pick(A, &has, 100));
    pieces.sort_unstable();
    assert_eq!(pieces, [3, 8]);
    assert_eq!(t.pick(B, &Bitfield::new(10), 100), []);
}

#[test]
fn no_more_pieces_are_open_than_memory_is_for() {
    let mut t = Table::new(10, 3);
    let all = t.all();
    t.picker.peer_joined(&all);
    let picks = t.pick(A, &all, 100);
    assert_eq!(picks.len(), 6);
    assert_eq!(t.picker.open().count(), 3);
    assert!(!t.picker.in_end_game());

    let whole = t.receive(A, &picks[..2]);
    assert_eq!(t.pick(A, &all, 100), [], "whole, but not yet on disk");
    t.picker.close(whole[0]);
    assert_eq!(t.pick(A, &all, 100).len(), 2);
}

#[test]
fn the_end_game_asks_a_few_others_and_cancels_with_all() {
    let mut t = Table::new(1, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let first = t.pick(A, &all, 10);
    assert_eq!(first.len(), 2);
    assert!(t.picker.in_end_game());
    assert_eq!(t.pick(A, &all, 10), [], "never twice of the same peer");
    assert_eq!(t.pick(B, &all, 1), first[..1]);
    assert_eq!(
        t.pick(C, &all, 1),
        first[1..],
        "what was asked least comes first"
    );
    assert_eq!(t.pick(C, &all, 10), first[..1]);
    assert_eq!(MOST_ASKED, 3);
    assert_eq!(
        t.pick(PeerKey(4), &all, 10),
        first[1..],
        "{MOST_ASKED} are enough"
    );

    let receipt = t.picker.received(B, first[0]);
    let also_asked = vec![A, C];
    assert_eq!(
        receipt,
        Receipt::Kept {
            whole: false,
            also_asked
        }
    );
    assert_eq!(t.picker.received(A, first[0]), Receipt::Unwanted);
}

#[test]
fn the_end_game_begins_though_nobody_has_some_piece() {
    let mut t = Table::new(3, 3);
    let has = t.some(&[0, 1]);
    t.picker.peer_joined(&has);
    assert_eq!(t.pick(A, &has, 10).len(), 4);
    assert!(t.picker.in_end_game());
    assert_eq!(t.pick(B, &has, 10).len(), 4);
}

#[test]
fn a_fast_peer_does_not_fetch_everything_twice_in_the_end() {
    let mut t = Table::of(1, 400, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    assert_eq!(t.pick(A, &all, 500).len(), 400);
    assert_eq!(t.pick(B, &all, 500).len(), END_GAME_REQUESTS);
    assert_eq!(t.pick(B, &all, 500).len(), 0);
    assert_eq!(t.picker.asked_of(B), END_GAME_REQUESTS);
}

#[test]
fn what_is_expected_last_is_asked_again_first_and_nothing_that_would_come_no_sooner() {
    let mut t = Table::of(1, 8, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let asked = t.pick(A, &all, 8);
    let due = |_: PeerKey, place: usize| Duration::from_secs(place as u64 + 1);
    let sooner = |ours: Duration, theirs: Duration| theirs > ours;
    let mut again = Vec::new();
    t.picker.pick_again(B, &all, 8, due, sooner, &mut again);
    // The last of eight would be B's first, and so on until both are as soon.
    assert_eq!(again, [asked[7], asked[6], asked[5], asked[4]]);
    // C would bring the first of the rest sooner, and what two were asked for as soon as one can.
    let mut third = Vec::new();
    t.picker.pick_again(C, &all, 8, due, sooner, &mut third);
    assert_eq!(third, [asked[3], asked[4]]);
}

#[test]
fn a_seeder_is_asked_for_what_nobody_else_has_before_open_pieces_that_others_have() {
    let mut t = Table::of(10, 4, 10);
    let all = t.all();
    (0..4).for_each(|piece| t.picker.set_have(piece));
    t.picker.peer_joined(&all);
    let others = t.some(&[4, 5, 6, 7, 8]);
    t.picker.peer_joined(&others);
    let begun = t.pick(B, &t.some(&[4]), 1);
    assert_eq!(begun[0].piece, 4);
    assert_eq!(pieces_of(&t.pick(A, &all, 4)), [9], "which B has not");
    assert_eq!(
        pieces_of(&t.pick(A, &all, 3)),
        [4],
        "begun, and as rare as the rest"
    );
}

#[test]
fn blocks_that_wait_for_slow_peers_can_be_asked_again_at_any_time() {
    let mut t = Table::new(4, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    let slow = t.pick(A, &all, 1);
    assert_eq!(t.pick(B, &all, 10).len(), 3);
    let mut again = Vec::new();
    let due = |peer, place: usize| Duration::from_secs(if peer == A { 100 } else { place as u64 });
    let sooner = |ours: Duration, theirs: Duration| theirs > ours * 10;
    t.picker.pick_again(C, &all, 10, due, sooner, &mut again);
    assert_eq!(again, slow);
}

#[test]
fn what_was_released_is_asked_again_first() {
    let mut t = Table::of(3, 4, 3);
    let all = t.all();
    t.picker.peer_joined(&all);
    let a = t.pick(A, &all, 4);
    let b = t.pick(B, &all, 2);
    t.picker.release(A, a[2]);
    t.picker.release(A, b[0]);
    assert_eq!(t.pick(C, &all, 1), [a[2]]);
    assert_eq!(t.picker.release_all(A).len(), 3);
    assert_eq!(t.picker.release_all(A), []);
    assert_eq!(t.pick(B, &all, 3), [a[0], a[1], a[3]]);
}

#[test]
fn a_block_that_comes_after_it_was_given_up_is_kept() {
    let mut t = Table::new(1, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let asked = t.pick(A, &all, 2);
    t.picker.release_all(A);
    assert_eq!(t.pick(B, &all, 1), asked[..1]);
    let kept = |whole, also_asked| Receipt::Kept { whole, also_asked };
    assert_eq!(t.picker.received(A, asked[0]), kept(false, vec![B]));
    assert_eq!(t.picker.received(A, asked[1]), kept(true, vec![]));
    assert_eq!(t.picker.contributors(0), [A, A]);
}

#[test]
fn what_nobody_could_have_asked_for_is_unwanted() {
    let mut t = Table::new(2, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let block = t.pick(A, &all, 1)[0];
    for odd in [
        BlockRequest { offset: 1, ..block },
        BlockRequest { len: 1, ..block },
        BlockRequest {
            piece: 1 - block.piece,
            ..block
        },
        BlockRequest {
            piece: u32::MAX,
            ..block
        },
        BlockRequest {
            offset: u32::MAX,
            ..block
        },
    ] {
        assert_eq!(t.picker.received(A, odd), Receipt::Unwanted);
        t.picker.release(A, odd);
    }
}

#[test]
fn a_failed_piece_is_fetched_again_before_others() {
    let mut t = Table::new(4, 4);
    let all = t.all();
    t.picker.peer_joined(&all);
    let first = t.pick(A, &all, 2);
    t.pick(B, &all, 1);
    let whole = t.receive(A, &first);
    t.picker.failed(whole[0]);
    assert_eq!(t.picker.contributors(whole[0]), []);
    assert_eq!(t.pick(B, &all, 2), first);
}

#[test]
fn a_piece_from_one_peer_alone_is_asked_of_nobody_else() {
    let mut t = Table::new(2, 2);
    let all = t.all();
    t.picker.peer_joined(&all);
    assert_eq!(t.picker.only_from(0, Some(A)), []);
    assert_eq!(pieces_of(&t.pick(B, &all, 10)), [1]);

    let picks = t.pick(A, &all, 1);
    assert_eq!(pieces_of(&picks), [0]);
    assert_eq!(t.picker.received(B, picks[0]), Receipt::Unwanted);
    assert_eq!(t.pick(B, &all, 10), [], "nor in the end game");
    assert_eq!(t.picker.only_from(0, None), []);
    assert_eq!(t.pick(B, &all, 1).len(), 1);
}

#[test]
fn a_piece_given_to_one_peer_keeps_what_is_here() {
    let mut t = Table::of(1, 4, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let a = t.pick(A, &all, 2);
    let b = t.pick(B, &all, 2);
    t.receive(A, &a[..1]);
    t.receive(B, &b[..1]);
    assert_eq!(t.picker.only_from(0, Some(A)), [(B, b[1])]);
    assert_eq!(t.picker.contributors(0), [A, B]);
    assert_eq!(t.picker.received(B, b[1]), Receipt::Unwanted);
    assert_eq!(t.pick(A, &all, 10), [b[1]]);
    assert_eq!(t.pick(B, &all, 10), []);
    assert_eq!(t.receive(A, &[a[1], b[1]]), [0]);
    assert_eq!(t.picker.contributors(0), [A, A, B, A]);
}

#[test]
fn pieces_that_nobody_can_finish_make_room() {
    let mut t = Table::of(4, 3, 2);
    let two = t.some(&[0, 1]);
    t.picker.peer_joined(&two);
    let picks = t.pick(A, &two, 5);
    let (more, less) = (picks[0].piece, picks[4].piece);
    t.receive(A, &picks[..2]);
    t.receive(A, &picks[3..4]);
    assert_eq!(
        t.picker.stuck_open(|_| false),
        None,
        "blocks are on their way"
    );
    t.picker.release_all(A);
    t.picker.peer_left(A, &two);

    let other = t.some(&[2]);
    t.picker.peer_joined(&other);
    assert_eq!(t.pick(B, &other, 5), []);
    let serves = |piece| other.get(piece);
    assert_eq!(t.picker.stuck_open(|_| true), None);
    assert_eq!(
        t.picker.stuck_open(serves),
        Some(less),
        "the one of which least is lost"
    );
    assert_eq!(t.picker.stuck_open(|piece| piece == less), Some(more));
    assert_eq!(t.picker.forget(less), []);
    assert_eq!(t.picker.stuck_open(serves), None, "there is room");
    assert_eq!(t.pick(B, &other, 5).len(), 3);
}

#[test]
fn forgetting_says_which_requests_are_out() {
    let mut t = Table::new(1, 1);
    let all = t.all();
    t.picker.peer_joined(&all);
    let picks = t.pick(A, &all, 2);
    t.pick(B, &all, 1);
    assert_eq!(
        t.picker.forget(0),
        [(A, picks[0]), (B, picks[0]), (A, picks[1])]
    );
    assert_eq!(t.picker.received(A, picks[0]), Receipt::Unwanted);
    assert_eq!(t.picker.open().count(), 0);
    assert_eq!(t.pick(A, &all, 2), picks);
}

#[test]
fn what_is_on_disk_is_asked_of_nobody() {
    let mut t = Table::new(3, 3);
    let all = t.all();
    t.picker.peer_joined(&all);
    t.picker.set_have(1);
    t.picker.set_have(1);
    let mut pieces = pieces_of(&t.pick(A, &all, 10));
    pieces.sort_unstable();
    assert_eq!(pieces, [0, 2]);
    t.picker.set_have(0);
    t.picker.set_have(2);
    assert!(t.picker.is_complete() && !t.picker.in_end_game());
    assert_eq!(t.picker.open().count(), 0);
    assert_eq!(t.pick(B, &all, 10), []);
}

#[test]
fn a_torrent_of_empty_files_is_complete_at_once() {
    let picker = Picker::new(Geometry::new(0, 1).unwrap(), 0);
    assert!(picker.is_complete() && !picker.in_end_game());
}

#[test]
fn the_same_numbers_make_the_same_choices() {
    let run = || {
        let mut t = Table::new(200, 50);
        let all = t.all();
        t.picker.peer_joined(&all);
        t.pick(A, &all, 100)
    };
    assert_eq!(run(), run());
}
