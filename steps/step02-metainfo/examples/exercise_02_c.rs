//! Exercise 2c: a torrent of the files in the memory.

use metainfo::automatic_piece_length;
use metainfo::create::{Create, CreateError};
use sha1::{Digest, Sha1};

// ANCHOR: answer
/// The torrent file for these files: each a path inside the folder, and its content.
fn torrent(name: &str, files: &[(&str, &[u8])]) -> Result<Vec<u8>, CreateError> {
    let total: usize = files.iter().map(|(_, content)| content.len()).sum();
    let piece_length = automatic_piece_length(total as u64);
    let mut create = Create::multi(name, piece_length.into());
    for (path, content) in files {
        create.add_file(path.split('/'), content.len() as u64);
    }
    let contents = files.iter().map(|(_, content)| *content);
    create.to_bytes(&pieces(contents, piece_length as usize))
}

/// The SHA-1 of each piece: the files run on into one another, and their borders do not matter.
fn pieces<'a>(contents: impl Iterator<Item = &'a [u8]>, piece_length: usize) -> Vec<[u8; 20]> {
    let mut pieces = Vec::new();
    let (mut hasher, mut hashed) = (Sha1::new(), 0);
    for mut content in contents {
        while !content.is_empty() {
            let wanted = (piece_length - hashed).min(content.len());
            hasher.update(&content[..wanted]);
            content = &content[wanted..];
            hashed += wanted;
            if hashed == piece_length {
                pieces.push(hasher.finalize_reset().into());
                hashed = 0;
            }
        }
    }
    if hashed > 0 {
        pieces.push(hasher.finalize().into());
    }
    pieces
}
// ANCHOR_END: answer

fn main() -> Result<(), CreateError> {
    let files: [(&str, &[u8]); 2] = [("one.txt", b"one\n"), ("more/two.txt", b"two\n")];
    println!("{}", torrent("numbers", &files)?.escape_ascii());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use metainfo::Metainfo;

    use super::*;

    #[test]
    fn a_piece_may_hold_the_end_of_one_file_and_all_of_the_next() {
        let files: [&[u8]; 4] = [b"abc", b"", b"d", b"efgh"];
        let sha1 = |bytes: &[u8]| -> [u8; 20] { Sha1::digest(bytes).into() };
        assert_eq!(pieces(files.into_iter(), 5), [sha1(b"abcde"), sha1(b"fgh")]);
        assert_eq!(pieces(files.into_iter(), 4), [sha1(b"abcd"), sha1(b"efgh")]);
        assert!(pieces([].into_iter(), 4).is_empty());
    }

    #[test]
    fn the_pieces_of_the_sample_are_those_in_its_torrent() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kostorrent/sample");
        let bytes = std::fs::read(sample.join("kostorrent-sample.torrent")).unwrap();
        let torrent = Metainfo::parse(&bytes).unwrap();
        let read = |path: &Vec<String>| std::fs::read(sample.join(path.join("/"))).unwrap();
        let contents: Vec<_> = torrent.files.iter().map(|file| read(&file.path)).collect();
        let contents = contents.iter().map(Vec::as_slice);
        assert_eq!(
            pieces(contents, torrent.piece_length as usize),
            torrent.pieces
        );
    }

    #[test]
    fn what_is_made_is_a_torrent() {
        let bytes = torrent("n", &[("a/b", &[7; 20_000]), ("c", &[])]).unwrap();
        let read = Metainfo::parse(&bytes).unwrap();
        assert_eq!(read.files[0].path, ["n", "a", "b"]);
        assert_eq!((read.total_length, read.piece_count()), (20_000, 2));
    }
}
