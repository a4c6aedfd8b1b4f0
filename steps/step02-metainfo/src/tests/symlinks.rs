//! Symbolic links (BEP 47), the friendly and the other ones.

use pretty_assertions::assert_eq;

use super::*;

fn link(elements: &[&str], target: &[&str]) -> Ben {
    Ben::Dict(vec![
        ("attr", text("l")),
        ("length", int(0)),
        ("path", path(elements)),
        ("symlink path", path(target)),
    ])
}

#[test]
fn a_link_inside_the_torrent_is_taken() {
    let files = vec![
        file(&["lib", "a.so.1"], 1),
        link(&["lib", "a.so"], &["lib", "a.so.1"]),
    ];
    let torrent = parse(multi(files)).unwrap();
    let link = &torrent.files[1];
    assert_eq!(link.path, ["folder", "lib", "a.so"]);
    let target = ["folder", "lib", "a.so.1"].map(String::from);
    assert_eq!(link.symlink.as_deref(), Some(&target[..]));
    assert_eq!(link.length, 0);
}

#[test]
fn the_length_of_a_link_is_zero_whatever_it_says() {
    for length in [int(7), int(-1), text("x")] {
        let link = Ben::Dict(vec![
            ("attr", text("l")),
            ("length", length),
            ("path", path(&["link"])),
            ("symlink path", path(&["a"])),
        ]);
        let torrent = parse(multi(vec![file(&["a"], 1), link])).unwrap();
        assert_eq!(torrent.files[1].length, 0);
        assert_eq!(torrent.total_length, 1);
    }
}

#[test]
fn a_target_is_made_safe_like_the_file_it_names() {
    let files = vec![
        file(&["a\nb"], 1),
        link(&["b"], &["a\nb"]),
        file(&["NUL"], 1),
        link(&["c"], &["NUL"]),
    ];
    let torrent = parse(multi(files)).unwrap();
    let target =
        |torrent: &Metainfo, link: usize| torrent.files[link].symlink.as_ref().unwrap().join("/");
    assert_eq!(target(&torrent, 1), "folder/a_b");
    if cfg!(not(windows)) {
        assert_eq!(target(&torrent, 3), "folder/NUL");
    }
    assert_eq!(target(&torrent.into_portable(), 3), "folder/_NUL");
}

#[test]
fn a_link_follows_its_file_to_another_name() {
    let files = vec![
        file(&["a"], 1),
        file(&["A"], 1),
        file(&["A"], 1),
        file(&["dir"], 1),
        file(&["dir", "x"], 1),
        link(&["to a"], &["a"]),
        link(&["to A"], &["A"]),
        link(&["to dir"], &["dir"]),
        link(&["to x"], &["dir", "x"]),
        link(&["to nothing"], &["nothing"]),
        // It names the link before it, which keeps its name; it is given another itself.
        link(&["TO A"], &["to a"]),
    ];
    let torrent = parse(multi(files)).unwrap().into_portable();
    let target = |link: usize| torrent.files[link].symlink.as_ref().unwrap().join("/");
    assert_eq!(
        paths(&torrent)[..5],
        [
            "folder/a",
            "folder/A (2)",
            "folder/A (3)",
            "folder/dir (2)",
            "folder/dir/x"
        ]
    );
    assert_eq!(
        [5, 6, 7, 8, 9, 10].map(target),
        [
            "folder/a",
            "folder/A (2)",
            "folder/dir (2)",
            "folder/dir/x",
            "folder/nothing",
            "folder/to a"
        ]
    );
}

#[test]
fn a_link_that_leaves_the_torrent_is_left_out() {
    for target in [
        &[".."][..],
        &["..", "..", "etc", "passwd"],
        &["a", "..", "..", "x"],
        &["/etc/passwd"],
        &["", "etc", "passwd"],
        &["a/../../x"],
        &["..\\x"],
        &["C:", "x"],
        &["C:\\x"],
        &["."],
        &["a\0b"],
    ] {
        let files = vec![file(&["a"], 1), link(&["b"], target), file(&["c"], 2)];
        let torrent = parse(multi(files)).unwrap();
        assert_eq!(paths(&torrent), ["folder/a", "folder/c"], "{target:?}");
        assert_eq!(torrent.total_length, 3);
        assert_eq!(
            warnings(&torrent),
            [
                "the symbolic link \"folder/b\" does not plainly point into the torrent's own folder; \
              it is left out"
            ]
        );
        assert!(torrent.warnings[0].leaves_out());
    }
}

#[test]
fn a_link_without_a_target_is_left_out() {
    let bare = || Ben::Dict(vec![("attr", text("l")), ("path", path(&["b"]))]);
    for link in [bare(), link(&["b"], &[])] {
        let torrent = parse(multi(vec![link, file(&["a"], 1)])).unwrap();
        assert_eq!(paths(&torrent), ["folder/a"]);
        assert_eq!(
            warnings(&torrent),
            ["the symbolic link \"folder/b\" points to nothing; it is left out"]
        );
        assert!(torrent.warnings[0].leaves_out());
    }
    assert_eq!(
        parse(multi(vec![bare()])).unwrap_err().to_string(),
        "the torrent holds nothing but symbolic links that point out of its folder, or to nothing"
    );
    let number = Ben::Dict(vec![
        ("attr", text("l")),
        ("path", path(&["b"])),
        ("symlink path", int(7)),
    ]);
    assert_eq!(
        parse(multi(vec![number])).unwrap_err().to_string(),
        "\"info.files[0].symlink path\" (at byte 52) must be a list of strings"
    );
}

#[test]
fn a_link_that_is_left_out_stands_in_nobodys_way() {
    let out = |elements| link(elements, &[".."]);
    let files = vec![
        out(&["link"]),
        file(&["link", "x"], 1),
        out(&["a"]),
        file(&["a"], 1),
        link(&["to a"], &["a"]),
    ];
    let torrent = parse(multi(files)).unwrap();
    assert_eq!(
        paths(&torrent),
        ["folder/link/x", "folder/a", "folder/to a"]
    );
    let target = ["folder", "a"].map(String::from);
    assert_eq!(torrent.files[2].symlink.as_deref(), Some(&target[..]));
    assert_eq!(torrent.warnings.len(), 2);
}

#[test]
fn padding_is_no_link() {
    let both = Ben::Dict(vec![
        ("attr", text("lp")),
        ("length", int(5)),
        ("path", path(&["b"])),
        ("symlink path", path(&[".."])),
    ]);
    let torrent = parse(multi(vec![file(&["a"], 1), both])).unwrap();
    let padding = &torrent.files[1];
    assert!(padding.padding && padding.symlink.is_none());
    assert_eq!(padding.length, 5);
    let link = link(&["_____padding_file_0"], &["a"]);
    let torrent = parse(multi(vec![file(&["a"], 1), link])).unwrap();
    assert!(!torrent.files[1].padding && torrent.files[1].symlink.is_some());
}

#[test]
fn a_file_behind_a_link_is_refused() {
    for (hidden, shown) in [
        (&["link", "x"][..], "folder/link/x"),
        (&["LINK", "x"], "folder/LINK/x"),
        (&["link", "deep", "down", "x"], "folder/link/deep/down/x"),
    ] {
        for files in [
            vec![link(&["link"], &["a"]), file(hidden, 1)],
            vec![file(hidden, 1), link(&["link"], &["a"])],
            vec![link(&["link"], &["a"]), link(hidden, &["a"])],
        ] {
            assert_eq!(
                parse(multi(files)).unwrap_err().to_string(),
                format!(
                    "the file \"{shown}\" lies behind a symbolic link of the same torrent; such a \
                     torrent is not safe to use"
                )
            );
        }
    }
}
