//! What is selected, and how it is written.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::List;
use crate::testing::{book, layout, numbers_of};

fn select(files: &Files, list: &str) -> Selection {
    list.parse::<List>().unwrap().select(files, None).unwrap()
}

#[test]
fn a_selection_is_written_by_numbers() {
    let files = book();
    for (list, written) in [
        ("*", "*"),
        ("!*", "!*"),
        ("1-3,5", "1-3,5"),
        ("1,2,3,7:high,1:low", "1:low,2-3,7:high"),
        // The link at 8 follows the second file.
        ("7,9", "7-9"),
        ("2", "2"),
        ("1-9:low", "1-9:low"),
    ] {
        let selection = select(&files, list);
        assert_eq!(selection.to_string(), written, "{list}");
        assert_eq!(select(&files, written), selection, "{list}");
    }
    assert_eq!(Selection::all(&files), select(&files, "*"));
    assert_eq!(Selection::none(&files), select(&files, "!*"));
}

#[test]
fn a_link_is_wanted_when_what_it_leads_to_is() {
    let files = book();
    assert_eq!(numbers_of(&select(&files, "2")), [2, 8]);
    assert_eq!(numbers_of(&select(&files, "8")), [2, 8]);
    assert_eq!(numbers_of(&select(&files, "latest:high")), [2, 8]);
    // Among others it says nothing: `!8-9` would else take away what it was not asked to.
    assert_eq!(numbers_of(&select(&files, "1-3,!8-9")), [1, 2, 3, 8]);
    assert_eq!(numbers_of(&select(&files, "1-3,!8")), [1, 3]);
    let away = Files::new(&layout(16_384, &[("t/a", 1), ("t/b -> t/none", 0)]));
    assert_eq!(numbers_of(&select(&away, "1")), [1, 2]);
    assert_eq!(numbers_of(&select(&away, "!*")), [] as [usize; 0]);
}

#[test]
fn files_are_asked_for_by_their_numbers_in_the_layout() {
    let files = book();
    let selection = select(&files, "3:high");
    assert_eq!(selection.priority(3), Priority::High);
    assert!(!selection.is_wanted(2) && !selection.is_wanted(99));
}

#[test]
fn numbers_of_another_torrent_are_no_selection() {
    let files = Files::new(&layout(16_384, &[("t/a", 1), ("t/b", 2)]));
    for wrong in [&[2][..], &[2, 2, 2], &[2, 4]] {
        assert_eq!(Selection::from_numbers(&files, wrong), None);
    }
    assert!(Selection::from_numbers(&files, &[2, 2]).unwrap().is_all());
    assert!(!Selection::from_numbers(&files, &[2, 3]).unwrap().is_all());
}

proptest! {
    #[test]
    fn what_is_written_selects_the_same(
        kinds in proptest::collection::vec(0..6_u8, 1..40),
        marks in proptest::collection::vec(0..4_u8, 40),
    ) {
        let names: Vec<String> = kinds.iter().enumerate().map(|(i, kind)| match kind {
            0 => format!("t/{i}+"),
            1 => format!("t/{i} -> t/{}", (i * 7) % kinds.len()),
            2 => format!("t/{i} -> t/d"),
            3 => format!("t/d/{i}"),
            _ => format!("t/{i}"),
        }).chain(["t/d/last".to_owned()]).collect();
        let files: Vec<(&str, u64)> = names.iter().map(|name| (&**name, u64::from(!name.contains(">")))).collect();
        let files = Files::new(&layout(16_384, &files));
        let mut selection = Selection::none(&files);
        for (place, mark) in (0..files.listed().len()).zip(marks) {
            let mark = [Priority::Skip, Priority::Low, Priority::Normal, Priority::High][usize::from(mark)];
            selection.mark(&files, &[place], mark);
        }
        selection.follow(&files);
        let written = selection.to_string();
        prop_assert_eq!(select(&files, &written), selection.clone());
        // Whatever was chosen before, an earlier `!*` makes room for it.
        let list: List = format!("!*,{written}").parse().unwrap();
        let on_all = list.select(&files, Some(&Selection::all(&files))).unwrap();
        prop_assert_eq!(&on_all, &selection);
        let numbers = selection.numbers();
        prop_assert_eq!(Selection::from_numbers(&files, &numbers), Some(selection));
    }
}
