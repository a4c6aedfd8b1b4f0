//! The way that comes to mind first: collect the download, write it when it is complete.
//!
//! `cargo run -p step10-piece-storage --example naive_in_memory -- 256 folder`

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

#[path = "common/arriving.rs"]
mod arriving;

// ANCHOR: naive
/// Collects all pieces, and writes the file when the last one is here.
fn download(pieces: u32, file: &Path) -> io::Result<()> {
    let mut data = Vec::new();
    for index in 0..pieces {
        data.extend_from_slice(&arriving::piece(index));
        arriving::tell(index + 1, file);
    }
    fs::write(file, data)
}
// ANCHOR_END: naive

fn main() -> Result<(), Box<dyn Error>> {
    let (pieces, folder) = arriving::arguments()?;
    fs::create_dir_all(&folder)?;
    Ok(download(pieces, &folder.join("big.bin"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_end_all_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("big.bin");
        download(3, &file).unwrap();
        let all: Vec<u8> = (0..3).flat_map(arriving::piece).collect();
        assert!(fs::read(file).unwrap() == all);
    }
}
