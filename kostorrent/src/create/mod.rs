//! Making a torrent of files on disk: list them, hash their pieces, write it down.
//!
//! What a torrent file looks like is [`metainfo::create`]'s matter; here are the folders and the
//! processors. All that can be known before the hashing, which may take hours, a [`Plan`] knows.

mod choice;
mod error;
mod hash;
mod stamp;
mod walk;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use metainfo::create::{About, Create};
use metainfo::{MAX_TORRENT_SIZE, Metainfo};

pub use choice::{Choice, Pattern};
pub use error::CreateError;
pub use walk::{LeftOut, Source, Why};

use stamp::Stamp;

/// Bytes of a digest in the torrent file.
const DIGEST: u64 = 20;
/// The longest pieces that our client takes, in bytes.
const LONGEST_PIECE: u64 = crate::node::MAX_PIECE;

/// How the torrent is to be made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The torrent's name; see [`name_of`].
    pub name: String,
    /// Bytes in a piece; `None` for a length that suits the size.
    pub piece_length: Option<u32>,
    /// What of a folder is to be shared.
    pub choice: Choice,
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

/// A torrent that can be made: all is known of it but the hashes.
#[derive(Clone, Debug)]
pub struct Plan {
    files: Vec<Source>,
    left_out: Vec<LeftOut>,
    unmatched: Vec<Pattern>,
    piece_length: u32,
    total: u64,
    torrent: Create,
    size: u64,
}

impl Plan {
    /// Looks at what is to be shared, and finds out whether a torrent can be made of it.
    ///
    /// # Errors
    ///
    /// [`CreateError`] for whatever would be in the way later, too.
    pub fn new(path: &Path, options: Options) -> Result<Plan, CreateError> {
        let mut found = walk::walk(path, &options.choice)?;
        let total: u64 = found.files.iter().map(|file| file.length).sum();
        if total == 0 {
            return Err(CreateError::Empty {
                path: path.to_owned(),
                left_out: found.left_out.len(),
            });
        }
        let automatic = || metainfo::automatic_piece_length(total);
        let piece_length = options.piece_length.unwrap_or_else(automatic);
        let pieces = total.div_ceil(piece_length.into());
        if pieces > MAX_TORRENT_SIZE as u64 / DIGEST {
            return Err(too_many_pieces(total, pieces));
        }
        let mut torrent = describe(&found.files, options.name, total, piece_length);
        torrent.about = options.about;
        // The hashes change neither the size nor what else may be wrong.
        let size = torrent.to_bytes(&vec![[0; 20]; pieces as usize])?.len() as u64;
        let exclude = &options.choice.exclude;
        let unmatched = found.unmatched.drain(..).map(|n| exclude[n].clone());
        Ok(Plan {
            unmatched: unmatched.collect(),
            files: found.files,
            left_out: found.left_out,
            piece_length,
            total,
            torrent,
            size,
        })
    }

    /// The bytes that the torrent file is going to have.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What is not shared, though nobody has asked to exclude it; sorted by path.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The patterns that have excluded nothing.
    pub fn unmatched(&self) -> &[Pattern] {
        &self.unmatched
    }

    /// Hashes the files and makes the torrent. `progress` hears the bytes hashed so far, and of how
    /// many.
    ///
    /// # Errors
    ///
    /// [`CreateError`] when a file cannot be read, or has changed since the plan was made.
    pub fn make(self, mut progress: impl FnMut(u64, u64)) -> Result<Created, CreateError> {
        let pieces = hash::hash_pieces(&self.files, self.piece_length, |done| {
            progress(done, self.total);
        })?;
        check_unchanged(&self.files)?;
        let bytes = self.torrent.to_bytes(&pieces)?;
        let metainfo = Metainfo::parse(&bytes)?;
        Ok(Created { bytes, metainfo })
    }
}

/// The torrent without its hashes.
fn describe(files: &[Source], name: String, total: u64, piece_length: u32) -> Create {
    match files {
        [file] if file.inside.is_empty() => Create::single(name, total, piece_length.into()),
        _ => {
            let mut torrent = Create::multi(name, piece_length.into());
            for file in files {
                torrent.add_file(file.inside.iter().map(String::as_str), file.length);
            }
            torrent
        }
    }
}

/// The error, with the shortest pieces that would do. A twentieth of the torrent file is left for
/// all else that stands in it.
fn too_many_pieces(total: u64, pieces: u64) -> CreateError {
    let most = MAX_TORRENT_SIZE as u64 / DIGEST * 19 / 20;
    let fits = |length: &u64| total.div_ceil(*length) <= most;
    let lengths = (14..64).map(|power| 1 << power);
    let least = lengths
        .take_while(|length| *length <= LONGEST_PIECE)
        .find(fits);
    CreateError::TooManyPieces { pieces, least }
}

/// The name of a torrent of this file or folder: the last element of the path; of `.` and `..`,
/// that of the folder they stand for.
///
/// # Errors
///
/// [`CreateError`] if it has none, or one that is not text.
pub fn name_of(path: &Path) -> Result<String, CreateError> {
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

/// Of a file that somebody wrote to meanwhile, old and new bytes may have been hashed.
fn check_unchanged(files: &[Source]) -> Result<(), CreateError> {
    for file in files {
        let changed = || CreateError::Changed(PathBuf::from(&file.path));
        let now = fs::metadata(&file.path).map_err(|cause| match cause.kind() {
            ErrorKind::NotFound => changed(),
            _ => CreateError::read(&file.path, cause),
        })?;
        if Stamp::of(&now) != file.stamp {
            return Err(changed());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
