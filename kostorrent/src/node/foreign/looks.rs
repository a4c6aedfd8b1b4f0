//! What is on disk of a torrent's files and pieces. Each file and each span is looked at once: there
//! may be a hundred thousand of them, all in one piece.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use layout::{Kind, Layout, Span};
use storage::{Checker, DiskError, Doing, PieceState};

/// The smallest part of a file that file systems write, in bytes. A write that was cut off ends at a
/// multiple of it in the file: at a page of memory mostly, and at a block where a disk was full.
const BLOCK: u64 = 1024;

/// The files of a torrent whose pieces were checked.
pub struct Looks<'a> {
    root: &'a Path,
    layout: &'a Arc<Layout>,
    states: &'a [PieceState],
    checker: Checker,
    files: Vec<Option<Look>>,
    wrong: Vec<Option<bool>>,
    /// Whether a span has data, at the sum of its piece and its file. No two have the same sum: from
    /// a span to the next, the piece or the file or both are later ones.
    data: Vec<Option<bool>>,
    /// For the piece that was asked about last, the first two files because of which it is not good.
    excuses: Option<(u32, Vec<usize>)>,
    /// For the piece that was asked about last, the files of which the part file has the bytes.
    aside: Option<(u32, Vec<usize>)>,
}

/// What is where a file should be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Nothing,
    /// So many bytes.
    File(u64),
    /// A folder, for one.
    NoFile,
}

impl<'a> Looks<'a> {
    /// `states` has all pieces of the torrent.
    pub fn new(
        root: &'a Path,
        layout: &'a Arc<Layout>,
        checker: Checker,
        states: &'a [PieceState],
    ) -> Looks<'a> {
        let files = layout.files().len();
        Looks {
            root,
            layout,
            states,
            checker,
            files: vec![None; files],
            wrong: vec![None; files],
            data: vec![None; files + states.len()],
            excuses: None,
            aside: None,
        }
    }

    /// What is where a file should be. Where the system cannot say, that is an error: the file may
    /// well be there.
    pub fn file(&mut self, file: usize) -> Result<Look, DiskError> {
        if let Some(known) = self.files[file] {
            return Ok(known);
        }
        let place = self.root.join(&self.layout.files()[file].path);
        let look = match fs::metadata(&place) {
            Ok(found) if found.is_file() => Look::File(found.len()),
            Ok(_) => Look::NoFile,
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Look::Nothing,
                _ => return Err(DiskError::new(Doing::Open, &place, error)),
            },
        };
        self.files[file] = Some(look);
        Ok(look)
    }

    /// Whether every file is there, at its full length.
    pub fn is_laid_out(&mut self) -> Result<bool, DiskError> {
        let layout = self.layout;
        for (file, entry) in layout.files().iter().enumerate() {
            if matches!(entry.kind, Kind::Regular { .. })
                && self.file(file)? != Look::File(entry.length)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn is_good(&self, piece: u32) -> bool {
        self.states[piece as usize] == PieceState::Good
    }

    /// Whether a file has bytes in a piece that are not all zeros.
    pub fn has_data(&mut self, piece: u32, file: usize) -> Result<bool, DiskError> {
        let place = piece as usize + file;
        if let Some(known) = self.data[place] {
            return Ok(known);
        }
        let has_data = self.checker.has_data(self.span(piece, file))?;
        self.data[place] = Some(has_data);
        Ok(has_data)
    }

    /// Whether the bytes of a file in a good piece are in the part file, whatever is in the file.
    pub fn is_aside(&mut self, piece: u32, file: usize) -> Result<bool, DiskError> {
        let known = self.aside.take().filter(|(of, _)| *of == piece);
        let files = match known {
            Some((_, files)) => files,
            None => self.checker.files_aside(piece)?,
        };
        let is_aside = files.contains(&file);
        self.aside = Some((piece, files));
        Ok(is_aside)
    }

    /// Whether a write of a piece ended in this file, which has data of it: from the last block on
    /// there is none.
    pub fn is_cut(&mut self, piece: u32, file: usize) -> Result<bool, DiskError> {
        let span = self.span(piece, file);
        let end = span.offset + span.len;
        let last = (end - 1) / BLOCK * BLOCK;
        let rest = Span {
            offset: last,
            len: end - last,
            ..span
        };
        Ok(last > span.offset && !self.checker.has_data(rest)?)
    }

    /// Whether another file than this explains that a piece is not good: it has no bytes there, or
    /// not all, or it is wrong whatever its neighbours are.
    pub fn is_excused(&mut self, piece: u32, file: usize) -> Result<bool, DiskError> {
        let known = self.excuses.take().filter(|(of, _)| *of == piece);
        let files = match known {
            Some((_, files)) => files,
            None => self.excuses(piece)?,
        };
        let excused = files.iter().any(|&other| other != file);
        self.excuses = Some((piece, files));
        Ok(excused)
    }

    /// The first two of these files: one of two is another than the file that is asked about.
    fn excuses(&mut self, piece: u32) -> Result<Vec<usize>, DiskError> {
        let layout = self.layout;
        let mut files = Vec::new();
        for span in layout.piece_spans(piece) {
            let file = span.file;
            if layout.files()[file].kind != Kind::Padding
                && (!self.has_data(piece, file)?
                    || self.is_cut(piece, file)?
                    || self.is_wrong(file)?)
            {
                files.push(file);
            }
            if files.len() == 2 {
                break;
            }
        }
        Ok(files)
    }

    /// Whether a file has another length, or a piece of its own that is not good.
    fn is_wrong(&mut self, file: usize) -> Result<bool, DiskError> {
        if let Some(known) = self.wrong[file] {
            return Ok(known);
        }
        let length = self.layout.files()[file].length;
        let mut wrong = ![Look::Nothing, Look::File(length)].contains(&self.file(file)?);
        for piece in self.pieces(file) {
            let piece_len = self.layout.geometry().piece_len(piece);
            let alone = self.span(piece, file).len == u64::from(piece_len);
            wrong = wrong || (alone && !self.is_good(piece) && self.has_data(piece, file)?);
        }
        self.wrong[file] = Some(wrong);
        Ok(wrong)
    }

    /// The pieces that a file lies in.
    pub fn pieces(&self, file: usize) -> Range<u32> {
        self.layout.all_pieces_of(file)
    }

    /// The bytes of a piece that lie in one of its files.
    fn span(&self, piece: u32, file: usize) -> Span {
        let (entry, geometry) = (&self.layout.files()[file], self.layout.geometry());
        let start = geometry.piece_offset(piece);
        let end = start + u64::from(geometry.piece_len(piece));
        let start = start.max(entry.offset);
        Span {
            file,
            offset: start - entry.offset,
            len: end.min(entry.end()) - start,
        }
    }
}
