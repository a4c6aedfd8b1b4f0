//! The sample: a small torrent and its files, compiled into the program.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

/// The torrent file, as it is committed: its tracker is the lab's at the default port.
pub const TORRENT: &[u8] = include_bytes!("../../sample/kostorrent-sample.torrent");

/// The name of the torrent, and of the folder it describes.
pub const NAME: &str = "kostorrent-sample";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../sample/kostorrent-sample/", $path)))),*]
    };
}

/// Each file's path inside the folder and its bytes, in the order of the torrent.
pub const FILES: &[(&str, &[u8])] = files![
    "README.txt",
    "data/bytes.bin",
    "data/empty.txt",
    "data/rarest.csv",
    "figures/evening.bmp",
    "figures/pieces.svg",
    "figures/rarest.svg",
    "sound/handshake.wav",
    "texts/1 How to read a torrent.txt",
    "texts/2 A short history.txt",
    "texts/3 The words.txt",
    "texts/Grüße.txt",
    "texts/断片.txt",
];

/// All bytes, as the torrent counts them.
pub fn bytes() -> Vec<u8> {
    FILES
        .iter()
        .flat_map(|(_, bytes)| bytes.iter().copied())
        .collect()
}

/// Writes the files below `root`.
pub fn write(root: &Path) -> io::Result<()> {
    for (path, bytes) in FILES {
        let path = root.join(NAME).join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// The sample's torrent with another tracker. `info` stays as it is, byte for byte,
/// and so does the info-hash: it remains the same torrent.
pub fn with_tracker(announce: &str) -> Vec<u8> {
    let Some(span) = announce_span() else {
        return TORRENT.to_vec();
    };
    let value = format!("{}:{announce}", announce.len());
    [
        &TORRENT[..span.start],
        value.as_bytes(),
        &TORRENT[span.end..],
    ]
    .concat()
}

/// Where the tracker's address stands in the torrent file.
fn announce_span() -> Option<Range<usize>> {
    let document = bencode::decode(TORRENT).ok()?;
    Some(document.root().get("announce")?.span())
}

/// Whether these bytes are the sample's torrent, with whatever tracker: what a lab has written.
pub fn is_ours(torrent: &[u8]) -> bool {
    let document = bencode::decode(torrent);
    let announce = document.as_ref().ok().and_then(|document| {
        let announce = document.root().get("announce")?;
        announce.as_str()
    });
    announce.is_some_and(|announce| with_tracker(announce) == torrent)
}

#[cfg(test)]
mod tests {
    use metainfo::Metainfo;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn another_tracker_is_still_the_same_torrent() {
        let committed = Metainfo::parse(TORRENT).unwrap();
        let port = crate::lab::PORT;
        assert_eq!(
            committed.announce,
            [[format!("http://127.0.0.1:{port}/announce")]]
        );

        let moved = Metainfo::parse(&with_tracker("http://127.0.0.1:1/announce")).unwrap();
        assert_eq!(moved.announce, [["http://127.0.0.1:1/announce"]]);
        assert_eq!(
            Metainfo {
                announce: committed.announce.clone(),
                ..moved
            },
            committed
        );
    }

    #[test]
    fn a_torrent_of_ours_is_told_from_any_other() {
        let moved = with_tracker("http://127.0.0.1:1/announce");
        assert!(is_ours(TORRENT) && is_ours(&moved));
        let with_comment = [&TORRENT[..TORRENT.len() - 1], b"1:zi1ee"].concat();
        for other in [&with_comment, &moved[1..], b"", b"my notes", b"de"] {
            assert!(!is_ours(other));
        }
    }

    #[test]
    fn the_compiled_files_are_those_of_the_torrent() {
        let torrent = Metainfo::parse(TORRENT).unwrap();
        assert_eq!(torrent.name, NAME);
        let told: Vec<_> = torrent
            .files
            .iter()
            .map(|file| (file.path[1..].join("/"), file.length))
            .collect();
        let held: Vec<_> = FILES
            .iter()
            .map(|(path, bytes)| ((*path).into(), bytes.len() as u64))
            .collect();
        assert_eq!(told, held);
        let bytes = bytes();
        assert!(bytes.len() <= 1 << 20);
        let pieces: Vec<_> = bytes
            .chunks(torrent.piece_length as usize)
            .map(|piece| hashing::digest(&[piece]))
            .collect();
        assert_eq!(pieces, torrent.pieces);
        assert!((20..=60).contains(&pieces.len()));
    }
}
