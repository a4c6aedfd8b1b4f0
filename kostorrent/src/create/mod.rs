//! Making a torrent of files on disk: list them, hash their pieces, write it down.
//!
//! What a torrent file looks like is [`metainfo::create`]'s matter; here are the folders and the
//! processors.

mod hash;
mod walk;

use std::io;
use std::path::{Path, PathBuf};

use metainfo::Metainfo;
use metainfo::create::{About, Create};

pub use walk::Source;

/// How the torrent is to be made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The torrent's name; `None` for that of the file or folder.
    pub name: Option<String>,
    /// Bytes in a piece; `None` for a length that suits the size.
    pub piece_length: Option<u32>,
    /// What the torrent says beside its files.
    pub about: About,
}

/// A torrent that was made.
#[derive(Clone, Debug)]
pub struct Created {
    /// The torrent file.
    pub bytes: Vec<u8>,
    /// The same, as any client reads it.
    pub metainfo: Metainfo,
}

/// Why no torrent was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A torrent of version 1 has no portable way to hold a link.
    #[error("{} is a symbolic link, which other systems could not restore: replace it with what it points to, or remove it", .0.display())]
    Symlink(PathBuf),
    /// A socket, a pipe, a device.
    #[error("{} is neither a file nor a folder: it cannot be shared", .0.display())]
    NeitherFileNorFolder(PathBuf),
    /// The name is not text.
    #[error("the name of {} is not UTF-8: rename it", .0.display())]
    NotUtf8(PathBuf),
    /// The path ends in no name, as `/` does.
    #[error("{} has no name of its own: give one with --name", .0.display())]
    NoName(PathBuf),
    /// No file, or none with a byte in it.
    #[error("{} holds not a single byte to share", .0.display())]
    Empty(PathBuf),
    /// Somebody is writing to the file.
    #[error("{} changed while it was read: try again when nothing writes to it", .0.display())]
    Changed(PathBuf),
    /// More pieces than can be counted.
    #[error("too many pieces: choose a larger --piece-length")]
    TooManyPieces,
    /// The torrent would not be read by others as it is meant.
    #[error(transparent)]
    Torrent(#[from] metainfo::create::CreateError),
    /// The torrent would be refused.
    #[error(transparent)]
    Metainfo(#[from] metainfo::Error),
}

impl CreateError {
    fn read(path: &Path, cause: io::Error) -> CreateError {
        CreateError::Read {
            path: path.to_owned(),
            cause,
        }
    }
}

/// Makes a torrent of a file or a folder. `progress` hears the bytes hashed so far, and of how
/// many.
pub fn create(
    path: &Path,
    options: Options,
    mut progress: impl FnMut(u64, u64),
) -> Result<Created, CreateError> {
    let files = walk::walk(path)?;
    let total: u64 = files.iter().map(|file| file.length).sum();
    if total == 0 {
        return Err(CreateError::Empty(path.to_owned()));
    }
    let name = match options.name {
        Some(name) => name,
        None => name_of(path)?,
    };
    check_names(&name, &files)?;
    let piece_length = options
        .piece_length
        .unwrap_or_else(|| metainfo::automatic_piece_length(total));
    let pieces = hash::hash_pieces(&files, piece_length, |done| progress(done, total))?;
    check_unchanged(&files)?;

    let mut torrent = match &files[..] {
        [file] if file.inside.is_empty() => Create::single(name, total, piece_length.into()),
        _ => Create::multi(name, piece_length.into()),
    };
    if torrent.multi_file {
        for file in &files {
            torrent.add_file(file.inside.iter().map(String::as_str), file.length);
        }
    }
    torrent.about = options.about;
    let bytes = torrent.to_bytes(&pieces)?;
    let metainfo = Metainfo::parse(&bytes)?;
    Ok(Created { bytes, metainfo })
}

/// The last element of the path; of `.` and `..`, that of the folder they stand for.
fn name_of(path: &Path) -> Result<String, CreateError> {
    let absolute;
    let name = match path.file_name() {
        Some(name) => name,
        None => {
            absolute = path
                .canonicalize()
                .map_err(|cause| CreateError::read(path, cause))?;
            absolute
                .file_name()
                .ok_or_else(|| CreateError::NoName(path.to_owned()))?
        }
    };
    match name.to_str() {
        Some(name) => Ok(name.to_owned()),
        None => Err(CreateError::NotUtf8(path.to_owned())),
    }
}

/// A name that others would have to change is refused before anything is hashed.
fn check_names(name: &str, files: &[Source]) -> Result<(), CreateError> {
    let whole = |inside: &[String]| [&[name.to_owned()], inside].concat();
    let safe = |name: &String| metainfo::path::safe_name(name.as_bytes()).into_owned();
    for file in files {
        let path = whole(&file.inside);
        let safe: Vec<String> = path.iter().map(safe).collect();
        if safe != path {
            let (name, safe) = (path.join("/"), safe.join("/"));
            return Err(metainfo::create::CreateError::unsafe_name(&name, &safe).into());
        }
    }
    Ok(())
}

/// A file that grew while it was read has been hashed in part only.
fn check_unchanged(files: &[Source]) -> Result<(), CreateError> {
    for file in files {
        let now =
            std::fs::metadata(&file.path).map_err(|cause| CreateError::read(&file.path, cause))?;
        if now.len() != file.length {
            return Err(CreateError::Changed(file.path.clone()));
        }
    }
    Ok(())
}
