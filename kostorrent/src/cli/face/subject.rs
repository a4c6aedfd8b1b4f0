//! What is known of a torrent besides its figures.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use metainfo::Metainfo;
use selection::Selection;

/// What is known of a torrent when the work begins, and when other files are chosen.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The torrent's name.
    pub(crate) name: String,
    /// Its info-hash in hex.
    pub(crate) info_hash: String,
    /// Whether it is known what it consists of: not while the metadata of a magnet link are still to come.
    pub(crate) is_known: bool,
    /// Bytes of the files that are wanted.
    pub(crate) total: u64,
    /// Pieces of the torrent.
    pub(crate) pieces: u32,
    /// Bytes of a piece.
    pub(crate) piece_length: u64,
    /// Where its file or folder is, or will be.
    pub(crate) path: PathBuf,
    /// Whether that is only read: it is there already, to be given to others.
    pub(crate) is_given: bool,
    /// Where peers may call.
    pub(crate) listening: SocketAddr,
    /// Its files, in order, without those that only fill up pieces.
    pub(crate) files: Arc<[FileSpan]>,
    /// The torrent, if its files can be chosen while it is at work.
    pub(crate) choosable: Option<Arc<Metainfo>>,
    /// The files that are wanted; `None` is all.
    pub(crate) selection: Option<Selection>,
}

/// A file, and where it lies in the torrent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FileSpan {
    /// Its path in the torrent, printable.
    pub(crate) path: String,
    /// Its number in the torrent, with those that only fill up pieces.
    pub(crate) number: usize,
    /// Its first byte.
    pub(crate) start: u64,
    /// Bytes.
    pub(crate) length: u64,
    /// Whether it was chosen.
    pub(crate) wanted: bool,
}

impl Subject {
    /// These files are wanted now.
    pub(crate) fn choose(&mut self, selection: &Selection) {
        let wanted = self.files.iter().map(|file| FileSpan {
            wanted: selection.is_wanted(file.number),
            ..file.clone()
        });
        self.files = wanted.collect();
        let wanted = self.files.iter().filter(|file| file.wanted);
        self.total = wanted.map(|file| file.length).sum();
        self.selection = Some(selection.clone());
    }
}
