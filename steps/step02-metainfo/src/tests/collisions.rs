//! Files that would be the same file on disk.

use pretty_assertions::assert_eq;

use super::*;

/// By portable names, as on Windows and macOS.
fn on_disk(files: &[&[&str]]) -> Vec<String> {
    inside(&torrent_of(files).into_portable())
}

/// By the torrent's own names.
fn own(files: &[&[&str]]) -> Vec<String> {
    inside(&torrent_of(files))
}

fn torrent_of(files: &[&[&str]]) -> Metainfo {
    let files = files.iter().map(|elements| file(elements, 1)).collect();
    parse(multi(files)).unwrap()
}

fn inside(torrent: &Metainfo) -> Vec<String> {
    let mut paths = paths(torrent);
    paths
        .iter_mut()
        .for_each(|path| *path = path["folder/".len()..].to_owned());
    paths
}

#[test]
fn the_second_file_of_a_name_gets_a_number() {
    assert_eq!(
        on_disk(&[&["a.txt"], &["a.txt"], &["b", "a.txt"], &["a.txt"]]),
        ["a.txt", "a (2).txt", "b/a.txt", "a (3).txt"]
    );
    assert_eq!(
        on_disk(&[&["x"], &["x"], &[".x"], &[".x"]]),
        ["x", "x (2)", ".x", ".x (2)"]
    );
}

#[test]
fn names_that_differ_by_case_alone_are_the_same() {
    assert_eq!(
        on_disk(&[
            &["Read.me"],
            &["read.ME"],
            &["Straße"],
            &["STRASSE"],
            &["Ä"],
            &["ä"]
        ]),
        [
            "Read.me",
            "read (2).ME",
            "Straße",
            "STRASSE (2)",
            "Ä",
            "ä (2)"
        ]
    );
    assert_eq!(on_disk(&[&["A", "x"], &["a", "X"]]), ["A/x", "a/X (2)"]);
}

#[test]
fn the_sharp_s_has_a_capital_and_a_long_form() {
    assert_eq!(
        on_disk(&[&["Straße"], &["Straẞe"], &["strasse"], &["STRAẞE"]]),
        ["Straße", "Straẞe (2)", "strasse (3)", "STRAẞE (4)"]
    );
}

#[test]
fn letters_with_accents_are_the_same_however_they_are_written() {
    // One character, two, two in capitals; and accents in another order.
    assert_eq!(
        on_disk(&[&["\u{e9}"], &["e\u{301}"], &["E\u{301}"], &["\u{c9}"]]),
        ["\u{e9}", "e\u{301} (2)", "E\u{301} (3)", "\u{c9} (4)"]
    );
    assert_eq!(
        on_disk(&[&["a\u{323}\u{302}", "x"], &["\u{1eac}", "x"]]),
        ["a\u{323}\u{302}/x", "\u{1eac}/x (2)"]
    );
    assert_eq!(on_disk(&[&["e"], &["\u{e9}"]]), ["e", "\u{e9}"]);
}

#[test]
fn names_that_become_the_same_are_the_same() {
    assert_eq!(
        on_disk(&[&["a/b"], &["a\\b"], &["a_b"]]),
        ["a_b", "a_b (2)", "a_b (3)"]
    );
}

#[test]
fn a_number_that_is_taken_is_not_given() {
    assert_eq!(
        on_disk(&[&["a (2)"], &["a"], &["a"], &["a"], &["a (4)"]]),
        ["a (2)", "a", "a (3)", "a (4)", "a (4) (2)"]
    );
}

#[test]
fn a_file_gives_way_to_a_folder() {
    assert_eq!(on_disk(&[&["a"], &["a", "b"]]), ["a (2)", "a/b"]);
    assert_eq!(on_disk(&[&["A", "b"], &["a"]]), ["A/b", "a (2)"]);
    assert_eq!(
        on_disk(&[&["a"], &["a", "b"], &["a (2)", "c"]]),
        ["a (3)", "a/b", "a (2)/c"]
    );
}

#[test]
fn a_name_that_is_full_is_cut_for_the_number() {
    let long = format!("{}.txt", "x".repeat(251));
    let paths = on_disk(&[&[&long], &[&long]]);
    assert_eq!(paths[0], long);
    assert_eq!(paths[1], format!("{} (2).txt", "x".repeat(238)));
}

#[test]
fn padding_files_may_have_any_name() {
    let padding = |elements| {
        Ben::Dict(vec![
            ("attr", text("p")),
            ("length", int(1)),
            ("path", path(elements)),
        ])
    };
    let files = vec![
        padding(&[".pad", "1"]),
        padding(&[".pad", "1"]),
        file(&["a"], 1),
        padding(&["a"]),
        padding(&["a", "b"]),
    ];
    let torrent = parse(multi(files)).unwrap();
    assert_eq!(
        paths(&torrent),
        [
            "folder/.pad/1",
            "folder/.pad/1",
            "folder/a",
            "folder/a",
            "folder/a/b"
        ]
    );
    assert_eq!(torrent.warnings, []);
}

#[test]
fn the_change_is_told() {
    let told = |torrent: Metainfo| warnings(&torrent);
    let twice = torrent_of(&[&["a"], &["a"]]);
    let here = ["a file or folder \"a\" is there already; this one is \"folder/a (2)\" on disk"];
    assert_eq!(told(twice.clone()), here);
    assert_eq!(told(twice.into_portable()), here);
    let case = torrent_of(&[&["a"], &["A"]]);
    assert_eq!(
        told(case.clone().into_portable()),
        ["a file or folder \"A\" is there already; this one is \"folder/A (2)\" on disk"]
    );
    if cfg!(not(any(windows, target_vendor = "apple"))) {
        assert_eq!(
            told(case),
            [
                "some systems take the name \"A\" for that of another file; there it is \"folder/A (2)\" \
              on disk"
            ]
        );
    }
}

#[cfg(not(any(windows, target_vendor = "apple")))]
#[test]
fn here_only_the_very_same_names_are_the_same() {
    let differ: &[&[&str]] = &[
        &["Read.me"],
        &["read.ME"],
        &["straße"],
        &["strasse"],
        &["\u{e9}"],
        &["e\u{301}"],
        &["A", "x"],
        &["a", "x"],
    ];
    let paths = differ.iter().map(|path| path.join("/"));
    assert_eq!(own(differ), paths.collect::<Vec<_>>());
    assert_eq!(own(&[&["a"], &["A"], &["a"]]), ["a", "A", "a (2)"]);
    assert_eq!(on_disk(&[&["a"], &["A"], &["a"]]), ["a", "A (2)", "a (3)"]);
    assert_eq!(own(&[&["x/y"], &["x\\y"]]), ["x_y", "x_y (2)"]);
    assert_eq!(own(&[&["A"], &["a", "b"]]), ["A", "a/b"]);
    assert_eq!(own(&[&["a"], &["a", "b"]]), ["a (2)", "a/b"]);
}

#[test]
fn very_many_files_of_one_name_take_no_time() {
    let mut files = vec![file(&["a"], 0); 50_000];
    files[0] = file(&["a"], 1);
    let torrent = parse(multi(files)).unwrap();
    assert_eq!(torrent.files[49_999].path, ["folder", "a (50000)"]);
    // Names that become the same only when they are cut for the number.
    let name = |number: usize| format!("{}{:05}", "x".repeat(249), number / 2);
    let files = (0..50_000)
        .map(|number| file(&[&name(number)], 0))
        .collect();
    let torrent = parse(with(multi(files), "pieces", pieces(0))).unwrap();
    let last = format!("{} (25001)", "x".repeat(242));
    assert_eq!(torrent.files[49_999].path[1], last);
}
