//! What is asked of a download's files before the first byte comes.

use crate::{Allocate, Looks};

/// What a download does with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileUse {
    /// It is wanted: it is made if it is not there, and written to.
    #[default]
    Write,
    /// It is wanted, and what is there may be the torrent's or somebody else's: it has bytes, and
    /// no piece that would prove them. Where it has what a piece has there, it has proven to be the
    /// torrent's, and is as any. Until then nothing is written to it: zeros prove nothing, and what
    /// comes for them goes to the part file.
    Compare,
    /// It is wanted, and complete: it is left as it is, and links may lead to it.
    Leave,
    /// Nobody wants it. It is not made, and what may be in its place is not touched: what comes
    /// along of it goes to the part file.
    Unwanted,
    /// Nobody wants it, but it is there and turned out to be the torrent's: what is good in it
    /// counts, and what comes along of it is written to it. If it is not there after all, it is not
    /// made. If we have [made](Setup::made) it, and it is not complete, and there is nothing in it
    /// but zeros and ends of pieces that others need, it is taken away, and those go to the part
    /// file. One of which it is not sure is `Unwanted`.
    UnwantedOurs,
}

impl FileUse {
    /// Whether somebody wants it.
    pub fn is_wanted(self) -> bool {
        matches!(self, FileUse::Write | FileUse::Compare | FileUse::Leave)
    }
}

/// How the files of a download are laid out. See [`Storage::lay_out`](crate::Storage::lay_out).
pub struct Setup<'a> {
    /// What is done with each file of the layout, by its number; a symbolic link is made if it is
    /// wanted.
    pub files: &'a dyn Fn(usize) -> FileUse,
    /// Whether a file, by its number, was made by an earlier run of ours: then nobody misses it when
    /// it is not wanted any more.
    pub made: &'a dyn Fn(usize) -> bool,
    /// The torrent's info-hash, which is in the name of its part file.
    pub info_hash: [u8; 20],
    /// How the files were when they began to be checked, if they were, perhaps for long:
    /// [`Storage::take_changed`](crate::Storage::take_changed) has those that somebody has changed
    /// since.
    pub before: Option<&'a Looks>,
    /// How files get their space.
    pub allocate: Allocate,
    /// Is asked before each file whether to give up: a torrent may have a hundred thousand.
    pub stop: &'a dyn Fn() -> bool,
}

impl<'a> Setup<'a> {
    /// The usual: no file was made by an earlier run or looked at before, files get their space as
    /// they are written to, and it is not given up.
    pub fn new(info_hash: [u8; 20], files: &'a dyn Fn(usize) -> FileUse) -> Setup<'a> {
        Setup {
            files,
            made: &|_| false,
            info_hash,
            before: None,
            allocate: Allocate::Sparse,
            stop: &|| false,
        }
    }
}
