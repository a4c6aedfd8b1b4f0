//! What a torrent file says, in the terms the rest of the client uses.

use std::collections::BTreeMap;

use crate::{InfoHash, Warning};

// ANCHOR: metainfo
// ANCHOR: metainfo_info_hash
/// A torrent file that was read and found usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metainfo {
    /// The SHA-1 of the `info` dictionary. `None` in a torrent of version 2 alone.
    pub info_hash_v1: Option<InfoHash>,
    // ANCHOR_END: metainfo_info_hash
    /// The SHA-256 of the `info` dictionary (BEP 52). `None` in a torrent of version 1.
    pub info_hash_v2: Option<[u8; 32]>,
    // ANCHOR: metainfo_name
    /// The name of the file, or of the folder that holds the files. Safe as a file name.
    pub name: String,
    // ANCHOR_END: metainfo_name
    /// The names for a system that cannot keep these.
    pub portable: Portable,
    /// Whether `name` is a folder.
    pub multi_file: bool,
    // ANCHOR: metainfo_content
    /// The bytes of a piece; the last one may be shorter. Never 0.
    pub piece_length: u64,
    /// The SHA-1 of each piece. Empty in a torrent of version 2 alone.
    pub pieces: Vec<[u8; 20]>,
    /// The files, in the order in which their bytes follow each other. Never empty.
    pub files: Vec<File>,
    /// The bytes of all files together, padding included.
    pub total_length: u64,
    // ANCHOR_END: metainfo_content
    /// Peers may come from the torrent's own trackers only (BEP 27).
    pub private: bool,
    // ANCHOR: metainfo_announce
    /// The trackers in tiers (BEP 12): the second tier is for when no tracker of the first answers.
    pub announce: Vec<Vec<String>>,
    // ANCHOR_END: metainfo_announce
    /// HTTP servers that hold the files (BEP 19).
    pub web_seeds: Vec<String>,
    /// What the maker wanted to say.
    pub comment: Option<String>,
    /// The program that made the torrent.
    pub created_by: Option<String>,
    /// Where the torrent comes from. It is part of `info`, so it changes the info-hash.
    pub source: Option<String>,
    /// When the torrent was made, in seconds since 1970-01-01 UTC.
    pub creation_date: Option<i64>,
    /// What is odd about the torrent. None of it keeps it from working.
    pub warnings: Vec<Warning>,
    // ANCHOR: metainfo_end
}
// ANCHOR_END: metainfo_end
// ANCHOR_END: metainfo

// ANCHOR: file
// ANCHOR: file_path
/// One file of a torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where the file goes, folder by folder, each element safe as a file name. In a torrent of
    /// several files the first element is the torrent's name.
    pub path: Vec<String>,
    /// Its bytes.
    pub length: u64,
    // ANCHOR_END: file_path
    /// Zeros that fill up a piece, never written to disk (BEP 47).
    pub padding: bool,
    /// The file is a program (BEP 47).
    pub executable: bool,
    /// The file is not meant to be seen in a listing (BEP 47).
    pub hidden: bool,
    /// The file is a symbolic link to this path, which begins with the torrent's name like every
    /// other (BEP 47). Its length is 0.
    pub symlink: Option<Vec<String>>,
    // ANCHOR: file_end
}
// ANCHOR_END: file_end
// ANCHOR_END: file

/// The names of a torrent and its files for a system that cannot keep their own, as far as they are
/// others. For most torrents there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Portable {
    /// The torrent's name.
    pub name: Option<String>,
    /// The names of files, by the files' places in [`Metainfo::files`].
    pub files: BTreeMap<usize, Names>,
}

/// Where a file goes, and what it points to if it is a symbolic link. Both mean what they mean in
/// [`File`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Where the file goes.
    pub path: Vec<String>,
    /// What it points to.
    pub symlink: Option<Vec<String>>,
}

/// Which versions of the protocol a torrent is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// BEP 3: SHA-1 over pieces that run across files.
    V1,
    /// BEP 52 alone: SHA-256 trees, one for each file.
    V2,
    /// Both descriptions of the same files in one torrent.
    Hybrid,
}

impl Metainfo {
    /// Which versions of the protocol the torrent is made for.
    pub fn version(&self) -> Version {
        match (self.info_hash_v1, self.info_hash_v2) {
            (Some(_), None) => Version::V1,
            (Some(_), Some(_)) => Version::Hybrid,
            (None, _) => Version::V2,
        }
    }

    /// The same torrent with [portable](Metainfo::portable) names for its own, as every system can
    /// keep them.
    pub fn into_portable(mut self) -> Metainfo {
        let portable = std::mem::take(&mut self.portable);
        self.name = portable.name.unwrap_or(self.name);
        for (index, names) in portable.files {
            if let Some(file) = self.files.get_mut(index) {
                (file.path, file.symlink) = (names.path, names.symlink);
            }
        }
        self.warnings = Warning::all_portable(self.warnings);
        self
    }

    /// How many pieces there are. In version 2 every file begins a new piece.
    pub fn piece_count(&self) -> u32 {
        let count = match self.version() {
            Version::V1 | Version::Hybrid => self.pieces.len() as u64,
            Version::V2 => v2_piece_count(&self.files, self.piece_length).unwrap_or(u64::MAX),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// How many pieces the files of a v2 torrent have. `None` if 64 bits cannot count them.
pub(crate) fn v2_piece_count(files: &[File], piece_length: u64) -> Option<u64> {
    files.iter().try_fold(0_u64, |count, file| {
        count.checked_add(file.length.div_ceil(piece_length))
    })
}
