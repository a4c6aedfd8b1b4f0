//! Which files go into a torrent, and in what order.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, FileType, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::choice::{Choice, is_litter};
use super::stamp::Stamp;
use super::{CreateError, Pattern};
use crate::file_id::FileId;

/// A file to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// Its path inside the torrent's folder; empty when the torrent is this one file.
    pub inside: Vec<String>,
    /// Its size in bytes.
    pub length: u64,
    /// As it was when it was chosen.
    pub(super) stamp: Stamp,
}

impl Source {
    /// Opens the file: whoever may not read it is told so before hours of hashing.
    pub(super) fn look(path: PathBuf, inside: Vec<String>) -> Result<Source, CreateError> {
        let metadata = File::open(&path).and_then(|file| file.metadata());
        let metadata = metadata.map_err(|error| CreateError::read(&path, error))?;
        Ok(Source {
            path,
            inside,
            length: metadata.len(),
            stamp: Stamp::of(&metadata),
        })
    }
}

/// Something in the folder that is not shared, though nobody has asked to exclude it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// Why it is left out.
    pub why: Why,
}

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is the torrent file that is being made, as it was before.
    Output,
    /// A file manager has left it, or a `create` that was killed.
    Litter,
    /// A symbolic link, and links are not followed.
    Link,
    /// A symbolic link to nothing.
    DeadLink,
    /// A symbolic link to a folder that it is in.
    Cycle,
    /// A socket, a pipe, a device.
    Special,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Output => "the torrent file itself",
            Why::Litter => "left there by the system, or by a run that was killed; --all takes it",
            Why::Link => "a symbolic link; --follow-links takes what it leads to",
            Why::DeadLink => "a symbolic link that leads nowhere",
            Why::Cycle => "a symbolic link to a folder that it is in itself",
            Why::Special => "neither a file nor a folder",
        })
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is to be shared, sorted by path.
    pub files: Vec<Source>,
    /// What is not, sorted by path.
    pub left_out: Vec<LeftOut>,
    /// Which patterns have matched nothing, by their places.
    pub unmatched: Vec<usize>,
}

/// Lists the file, or all files of the folder, sorted by their paths, byte by byte: the order of
/// a folder's entries on disk is another one on every machine, and the info-hash depends on it.
pub(super) fn walk(root: &Path, choice: &Choice) -> Result<Found, CreateError> {
    // What was named on the command line may be a link: it was chosen on purpose.
    let metadata = fs::metadata(root).map_err(|error| CreateError::read(root, error))?;
    let mut walk = Walk {
        choice,
        found: Found::default(),
        folders: Vec::new(),
        entered: 0,
        matched: vec![false; choice.exclude.len()],
    };
    if metadata.is_file() {
        if choice.output.is_some() && is_output(root, &metadata, choice)? {
            return Err(CreateError::OutputIsInput(root.to_owned()));
        }
        let file = Source::look(root.to_owned(), Vec::new())?;
        walk.found.files.push(file);
    } else if metadata.is_dir() {
        let (path, inside) = (root.to_owned(), Vec::new());
        walk.enter(path, inside, &metadata, None)?;
    } else {
        return Err(CreateError::NeitherFileNorFolder(root.to_owned()));
    }
    while let Some(folder) = walk.folders.pop() {
        walk.list(&folder)?;
    }
    Ok(walk.end())
}

/// A folder that is still to be listed.
struct Folder {
    path: PathBuf,
    inside: Vec<String>,
    /// It and those it is in, where links are followed.
    line: Option<Rc<Line>>,
}

/// A folder and those it is in.
struct Line {
    id: FileId,
    above: Option<Rc<Line>>,
}

struct Walk<'a> {
    choice: &'a Choice,
    found: Found,
    folders: Vec<Folder>,
    entered: usize,
    matched: Vec<bool>,
}

impl Walk<'_> {
    fn list(&mut self, folder: &Folder) -> Result<(), CreateError> {
        let failed = |error| CreateError::read(&folder.path, error);
        for entry in fs::read_dir(&folder.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type();
            let kind = kind.map_err(|error| CreateError::read(&entry.path(), error))?;
            self.entry(folder, entry.path(), entry.file_name(), kind)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        folder: &Folder,
        path: PathBuf,
        name: OsString,
        kind: FileType,
    ) -> Result<(), CreateError> {
        let mut target = None;
        if kind.is_symlink() && self.choice.follow_links {
            target = match fs::metadata(&path) {
                Ok(target) => Some(target),
                Err(error) if leads_nowhere(error.kind()) => None,
                Err(error) => return Err(CreateError::read(&path, error)),
            };
        }
        let kind = target.as_ref().map_or(kind, Metadata::file_type);
        // What is excluded needs no name that a torrent can hold.
        if self.is_excluded(folder, &name, kind.is_dir()) {
            return Ok(());
        }
        let Ok(name) = name.into_string() else {
            return Err(CreateError::NotUtf8(path));
        };
        if kind.is_file() && !self.choice.all && is_litter(&name) {
            return self.leave_out(path, Why::Litter);
        }
        if kind.is_symlink() {
            let why = match self.choice.follow_links {
                true => Why::DeadLink,
                false => Why::Link,
            };
            return self.leave_out(path, why);
        }
        if !kind.is_file() && !kind.is_dir() {
            return self.leave_out(path, Why::Special);
        }
        let inside = folder.inside.iter().cloned().chain([name]).collect();
        let metadata = target.map_or_else(|| fs::symlink_metadata(&path), Ok);
        let metadata = metadata.map_err(|error| CreateError::read(&path, error))?;
        if kind.is_dir() {
            return self.enter(path, inside, &metadata, folder.line.clone());
        }
        if is_output(&path, &metadata, self.choice)? {
            return self.leave_out(path, Why::Output);
        }
        if self.found.files.len() == metainfo::MAX_FILES {
            return Err(CreateError::TooManyFiles);
        }
        self.found.files.push(Source::look(path, inside)?);
        Ok(())
    }

    /// Notes a folder, unless it is one that we are in already.
    fn enter(
        &mut self,
        path: PathBuf,
        inside: Vec<String>,
        metadata: &Metadata,
        above: Option<Rc<Line>>,
    ) -> Result<(), CreateError> {
        let mut line = None;
        if self.choice.follow_links {
            // A few links can lead along more ways than anybody can walk.
            if self.entered == metainfo::MAX_FILES {
                return Err(CreateError::TooManyFolders);
            }
            let id = FileId::seen(&path, metadata);
            let id = id.map_err(|error| CreateError::read(&path, error))?;
            let mut next = above.as_ref();
            while let Some(here) = next {
                if here.id == id {
                    return self.leave_out(path, Why::Cycle);
                }
                next = here.above.as_ref();
            }
            line = Some(Rc::new(Line { id, above }));
        }
        self.entered += 1;
        self.folders.push(Folder { path, inside, line });
        Ok(())
    }

    /// Asks every pattern, to know which of them are of use.
    fn is_excluded(&mut self, folder: &Folder, name: &OsString, is_folder: bool) -> bool {
        if self.choice.exclude.is_empty() {
            return false;
        }
        let inside: PathBuf = folder.inside.iter().map(Path::new).collect();
        let inside = inside.join(name);
        let mut excluded = false;
        for (pattern, matched) in self.choice.exclude.iter().zip(&mut self.matched) {
            if Pattern::matches(pattern, &inside, is_folder) {
                (*matched, excluded) = (true, true);
            }
        }
        excluded
    }

    fn leave_out(&mut self, path: PathBuf, why: Why) -> Result<(), CreateError> {
        self.found.left_out.push(LeftOut { path, why });
        Ok(())
    }

    fn end(mut self) -> Found {
        self.found.files.sort_by(|a, b| a.inside.cmp(&b.inside));
        self.found.left_out.sort();
        let matched = self.matched.iter().enumerate();
        self.found.unmatched = matched.filter(|(_, m)| !**m).map(|(n, _)| n).collect();
        self.found
    }
}

/// Whether this is the file that the torrent is going to replace.
fn is_output(path: &Path, metadata: &Metadata, choice: &Choice) -> Result<bool, CreateError> {
    let Some(output) = &choice.output else {
        return Ok(false);
    };
    let id = FileId::seen(path, metadata).map_err(|error| CreateError::read(path, error))?;
    Ok(id == *output)
}

fn leads_nowhere(error: ErrorKind) -> bool {
    // A link to itself is one of those, too; its own kind of error has no stable name yet.
    matches!(error, ErrorKind::NotFound | ErrorKind::NotADirectory) || error == loop_kind()
}

#[cfg(unix)]
fn loop_kind() -> ErrorKind {
    std::io::Error::from(rustix::io::Errno::LOOP).kind()
}

#[cfg(not(unix))]
fn loop_kind() -> ErrorKind {
    ErrorKind::NotFound
}

#[cfg(test)]
mod tests;
