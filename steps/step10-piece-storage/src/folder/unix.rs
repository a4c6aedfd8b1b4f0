//! On Unix each step of a walk opens the next folder from the one before it, so nobody can put a
//! link in between.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, mkdirat, open, openat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;

use super::{link_in_the_way, ordinary};

/// The download folder, held open.
#[derive(Debug)]
pub struct Folder {
    root: OwnedFd,
    /// The folder walked to last: the next file is often in the same one.
    last: Option<(PathBuf, OwnedFd)>,
}

impl Folder {
    /// Opens the folder `root`, which must exist.
    pub fn new(root: &Path) -> io::Result<Folder> {
        let root = open(
            root,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(Folder { root, last: None })
    }

    /// Opens the file at `path` to read and write. Where there is none it is made, and the folders
    /// it needs. Says whether it was made now.
    pub fn create(&mut self, path: &Path, executable: bool) -> io::Result<(File, bool)> {
        match self.create_new(path, executable) {
            Ok(file) => Ok((file, true)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok((self.open(path)?, false)),
            Err(error) => Err(error),
        }
    }

    /// Makes the file at `path`, where there may be none yet, and the folders it needs.
    fn create_new(&mut self, path: &Path, executable: bool) -> io::Result<File> {
        let mode = if executable { 0o777 } else { 0o666 };
        let flags = OFlags::CREATE | OFlags::EXCL;
        self.file(path, flags, Mode::from_raw_mode(mode))
    }

    /// Opens the file at `path`, which must exist, to read and write.
    pub fn open(&mut self, path: &Path) -> io::Result<File> {
        self.file(path, OFlags::empty(), Mode::empty())
    }

    /// Makes the folder or the empty file at `path`, where nothing may be yet, and the folders it
    /// needs.
    pub fn make(&mut self, path: &Path, is_folder: bool) -> io::Result<()> {
        let (parent, name) = self.parent(path, true)?;
        if is_folder {
            return Ok(mkdirat(parent, name, Mode::from_raw_mode(0o777))?);
        }
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        openat(parent, name, flags, Mode::from_raw_mode(0o666))?;
        Ok(())
    }

    /// Takes the file or the empty folder at `path` away.
    pub fn remove(&mut self, path: &Path, is_folder: bool) -> io::Result<()> {
        let (parent, name) = self.parent(path, false)?;
        let flags = match is_folder {
            true => AtFlags::REMOVEDIR,
            false => AtFlags::empty(),
        };
        Ok(unlinkat(parent, name, flags)?)
    }

    /// Makes a symbolic link at `path` that says `target`, and the folders it needs. One that says
    /// the same, in these words or in others, may be there already.
    pub fn symlink(&mut self, path: &Path, target: &Path) -> io::Result<()> {
        let (parent, name) = self.parent(path, true)?;
        match symlinkat(target, parent, name) {
            Err(Errno::EXIST) => match rustix::fs::readlinkat(parent, name, Vec::new()) {
                Ok(there) => {
                    let there = Path::new(OsStr::from_bytes(there.to_bytes()));
                    let folder = path.parent().unwrap_or(Path::new(""));
                    match plain(&folder.join(there)) == plain(&folder.join(target)) {
                        true => Ok(()),
                        false => Err(ErrorKind::AlreadyExists.into()),
                    }
                }
                _ => Err(ErrorKind::AlreadyExists.into()),
            },
            other => Ok(other?),
        }
    }

    /// Whether the folder is still what `root` leads to.
    pub fn is_at(&self, root: &Path) -> bool {
        match (rustix::fs::stat(root), rustix::fs::fstat(&self.root)) {
            (Ok(there), Ok(ours)) => (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino),
            _ => false,
        }
    }

    /// Walks anew to each folder from now on: one of them may have been moved.
    pub fn walk_anew(&mut self) {
        self.last = None;
    }

    fn file(&mut self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<File> {
        let (parent, name) = self.parent(path, flags.contains(OFlags::CREATE))?;
        // A named pipe must not make us wait for its other end, so NONBLOCK; for a file it means
        // nothing.
        let flags = flags | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match openat(parent, name, flags, mode) {
            Ok(file) => ordinary(file.into()),
            // It says that something is there; what that is, opening it will tell.
            Err(Errno::EXIST) => Err(ErrorKind::AlreadyExists.into()),
            Err(error) => Err(explain(parent, name, error)),
        }
    }

    /// The folder that holds `path`, and the name of `path` in it.
    fn parent<'p>(&mut self, path: &'p Path, make: bool) -> io::Result<(&OwnedFd, &'p OsStr)> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(ErrorKind::InvalidInput.into());
        };
        if folder.as_os_str().is_empty() {
            return Ok((&self.root, name));
        }
        let known = self.last.take().filter(|(last, _)| last == folder);
        let opened = match known {
            Some((_, opened)) => opened,
            None => self.walk(folder, make)?,
        };
        let (_, opened) = self.last.insert((folder.to_path_buf(), opened));
        Ok((opened, name))
    }

    fn walk(&self, folder: &Path, make: bool) -> io::Result<OwnedFd> {
        let mut here: Option<OwnedFd> = None;
        for name in folder {
            let from = here.as_ref().unwrap_or(&self.root);
            here = Some(step(from, name, make)?);
        }
        here.ok_or_else(|| ErrorKind::InvalidInput.into())
    }
}

/// A path without detours, by its words alone; `None` if it leads out.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir if plain.pop() => {}
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(plain)
}

/// From a folder into the one called `name`.
fn step(from: &OwnedFd, name: &OsStr, make: bool) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut opened = openat(from, name, flags, Mode::empty());
    if make && matches!(opened, Err(Errno::NOENT)) {
        match mkdirat(from, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => opened = openat(from, name, flags, Mode::empty()),
            Err(error) => opened = Err(error),
        }
    }
    opened.map_err(|error| explain(from, name, error))
}

/// The system has several codes for "there is a link"; people get one sentence.
fn explain(folder: impl AsFd, name: &OsStr, error: Errno) -> io::Error {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink => link_in_the_way(),
        _ => error.into(),
    }
}
