//! The listings of *Rust in one page*: a list of files, read from text.

use std::fmt;
use std::io::{self, Write};

// ANCHOR: types
/// A file that a torrent describes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    name: String,
    length: u64,
}

impl File {
    /// A file without content.
    fn empty(name: &str) -> File {
        let name = name.to_owned();
        File { name, length: 0 }
    }

    fn is_longer(&self, limit: u64) -> bool {
        self.length > limit
    }
}
// ANCHOR_END: types

// ANCHOR: one_of
/// What we do about a file.
enum Plan {
    Skip,
    Fetch,
    /// So many bytes of it are there already.
    GoOn(u64),
}

/// How many bytes of the file have to be fetched.
fn bytes(plan: Plan, file: &File) -> u64 {
    match plan {
        Plan::Skip => 0,
        Plan::Fetch => file.length,
        Plan::GoOn(there) => file.length - there,
    }
}
// ANCHOR_END: one_of

// ANCHOR: missing
/// What stands behind the last dot of a name.
fn extension(name: &str) -> Option<&str> {
    let dot = name.rfind('.')?;
    Some(&name[dot + 1..])
}

fn kind(name: &str) -> String {
    let Some(extension) = extension(name) else {
        return "a file".to_owned();
    };
    format!("a file of the kind {extension}")
}
// ANCHOR_END: missing

// ANCHOR: fails
/// Why a line is not a file.
#[derive(Debug, PartialEq, Eq)]
enum LineError {
    NoName,
    NoNumber(String),
}

/// Reads a line such as `1546 README.txt`.
fn read(line: &str) -> Result<File, LineError> {
    let Some((length, name)) = line.split_once(' ') else {
        return Err(LineError::NoName);
    };
    match length.parse() {
        Ok(length) => Ok(File {
            name: name.to_owned(),
            length,
        }),
        Err(_) => Err(LineError::NoNumber(length.to_owned())),
    }
}

/// Reads a file from each line, or ends at the first line that is none.
fn read_all(text: &str) -> Result<Vec<File>, LineError> {
    let mut files = Vec::new();
    for line in text.lines() {
        files.push(read(line)?);
    }
    Ok(files)
}
// ANCHOR_END: fails

// ANCHOR: lend
/// Looks at the files, and leaves them as they are.
fn total(files: &[File]) -> u64 {
    let mut sum = 0;
    for file in files {
        sum += file.length;
    }
    sum
}

/// Changes the file.
fn cut(file: &mut File, limit: u64) {
    if file.is_longer(limit) {
        file.length = limit;
    }
}

/// Takes the file, and makes a list of it.
fn alone(file: File) -> Vec<File> {
    vec![file]
}
// ANCHOR_END: lend

// ANCHOR: lifetime
/// A view of some of the files of a list.
struct Part<'a> {
    files: &'a [File],
}

fn first<'a>(files: &'a [File], count: usize) -> Part<'a> {
    let files = &files[..count];
    Part { files }
}
// ANCHOR_END: lifetime

// ANCHOR: rows
fn large(files: &[File], limit: u64) -> Vec<&str> {
    let mut names = Vec::new();
    for file in files {
        if file.is_longer(limit) {
            names.push(file.name.as_str());
        }
    }
    names
}

fn large_again(files: &[File], limit: u64) -> Vec<&str> {
    files
        .iter()
        .filter(|file| file.is_longer(limit))
        .map(|file| file.name.as_str())
        .collect()
}
// ANCHOR_END: rows

// ANCHOR: shared
impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8}  {}", self.length, self.name)
    }
}

fn print(files: &[File], out: &mut impl Write) -> io::Result<()> {
    for file in files {
        writeln!(out, "{file}")?;
    }
    Ok(())
}
// ANCHOR_END: shared

fn main() -> io::Result<()> {
    let mut files = read_all("1546 README.txt\n59156 evening.bmp").unwrap_or_default();
    files.extend(alone(File::empty("data/empty.txt")));
    print(&files, &mut io::stdout())?;
    println!("{} bytes", total(&files));
    println!("large: {:?}", large(&files, 10_000));
    println!("large: {:?}", large_again(&files, 10_000));
    println!("{} is {}", files[0].name, kind(&files[0].name));
    for plan in [Plan::Skip, Plan::Fetch, Plan::GoOn(1_000)] {
        println!("{} bytes to fetch", bytes(plan, &files[0]));
    }
    cut(&mut files[1], 100);
    print(first(&files, 2).files, &mut io::stdout())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_right() {
        let mut file = read("1546 README.txt").unwrap();
        assert_eq!(read("README.txt"), Err(LineError::NoName));
        assert_eq!(read_all("1 a\nb"), Err(LineError::NoName));
        assert_eq!(read_all("1 a\n2 b").map(|files| total(&files)), Ok(3));
        assert_eq!(read("x y"), Err(LineError::NoNumber("x".to_owned())));
        let plans = [Plan::Skip, Plan::Fetch, Plan::GoOn(1_000)];
        assert_eq!(plans.map(|plan| bytes(plan, &file)), [0, 1_546, 546]);
        assert_eq!(kind(&file.name), "a file of the kind txt");
        assert_eq!(kind("notes"), "a file");
        let files = [file.clone(), File::empty("empty")];
        assert_eq!(total(&files), 1_546);
        assert_eq!(large(&files, 10), ["README.txt"]);
        assert_eq!(large_again(&files, 10), large(&files, 10));
        assert_eq!(first(&files, 1).files, &files[..1]);
        let mut printed = Vec::new();
        print(&files, &mut printed).unwrap();
        assert_eq!(printed, b"    1546  README.txt\n       0  empty\n");
        cut(&mut file, 1_000);
        assert_eq!(alone(file)[0].length, 1_000);
    }
}
