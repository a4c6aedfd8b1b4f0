//! The version for torrents of one file, used for many: each piece goes to the file it begins in.
//!
//! `cargo run -p step09-file-layout --example naive_first_file -- some.torrent`

use std::error::Error;
use std::fs;

use metainfo::Metainfo;

// ANCHOR: naive
/// Writes every piece where it begins; gives the length that each file has in the end.
fn write_pieces(lengths: &[u64], piece_length: u64) -> Vec<u64> {
    let mut written = vec![0; lengths.len()];
    let total: u64 = lengths.iter().sum();
    let mut piece_begins = 0;
    while piece_begins < total {
        let piece_len = piece_length.min(total - piece_begins);
        // The file in which the piece begins, and where in the file.
        let (mut file, mut offset) = (0, piece_begins);
        while offset >= lengths[file] {
            offset -= lengths[file];
            file += 1;
        }
        written[file] = offset + piece_len; // write_all(piece) at this offset
        piece_begins += piece_len;
    }
    written
}
// ANCHOR_END: naive

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("which torrent? Its path is the argument")?;
    let torrent = Metainfo::parse(&fs::read(path)?)?;
    let lengths: Vec<u64> = torrent.files.iter().map(|file| file.length).collect();
    println!("   length   written  file");
    for (file, written) in torrent
        .files
        .iter()
        .zip(write_pieces(&lengths, torrent.piece_length))
    {
        let verdict = if written == file.length {
            ""
        } else {
            "  wrong"
        };
        let path = file.path.join("/");
        println!("{:>9} {written:>9}  {path}{verdict}", file.length);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_right() {
        assert_eq!(write_pieces(&[100], 30), [100]);
    }

    #[test]
    fn small_files_stay_empty_and_others_grow_too_long() {
        assert_eq!(write_pieces(&[5, 3, 38, 4], 16), [16, 0, 40, 4]);
    }
}
