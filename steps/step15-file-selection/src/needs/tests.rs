//! The pieces of a choice, against counting every byte.

use std::time::Instant;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::testing::{layout, numbers_of};
use crate::{Files, List};

fn select(layout: &Layout, list: &str) -> Selection {
    let files = Files::new(layout);
    list.parse::<List>().unwrap().select(&files, None).unwrap()
}

#[test]
fn a_file_needs_the_pieces_it_touches_and_they_bring_others_along() {
    // Pieces of 100: a a|a b b|b|b c
    let files = [
        ("t/a", 250),
        ("t/b", 200),
        ("t/c", 40),
        ("t/pad+", 60),
        ("t/d", 10),
    ];
    let layout = layout(100, &files);
    let needs = Needs::of(&layout, &select(&layout, "2:high"));
    use Priority::{High, Low, Skip};
    assert_eq!(needs.pieces, [Skip, Skip, High, High, High, Skip]);
    assert_eq!((needs.wanted, needs.along, needs.count()), (200, 90, 3));
    let along = |file, bytes| Along { file, bytes };
    assert_eq!(needs.files, [along(0, 50), along(2, 40)]);
    // Of two files in a piece the one that is wanted most counts, and comes first.
    let needs = Needs::of(&layout, &select(&layout, "1:low,2:high"));
    assert_eq!(needs.pieces, [Low, Low, High, High, High, Skip]);
    assert_eq!(needs.in_order(), [2, 3, 4, 0, 1]);
    assert_eq!(needs.needed().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn an_empty_file_needs_nothing_and_padding_brings_nothing_along() {
    let layout = layout(
        100,
        &[("t/empty", 0), ("t/a", 50), ("t/pad+", 50), ("t/b", 10)],
    );
    let needs = Needs::of(&layout, &select(&layout, "1"));
    assert_eq!((needs.count(), needs.wanted, needs.along), (0, 0, 0));
    let needs = Needs::of(&layout, &select(&layout, "2"));
    assert_eq!((needs.count(), needs.wanted, needs.along), (1, 50, 0));
}

#[test]
fn a_million_pieces_and_a_hundred_thousand_files_are_no_matter() {
    let names: Vec<String> = (0..100_000).map(|i| format!("t/{i}")).collect();
    let files: Vec<(&str, u64)> = names.iter().map(|name| (&**name, 163_845)).collect();
    let layout = layout(16_384, &files);
    let start = Instant::now();
    let selection = select(&layout, "*9,!1-500");
    let selected = start.elapsed();
    let needs = Needs::of(&layout, &selection);
    println!(
        "selected in {selected:?}, needs in {:?}",
        start.elapsed() - selected
    );
    assert_eq!(needs.pieces.len(), 1_000_031);
    assert_eq!(needs.wanted, 163_845 * numbers_of(&selection).len() as u64);
}

proptest! {
    #[test]
    fn every_byte_is_counted_once(
        lengths in proptest::collection::vec((0..60_u64, 0..5_u8), 1..20),
        piece_length in 1..50_u64,
        last in 1..9_u64,
    ) {
        let names: Vec<String> = (0..).zip(&lengths).map(|(i, (_, kind))| match kind {
            0 => format!("t/{i}+"),
            _ => format!("t/{i}"),
        }).collect();
        let mut files: Vec<(&str, u64)> = names.iter().zip(&lengths).map(|(n, l)| (&**n, l.0)).collect();
        files.push(("t/last", last));
        let layout = layout(piece_length, &files);
        let all = Files::new(&layout);
        let mut selection = Selection::none(&all);
        for (file, (_, kind)) in lengths.iter().enumerate() {
            let priority = [Priority::Skip, Priority::Skip, Priority::Low, Priority::Normal, Priority::High];
            if let Some(place) = all.place(file) {
                selection.mark(&all, &[place], priority[usize::from(*kind)]);
            }
        }
        let needs = Needs::of(&layout, &selection);
        let geometry = layout.geometry();
        let (mut wanted, mut along) = (0, vec![0; layout.files().len()]);
        for piece in 0..geometry.pieces() {
            let spans: Vec<_> = layout.piece_spans(piece).collect();
            let most = spans.iter().map(|span| selection.priority(span.file)).max();
            prop_assert_eq!(needs.pieces[piece as usize], most.unwrap_or_default());
            for span in spans {
                match selection.is_wanted(span.file) {
                    true => wanted += span.len,
                    false if most > Some(Priority::Skip) => along[span.file] += span.len,
                    false => {}
                }
            }
        }
        let along: Vec<Along> = along.into_iter().enumerate()
            .filter(|&(file, bytes)| bytes > 0 && layout.files()[file].kind != Kind::Padding)
            .map(|(file, bytes)| Along { file, bytes }).collect();
        prop_assert_eq!(needs.wanted, wanted);
        prop_assert_eq!(needs.along, along.iter().map(|along| along.bytes).sum::<u64>());
        prop_assert_eq!(needs.files, along);
    }
}
