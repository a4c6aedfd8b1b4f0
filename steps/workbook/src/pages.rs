//! The files of a workbook that are neither the steps' nor the client's.

use std::path::{Path, PathBuf};

use crate::Problem;
use crate::source::Source;

/// What the reader is told first.
const README: &str = include_str!("../pages/README.md");

/// Lints that suit functions that are still empty: what they do not use yet is no mistake.
const LINTS: &str = "\
[workspace.lints.rust]
unsafe_code = \"forbid\"
unused = { level = \"allow\", priority = -1 }
";

/// Packages of the book that the reader does not have.
const NOT_THERE: [&str; 3] = ["kostorrent-playground", "kostorrent-tests", "workbook"];

/// The files with their texts.
///
/// # Errors
///
/// When the book's manifest cannot be read.
pub(crate) fn pages(source: &Source) -> Result<Vec<(PathBuf, String)>, Problem> {
    let manifest = source.read(Path::new("Cargo.toml"))?;
    let mut pages = vec![
        ("README.md".into(), README.to_owned()),
        (".gitignore".into(), "/target\n".to_owned()),
        (".cargo/config.toml".into(), config(source.root())),
        (
            "Cargo.toml".into(),
            manifest_of(&String::from_utf8_lossy(&manifest)),
        ),
    ];
    for step in source.steps() {
        let name = format!("{:02}.md", step.number);
        pages.push((Path::new("tasks").join(name), step.task.clone()));
    }
    Ok(pages)
}

/// The book's manifest for the reader's workspace: without the packages that are not there, and with other lints.
fn manifest_of(book: &str) -> String {
    let is_left_out =
        |line: &str| line.starts_with("exclude = ") || line.contains("path = \"book/");
    let mut out = String::new();
    let (mut is_lints, mut is_of_others) = (false, false);
    for line in book.split_inclusive('\n') {
        if line.starts_with('[') {
            is_lints = line.starts_with("[workspace.lints.");
            is_of_others = profiled(line).is_some_and(|package| NOT_THERE.contains(&package));
            if is_lints && !out.contains(LINTS) {
                out.push_str(LINTS);
                out.push('\n');
            }
        }
        if is_lints || is_of_others || is_left_out(line) {
            continue;
        }
        match line.starts_with("members = ") {
            true => out.push_str(&members(line)),
            false => out.push_str(line),
        }
    }
    out
}

/// The package that `[profile.dev.package.workbook]` sets something for. Cargo warns at every build of one that is not
/// there.
fn profiled(line: &str) -> Option<&str> {
    let (_, package) = line.strip_prefix("[profile.")?.split_once(".package.")?;
    Some(package.trim_end().trim_end_matches(']').trim_matches('"'))
}

/// The line of the workspace's packages without those that test the whole and play in the book's pages.
fn members(line: &str) -> String {
    let folders = line.split('"').skip(1).step_by(2);
    let is_there = |folder: &&str| folder.starts_with("kostorrent") || folder.starts_with("steps/");
    format!(
        "members = {:?}\n",
        folders.filter(is_there).collect::<Vec<_>>()
    )
}

/// Cargo's settings: the workbook's commands work from within it.
fn config(book: &Path) -> String {
    let target = toml(&target().unwrap_or_else(|| book.join("target")));
    let manifest = toml(&book.join("Cargo.toml"));
    format!(
        "# `cargo workbook check` is `cargo run -p workbook -- check` in the folder of the book.\n\
         [alias]\n\
         workbook = [\"run\", \"--quiet\", \"--manifest-path\", {manifest}, \"--target-dir\", {target}, \
         \"-p\", \"workbook\", \"--\"]\n"
    )
}

/// The folder in which cargo has built this program. It marks it as one that need not be kept.
fn target() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let mut above = program.ancestors();
    let is_target = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    above.find(is_target).map(Path::to_owned)
}

/// A path as a string of TOML.
fn toml(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_manifest_loses_what_the_reader_does_not_have() {
        let book = "[workspace]\nmembers = [\"book/playground\", \"kostorrent\", \"steps/*\", \"tests\"]\n\
                    exclude = [\"tests/fuzz\"]\n\n\
                    [workspace.dependencies]\nplayground = { path = \"book/playground\" }\n\n\
                    [workspace.lints.rust]\nmissing_docs = \"warn\"\n\n\
                    [workspace.lints.clippy]\ntodo = \"warn\"\n\n[profile.dev]\nopt-level = 1\n\n\
                    [profile.dev.package.workbook]\nopt-level = 0\n\n\
                    [profile.dev.package.sha1]\nopt-level = 3\n";
        assert_eq!(
            manifest_of(book),
            format!(
                "[workspace]\nmembers = [\"kostorrent\", \"steps/*\"]\n\n\
                 [workspace.dependencies]\n\n{LINTS}\n[profile.dev]\nopt-level = 1\n\n\
                 [profile.dev.package.sha1]\nopt-level = 3\n"
            )
        );
    }

    #[test]
    fn the_books_own_manifest_is_understood() {
        let source = Source::here().unwrap();
        let pages = pages(&source).unwrap();
        let (_, manifest) = pages
            .iter()
            .find(|(file, _)| file.ends_with("Cargo.toml"))
            .unwrap();
        assert!(
            !manifest.contains("\"tests\"")
                && !manifest.contains("book/")
                && !manifest.contains("missing_docs")
        );
        assert!(manifest.contains("unused = {") && manifest.contains("[profile.release]"));
    }

    #[test]
    fn the_manifest_sets_nothing_for_a_package_that_is_not_there() {
        let source = Source::here().unwrap();
        let manifest = source.read(Path::new("Cargo.toml")).unwrap();
        let manifest = manifest_of(&String::from_utf8(manifest).unwrap());
        let lock = source.read(Path::new("Cargo.lock")).unwrap();
        let lock = String::from_utf8(lock).unwrap();
        for package in manifest.lines().filter_map(profiled) {
            let is_ours = package == "kostorrent"
                || source.steps().iter().any(|step| step.package == package);
            let name = format!("name = \"{package}\"\n");
            let mut locked = lock.split("[[package]]\n");
            let is_fetched =
                locked.any(|locked| locked.starts_with(&name) && locked.contains("source = "));
            assert!(is_ours || is_fetched || package == "*", "{package}");
        }
    }

    #[test]
    fn a_path_of_windows_is_one_string() {
        assert_eq!(toml(Path::new(r"C:\book")), r#""C:\\book""#);
    }
}
