//! Where folders cannot be opened one from the other, each element of a path is looked at before it
//! is used.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{link_in_the_way, ordinary};

/// The download folder, by its path.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Opens the folder `root`, which must exist.
    pub fn new(root: &Path) -> io::Result<Folder> {
        if !fs::metadata(root)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        Ok(Folder {
            root: root.to_path_buf(),
        })
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
    fn create_new(&mut self, path: &Path, _executable: bool) -> io::Result<File> {
        let place = self.walk(path, true)?;
        let mut options = File::options();
        options.read(true).write(true).create_new(true).open(place)
    }

    /// Opens the file at `path`, which must exist, to read and write.
    pub fn open(&mut self, path: &Path) -> io::Result<File> {
        let place = self.walk(path, false)?;
        ordinary(File::options().read(true).write(true).open(place)?)
    }

    /// Takes the file or the empty folder at `path` away.
    pub fn remove(&mut self, path: &Path, is_folder: bool) -> io::Result<()> {
        let place = self.root.join(path);
        let above = path.ancestors().skip(1);
        for folder in above.filter(|folder| !folder.as_os_str().is_empty()) {
            if !fs::symlink_metadata(self.root.join(folder))?.is_dir() {
                return Err(ErrorKind::NotADirectory.into());
            }
        }
        match is_folder {
            true => fs::remove_dir(place),
            false => fs::remove_file(place),
        }
    }

    /// Leaves symbolic links out: here making one needs rights that few programs have.
    pub fn symlink(&mut self, _path: &Path, _target: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Whether the folder is still what `root` leads to.
    pub fn is_at(&self, root: &Path) -> bool {
        fs::metadata(root).is_ok_and(|found| found.is_dir())
    }

    /// Walks anew to each folder from now on, as it always does.
    pub fn walk_anew(&mut self) {}

    /// The full path, once every element of it is known to be no link.
    fn walk(&self, path: &Path, make: bool) -> io::Result<PathBuf> {
        let mut place = self.root.clone();
        let mut names = path.iter().peekable();
        while let Some(name) = names.next() {
            place.push(name);
            let is_folder = names.peek().is_some();
            match fs::symlink_metadata(&place) {
                Ok(found) if found.is_symlink() => return Err(link_in_the_way()),
                Ok(found) if is_folder && !found.is_dir() => {
                    return Err(ErrorKind::NotADirectory.into());
                }
                Ok(found) if !is_folder && found.is_dir() => {
                    return Err(ErrorKind::IsADirectory.into());
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound && make => {
                    if is_folder {
                        fs::create_dir(&place)?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(place)
    }
}
