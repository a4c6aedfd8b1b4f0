//! What the file system below a download folder answers.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::choose::{Ground, Listed, Seen, What};
use crate::folder::Folder;

/// The download folder.
pub struct Disk<'r> {
    root: &'r Path,
    /// Where things are made.
    folder: Option<Folder>,
    /// The names in those folders that were asked for: as they are, and in small letters.
    listed: BTreeMap<PathBuf, [HashSet<OsString>; 2]>,
    /// What was made, and is still there.
    made: BTreeMap<PathBuf, What>,
}

impl<'r> Disk<'r> {
    /// Nothing is made.
    pub fn to_look(root: &'r Path) -> Disk<'r> {
        Disk {
            root,
            folder: None,
            listed: BTreeMap::new(),
            made: BTreeMap::new(),
        }
    }

    /// What is missing is made, the folder itself too. If it cannot be, nothing below it can.
    pub fn to_make(root: &'r Path) -> Disk<'r> {
        let folder = make_durable(root).and_then(|()| Folder::new(root));
        Disk {
            root,
            folder: folder.ok(),
            ..Disk::to_look(root)
        }
    }

    /// Takes away those of these files that were made, and then every folder that was made and is
    /// empty.
    pub fn take_back<'p>(&mut self, files: impl Iterator<Item = &'p Path>) {
        let made = |path: &&Path| self.made.get(*path) == Some(&What::File);
        let files: Vec<PathBuf> = files.filter(made).map(Path::to_path_buf).collect();
        if files.is_empty() {
            return;
        }
        for path in &files {
            self.remove(path, What::File);
        }
        let folders = self.made.iter().rev();
        let folders = folders.filter(|(_, what)| **what == What::Folder);
        // The deepest come first. Those that are not empty stay.
        let folders: Vec<PathBuf> = folders.map(|(path, _)| path.clone()).collect();
        for path in folders {
            if let Some(folder) = &mut self.folder {
                folder.walk_anew();
            }
            self.remove(&path, What::Folder);
        }
    }

    /// The names in a folder that were there when it was first asked for, or were made since.
    fn listed(&mut self, folder: &Path) -> &mut [HashSet<OsString>; 2] {
        let place = self.root.join(folder);
        self.listed.entry(folder.to_path_buf()).or_insert_with(|| {
            let entries = fs::read_dir(place).into_iter().flatten().flatten();
            let names = entries.map(|entry| entry.file_name());
            let exactly: HashSet<OsString> = names.collect();
            let small = exactly.iter().map(|name| small(name)).collect();
            [exactly, small]
        })
    }
}

/// Makes a folder and those above it so that a power cut does not take them.
fn make_durable(root: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = root.ancestors().take_while(|path| !path.exists()).collect();
    fs::create_dir_all(root)?;
    for above in missing.iter().filter_map(|path| path.parent()) {
        let here = above.as_os_str().is_empty();
        // Not every file system can, and then there is nothing to be done.
        let _ = File::open(if here { Path::new(".") } else { above }).and_then(|f| f.sync_all());
    }
    Ok(())
}

impl Ground for Disk<'_> {
    fn makes(&self) -> bool {
        self.folder.is_some()
    }

    fn look(&self, path: &Path) -> Option<Seen> {
        let place = self.root.join(path);
        let found = fs::symlink_metadata(&place).ok()?;
        // The name is the link's, and what is behind it is what counts.
        let behind = fs::metadata(&place).ok();
        let what = match behind.map(|behind| behind.file_type()) {
            Some(kind) if kind.is_dir() => What::Folder,
            Some(kind) if kind.is_file() => What::File,
            _ => What::Other,
        };
        Some(Seen {
            what,
            is_link: found.is_symlink(),
            id: (found.dev(), found.ino()),
            names: found.nlink(),
        })
    }

    fn lists(&mut self, path: &Path) -> Listed {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Listed::No;
        };
        let [exactly, in_small] = self.listed(folder);
        if exactly.contains(name) {
            Listed::Exactly
        } else if in_small.contains(&small(name)) {
            Listed::InAnotherCase
        } else {
            Listed::No
        }
    }

    fn make(&mut self, path: &Path, what: What) -> io::Result<()> {
        let folder = self.folder.as_mut();
        let folder = folder.ok_or_else(|| io::Error::from(ErrorKind::Unsupported))?;
        folder.make(path, what == What::Folder)?;
        self.made.insert(path.to_path_buf(), what);
        if let Some(listed) = path.parent().and_then(|folder| self.listed.get_mut(folder)) {
            let name = path.file_name().unwrap_or_default();
            listed[0].insert(name.to_owned());
            listed[1].insert(small(name));
        }
        Ok(())
    }

    fn remove(&mut self, path: &Path, what: What) {
        if let Some(folder) = &mut self.folder {
            let _ = folder.remove(path, what == What::Folder);
        }
        self.made.remove(path);
        // To be listed again when it is asked for.
        self.listed.remove(path.parent().unwrap_or(Path::new("")));
    }
}

fn small(name: &OsStr) -> OsString {
    name.to_string_lossy().to_lowercase().into()
}
