//! What a list means.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::testing::{book, layout, numbers, numbers_of};

fn said(list: &str) -> String {
    numbers(&book(), list).unwrap_err().to_string()
}

#[test]
fn every_kind_of_entry_finds_its_files() {
    let files = book();
    for (list, expected) in [
        ("1", &[1][..]),
        ("3-5", &[3, 4, 5]),
        ("6-", &[6, 7, 9]),
        ("-2,9", &[1, 2, 8, 9]),
        (" 1 , 9 ", &[1, 9]),
        ("chapter1.pdf", &[1]),
        ("Book/chapter1.pdf", &[1]),
        ("extras", &[4, 5, 6, 7]),
        ("Book/extras/music/", &[5, 6]),
        ("Book", &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("*.flac", &[5, 6]),
        ("**/*.flac", &[5, 6]),
        ("extras/*/0?*", &[5, 6]),
        ("extras/*.jpg", &[4]),
        ("Book/*.pdf", &[1, 2, 8]),
        ("mus*", &[5, 6]),
        ("chapter[13].pdf", &[1]),
        ("{chapter1,*.jpg}*", &[1, 4]),
        ("extras/cover [front].jpg", &[4]),
        ("\"notes, and more.txt\"", &[3]),
        ("'notes, and more.txt'", &[3]),
        ("notes\\, and more.txt,1", &[1, 3]),
        ("\"-5\"", &[9]),
        ("\\-5", &[9]),
        ("*,!*.flac", &[1, 2, 3, 4, 7, 8, 9]),
        ("!extras", &[1, 2, 3, 8, 9]),
        ("extras:skip", &[1, 2, 3, 8, 9]),
        ("extras,!extras/music,6", &[4, 6, 7]),
        ("!*,7", &[7]),
    ] {
        assert_eq!(numbers(&files, list).unwrap(), expected, "{list}");
    }
}

#[test]
fn later_priorities_win() {
    let files = book();
    let list: List = "1-5:low,chapter1.pdf:high,4:normal,5:skip".parse().unwrap();
    let selection = list.select(&files, None).unwrap();
    let marks: Vec<String> = selection.marks().iter().map(ToString::to_string).collect();
    let expected = [
        "high", "low", "low", "normal", "skip", "skip", "skip", "low", "skip",
    ];
    assert_eq!(marks, expected);
}

#[test]
fn a_list_adds_to_what_was_chosen_before_or_takes_away() {
    let files = book();
    let before = "1-3,5:high"
        .parse::<List>()
        .unwrap()
        .select(&files, None)
        .unwrap();
    let then = |list: &str| {
        let list: List = list.parse().unwrap();
        numbers_of(&list.select(&files, Some(&before)).unwrap())
    };
    assert_eq!(then("7"), [1, 2, 3, 5, 7, 8]);
    assert_eq!(then("!2"), [1, 3, 5]);
    assert_eq!(then("!*,9"), [9]);
    assert_eq!(then("*"), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn what_no_file_matches_is_an_error_with_near_misses() {
    assert_eq!(
        said("chapter1.pfd"),
        "no file matches 'chapter1.pfd'; near: chapter1.pdf, chapter2.pdf"
    );
    assert_eq!(
        said("EXTRAS/music"),
        "no file matches 'EXTRAS/music'; near: extras/music"
    );
    assert_eq!(
        said("01 - a.flac"),
        "no file matches '01 - a.flac'; near: extras/music/01 - a.flac"
    );
    assert_eq!(
        said("Notes"),
        "no file matches 'Notes'; near: notes, and more.txt (a name with a comma in it is written \
         in quotes)"
    );
    assert_eq!(said("!*.doc"), "no file matches '!*.doc'");
    assert_eq!(said("*.FLAC"), "no file matches '*.FLAC'");
    assert_eq!(said("1,something else"), "no file matches 'something else'");
    assert_eq!(said("\"*.flac\""), "no file matches '\"*.flac\"'");
}

#[test]
fn what_is_wrong_with_an_entry_is_said() {
    assert!(said("12").contains("no file 12: the torrent has 9 files"));
    for list in ["0", "1-10", "99999999999999999999999", "10-"] {
        assert!(said(list).starts_with("there is no file "), "{list}");
    }
    assert_eq!(said("5-3"), "the range 5-3 ends before it begins");
    assert!(said("-5").contains("a file has this name too"));
    assert_eq!(
        said("1:hihg"),
        "hihg is no priority (in 1:hihg): there are high, normal, low and skip"
    );
    assert!(said("chapter1.pdf:urgent").starts_with("urgent is no priority"));
    assert!(said("\"chapter1.pdf\":urgent").starts_with("urgent is no priority"));
    assert!(said("!1:high").contains("cannot give"));
    assert!(said("chapter[1.pdf").starts_with("chapter[1.pdf is no pattern"));
    for list in ["", ",", "1,,2", "1,", "!", "\"\""] {
        assert!(said(list).contains("is empty"), "{list:?}");
    }
    for list in ["\"notes", "\"a\"b", "'a':"] {
        let said = said(list);
        assert!(
            said.contains("quote") || said.contains("priority"),
            "{list}: {said}"
        );
    }
}

#[test]
fn names_with_signs_in_them_can_be_written() {
    let files = Files::new(&layout(
        16_384,
        &[
            ("t/a:high", 1),
            ("t/!b", 1),
            ("t/'c", 1),
            ("t/d*", 1),
            ("t/dd", 1),
            ("t/7", 1),
            ("t/e\\f", 1),
            ("t/{g,h", 1),
            ("t/i:j", 1),
            ("t/k ", 1),
        ],
    ));
    for (list, expected) in [
        ("\"a:high\"", &[1][..]),
        ("a\\:high", &[1]),
        ("a\\:high:low", &[1]),
        ("\\!b", &[2]),
        ("\"!b\"", &[2]),
        ("!\"!b\",!d*", &[1, 3, 5, 6, 7, 8, 9, 10]),
        ("\\'c", &[3]),
        ("d*", &[4]),
        ("d\\*", &[4]),
        ("d?", &[4, 5]),
        ("7", &[7]),
        ("\"7\"", &[6]),
        ("t/7", &[6]),
        ("\"e\\\\f\"", &[7]),
        ("\"{g,h\"", &[8]),
        ("i:j", &[9]),
        ("i:j:low", &[9]),
        ("k\\ ", &[10]),
        ("k\\  , 1", &[1, 10]),
        ("k\\ :high", &[10]),
        ("\"k \"", &[10]),
        ("e\\\\f ,1", &[1, 7]),
    ] {
        assert_eq!(numbers(&files, list).unwrap(), expected, "{list}");
    }
}

#[test]
fn a_list_is_written_as_it_was_read() {
    let list: List = " 1-3 , \"a, b\":high,!*.nfo".parse().unwrap();
    assert_eq!(list.to_string(), "1-3,\"a, b\":high,!*.nfo");
    let spaced: List = " a\\  , b\\\\ ,c".parse().unwrap();
    assert_eq!(spaced.to_string(), "a\\ ,b\\\\,c");
}

/// A hundred thousand files in a thousand folders.
fn many() -> Files {
    let names: Vec<String> = (0..100_000)
        .map(|i| format!("t/{}/file {i}.bin", i / 100))
        .collect();
    let files: Vec<(&str, u64)> = names.iter().map(|name| (&**name, 10)).collect();
    Files::new(&layout(1 << 20, &files))
}

#[test]
fn a_hundred_thousand_files_are_no_matter() {
    let files = many();
    assert_eq!(numbers(&files, "*7.bin,!1-99990").unwrap(), [99_998]);
    assert_eq!(numbers(&files, "999/").unwrap().len(), 100);
    let error = numbers(&files, "999/file 99999.bim").unwrap_err();
    assert!(
        error.to_string().contains("near: 999/file 99999.bin"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_or_refused(list in "[-!\"'\\\\:,*?{}\\[\\]0-9a-z/ .]{0,40}") {
        let files = book();
        if let Ok(read) = list.parse::<List>() {
            let again: List = read.to_string().parse().unwrap();
            let select = |list: &List| list.select(&files, None).map(|s| s.to_string());
            prop_assert_eq!(select(&read), select(&again));
        }
    }

    #[test]
    fn every_path_in_quotes_is_itself(place in 0..9_usize, other in "[^\u{0}-\u{1f}/]{1,20}") {
        let files = book();
        let quoted = |path: &str| format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""));
        let list: List = quoted(&files.listed()[place].path).parse().unwrap();
        prop_assert!(numbers_of(&list.select(&files, None).unwrap()).contains(&(place + 1)));
        let name = format!("t/{other}");
        if other != "." && other != ".." && !other.contains("->") {
            let one = Files::new(&layout(16_384, &[(&name, 1), ("t/one that is longer than any/y", 1)]));
            if one.listed().len() == 2 {
                prop_assert_eq!(numbers(&one, &quoted(&one.listed()[0].path)).unwrap(), vec![1]);
            }
        }
    }
}
