//! Names from strangers.

use pretty_assertions::assert_eq;

use super::*;
use crate::Portable;
use crate::path::{MAX_NAME, is_portable, is_safe, portable_name, safe_name};

#[track_caller]
fn becomes(raw: &[u8], safe: &str) {
    assert_eq!(safe_name(raw), safe);
    assert_eq!(safe_name(safe.as_bytes()), safe, "a safe name stays");
    assert!(is_safe(safe));
}

/// What is dangerous nowhere, but not possible everywhere.
#[track_caller]
fn becomes_portable(raw: &[u8], portable: &str) {
    assert_eq!(portable_name(raw), portable);
    assert_eq!(portable_name(portable.as_bytes()), portable, "it stays");
    assert!(is_portable(portable) && is_safe(portable));
    if cfg!(windows) {
        becomes(raw, portable);
    }
}

#[track_caller]
fn stays(name: &str) {
    becomes(name.as_bytes(), name);
    assert_eq!(portable_name(name.as_bytes()), name);
}

#[test]
fn common_names_stay_as_they_are() {
    for name in [
        "a",
        "README",
        "read me.txt",
        ".hidden",
        "..hidden",
        "a..b",
        "Größe.txt",
        "東京.mp3",
        "🎵",
        "it's (live) [2024] {x} #1 & more, 100%.flac",
        "~",
        "-rf",
        "$HOME",
        "a;b",
        " leading",
        "Artist - Title",
        "aux_",
        "CONTENT",
        "com",
        "com10.txt",
        "lpt",
        "nul_device",
        "_",
    ] {
        stays(name);
    }
}

#[test]
fn no_name_is_a_path() {
    becomes(b"/etc/passwd", "_etc_passwd");
    becomes(b"a/b", "a_b");
    becomes(b"..\\..\\evil.exe", ".._.._evil.exe");
    becomes(b"/", "_");
    becomes(b"//server/share", "__server_share");
    becomes_portable(b"C:\\Windows", "C__Windows");
    becomes_portable(b"c:", "c_");
    becomes_portable(b"z:file", "z_file");
}

#[test]
fn no_name_leads_up_or_nowhere() {
    becomes(b"", "_");
    becomes(b".", "_");
    becomes(b"..", "__");
    for (raw, portable) in [
        (".", "_"),
        ("..", "__"),
        ("...", "___"),
        (" ", "_"),
        (". .", "___"),
    ] {
        becomes_portable(raw.as_bytes(), portable);
    }
}

#[cfg(not(windows))]
#[test]
fn what_is_dangerous_nowhere_here_stays() {
    for name in [
        "R.E.M.",
        "etc...",
        "...",
        " ",
        "a ",
        "aux.c",
        "con",
        "NUL",
        "C:",
        "what? \"a|b\" <*>",
        "COM1.txt",
    ] {
        becomes(name.as_bytes(), name);
        assert_ne!(portable_name(name.as_bytes()), name);
    }
}

#[test]
fn dots_and_spaces_at_the_end_would_be_dropped_by_windows() {
    becomes_portable(b"name.", "name_");
    becomes_portable(b"name. .", "name___");
    becomes_portable(b"name.txt ", "name.txt_");
}

#[test]
fn control_characters_are_replaced() {
    becomes(b"a\0b", "a_b");
    becomes(b"\0\0", "__");
    becomes(b"a\nb\tc\x7f", "a_b_c_");
    becomes(b"\x1b[2J", "_[2J");
    becomes("a\u{9b}b".as_bytes(), "a_b");
}

#[test]
fn nothing_turns_the_direction_of_writing() {
    becomes("photo\u{202e}gpj.exe".as_bytes(), "photo_gpj.exe");
    becomes("\u{2066}a\u{2069}\u{200f}".as_bytes(), "_a__");
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced() {
    becomes(b"caf\xe9.txt", "caf_.txt");
    becomes(b"\xff\xfe", "__");
    // An overlong encoding of '/', and one of '.'.
    becomes(b"a\xc0\xafb", "a__b");
    becomes(b"\xc0\xae\xc0\xae", "____");
    // A surrogate.
    becomes(b"\xed\xa0\x80", "___");
}

#[test]
fn names_of_devices_are_told_apart() {
    becomes_portable(b"CON", "_CON");
    becomes_portable(b"nul", "_nul");
    becomes_portable(b"Aux.txt", "_Aux.txt");
    becomes_portable(b"com1.tar.gz", "_com1.tar.gz");
    becomes_portable(b"LPT9", "_LPT9");
    becomes_portable(b"COM0", "_COM0");
    becomes_portable("com¹".as_bytes(), "_com¹");
    becomes_portable(b"prn .txt", "_prn .txt");
    becomes_portable(b"CONOUT$", "_CONOUT$");
    becomes_portable(b"con.", "con_");
    becomes_portable(b"NUL:", "NUL_");
}

#[test]
fn what_windows_cannot_store_is_not_portable() {
    let name = "Who? \"A: B\" <1> *|.txt";
    becomes_portable(name.as_bytes(), "Who_ _A_ B_ _1_ __.txt");
}

#[test]
fn long_names_keep_their_extension() {
    stays(&"x".repeat(MAX_NAME));
    becomes(&[b'x'; 256], &"x".repeat(254));
    let long = format!("{}.flac", "x".repeat(300));
    becomes(long.as_bytes(), &format!("{}.flac", "x".repeat(249)));
    let no_extension = format!("x.{}", "y".repeat(300));
    becomes(no_extension.as_bytes(), &no_extension[..254]);
    // No character is cut in two: 127 of two bytes fit, or 124 and an extension.
    becomes("ä".repeat(200).as_bytes(), &"ä".repeat(127));
    becomes(
        format!("{}.txt", "ä".repeat(200)).as_bytes(),
        &format!("{}.txt", "ä".repeat(125)),
    );
    // What was far from the end comes to it.
    let spaces = format!("a{}b", " ".repeat(300));
    becomes_portable(spaces.as_bytes(), &format!("a{}", "_".repeat(253)));
    // A device behind a name that is too long.
    let device = format!("con.{}", "x".repeat(300));
    becomes_portable(device.as_bytes(), &format!("_con.{}", "x".repeat(249)));
    let device = format!("nul.{}", "x".repeat(251));
    becomes_portable(device.as_bytes(), &format!("_nul.{}", "x".repeat(249)));
    let device = format!("com1{}.txt", " ".repeat(251));
    assert!(portable_name(device.as_bytes()).starts_with("_com1 "));
}

#[test]
fn a_torrents_paths_are_made_safe_and_the_change_is_told() {
    let info = multi(vec![
        file(&["..", "..", "etc", "passwd"], 1),
        file(&["", "empty"], 1),
        file(&["NUL", "C:", "x"], 1),
    ]);
    let torrent = parse(with(info, "name", text("../up"))).unwrap();
    let portable = torrent.clone().into_portable();
    assert_eq!(torrent.name, ".._up");
    assert_eq!(
        paths(&portable),
        [".._up/__/__/etc/passwd", ".._up/_/empty", ".._up/_NUL/C_/x"]
    );
    if cfg!(not(windows)) {
        assert_eq!(
            paths(&torrent),
            [".._up/__/__/etc/passwd", ".._up/_/empty", ".._up/NUL/C:/x"]
        );
    }
    assert_eq!(
        warnings(&torrent)[0],
        "its name \"../up\" is \".._up\" on disk"
    );
    assert_eq!(warnings(&torrent)[1], "the name \"..\" is \"__\" on disk");
    // Each once: "..", "", "NUL", "C:" and the torrent's own.
    assert_eq!((torrent.warnings.len(), portable.warnings.len()), (5, 5));
    assert_eq!(
        warnings(&portable)[3],
        "the name \"NUL\" is \"_NUL\" on disk"
    );
}

#[cfg(not(any(windows, target_vendor = "apple")))]
#[test]
fn a_torrents_own_names_and_the_portable_ones_stand_side_by_side() {
    let files = vec![
        file(&["a.txt"], 1),
        file(&["aux.c"], 1),
        file(&["A.txt"], 1),
        file(&["deep.", "a"], 1),
        file(&["a.txt"], 1),
    ];
    let torrent = parse(multi(files.clone())).unwrap();
    let own = ["a.txt", "aux.c", "A.txt", "deep./a", "a (2).txt"];
    assert_eq!(paths(&torrent), own.map(|path| format!("folder/{path}")));
    // Only what differs is kept.
    let others: Vec<usize> = torrent.portable.files.keys().copied().collect();
    assert_eq!(
        (torrent.portable.name.as_deref(), &*others),
        (None, &[1, 2, 3, 4][..])
    );
    let portable = ["a.txt", "_aux.c", "A (2).txt", "deep_/a", "a (3).txt"];
    let portable = portable.map(|path| format!("folder/{path}"));
    assert_eq!(paths(&torrent.into_portable()), portable);

    let named = parse(with(multi(files), "name", text("R.E.M."))).unwrap();
    assert_eq!(named.portable.name.as_deref(), Some("R.E.M_"));
    assert_eq!(named.portable.files[&0].path, ["R.E.M_", "a.txt"]);
    let portable = named.into_portable();
    assert_eq!(
        (&*portable.name, &portable.portable),
        ("R.E.M_", &Portable::default())
    );

    let usual = parse(multi(vec![file(&["a"], 1), file(&["b", "c"], 1)])).unwrap();
    assert_eq!((usual.portable, usual.warnings), Default::default());
}

#[cfg(not(windows))]
#[test]
fn of_names_that_are_not_portable_a_few_are_told() {
    let files = (0..100)
        .map(|n| file(&["same folder.", &format!("{n}?")], 1))
        .collect();
    let torrent = parse(multi(files)).unwrap();
    assert_eq!(torrent.warnings.len(), 11);
    assert_eq!(
        warnings(&torrent)[10],
        "there are more such names; 100 files have a path that not every system can keep"
    );
}

#[test]
fn warnings_hold_nothing_that_a_terminal_obeys() {
    let torrent = parse(with(single(), "name", text("\x1b[2J\n\u{202e}x"))).unwrap();
    assert_eq!(
        warnings(&torrent),
        ["its name \"\\u{1b}[2J\\n\\u{202e}x\" is \"_[2J__x\" on disk"]
    );
}

#[test]
fn the_utf_8_names_are_preferred() {
    let files = vec![Ben::Dict(vec![
        ("length", int(1)),
        ("path", Ben::List(vec![Ben::Bytes(b"caf\xe9".to_vec())])),
        ("path.utf-8", path(&["café"])),
    ])];
    let info = with(multi(files), "name", Ben::Bytes(b"\xe9t\xe9".to_vec()));
    let torrent = parse(with(info, "name.utf-8", text("été"))).unwrap();
    assert_eq!(paths(&torrent), ["été/café"]);
    assert_eq!(torrent.warnings, []);
}

#[test]
fn utf_8_names_that_are_none_give_way_to_the_plain_ones() {
    for bad in [
        int(1),
        path(&[]),
        path(&[""]),
        path(&["a", ""]),
        Ben::List(vec![Ben::Bytes(b"\xff".to_vec())]),
    ] {
        let files = vec![Ben::Dict(vec![
            ("length", int(1)),
            ("path", path(&["plain"])),
            ("path.utf-8", bad),
        ])];
        for name in [&b"\xff"[..], b""] {
            let info = with(
                multi(files.clone()),
                "name.utf-8",
                Ben::Bytes(name.to_vec()),
            );
            assert_eq!(paths(&parse(info).unwrap()), ["folder/plain"]);
        }
    }
}

#[test]
fn a_torrent_without_a_name_goes_by_its_hash() {
    let torrent = parse(with(single(), "name", text(""))).unwrap();
    assert_eq!(torrent.name, torrent.info_hash_v1.unwrap().to_string());
    assert_eq!(torrent.warnings.len(), 1);
}
