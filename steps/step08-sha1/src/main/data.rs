//! A torrent's data, read from its files from the first byte to the last.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use metainfo::Metainfo;

/// The files of a torrent as one long row of bytes, and how far it has been read.
pub struct Data<'a> {
    torrent: &'a Metainfo,
    root: &'a Path,
    /// The file that is being read: its number, itself unless it is missing or padding, and what is
    /// left of it.
    file: usize,
    open: Option<File>,
    left_of_file: u64,
    /// What is left of the torrent.
    left: u64,
}

impl<'a> Data<'a> {
    /// Before the first piece.
    pub fn new(torrent: &'a Metainfo, root: &'a Path) -> Data<'a> {
        Data {
            torrent,
            root,
            file: 0,
            open: None,
            left_of_file: 0,
            left: torrent.total_length,
        }
    }

    /// The next piece; `None` when not all of it is on disk.
    pub fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let length = self.torrent.piece_length.min(self.left);
        self.left -= length;
        let mut piece = Vec::new();
        let mut whole = true;
        let mut missing = length;
        while missing > 0 {
            if self.left_of_file == 0 {
                self.next_file()?;
                continue;
            }
            let part = missing.min(self.left_of_file);
            let end = piece.len() + part as usize;
            if let Some(file) = &mut self.open {
                whole &= file.take(part).read_to_end(&mut piece)? as u64 == part;
            } else {
                whole &= self.torrent.files[self.file - 1].padding;
            }
            piece.resize(end, 0);
            missing -= part;
            self.left_of_file -= part;
        }
        Ok(whole.then_some(piece))
    }

    fn next_file(&mut self) -> io::Result<()> {
        let file = &self.torrent.files[self.file];
        self.file += 1;
        self.left_of_file = file.length;
        self.open = None;
        if file.length > 0 && !file.padding {
            let path = file
                .path
                .iter()
                .fold(self.root.to_path_buf(), |path, name| path.join(name));
            self.open = match File::open(&path) {
                Ok(file) => Some(file),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => {
                    return Err(io::Error::other(format!(
                        "cannot read {}: {error}",
                        path.display()
                    )));
                }
            };
        }
        Ok(())
    }
}
