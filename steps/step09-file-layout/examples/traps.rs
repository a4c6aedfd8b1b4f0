//! Torrents that want to be laid out where they should not.
//!
//! `cargo run -p step09-file-layout --example traps`

use std::path::PathBuf;

use layout::{Kind, Layout, LayoutError};

/// A file: its path, its length, what it is.
type File = (PathBuf, u64, Kind);

fn file(path: &str) -> File {
    let executable = false;
    (path.into(), 100, Kind::Regular { executable })
}

fn link(path: &str, target: &str) -> File {
    let target = target.into();
    (path.into(), 0, Kind::Symlink { target })
}

/// What is wanted, and the files that want it.
fn traps() -> Vec<(&'static str, Vec<File>)> {
    vec![
        ("a step up", vec![file("t/../../.bashrc")]),
        ("the root", vec![file("/etc/cron.d/t")]),
        ("no name at all", vec![file("")]),
        (
            "one place twice",
            vec![file("t/a"), file("t/b"), file("t/a")],
        ),
        ("a file as a folder", vec![file("t/a/b"), file("t/a")]),
        ("a link out", vec![link("t/home", "../home")]),
        (
            "a file behind a link",
            vec![link("t/a", "t/b"), file("t/a/c")],
        ),
        (
            "nothing wrong",
            vec![file("t/..a"), file("t/a b"), file("t/a-b")],
        ),
    ]
}

fn lay_out(files: Vec<File>) -> Result<Layout, LayoutError> {
    Layout::new(files, 16_384)
}

fn main() {
    for (what, files) in traps() {
        match lay_out(files) {
            Ok(_) => println!("{what}: fine"),
            Err(error) => println!("{what}:\n    {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_is_laid_out() {
        let traps = traps();
        let last = traps.len() - 1;
        for (i, (what, files)) in traps.into_iter().enumerate() {
            assert_eq!(lay_out(files).is_ok(), i == last, "{what}");
        }
        main();
    }
}
