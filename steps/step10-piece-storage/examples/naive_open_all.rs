//! A torrent of many files, each opened when its first byte comes: kept open, or only the last few.
//!
//! `cargo run -p step10-piece-storage --example naive_open_all -- 2000`

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use storage::Handles;

// ANCHOR: naive
/// Opens each file, and keeps all of them for later; how many are open when it fails.
fn keep_all(folder: &Path, files: usize) -> (usize, io::Result<()>) {
    let mut open = Vec::new();
    for index in 0..files {
        match File::create(folder.join(index.to_string())) {
            Ok(file) => open.push(file),
            Err(error) => return (open.len(), Err(error)),
        }
    }
    (open.len(), Ok(()))
}
// ANCHOR_END: naive

/// Writes two bytes to each file, and keeps the few that were used last.
fn keep_few(folder: &Path, files: usize) -> io::Result<usize> {
    let mut handles = Handles::default();
    let mut opened = 0;
    for index in 0..files {
        for byte in [b"1", b"2"] {
            let mut file = &*handles.get(index, || {
                opened += 1;
                File::create(folder.join(index.to_string()))
            })?;
            file.write_all(byte)?;
        }
    }
    Ok(opened)
}

fn main() -> Result<(), Box<dyn Error>> {
    let files = std::env::args().nth(1).ok_or("how many files?")?.parse()?;
    let folder = std::env::temp_dir().join(format!("many-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    match keep_all(&folder, files) {
        (open, Ok(())) => println!("all:  {open} files are open"),
        (open, Err(error)) => println!("all:  {open} files are open, and then: {error}"),
    }
    let opened = keep_few(&folder, files)?;
    println!("few:  {files} files written, {opened} times one was opened");
    Ok(std::fs::remove_dir_all(&folder)?)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_used_again_at_once_is_opened_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(keep_few(folder.path(), 100).unwrap(), 100);
        assert_eq!(std::fs::read(folder.path().join("99")).unwrap(), b"12");
        let (open, result) = keep_all(folder.path(), 20);
        assert_eq!((open, result.is_ok()), (20, true));
    }
}
