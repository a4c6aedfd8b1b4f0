//! Torrents of our own making.

use bencode::decode;
use pretty_assertions::assert_eq;

use super::*;
use crate::Warning;
use crate::create::{Create, CreateError};

fn example() -> Create {
    let mut create = Create::multi("folder", 16 * 1024);
    create
        .add_file(["a.txt"], 20_000)
        .add_file(["sub", "b.txt"], 5);
    create
}

#[test]
fn a_torrent_of_one_file_is_canonical() {
    let create = Create::single("a.txt", 3, 16 * 1024);
    let bytes = create.to_bytes(&[*b"hhhhhhhhhhhhhhhhhhhh"]).unwrap();
    assert_eq!(
        bytes.escape_ascii().to_string(),
        "d4:infod6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhee"
    );
}

#[test]
fn everything_that_can_be_said_is_said_and_read_back() {
    let mut create = example();
    create.files[0].executable = true;
    create.files[0].hidden = true;
    create.files[1].symlink = Some(["folder", "a.txt"].map(String::from).to_vec());
    create.files[1].length = 0;
    create.about.announce = vec![
        vec!["http://a".into(), "http://b".into()],
        vec!["udp://c".into()],
    ];
    create.about.web_seeds = vec!["http://seed/".into()];
    create.about.private = true;
    create.about.source = Some("S".into());
    create.about.comment = Some("größer".into());
    create.about.created_by = Some("kostorrent".into());
    create.about.creation_date = Some(1_700_000_000);
    let bytes = create.to_bytes(&[[7; 20], [8; 20]]).unwrap();
    decode(&bytes).expect("canonical");

    let torrent = Metainfo::parse(&bytes).unwrap();
    assert_eq!(torrent.name, create.name);
    assert_eq!(torrent.files, create.files);
    assert_eq!(torrent.pieces, [[7; 20], [8; 20]]);
    assert_eq!(torrent.announce, create.about.announce);
    assert_eq!(torrent.web_seeds, create.about.web_seeds);
    assert!(torrent.private);
    assert_eq!(torrent.source, create.about.source);
    assert_eq!(torrent.comment, create.about.comment);
    assert_eq!(torrent.created_by, create.about.created_by);
    assert_eq!(torrent.creation_date, create.about.creation_date);
    assert_eq!(torrent.warnings, []);
    // Clients that know no tiers find a tracker too.
    let document = decode(&bytes).unwrap();
    assert_eq!(
        document.root().get("announce").unwrap().as_str(),
        Some("http://a")
    );
}

#[test]
fn what_changes_the_info_hash_and_what_does_not() {
    let hash = |create: &Create| {
        let bytes = create.to_bytes(&[[7; 20], [8; 20]]).unwrap();
        Metainfo::parse(&bytes).unwrap().info_hash_v1
    };
    let plain = hash(&example());
    let mut beside = example();
    beside.about.announce = vec![vec!["http://a".into()]];
    beside.about.comment = Some("hello".into());
    beside.about.creation_date = Some(1);
    assert_eq!(hash(&beside), plain);
    let mut inside = example();
    inside.about.source = Some("S".into());
    assert_ne!(hash(&inside), plain);
    let mut private = example();
    private.about.private = true;
    assert_ne!(hash(&private), plain);
}

#[test]
fn names_that_are_dangerous_are_refused() {
    let long = "n".repeat(256);
    for (name, safe, what) in [
        (
            "a\nb",
            "a_b",
            "the name \"a\\nb\" has a control character in it (U+000A), which",
        ),
        (
            "a\\b",
            "a_b",
            "the name \"a\\b\" has a backslash in it (\\), which",
        ),
        (
            "a/b",
            "a_b",
            "the name \"a/b\" has a slash in it (/), which",
        ),
        (
            "a\u{202e}b",
            "a_b",
            "\"a\\u{202e}b\" has a character in it that turns the direction",
        ),
        ("..", "__", "the name \"..\" means a folder"),
        (
            "",
            "",
            "the name \"\" is empty, which is dangerous in a torrent: rename it",
        ),
        (
            &long,
            &long[..254],
            "has more than 255 bytes, which is dangerous",
        ),
    ] {
        let error = Create::single(name, 1, 16384)
            .to_bytes(&[[0; 20]])
            .unwrap_err();
        let told = error.to_string();
        assert!(told.contains(what), "{told}");
        match error {
            CreateError::UnsafeName {
                name: given,
                safe: better,
                is_own: true,
                ..
            } => {
                assert_eq!(given, name);
                assert!(better == safe || name.is_empty());
            }
            other => panic!("{other}"),
        }
    }
    let mut create = example();
    create.add_file(["a.txt"], 1);
    assert_eq!(
        create
            .to_bytes(&[[0; 20], [0; 20]])
            .unwrap_err()
            .to_string(),
        "the name \"folder/a.txt\" is there twice, or is both a file and a folder: rename it, for \
         example to \"folder/a (2).txt\""
    );
}

#[cfg(not(any(windows, target_vendor = "apple")))]
#[test]
fn names_that_only_other_systems_cannot_keep_are_taken_and_told() {
    let mut create = Create::multi("R.E.M.", 16 * 1024);
    for name in ["aux.c", "con", "etc...", "trailing ", "Read.me", "read.ME"] {
        create.add_file([name], 1);
    }
    create.add_file(["straße"], 1).add_file(["strasse"], 1);
    let torrent = Metainfo::parse(&create.to_bytes(&[[0; 20]]).unwrap()).unwrap();
    assert_eq!(torrent.name, "R.E.M.");
    assert_eq!(torrent.files, create.files);
    assert!(torrent.warnings.iter().all(Warning::is_about_portability));
    let of = |name: &str, portable: &str| {
        format!(
            "not every system can keep the name \"{name}\"; where it cannot, it is \"{portable}\" on \
             disk"
        )
    };
    let same = |name: &str, portable: &str| {
        format!(
            "some systems take the name \"{name}\" for that of another file; there it is \
             \"R.E.M_/{portable}\" on disk"
        )
    };
    let expected = [
        of("R.E.M.", "R.E.M_"),
        of("aux.c", "_aux.c"),
        of("con", "_con"),
        of("etc...", "etc___"),
        of("trailing ", "trailing_"),
        same("read.ME", "read (2).ME"),
        same("strasse", "strasse (2)"),
    ];
    assert_eq!(warnings(&torrent), expected);
}

#[test]
fn pieces_that_do_not_fit_are_refused() {
    for count in [0, 1, 3] {
        let error = example().to_bytes(&vec![[0; 20]; count]).unwrap_err();
        assert!(matches!(
            error,
            CreateError::Refused(Error::PiecesLength { .. })
        ));
    }
    let none = Create::multi("folder", 16384).to_bytes(&[]).unwrap_err();
    assert!(matches!(none, CreateError::Refused(Error::NoFiles)));
}

#[test]
fn a_url_that_would_be_read_otherwise_is_named() {
    let long = format!("http://{}", "a".repeat(5_000));
    for (urls, named) in [
        (
            &["http://a", "http://b", "http://a"][..],
            "\"http://a\" is given twice",
        ),
        (&["http://a", " http://b"], "\" http://b\" has spaces"),
        (&["http://a\nb"], "\"http://a\\nb\" has spaces"),
        (&["http://a", " "], "\" \" is empty"),
        (&[&long], "is longer"),
    ] {
        let urls: Vec<String> = urls.iter().map(|url| (*url).to_owned()).collect();
        let (mut trackers, mut seeds) = (example(), example());
        trackers.about.announce = urls.iter().map(|url| vec![url.clone()]).collect();
        seeds.about.web_seeds = urls;
        for create in [trackers, seeds] {
            let error = create.to_bytes(&[[0; 20], [0; 20]]).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }
    let mut once_each = example();
    once_each.about.announce = vec![vec!["http://a".into()]];
    once_each.about.web_seeds = vec!["http://a".into()];
    assert!(once_each.to_bytes(&[[0; 20], [0; 20]]).is_ok());
}

#[test]
fn what_would_be_read_otherwise_is_refused() {
    let pieces = [[0; 20], [0; 20]];
    let mut empty_tier = example();
    empty_tier.about.announce = vec![vec![]];
    assert!(matches!(
        empty_tier.to_bytes(&pieces),
        Err(CreateError::Urls)
    ));
    let mut long = example();
    long.about.comment = Some("x".repeat(100_000));
    assert!(matches!(long.to_bytes(&pieces), Err(CreateError::Text)));
    let mut link = example();
    link.files[1].symlink = Some(vec!["folder".into(), "a.txt".into()]);
    assert!(matches!(link.to_bytes(&pieces), Err(CreateError::Files)));
    let mut elsewhere = example();
    elsewhere.files[1].path[0] = "elsewhere".into();
    assert!(elsewhere.to_bytes(&pieces).is_err());
}
