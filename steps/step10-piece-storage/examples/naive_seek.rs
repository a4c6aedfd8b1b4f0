//! Two writers of one file, each of which goes to its place and then writes.
//!
//! `cargo run -p step10-piece-storage --example naive_seek`

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

// ANCHOR: naive
/// Both go to their place, and then both write.
fn seek_and_write(mut one: File, mut two: File) -> io::Result<()> {
    one.seek(SeekFrom::Start(0))?;
    two.seek(SeekFrom::Start(8))?;
    one.write_all(b"piece 0!")?;
    two.write_all(b"piece 1!")
}
// ANCHOR_END: naive

// ANCHOR: positional
/// Both say with each write where it goes.
#[cfg(unix)]
fn write_at(one: File, two: File) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    one.write_all_at(b"piece 0!", 0)?;
    two.write_all_at(b"piece 1!", 8)
}
// ANCHOR_END: positional

/// The same where the call has another name.
#[cfg(windows)]
fn write_at(one: File, two: File) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    one.seek_write(b"piece 0!", 0)?;
    two.seek_write(b"piece 1!", 8)?;
    Ok(())
}

/// What is in a file of 16 bytes afterwards, as text.
fn result(
    path: &Path,
    write: impl FnOnce(File, File) -> io::Result<()>,
) -> Result<String, Box<dyn Error>> {
    let file = File::create(path)?;
    file.set_len(16)?;
    let same = file.try_clone()?;
    write(file, same)?;
    let there = fs::read(path)?;
    fs::remove_file(path)?;
    Ok(String::from_utf8(there)?.replace('\0', "·"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("seek-{}", std::process::id()));
    println!("seek, then write   {}", result(&path, seek_and_write)?);
    println!("write at           {}", result(&path, write_at)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_position_is_shared_and_a_place_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let seeks = result(&path, seek_and_write).unwrap();
        assert_eq!(seeks, "········piece 0!piece 1!");
        assert_eq!(result(&path, write_at).unwrap(), "piece 0!piece 1!");
    }
}
