//! What a person sees and does, as text.

use std::time::Instant;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::List;
use crate::testing::{book, layout, numbers_of};

fn picker(list: &str) -> Picker {
    let files = book();
    let selection = list.parse::<List>().unwrap().select(&files, None).unwrap();
    Picker::new(files, selection)
}

fn press(picker: &mut Picker, keys: &str) {
    for letter in keys.chars() {
        let key = match letter {
            '^' => Key::Up,
            'v' => Key::Down,
            '<' => Key::Left,
            '>' => Key::Right,
            '\n' => Key::Enter,
            '\u{8}' => Key::Backspace,
            letter => Key::Char(letter),
        };
        assert_eq!(picker.press(key), Outcome::Goes, "{letter:?}");
    }
}

/// The lines, without spaces at their ends.
fn drawn(picker: &Picker, width: usize, height: usize) -> Vec<String> {
    let lines = picker.draw(width, height).into_iter();
    let text = |line: Vec<Part>| line.into_iter().map(|part| part.text).collect::<String>();
    lines.map(|line| text(line).trim_end().to_owned()).collect()
}

#[test]
fn the_picture_has_the_files_as_a_tree() {
    let mut picker = picker("extras/music:high,1:low,2");
    press(&mut picker, "vvv");
    assert_eq!(
        drawn(&picker, 60, 14),
        [
            "Book  5 of 9 files, 400 B of 700 B",
            "  [x]-    100 B    chapter1.pdf",
            "  [x]     100 B    chapter2.pdf",
            "  [ ]     100 B    notes, and more.txt",
            "> [-]     300 B  ▾ extras/",
            "  [ ]     100 B      cover [front].jpg",
            "  [x]+    200 B    ▾ music/",
            "  [x]+    100 B        01 - a.flac",
            "  [x]+    100 B        02 - b.flac",
            "  [ ]       0 B      Read Me.txt",
            "  [x]       0 B    latest -> chapter2.pdf",
            "  [ ]     100 B    -5",
            "",
            "space mark  enter done  q quit  / filter  a all  n none  i …",
        ]
    );
}

#[test]
fn it_fits_into_forty_columns_and_less() {
    let picker = picker("1");
    assert_eq!(
        drawn(&picker.clone().ascii(), 40, 6),
        [
            "Book  1 of 9 files, 100 B of 700 B",
            "> [x]     100 B    chapter1.pdf",
            "  [ ]     100 B    chapter2.pdf",
            "  [ ]     100 B    notes, and more.txt",
            "  [ ]     300 B  v extras/",
            "space mark  enter done  q quit  / filte~",
        ]
    );
    assert_eq!(
        drawn(&picker, 16, 5)[..3],
        ["1 of 9 files, 1…", "> [x]    chapte…", "  [ ]    chapte…"]
    );
    assert_eq!(drawn(&picker, 5, 1), ["> [x]"]);
    assert_eq!(picker.draw(0, 0), Vec::<Vec<Part>>::new());
}

#[test]
fn wide_letters_are_cut_where_they_fit_and_nothing_moves_the_cursor() {
    let files = Files::new(&layout(
        16_384,
        &[
            ("t/日本語の長い名前.txt", 1),
            ("t/e\u{301}\u{202e}x\u{1b}[2J", 1),
        ],
    ));
    let picker = Picker::new(files.clone(), Selection::all(&files));
    let lines = drawn(&picker, 20, 4);
    assert_eq!(lines[1], "> [x]    日本語の長…");
    assert_eq!(lines[2], "  [x]    e\u{301}?x?[2J");
}

#[test]
fn space_marks_and_takes_the_mark_away() {
    let mut picker = picker("5:high");
    // All of a folder of which some are marked, and what was marked keeps its priority.
    press(&mut picker, "vvv ");
    assert_eq!(numbers_of(picker.selection()), [4, 5, 6, 7]);
    assert_eq!(picker.selection().marks()[4], Priority::High);
    press(&mut picker, " ");
    assert_eq!(numbers_of(picker.selection()), [] as [usize; 0]);
    press(&mut picker, "^^ v++v-");
    assert_eq!(numbers_of(picker.selection()), [2, 3, 8]);
    assert_eq!(picker.selection().to_string(), "2,3:high");
    press(&mut picker, "^--- ");
    assert_eq!(picker.selection().to_string(), "2");
}

#[test]
fn all_none_and_what_was_not() {
    let mut picker = picker("1");
    press(&mut picker, "a");
    assert_eq!(picker.selection().to_string(), "*");
    press(&mut picker, "n");
    assert_eq!(picker.selection().to_string(), "!*");
    press(&mut picker, "v i");
    assert_eq!(numbers_of(picker.selection()), [1, 3, 4, 5, 6, 7, 9]);
}

#[test]
fn folders_fold_and_the_cursor_stays_where_it_can() {
    let mut picker = picker("1");
    picker.fit(9);
    press(&mut picker, "vvv<");
    let folded = drawn(&picker, 40, 9);
    assert_eq!(
        folded[4..7],
        [
            "> [ ]     300 B  ▸ extras/",
            "  [ ]       0 B    latest -> chapter2.p…",
            "  [ ]     100 B    -5",
        ]
    );
    press(&mut picker, ">>>>");
    assert!(
        drawn(&picker, 40, 9)[5].starts_with("> [ ]"),
        "into the folder"
    );
    press(&mut picker, "vv");
    assert!(
        drawn(&picker, 40, 9)
            .iter()
            .any(|line| line.ends_with("01 - a.flac"))
    );
    // Out of it, folder by folder, and shut.
    press(&mut picker, "<<");
    assert!(
        drawn(&picker, 40, 9)
            .iter()
            .any(|line| line.ends_with("▸ music/"))
    );
    press(&mut picker, "<<");
    assert_eq!(drawn(&picker, 40, 9)[4], folded[4]);
}

#[test]
fn a_filter_shows_what_has_all_its_words_and_is_what_keys_are_about() {
    let mut picker = picker("1");
    press(&mut picker, "vvv<");
    press(&mut picker, "/fl EXTRAS");
    assert_eq!(
        drawn(&picker, 50, 9),
        [
            "Book  1 of 9 files, 100 B of 700 B",
            "/ fl EXTRAS_",
            "> [ ]     300 B  ▾ extras/",
            "  [ ]     200 B    ▾ music/",
            "  [ ]     100 B        01 - a.flac",
            "  [ ]     100 B        02 - b.flac",
            "",
            "",
            "type words of a path   enter keep   esc all files",
        ]
    );
    press(&mut picker, "\n");
    press(&mut picker, " ");
    assert_eq!(
        numbers_of(picker.selection()),
        [1, 5, 6],
        "what is hidden is not marked"
    );
    press(&mut picker, "a");
    assert_eq!(numbers_of(picker.selection()), [1, 5, 6]);
    press(
        &mut picker,
        "/\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}zzz\n",
    );
    assert_eq!(drawn(&picker, 40, 5)[2], "  no file matches the filter");
    assert_eq!(picker.press(Key::Char(' ')), Outcome::Goes);
    // The first escape takes the filter away; the folder is folded as it was.
    assert_eq!(picker.press(Key::Escape), Outcome::Goes);
    assert_eq!(drawn(&picker, 40, 9)[4], "  [-]     300 B  ▸ extras/");
    assert_eq!(picker.press(Key::Escape), Outcome::GivenUp);
}

#[test]
fn a_choice_is_made_or_given_up() {
    assert_eq!(picker("1").press(Key::Enter), Outcome::Made);
    for key in [Key::Escape, Key::Interrupt, Key::Char('q')] {
        assert_eq!(picker("1").press(key), Outcome::GivenUp);
    }
    let mut typing = picker("1");
    press(&mut typing, "/q");
    assert_eq!(typing.press(Key::Interrupt), Outcome::GivenUp);
}

#[test]
fn the_screen_follows_the_cursor_and_may_change_its_size() {
    let mut picker = picker("1");
    picker.fit(6);
    picker.press(Key::PageDown);
    let here = |picker: &Picker, height| {
        let lines = drawn(picker, 40, height);
        lines.iter().position(|line| line.starts_with('>')).unwrap()
    };
    assert_eq!(here(&picker, 6), 4);
    picker.press(Key::End);
    assert!(drawn(&picker, 40, 6)[here(&picker, 6)].ends_with("-5"));
    // Going up, the rows stand still until the cursor is at the top.
    picker.press(Key::Up);
    assert_eq!(here(&picker, 6), 3);
    for height in [4, 3, 2, 1, 30] {
        picker.fit(height);
        assert!(here(&picker, height) < height);
    }
    picker.press(Key::Home);
    assert_eq!(here(&picker, 30), 1);
}

#[test]
fn a_hundred_thousand_files_stay_quick() {
    let names: Vec<String> = (0..100_000)
        .map(|i| format!("t/{}/{}/{i}", i / 10_000, i / 100))
        .collect();
    let files: Vec<(&str, u64)> = names.iter().map(|name| (&**name, 10)).collect();
    let files = Files::new(&layout(1 << 20, &files));
    let selection = Selection::none(&files);
    let start = Instant::now();
    let mut picker = Picker::new(files, selection);
    println!("made in {:?}", start.elapsed());
    let start = Instant::now();
    picker.fit(40);
    assert_eq!(drawn(&picker, 100, 40)[1], "> [ ]    98 KiB  ▸ 0/");
    press(&mut picker, " a>/99 1\n i");
    let lines = drawn(&picker, 100, 40);
    println!("ten keys and two pictures in {:?}", start.elapsed());
    assert!(lines[1].starts_with("/ 99 1"));
    assert_eq!(
        picker
            .rows
            .iter()
            .filter(|&&row| picker.tree.nodes[row].file.is_some())
            .count(),
        {
            let passes = |i: &usize| {
                let path = format!("{}/{}/{i}", i / 10_000, i / 100);
                path.contains("99") && path.contains('1')
            };
            (0..100_000).filter(passes).count()
        }
    );
}

proptest! {
    #[test]
    fn whatever_is_pressed_every_line_has_the_width_and_the_cursor_is_seen(
        keys in "[-+^v<> ainhjklgG/\n\u{8}zfe.1]{0,60}",
        width in 0..90_usize,
        height in 0..30_usize,
        ascii in any::<bool>(),
    ) {
        let picker = picker("1,extras");
        let mut picker = if ascii { picker.ascii() } else { picker };
        for letter in keys.chars() {
            let key = match letter {
                '^' => Key::PageUp,
                'v' => Key::PageDown,
                '<' => Key::Left,
                '>' => Key::Right,
                '\n' => if picker.is_typing { Key::Enter } else { Key::Down },
                '\u{8}' => Key::Backspace,
                letter => Key::Char(letter),
            };
            prop_assert_eq!(picker.press(key), Outcome::Goes);
            picker.fit(height);
        }
        let lines = picker.draw(width, height);
        prop_assert_eq!(lines.len(), height);
        for line in &lines {
            let text: String = line.iter().map(|part| part.text.as_str()).collect();
            prop_assert_eq!(text.width(), width, "{:?}", text);
            prop_assert!(!ascii || text.is_ascii(), "{:?}", text);
        }
        let seen = lines.iter().flatten().filter(|part| part.role == Role::Cursor).count();
        prop_assert_eq!(seen, usize::from(height > 0 && !picker.rows.is_empty()));
        // The counts are those of the marks.
        let (marked, all) = picker.tree.nodes.iter().enumerate()
            .filter(|(_, node)| node.above.is_none())
            .map(|(index, _)| picker.counts[index])
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        prop_assert_eq!((marked as usize, all), (picker.selection.count(), 9));
    }
}
