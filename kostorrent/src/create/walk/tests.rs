use pretty_assertions::assert_eq;

use super::*;

/// A folder with files of two bytes.
fn folder(paths: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for path in paths {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "12").unwrap();
    }
    dir
}

fn inside(found: &Found) -> Vec<String> {
    let files = found.files.iter();
    files.map(|file| file.inside.join("/")).collect()
}

/// What is left out, by its path inside, and why.
fn left_out(found: &Found, root: &Path) -> Vec<(String, Why)> {
    let path = |left: &LeftOut| left.path.strip_prefix(root).unwrap().display().to_string();
    let left_out = found.left_out.iter();
    left_out.map(|left| (path(left), left.why)).collect()
}

fn excluding(patterns: &[&str]) -> Choice {
    Choice {
        exclude: patterns
            .iter()
            .map(|p| Pattern::parse(p).unwrap())
            .collect(),
        ..Choice::default()
    }
}

#[test]
fn files_come_in_the_order_of_their_paths() {
    let dir = folder(&["b.txt", "a/z", "a/b/c", "a.txt", ".hidden", "Z"]);
    fs::create_dir(dir.path().join("empty folder")).unwrap();
    let found = walk(dir.path(), &Choice::default()).unwrap();
    let expected = [".hidden", "Z", "a/b/c", "a/z", "a.txt", "b.txt"];
    assert_eq!(inside(&found), expected);
    assert!(found.files.iter().all(|file| file.length == 2));
}

#[test]
fn one_file_is_a_torrent_of_its_own() {
    // One that was named is taken, whatever its name.
    let dir = folder(&["Thumbs.db"]);
    let path = dir.path().join("Thumbs.db");
    let found = walk(&path, &Choice::default()).unwrap();
    let found = found
        .files
        .iter()
        .map(|f| (&f.path, f.inside.len(), f.length));
    assert_eq!(found.collect::<Vec<_>>(), [(&path, 0, 2)]);
}

#[test]
fn what_systems_leave_is_left_out_unless_all_is_wanted() {
    let names = [
        ".DS_Store",
        "a/Thumbs.db",
        "b/.kostorrent-x1.unfinished",
        "b/desktop.ini",
        "thumbs.DB",
        "x",
    ];
    let dir = folder(&names);
    fs::create_dir(dir.path().join("desktop.ini")).unwrap();
    fs::write(dir.path().join("desktop.ini/in a folder"), "12").unwrap();
    let found = walk(dir.path(), &Choice::default()).unwrap();
    assert_eq!(
        inside(&found),
        ["desktop.ini/in a folder", "thumbs.DB", "x"]
    );
    let expected = [names[0], names[1], names[2], names[3]];
    let expected = expected.map(|path| (path.to_owned(), Why::Litter));
    assert_eq!(left_out(&found, dir.path()), expected);

    let all = Choice {
        all: true,
        ..Choice::default()
    };
    let found = walk(dir.path(), &all).unwrap();
    assert_eq!((found.files.len(), found.left_out.len()), (7, 0));
}

#[test]
fn a_folder_that_matches_excludes_all_below_it() {
    let dir = folder(&["a/build/x", "a/x", "build/y", "notes.tmp", "x"]);
    let found = walk(dir.path(), &excluding(&["*.tmp", "/build", "none"])).unwrap();
    assert_eq!(inside(&found), ["a/build/x", "a/x", "x"]);
    assert_eq!((found.left_out.len(), found.unmatched), (0, vec![2]));
    let found = walk(dir.path(), &excluding(&["build/"])).unwrap();
    assert_eq!(inside(&found), ["a/x", "notes.tmp", "x"]);
}

#[test]
fn the_output_is_no_part_of_the_input() {
    let dir = folder(&["a", "out.torrent"]);
    let output = dir.path().join("out.torrent");
    let choice = Choice {
        output: Some(FileId::of(&output).unwrap()),
        ..Choice::default()
    };
    let found = walk(dir.path(), &choice).unwrap();
    assert_eq!(inside(&found), ["a"]);
    let expected = [("out.torrent".to_owned(), Why::Output)];
    assert_eq!(left_out(&found, dir.path()), expected);
    let error = walk(&output, &choice).unwrap_err();
    assert!(matches!(error, CreateError::OutputIsInput(_)), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;

    use pretty_assertions::assert_eq;

    use super::*;

    const FOLLOW: Choice = Choice {
        all: false,
        follow_links: true,
        exclude: Vec::new(),
        output: None,
    };

    #[test]
    fn links_and_odd_things_are_left_out() {
        let dir = folder(&["a", "folder/b"]);
        for (target, link) in [
            ("a", "to a file"),
            ("folder", "to a folder"),
            ("no", "dead"),
        ] {
            symlink(target, dir.path().join(link)).unwrap();
        }
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        let found = walk(dir.path(), &Choice::default()).unwrap();
        assert_eq!(inside(&found), ["a", "folder/b"]);
        let expected = [
            ("dead", Why::Link),
            ("socket", Why::Special),
            ("to a file", Why::Link),
            ("to a folder", Why::Link),
        ];
        let expected = expected.map(|(path, why)| (path.to_owned(), why));
        assert_eq!(left_out(&found, dir.path()), expected);

        let error = walk(&dir.path().join("socket"), &Choice::default()).unwrap_err();
        let is_named =
            matches!(&error, CreateError::NeitherFileNorFolder(path) if path.ends_with("socket"));
        assert!(is_named, "{error}");
    }

    #[test]
    fn links_are_followed_where_that_is_wanted_but_never_round_in_circles() {
        let (dir, outside) = (folder(&["a/x", "b/y"]), folder(&["far/z"]));
        for (target, link) in [
            ("../b", "a/to b"),
            ("x", "a/to x"),
            (".", "a/self"),
            ("..", "b/up"),
            ("no", "dead"),
            ("dead loop", "dead loop"),
            (outside.path().to_str().unwrap(), "out"),
        ] {
            symlink(target, dir.path().join(link)).unwrap();
        }
        let found = walk(dir.path(), &FOLLOW).unwrap();
        let expected = ["a/to b/y", "a/to x", "a/x", "b/y", "out/far/z"];
        assert_eq!(inside(&found), expected);
        let expected = [
            ("a/self", Why::Cycle),
            ("a/to b/up", Why::Cycle),
            ("b/up", Why::Cycle),
            ("dead", Why::DeadLink),
            ("dead loop", Why::DeadLink),
        ];
        let expected = expected.map(|(path, why)| (path.to_owned(), why));
        assert_eq!(left_out(&found, dir.path()), expected);
    }

    #[test]
    fn links_that_lead_along_too_many_ways_are_an_error() {
        // Twenty folders, each with two links to the next: a million ways, and no circle.
        let dir = tempfile::tempdir().unwrap();
        for n in 0..20 {
            let folder = dir.path().join(n.to_string());
            fs::create_dir(&folder).unwrap();
            for link in ["left", "right"] {
                symlink(format!("../{}", n + 1), folder.join(link)).unwrap();
            }
        }
        fs::create_dir(dir.path().join("20")).unwrap();
        let error = walk(dir.path(), &FOLLOW).unwrap_err();
        assert!(matches!(error, CreateError::TooManyFolders), "{error}");
    }

    #[test]
    fn the_output_is_known_by_any_of_its_names() {
        let (dir, place) = (folder(&["a"]), folder(&["out"]));
        let output = place.path().join("out");
        fs::hard_link(&output, dir.path().join("hard")).unwrap();
        symlink(&output, dir.path().join("soft")).unwrap();
        let choice = Choice {
            output: Some(FileId::of(&output).unwrap()),
            ..FOLLOW
        };
        let found = walk(dir.path(), &choice).unwrap();
        assert_eq!(inside(&found), ["a"]);
        let expected = ["hard", "soft"].map(|path| (path.to_owned(), Why::Output));
        assert_eq!(left_out(&found, dir.path()), expected);
    }
}

// Elsewhere a name is always text.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_may_be_excluded() {
    use std::os::unix::ffi::OsStrExt;
    let dir = folder(&["a"]);
    let name = std::ffi::OsStr::from_bytes(b"\xff.tmp");
    fs::write(dir.path().join(name), "12").unwrap();
    let error = walk(dir.path(), &Choice::default()).unwrap_err();
    assert!(matches!(error, CreateError::NotUtf8(_)), "{error}");
    let found = walk(dir.path(), &excluding(&["*.tmp"])).unwrap();
    assert_eq!(inside(&found), ["a"]);
}
