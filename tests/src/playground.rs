//! The playground's module as it is committed: made by `tests/playground`, and whether it is still made of the sources.
//!
//! Two compilers do not make the same bytes, so the module cannot be compared with a new one. Instead a list is committed
//! beside the crate: each source that the compiler read for it, with a hash. A source that is new can come in by one that
//! has changed alone. Comments and unit tests are not hashed: they are not in the module.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha1::{Digest as _, Sha1};

use crate::book::slashes;
use crate::browser::base64;
use crate::programs;
use crate::wasm::{Compiler, TARGET};

/// The package.
pub const PACKAGE: &str = "kostorrent-playground";

/// The list of the sources, and the module as a script: it works in a book that is opened from the disk, too, where pages
/// may fetch nothing.
const SOURCES: &str = "book/playground/sources.txt";
const MODULE: &str = "book/src/playground/module.js";

/// Files of which the module is made as well, though the compiler does not read them.
const BESIDES: [&str; 2] = ["Cargo.toml", "book/playground/Cargo.toml"];

/// The libraries that are not ours, as a line of the list.
const LIBRARIES: &str = "(libraries)";

/// Builds the module and writes it into the book, with the list of what it was made of. Returns its bytes.
///
/// # Errors
///
/// When a file cannot be read or written.
///
/// # Panics
///
/// When it does not build.
pub fn write(compiler: &Compiler) -> io::Result<usize> {
    let root = programs::root();
    let built = compiler.build_small(PACKAGE);
    let module = fs::read(built.join("playground.wasm"))?;
    let hashes = hashes(&root, sources(&root, &built.join("playground.d"))?)?;
    let list: String = hashes
        .iter()
        .map(|(file, hash)| format!("{hash} {file}\n"))
        .collect();
    let script = format!(
        "// The playground's module, made of {SOURCES} {} by tests/playground.\nplayground.module = '{}';\n",
        hex::encode(Sha1::digest(&list)),
        base64::encode(&packed(&module)?)
    );
    fs::create_dir_all(root.join(MODULE).parent().unwrap_or(&root))?;
    fs::write(root.join(MODULE), script)?;
    fs::write(root.join(SOURCES), list)?;
    Ok(module.len())
}

/// As small as gzip can make it: the page unpacks it with the browser's own `DecompressionStream`.
fn packed(module: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(module)?;
    gzip.finish()
}

/// Why the committed module is not what the sources say; nothing if it is.
///
/// # Errors
///
/// When a file of it cannot be read.
pub fn stale() -> io::Result<Vec<String>> {
    let root = programs::root();
    let list = fs::read_to_string(root.join(SOURCES))?;
    let script = fs::read_to_string(root.join(MODULE))?;
    let mut why = Vec::new();
    let head = script.lines().next().unwrap_or_default();
    if !head.contains(&hex::encode(Sha1::digest(&list))) {
        why.push(format!("{MODULE} was not made with this {SOURCES}"));
    }
    let committed: BTreeMap<&str, &str> = list
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(hash, file)| (file, hash))
        .collect();
    let files = committed
        .keys()
        .filter(|file| **file != LIBRARIES && root.join(file).exists())
        .map(|file| (*file).to_owned());
    let now = hashes(&root, files.collect())?;
    for (file, hash) in &committed {
        match now.get(*file) {
            Some(now) if now == hash => {}
            Some(_) => why.push(format!("{file} has changed")),
            None => why.push(format!("{file} is not there any more")),
        }
    }
    Ok(why)
}

/// The files in the committed list, and those that the compiler has just read.
///
/// # Errors
///
/// When one of the lists cannot be read.
pub fn listed_and_read(built: &Path) -> io::Result<[Vec<String>; 2]> {
    let root = programs::root();
    let list = fs::read_to_string(root.join(SOURCES))?;
    let listed = list
        .lines()
        .filter_map(|line| Some(line.split_once(' ')?.1.to_owned()));
    let listed = listed.filter(|file| file != LIBRARIES).collect();
    Ok([listed, sources(&root, &built.join("libplayground.d"))?])
}

/// How many bytes the committed module has, as it is loaded by a page.
///
/// # Errors
///
/// When it cannot be read.
pub fn size() -> io::Result<usize> {
    Ok(fs::metadata(programs::root().join(MODULE))?.len() as usize)
}

/// What the compiler has read, as it says itself in a rule for `make` beside what it built.
fn sources(root: &Path, rule: &Path) -> io::Result<Vec<String>> {
    let rule = fs::read_to_string(rule)?;
    let (_, files) = rule.split_once(": ").unwrap_or_default();
    let mut sources: Vec<String> = files
        .replace("\\ ", "\0")
        .split_whitespace()
        .map(|file| PathBuf::from(file.replace('\0', " ")))
        .filter_map(|file| Some(direct(&slashes(file.strip_prefix(root).ok()?))))
        .chain(BESIDES.map(str::to_owned))
        .collect();
    sources.sort_unstable();
    sources.dedup();
    Ok(sources)
}

/// The path without `..`, as which an attribute names files of another crate.
fn direct(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The hash of each of these files and of the list of libraries.
fn hashes(root: &Path, files: Vec<String>) -> io::Result<BTreeMap<String, String>> {
    let mut hashes = BTreeMap::new();
    for file in files {
        let bytes = fs::read(root.join(&file))?;
        let bytes = match String::from_utf8(bytes) {
            Ok(text) if file.ends_with(".rs") => code(&text).into_bytes(),
            Ok(text) if file == "Cargo.toml" => profile(&text).into_bytes(),
            Ok(text) => text.into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        hashes.insert(file, hex::encode(Sha1::digest(&bytes)));
    }
    let libraries = hex::encode(Sha1::digest(libraries(root)));
    hashes.insert(LIBRARIES.to_owned(), libraries);
    Ok(hashes)
}

/// A source without what does not go into the module: lines of comment, empty lines, unit tests at its end.
fn code(text: &str) -> String {
    let mut code = String::new();
    let tests = text.find("\n#[cfg(test)]\nmod tests").unwrap_or(text.len());
    for line in text[..tests].lines().map(str::trim) {
        if !line.is_empty() && !line.starts_with("//") {
            code.push_str(line);
            code.push('\n');
        }
    }
    code
}

/// Of the workspace's manifest: how the module is built.
fn profile(text: &str) -> String {
    let from = text.find("[profile.playground]").unwrap_or(text.len());
    let part = text[from..].split("\n[").next();
    part.unwrap_or_default().trim().to_owned()
}

/// The versions of the libraries in the module that are not ours, line by line.
fn libraries(root: &Path) -> String {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--locked", "--package", PACKAGE, "--target", TARGET])
        .args(["--no-default-features", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    // A package of the workspace stands there with its folder.
    let ours = |line: &str| line.contains('/');
    let names = text.lines().map(|line| line.trim_end_matches(" (*)"));
    let mut lines: Vec<&str> = names.filter(|line| !ours(line)).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn comments_and_tests_are_no_code() {
        let one = "//! Words.\n\nfn one() {\n    // more\n    2\n}\n\n#[cfg(test)]\nmod tests {\n    three\n}\n";
        assert_eq!(code(one), "fn one() {\n2\n}\n");
        assert_eq!(code(one), code("fn one() {\n    2\n}\n"));
        assert!(code(one) != code("fn one() {\n    3\n}\n"));
    }

    #[test]
    fn paths_lead_straight_to_their_files() {
        assert_eq!(direct("book/src/../../steps/one.rs"), "steps/one.rs");
    }

    #[test]
    fn of_the_manifest_the_profile_counts() {
        let manifest = "[workspace]\n\n[profile.playground]\nlto = true\n\n[profile.dev]\nx = 1\n";
        assert_eq!(profile(manifest), "[profile.playground]\nlto = true");
    }
}
