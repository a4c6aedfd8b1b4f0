//! What a resume file is called.

use std::path::Path;

use metainfo::InfoHash;

/// A folder's path as the bytes that the resume file keeps. It has to be absolute, and without
/// links and `..` in it, or the same folder would have two names.
pub fn folder_bytes(folder: &Path) -> Vec<u8> {
    folder.as_os_str().as_encoded_bytes().to_vec()
}

/// What the resume file of a torrent in a download folder is called: the info-hash in hex, and eight
/// bytes of the SHA-1 of the folder's [bytes](folder_bytes). The same torrent may be in two folders.
pub fn name(info_hash: InfoHash, folder: &[u8]) -> String {
    let digest = hashing::digest(&[folder]);
    format!("{info_hash}-{}.resume", hex::encode(&digest[..8]))
}

/// Under what name the next one is written, beside it, before it takes its place. One that a crash
/// has left there has to be removed first, not written over: a disk that has lost half of a renaming
/// may know one file by both names.
pub fn new_name(info_hash: InfoHash, folder: &[u8]) -> String {
    format!("{}.new", name(info_hash, folder))
}

/// What the file is called, beside it, that a program has locked as long as it works on the torrent
/// in that folder.
pub fn lock_name(info_hash: InfoHash, folder: &[u8]) -> String {
    format!("{}.lock", name(info_hash, folder))
}

/// What a resume file of a later version is called that is kept beside ours, for that version.
pub fn kept_name(info_hash: InfoHash, folder: &[u8], format: u64) -> String {
    format!("{}.format-{format}", name(info_hash, folder))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn each_torrent_has_a_file_for_each_folder() {
        let one = name(InfoHash([1; 20]), b"/a");
        assert_eq!(
            one,
            "0101010101010101010101010101010101010101-2256c6ac80d3eb26.resume"
        );
        assert_eq!(new_name(InfoHash([1; 20]), b"/a"), format!("{one}.new"));
        assert_eq!(
            kept_name(InfoHash([1; 20]), b"/a", 2),
            format!("{one}.format-2")
        );
        assert!(name(InfoHash([2; 20]), b"/a") != one);
        assert!(name(InfoHash([1; 20]), b"/b") != one);
    }
}
