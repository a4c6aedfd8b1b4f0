//! The pieces by rarity: a row for those that one peer has, one for those that two have, and so on.

use std::collections::BTreeMap;

use crate::table::Table;

/// The most cells in a row. With more pieces, several share a cell.
const CELLS: usize = 60;

/// What is had by so many peers or more shares a row.
const ROWS: u32 = 8;

/// Where a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// On disk.
    Here,
    /// Something of it was asked for.
    Open,
    /// Nothing was.
    Missing,
}

/// Draws the pieces as they are now: a line about all, then the rows.
pub fn draw(table: &Table) -> Vec<String> {
    let picker = &table.picker;
    let mut rows: BTreeMap<u32, Vec<State>> = BTreeMap::new();
    let open: Vec<u32> = picker.open().collect();
    for piece in 0..table.geometry.pieces() {
        let state = if picker.have().get(piece) {
            State::Here
        } else if open.binary_search(&piece).is_ok() {
            State::Open
        } else {
            State::Missing
        };
        let copies = picker.copies(piece).min(ROWS);
        rows.entry(copies).or_default().push(state);
    }
    let (have, all) = (picker.have().count(), picker.have().len());
    let end_game = match picker.in_end_game() {
        true => ", end game",
        false => "",
    };
    let peers = table.threads.len();
    let head = format!("{have} of {all} pieces, {peers} peers{end_game}");
    let rows = rows
        .iter()
        .map(|(&copies, states)| format!("{:<14}{}", name(copies), row(states)));
    [head].into_iter().chain(rows).collect()
}

/// What a row is called.
fn name(copies: u32) -> String {
    match copies {
        0 => "nobody has".to_owned(),
        1 => "one peer has".to_owned(),
        ROWS => format!("{ROWS} or more"),
        copies => format!("{copies} peers have"),
    }
}

/// A row of cells: `#` is on disk, `o` is on its way, `.` is missing; where several pieces share a
/// cell, `+` has some of both.
pub fn row(states: &[State]) -> String {
    let each = states.len().div_ceil(CELLS).max(1);
    states.chunks(each).map(cell).collect()
}

fn cell(states: &[State]) -> char {
    let any = |state| states.contains(&state);
    if any(State::Open) {
        'o'
    } else if !any(State::Missing) {
        '#'
    } else if any(State::Here) {
        '+'
    } else {
        '.'
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::State::{Here, Missing, Open};
    use super::*;

    #[test]
    fn a_cell_for_each_piece_or_for_several() {
        assert_eq!(row(&[Here, Open, Missing]), "#o.");
        let many = [vec![Here; 61], vec![Open; 1], vec![Missing; 58]].concat();
        assert_eq!(row(&many), format!("{}o{}", "#".repeat(30), ".".repeat(29)));
        let mixed = [vec![Here; 1], vec![Missing; 119]].concat();
        assert!(row(&mixed).starts_with("+."));
    }
}
