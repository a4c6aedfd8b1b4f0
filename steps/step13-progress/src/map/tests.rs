use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::Piece::{Here, InFlight, Missing, Rare, Unwanted};
use super::*;

fn plain(pieces: &[Piece], width: usize, rows: usize, letters: Letters) -> Vec<String> {
    let lines = map(pieces, width, rows, letters);
    lines.iter().map(Text::plain).collect()
}

const ALL: [Piece; 5] = [Here, InFlight, Rare, Missing, Unwanted];

#[test]
fn a_cell_for_each_piece_where_there_is_room() {
    assert_eq!(plain(&ALL, 80, 4, Letters::Unicode), ["⣿○!· "]);
    assert_eq!(plain(&ALL, 80, 4, Letters::Ascii), ["#o!. "]);
    assert_eq!(plain(&ALL, 2, 3, Letters::Ascii), ["#o", "!.", " "]);
    let roles: Vec<Role> = map(&ALL, 80, 1, Letters::Ascii)[0]
        .parts()
        .map(|(role, _)| role)
        .collect();
    let expected = [
        Role::Here,
        Role::InFlight,
        Role::Rare,
        Role::Missing,
        Role::Unwanted,
    ];
    assert_eq!(roles, expected);
}

#[test]
fn a_cell_of_many_pieces_fills_dot_by_dot() {
    let cell = |here: usize| {
        let pieces = [vec![Here; here], vec![Missing; 80 - here]].concat();
        plain(&pieces, 1, 1, Letters::Unicode).concat()
    };
    let filling: String = [0, 9, 10, 20, 30, 40, 50, 60, 70, 79, 80]
        .map(cell)
        .concat();
    assert_eq!(filling, "··⡀⡄⡆⡇⣇⣧⣷⣷⣿");
}

#[test]
fn what_is_most_urgent_gives_a_cell_its_role() {
    let role = |pieces: &[Piece]| {
        map(pieces, 1, 1, Letters::Ascii)[0]
            .parts()
            .next()
            .unwrap()
            .0
    };
    assert_eq!(role(&ALL), Role::InFlight);
    assert_eq!(role(&[Here, Rare, Missing]), Role::Rare);
    assert_eq!(role(&[Here, Missing]), Role::Missing);
    assert_eq!(role(&[Here, Unwanted]), Role::Here);
    assert_eq!(role(&[Unwanted]), Role::Unwanted);
}

#[test]
fn what_is_not_wanted_is_not_waited_for() {
    assert_eq!(plain(&[Here, Unwanted], 1, 1, Letters::Ascii), ["#"]);
    assert_eq!(plain(&[Here, Missing], 1, 1, Letters::Ascii), ["+"]);
}

#[test]
fn no_room_or_no_pieces_no_map() {
    assert!(map(&ALL, 0, 5, Letters::Ascii).is_empty());
    assert!(map(&ALL, 5, 0, Letters::Ascii).is_empty());
    assert!(map(&[], 5, 5, Letters::Ascii).is_empty());
}

proptest! {
    #[test]
    fn a_map_fits_and_is_complete_only_when_all_is_here(
        pieces in prop::collection::vec(prop::sample::select(ALL.to_vec()), 0..600),
        width in 0usize..120,
        rows in 0usize..6,
        ascii in any::<bool>(),
    ) {
        let letters = if ascii { Letters::Ascii } else { Letters::Unicode };
        let lines = map(&pieces, width, rows, letters);
        prop_assert!(lines.len() <= rows);
        prop_assert!(lines.iter().all(|line| line.columns() <= width && line.columns() > 0));
        let full = if ascii { '#' } else { '⣿' };
        let cells: usize = lines.iter().map(Text::columns).sum();
        prop_assert_eq!(cells, pieces.len().min(width * rows));
        let shown_full = lines.iter().all(|line| line.plain().chars().all(|c| c == full));
        if cells > 0 && shown_full {
            let missing = |piece: &Piece| !matches!(piece, Here | Unwanted);
            prop_assert!(!pieces.iter().any(missing), "{:?}", pieces);
        }
    }
}
