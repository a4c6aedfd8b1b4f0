//! Files by number and by name.

use pretty_assertions::assert_eq;

use super::*;
use crate::testing::{book, layout};

#[test]
fn padding_is_not_counted_and_links_are() {
    let files = book();
    assert_eq!(files.count(), "9 files");
    let third = &files.listed()[2];
    assert_eq!((third.file, &*third.path), (3, "Book/notes, and more.txt"));
    assert_eq!(files.listed()[7].link.as_deref(), Some("Book/chapter2.pdf"));
    assert_eq!((files.place(2), files.place(3)), (None, Some(2)));
}

#[test]
fn a_path_is_found_with_the_torrents_name_and_without() {
    let files = book();
    for path in [
        "Book/extras",
        "extras",
        "extras/",
        "./extras",
        "Book/extras/",
    ] {
        assert_eq!(files.at(path), [3, 4, 5, 6], "{path}");
    }
    assert_eq!(files.at("chapter1.pdf"), [0]);
    assert_eq!(files.at("Book"), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for path in ["chapter1.pdf/", "chapter", "CHAPTER1.pdf", "", "music"] {
        assert_eq!(files.at(path), [] as [usize; 0], "{path}");
    }
}

#[test]
fn a_torrent_of_one_file_has_no_folder() {
    let files = Files::new(&layout(16_384, &[("one.iso", 5)]));
    assert_eq!((files.top(), files.count()), ("", "1 file".to_owned()));
    assert_eq!(files.at("one.iso"), [0]);
    // A folder with the name of its torrent in it.
    let files = Files::new(&layout(16_384, &[("a/a/x", 5), ("a/y", 5)]));
    assert_eq!(files.at("a"), [0], "the folder in the folder comes first");
    assert_eq!(files.at("a/a"), [0]);
}

#[test]
fn a_link_leads_to_what_is_behind_it() {
    let files = Files::new(&layout(
        16_384,
        &[
            ("t/d/x", 1),
            ("t/d/y", 1),
            ("t/to-x -> t/d/x", 0),
            ("t/to-d -> t/d", 0),
            ("t/to-link -> t/to-x", 0),
            ("t/round -> t/about", 0),
            ("t/about -> t/round", 0),
            ("t/away -> t/none", 0),
        ],
    ));
    let behind: Vec<&[usize]> = (0..8).map(|place| files.behind(place)).collect();
    let none: &[usize] = &[];
    assert_eq!(
        behind,
        [&[0][..], &[1], &[0], &[0, 1], &[0], none, none, none]
    );
}
