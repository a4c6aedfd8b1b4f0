//! The files of a torrent, one after the other, and the pieces cut across them.

use std::ops::Range;
use std::path::PathBuf;

use blocks::Geometry;
use metainfo::{File, Metainfo};

use crate::{LayoutError, paths};

// ANCHOR: layout
/// Where every byte of a torrent lives.
#[derive(Clone, Debug)]
pub struct Layout {
    files: Vec<Entry>,
    geometry: Geometry,
}

/// One file of the torrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it goes, relative to the download folder; every element is an ordinary name.
    pub path: PathBuf,
    /// The file's first byte, counted from the start of the torrent.
    pub offset: u64,
    /// The file's length, in bytes.
    pub length: u64,
    /// What it is on disk.
    pub kind: Kind,
}

/// What an entry is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, perhaps an empty one.
    Regular {
        /// Marked executable (BEP 47, `attr` "x").
        executable: bool,
    },
    /// Zeros that fill up a piece; never on disk (BEP 47, `attr` "p").
    Padding,
    /// A symbolic link, which has no bytes of its own (BEP 47, `attr` "l").
    Symlink {
        /// What it points to, relative to the download folder; every element is an ordinary name.
        target: PathBuf,
    },
}

/// A run of bytes inside one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which file: an index into [`Layout::files`].
    pub file: usize,
    /// The run's first byte, counted from the start of the file.
    pub offset: u64,
    /// The run's length, in bytes; never 0.
    pub len: u64,
}
// ANCHOR_END: layout

impl Entry {
    /// One past the file's last byte, counted from the start of the torrent.
    pub fn end(&self) -> u64 {
        self.offset + self.length
    }
}

impl Layout {
    // ANCHOR: new
    /// Lays files (path, length in bytes, kind) one after the other and cuts them into pieces of
    /// `piece_length` bytes.
    ///
    /// # Errors
    ///
    /// [`LayoutError`] when the lengths make no pieces, a path leaves the folder, or two files want
    /// the same place.
    pub fn new(
        files: impl IntoIterator<Item = (PathBuf, u64, Kind)>,
        piece_length: u64,
    ) -> Result<Layout, LayoutError> {
        // ANCHOR: yours_new (chapter 9, "The map")
        let mut total: u64 = 0;
        let mut entries = Vec::new();
        for (path, length, kind) in files {
            entries.push(Entry {
                path,
                offset: total,
                length,
                kind,
            });
            total = total.checked_add(length).ok_or(LayoutError::TooLong)?;
        }
        paths::check(&entries)?;
        Ok(Layout {
            files: entries,
            geometry: Geometry::new(total, piece_length)?,
        })
        // ANCHOR_END: yours_new
    }
    // ANCHOR_END: new

    /// The layout of a torrent, by its own names.
    ///
    /// # Errors
    ///
    /// As [`Layout::new`].
    pub fn from_metainfo(torrent: &Metainfo) -> Result<Layout, LayoutError> {
        Layout::named(torrent, |_, file| (&file.path, file.symlink.as_deref()))
    }

    /// The layout of a torrent by its portable names. `None` where none of them is another.
    ///
    /// # Errors
    ///
    /// As [`Layout::new`].
    pub fn portable(torrent: &Metainfo) -> Result<Option<Layout>, LayoutError> {
        let portable = &torrent.portable.files;
        if portable.is_empty() {
            return Ok(None);
        }
        let layout = Layout::named(torrent, |index, file| match portable.get(&index) {
            Some(names) => (&names.path, names.symlink.as_deref()),
            None => (&file.path, file.symlink.as_deref()),
        });
        layout.map(Some)
    }

    /// The layout with the path and the link's target that `names` gives for each file.
    fn named<'t>(
        torrent: &'t Metainfo,
        names: impl Fn(usize, &'t File) -> (&'t [String], Option<&'t [String]>),
    ) -> Result<Layout, LayoutError> {
        let files = torrent.files.iter().enumerate().map(|(index, file)| {
            let (path, symlink) = names(index, file);
            let kind = match symlink {
                Some(target) => Kind::Symlink {
                    target: target.iter().collect(),
                },
                None if file.padding => Kind::Padding,
                None => Kind::Regular {
                    executable: file.executable,
                },
            };
            (path.iter().collect(), file.length, kind)
        });
        Layout::new(files, torrent.piece_length)
    }

    /// Every file, in the torrent's order, padding and symlinks too.
    pub fn files(&self) -> &[Entry] {
        &self.files
    }

    /// The torrent's pieces.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    // ANCHOR: spans
    /// The `len` bytes of the torrent from `offset` on, cut where files end, in order.
    ///
    /// Empty files never appear. Padding does; its file's [`Kind`] says so. What lies past the
    /// torrent's end is left out.
    pub fn spans(&self, offset: u64, len: u64) -> impl Iterator<Item = Span> + '_ {
        let end = offset.saturating_add(len);
        let first = self.files.partition_point(|file| file.end() <= offset);
        self.files[first..]
            .iter()
            .zip(first..)
            .take_while(move |(file, _)| file.offset < end)
            .map(move |(file, index)| -> Span {
                // ANCHOR: yours_spans (chapter 9, "The map")
                let from = offset.max(file.offset);
                let to = end.min(file.end());
                Span {
                    file: index,
                    offset: from - file.offset,
                    len: to - from,
                }
                // ANCHOR_END: yours_spans
            })
            .filter(|span| span.len > 0)
    }

    /// The bytes of one piece, cut where files end, in order.
    pub fn piece_spans(&self, piece: u32) -> impl Iterator<Item = Span> + '_ {
        self.spans(
            self.geometry.piece_offset(piece),
            self.geometry.piece_len(piece).into(),
        )
    }
    // ANCHOR_END: spans

    /// The other way round: the pieces that these bytes of a file lie in, wholly or in part; none for
    /// no bytes. `file` is an index into [`Layout::files`].
    pub fn pieces_of(&self, file: usize, bytes: Range<u64>) -> Range<u32> {
        if bytes.is_empty() {
            return 0..0;
        }
        let offset = self.files[file].offset;
        let length = u64::from(self.geometry.piece_length()).max(1);
        let first = (offset + bytes.start) / length;
        let end = (offset + bytes.end).div_ceil(length);
        first as u32..end as u32
    }

    /// The pieces that a file lies in, wholly or in part; none for an empty one. `file` is an index
    /// into [`Layout::files`].
    pub fn all_pieces_of(&self, file: usize) -> Range<u32> {
        self.pieces_of(file, 0..self.files[file].length)
    }
}

#[cfg(test)]
mod tests;
