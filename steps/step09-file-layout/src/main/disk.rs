//! The torrent's files in the download folder, and nothing outside it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use layout::{Entry, Kind, Layout, Span};
use thiserror::Error;

/// What went wrong, and with which file.
#[derive(Debug, Error)]
#[error("{}: {cause}", path.display())]
pub struct DiskError {
    path: PathBuf,
    cause: io::Error,
}

/// Says which file an error is about.
fn at(path: &Path) -> impl FnOnce(io::Error) -> DiskError {
    let path = path.to_path_buf();
    |cause| DiskError { path, cause }
}

/// The torrent's files.
pub struct Disk {
    root: PathBuf,
    layout: Layout,
    is_new: bool,
}

impl Disk {
    // ANCHOR: create
    /// Makes every folder and file, each file at its full length. What is in a file already stays,
    /// and where another file is in the way nothing is made at all.
    pub fn create(root: &Path, layout: Layout) -> Result<Disk, DiskError> {
        fs::create_dir_all(root).map_err(at(root))?;
        let mut disk = Disk {
            root: root.to_path_buf(),
            layout,
            is_new: true,
        };
        for entry in disk.layout.files() {
            if matches!(entry.kind, Kind::Regular { .. }) {
                let place = disk.place(&entry.path)?;
                refuse_another(&place, entry).map_err(at(&place))?;
            }
        }
        for entry in disk.layout.files() {
            if let Kind::Regular { executable } = entry.kind {
                let place = disk.place(&entry.path)?;
                let length_before = make_file(&place, entry, executable).map_err(at(&place))?;
                disk.is_new &= length_before == 0;
            }
        }
        Ok(disk)
    }
    // ANCHOR_END: create

    // ANCHOR: write
    /// Writes a whole piece: each part of it into its file, at its place. Padding is on no disk.
    pub fn write(&self, piece: u32, mut data: &[u8]) -> Result<(), DiskError> {
        for span in self.layout.piece_spans(piece) {
            let (part, rest) = data.split_at(span.len as usize);
            if !self.is_padding(span) {
                let (mut file, place) = self.open(span)?;
                file.write_all(part).map_err(at(&place))?;
            }
            data = rest;
        }
        Ok(())
    }
    // ANCHOR_END: write

    /// Reads a whole piece.
    pub fn read(&self, piece: u32) -> Result<Vec<u8>, DiskError> {
        let mut data = Vec::new();
        for span in self.layout.piece_spans(piece) {
            let end = data.len() + span.len as usize;
            if !self.is_padding(span) {
                let (file, place) = self.open(span)?;
                file.take(span.len)
                    .read_to_end(&mut data)
                    .map_err(at(&place))?;
            }
            data.resize(end, 0);
        }
        Ok(data)
    }

    /// Opens a span's file, at the span's first byte.
    fn open(&self, span: Span) -> Result<(File, PathBuf), DiskError> {
        let place = self.place(&self.layout.files()[span.file].path)?;
        let open = || {
            let mut file = File::options().read(true).write(true).open(&place)?;
            file.seek(SeekFrom::Start(span.offset))?;
            Ok(file)
        };
        Ok((open().map_err(at(&place))?, place))
    }

    // ANCHOR: place
    /// Where a path of the torrent is on disk.
    ///
    /// A symbolic link on the way could lead anywhere, so it ends here. Whoever put it there, we
    /// write nothing through it.
    fn place(&self, path: &Path) -> Result<PathBuf, DiskError> {
        let mut place = self.root.clone();
        for name in path {
            place.push(name);
            if place.is_symlink() {
                let cause = "a symbolic link is in the way, and could lead out of the folder: \
                             move it, or choose another folder";
                return Err(at(&place)(io::Error::other(cause)));
            }
        }
        Ok(place)
    }
    // ANCHOR_END: place

    // ANCHOR: link
    /// Makes the torrent's own symbolic links. They come last, when nothing is written any more.
    pub fn link(&self) -> Result<(), DiskError> {
        for entry in self.layout.files() {
            if let Kind::Symlink { target } = &entry.kind {
                let folder = self.place(entry.path.parent().unwrap_or(Path::new("")))?;
                let place = self.root.join(&entry.path);
                fs::create_dir_all(&folder).map_err(at(&folder))?;
                make_link(&place, &text_of_link(&entry.path, target)).map_err(at(&place))?;
            }
        }
        Ok(())
    }
    // ANCHOR_END: link

    fn is_padding(&self, span: Span) -> bool {
        self.layout.files()[span.file].kind == Kind::Padding
    }

    /// Which bytes are where.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether nothing of the torrent was there before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }
}

/// Refuses what is not a file that we have made: those have their full length from the start.
fn refuse_another(place: &Path, entry: &Entry) -> io::Result<()> {
    let Ok(found) = fs::metadata(place) else {
        return Ok(());
    };
    // A pipe or a device in its place would make us wait, or worse.
    if !found.is_file() {
        return Err(io::Error::other(
            "something else than a file is in its place",
        ));
    }
    if ![0, entry.length].contains(&found.len()) {
        let cause = "another file is in its place: move it, or choose another folder";
        return Err(io::Error::other(cause));
    }
    Ok(())
}

/// Makes a file and the folders it needs; gives the length it had before.
fn make_file(place: &Path, entry: &Entry, executable: bool) -> io::Result<u64> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(place)?;
    let found = file.metadata()?;
    file.set_len(entry.length)?;
    if executable {
        make_executable(&file, &found)?;
    }
    Ok(found.len())
}

/// Whoever may read it may run it.
#[cfg(unix)]
fn make_executable(file: &File, found: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode();
    file.set_permissions(PermissionsExt::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
fn make_executable(_file: &File, _found: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

// ANCHOR: text_of_link
/// What a link at `path` says to reach `target`: up to the download folder, and down again.
fn text_of_link(path: &Path, target: &Path) -> PathBuf {
    let up = path.components().count().saturating_sub(1);
    let up: PathBuf = std::iter::repeat_n("..", up).collect();
    up.join(target)
}

/// Makes a symbolic link; the same one may be there already.
#[cfg(unix)]
fn make_link(place: &Path, says: &Path) -> io::Result<()> {
    match std::os::unix::fs::symlink(says, place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::read_link(place) {
            Ok(there) if there == says => Ok(()),
            _ => Err(error),
        },
        result => result,
    }
}

// ANCHOR_END: text_of_link

/// Elsewhere a link needs rights that few programs have: the torrent goes without.
#[cfg(not(unix))]
fn make_link(_place: &Path, _says: &Path) -> io::Result<()> {
    Ok(())
}
