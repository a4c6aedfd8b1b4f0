//! What can go wrong, in words for whoever sits in front of it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the workbook could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A file or folder could not be read or written.
    #[error("{}: {error}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// `start` was given a folder with something else in it.
    #[error("{} is not empty, and no workbook: choose a folder that does not exist yet", .0.display())]
    NotEmpty(PathBuf),
    /// `start` was given a folder that cargo would take for a part of the book.
    #[error("{} is among the book's own packages: choose a folder outside of them", .0.display())]
    InTheBook(PathBuf),
    /// There is no workbook here.
    #[error("{} is no workbook: `start` makes one, and the others are told where it is", .0.display())]
    NoWorkbook(PathBuf),
    /// A step that does not exist.
    #[error("there is no step {0}: they go from 01 to 16")]
    NoStep(String),
    /// A mark in the book's source is broken. A test of ours finds that first.
    #[error("{}:{line}: {what}", .path.display())]
    Mark {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// Cargo could not be started, or did something unexpected.
    #[error("cargo: {0}")]
    Cargo(String),
    /// The client did not do what it was asked to.
    #[error("{0}")]
    Client(String),
}

impl Problem {
    /// An error of this file or folder.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Problem + use<> {
        let path = path.to_owned();
        move |error| Problem::Io { path, error }
    }
}
