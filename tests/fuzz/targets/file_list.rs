//! Any text is a list of files or is refused; what it selects can be written and read again.
#![no_main]

use std::sync::LazyLock;

use layout::{Kind, Layout};
use libfuzzer_sys::fuzz_target;
use selection::{Files, List, Needs, Selection};

static TORRENT: LazyLock<(Layout, Files)> = LazyLock::new(|| {
    let names = [
        "t/a.pdf",
        "t/b/c, d.txt",
        "t/b/[1].flac",
        "t/b/-5",
        "t/!x",
        "t/7",
        "t/e:high",
    ];
    let file =
        |(name, length): (&str, u64)| (name.into(), length, Kind::Regular { executable: false });
    let target = "t/b".into();
    let link = ("t/link".into(), 0, Kind::Symlink { target });
    let files = names.into_iter().zip(0..).map(file).chain([link]);
    let layout = Layout::new(files, 4).expect("a good layout");
    let files = Files::new(&layout);
    (layout, files)
});

fuzz_target!(|text: &str| {
    let (layout, files) = &*TORRENT;
    let Ok(list) = text.parse::<List>() else {
        return;
    };
    let again: List = list.to_string().parse().expect("it was a list before");
    for before in [None, Some(&Selection::all(files))] {
        let selected = list.select(files, before);
        assert_eq!(again.select(files, before), selected);
        let Ok(selected) = selected else {
            continue;
        };
        let written: List = format!("!*,{selected}").parse().expect("our own words");
        assert_eq!(written.select(files, before), Ok(selected.clone()));
        let needs = Needs::of(layout, &selected);
        assert!(needs.wanted + needs.along <= layout.geometry().total_length());
    }
});
