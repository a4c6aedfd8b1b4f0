//! The same download with this chapter's storage: a piece is in memory until it is in its file.
//!
//! `cargo run -p step10-piece-storage --example piece_by_piece -- 256 folder`

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use blocks::{BlockDigests, block_bufs};
use layout::{Kind, Layout};
use storage::{Disk, DiskError, Done, FileUse, Hashes, Job, Setup, Storage, Stored};

#[path = "common/arriving.rs"]
mod arriving;
use arriving::PIECE;

/// The hashes that the torrent's file would have.
fn hashes(pieces: u32) -> Hashes {
    let digest = |index| hashing::digest(&[&arriving::piece(index)]);
    let digests: Vec<_> = (0..pieces).map(digest).collect();
    Hashes::from(&digests[..])
}

/// Hands each piece to the disk as soon as it is whole.
fn download(pieces: u32, folder: &Path) -> Result<(), Box<dyn Error>> {
    let file = folder.join("big.bin");
    let mut disk = open(pieces, folder)?;
    for piece in 0..pieces {
        let blocks = block_bufs(&arriving::piece(piece));
        let digests = BlockDigests::Never;
        let job = Job::Store {
            piece,
            blocks,
            digests,
        };
        match disk.ask((), job) {
            Some(Done::Stored {
                result: Stored::Written { .. },
                ..
            }) => arriving::tell(piece + 1, &file),
            _ => return Err(format!("piece {piece} is not written").into()),
        }
    }
    Ok(())
}

/// The torrent's one file, made at its full length.
fn open(pieces: u32, folder: &Path) -> Result<Disk<()>, Box<dyn Error>> {
    let entry = (
        "big.bin".into(),
        u64::from(pieces) * u64::from(PIECE),
        regular(),
    );
    let layout = Arc::new(Layout::new([entry], PIECE.into())?);
    let setup = Setup::new([0; 20], &|_| FileUse::Write);
    let storage = Storage::lay_out(folder, layout, hashes(pieces), &setup);
    let mut disk = Disk::new();
    disk.add((), storage.map_err(|error: DiskError| error.to_string())?);
    Ok(disk)
}

fn regular() -> Kind {
    Kind::Regular { executable: false }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (pieces, folder) = arriving::arguments()?;
    download(pieces, &folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_piece_is_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        download(3, folder.path()).unwrap();
        let all: Vec<u8> = (0..3).flat_map(arriving::piece).collect();
        assert!(fs::read(folder.path().join("big.bin")).unwrap() == all);
    }
}
