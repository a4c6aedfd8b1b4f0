use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn set(len: u32, pieces: &[u32]) -> Bitfield {
    let mut set = Bitfield::new(len);
    for &piece in pieces {
        set.set(piece);
    }
    set
}

/// Everything that must hold between the arrays.
fn check(rarity: &Rarity) {
    let copies: Vec<u16> = rarity
        .order
        .iter()
        .map(|&piece| rarity.copies[piece as usize])
        .collect();
    assert!(copies.is_sorted(), "{copies:?}");
    for (at, &piece) in rarity.order.iter().enumerate() {
        assert_eq!(rarity.place[piece as usize], at as u32);
        assert!(rarity.unopened.get(piece));
        let group = rarity.group(usize::from(rarity.copies[piece as usize]));
        assert!(
            group.contains(&(at as u32)),
            "{piece} at {at}, not in {group:?}"
        );
    }
    let in_order = rarity.place.iter().filter(|&&place| place != AWAY);
    assert_eq!(in_order.count(), rarity.order.len());
    assert_eq!(rarity.unopened.count() as usize, rarity.order.len());
}

#[derive(Clone, Debug)]
enum Op {
    Add(u32),
    Remove(u32),
    Take(u32),
    PutBack(u32),
}

fn op(pieces: u32) -> impl Strategy<Value = Op> {
    let piece = 0..pieces;
    prop_oneof![
        4 => piece.clone().prop_map(Op::Add),
        2 => piece.clone().prop_map(Op::Remove),
        1 => piece.clone().prop_map(Op::Take),
        1 => piece.prop_map(Op::PutBack),
    ]
}

proptest! {
    #[test]
    fn the_order_is_sorted_by_copies_whatever_happens(ops in prop::collection::vec(op(20), 0..300)) {
        let mut rarity = Rarity::new(20);
        for op in ops {
            match op {
                Op::Add(piece) => rarity.add_copy(piece),
                Op::Remove(piece) => rarity.remove_copy(piece),
                Op::Take(piece) => rarity.take(piece),
                Op::PutBack(piece) => rarity.put_back(piece),
            }
            check(&rarity);
        }
    }

    #[test]
    fn a_sweep_finds_what_a_look_at_everything_finds(
        copies in prop::collection::vec(0u16..4, 1..200),
        has in prop::collection::vec(any::<bool>(), 200),
        away in prop::collection::vec(any::<bool>(), 200),
    ) {
        let pieces = copies.len() as u32;
        let mut rarity = Rarity::new(pieces);
        let mut theirs = Bitfield::new(pieces);
        for piece in 0..pieces {
            (0..copies[piece as usize]).for_each(|_| rarity.add_copy(piece));
            if has[piece as usize] { theirs.set(piece); }
            if away[piece as usize] { rarity.take(piece); }
        }
        let fewest = (0..pieces)
            .filter(|&piece| has[piece as usize] && !away[piece as usize])
            .map(|piece| copies[piece as usize])
            .min();
        let found = rarity.sweep(&theirs, |_| true, &mut rng());
        prop_assert_eq!(found.map(|piece| copies[piece as usize]), fewest);
        prop_assert!(found.is_none_or(|piece| theirs.get(piece) && !away[piece as usize]));
    }
}

#[test]
fn a_peer_that_has_everything_changes_no_order() {
    let mut rarity = Rarity::new(4);
    rarity.joined(&Bitfield::full(4));
    assert_eq!(rarity.seeds, 1);
    assert_eq!(rarity.copies, [0; 4]);
    assert!(rarity.is_available(3) && !rarity.is_exhausted());
    rarity.left(&Bitfield::full(4));
    assert!(!rarity.is_available(3) && rarity.is_exhausted());
}

#[test]
fn a_peer_that_got_the_rest_by_have_may_leave_as_a_seed() {
    let mut rarity = Rarity::new(3);
    rarity.joined(&set(3, &[0, 1]));
    rarity.add_copy(2);
    rarity.joined(&Bitfield::full(3));
    rarity.left(&Bitfield::full(3));
    assert!((0..3).all(|piece| rarity.is_available(piece)));
    rarity.left(&Bitfield::full(3));
    assert!((0..3).all(|piece| !rarity.is_available(piece)));
    check(&rarity);
}

#[test]
fn equally_rare_pieces_are_drawn_equally_often() {
    let rarity = {
        let mut rarity = Rarity::new(8);
        rarity.joined(&Bitfield::full(8));
        (4..8).for_each(|piece| rarity.add_copy(piece));
        rarity
    };
    let mut drawn = [0; 8];
    let mut rng = rng();
    for _ in 0..4000 {
        let piece = rarity.rarest(&Bitfield::full(8), |_| true, &mut rng);
        drawn[piece.unwrap() as usize] += 1;
    }
    assert!(
        drawn[..4].iter().all(|&count| (900..1100).contains(&count)),
        "{drawn:?}"
    );
    assert_eq!(drawn[4..], [0; 4]);
}

#[test]
fn a_peer_with_little_is_swept_when_the_rarest_are_not_its() {
    const PIECES: u32 = 100_000;
    let mut rarity = Rarity::new(PIECES);
    let mine = set(PIECES, &[70_000, 99_999]);
    rarity.joined(&mine);
    rarity.joined(&mine);
    let mut others = Bitfield::full(PIECES);
    others.clear(5);
    rarity.joined(&others);
    rarity.add_copy(70_000);
    let mut rng = rng();
    assert_eq!(rarity.rarest(&mine, |_| true, &mut rng), Some(99_999));
    assert_eq!(
        rarity.any(&mine, |piece| piece != 99_999, &mut rng),
        Some(70_000)
    );
    assert_eq!(
        rarity.rarest(&Bitfield::new(PIECES), |_| true, &mut rng),
        None
    );
    check(&rarity);
}

#[test]
fn more_copies_than_can_be_counted_are_not_counted() {
    let mut rarity = Rarity::new(2);
    for _ in 0..70_000 {
        rarity.add_copy(1);
    }
    assert_eq!(rarity.copies, [0, u16::MAX]);
    check(&rarity);
}

#[test]
fn no_pieces_no_rarest() {
    let rarity = Rarity::new(0);
    let none = Bitfield::new(0);
    assert_eq!(rarity.rarest(&none, |_| true, &mut rng()), None);
    assert_eq!(rarity.any(&none, |_| true, &mut rng()), None);
    assert_eq!(rarity.sweep(&none, |_| true, &mut rng()), None);
}
