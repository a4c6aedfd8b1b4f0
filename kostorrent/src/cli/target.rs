//! Where a new torrent file goes.
//!
//! All that may be in the way is found before the hashing. What is there already and is not a
//! torrent file is never written over, whatever was asked for.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use storage::free_space;

use super::failure::Failure;
use super::output;
use crate::file_id::FileId;
use crate::whole_file::{self, folder_of};

/// Where a new torrent file goes.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// To stdout.
    Stdout,
    /// Into a pipe or a device, which takes it piece by piece and keeps no old one.
    Stream(PathBuf),
    /// Into a file.
    File {
        /// As it was named.
        named: PathBuf,
        /// Where it is, which is elsewhere if a link was named.
        place: PathBuf,
        /// The torrent file that it replaces.
        over: Option<FileId>,
    },
}

impl Target {
    /// The place that was named: `-` is stdout.
    pub(super) fn find(named: &Path, force: bool) -> Result<Target, Failure> {
        if named.as_os_str() == "-" {
            return stdout();
        }
        if ends_in_separator(named) {
            return Err(is_folder(named));
        }
        let link = match fs::symlink_metadata(named) {
            Ok(metadata) => metadata.is_symlink(),
            Err(error) if error.kind() == ErrorKind::NotFound => return new_file(named),
            Err(error) => return Err(Failure::io("look at", named, &error)),
        };
        let found = fs::metadata(named).map_err(|error| match error.kind() {
            ErrorKind::NotFound if link => Failure::Failed(format!(
                "{} is a symbolic link that leads nowhere: remove it, or choose another place with \
                 --output",
                named.display()
            )),
            _ => Failure::io("look at", named, &error),
        })?;
        if found.is_dir() {
            return Err(is_folder(named));
        }
        if is_our_stdout(&found) {
            return stdout();
        }
        if !found.is_file() {
            return stream(named, &found);
        }
        if !force {
            return Err(exists(named));
        }
        old_file(named, &found, link)
    }

    /// The file that the torrent goes to, if it is there already: one that it replaces, or that our
    /// stdout was led to.
    pub(super) fn file(&self) -> Option<FileId> {
        match self {
            Target::File { over, .. } => over.clone(),
            Target::Stdout => our_stdout()
                .ok()
                .filter(Metadata::is_file)
                .and_then(|found| FileId::seen(Path::new(""), &found).ok()),
            Target::Stream(_) => None,
        }
    }

    /// Whether the torrent file has room there.
    pub(super) fn check_room(&self, size: u64) -> Result<(), Failure> {
        let Target::File { named, place, .. } = self else {
            return Ok(());
        };
        let free = free_space(folder_of(place)).ok().flatten();
        if let Some(free) = free.filter(|&free| free < size) {
            return Err(Failure::Failed(format!(
                "no room for {}: the torrent file will have {}, and {} are free; free some space, or \
                 choose a place on another disk with --output",
                named.display(),
                progress::bytes(size),
                progress::bytes(free)
            )));
        }
        match largest_file().filter(|&most| most < size) {
            None => Ok(()),
            Some(most) => Err(Failure::Failed(format!(
                "the torrent file will have {}, and no file may be larger than {} here: allow larger \
                 ones (`ulimit -f`)",
                progress::bytes(size),
                progress::bytes(most)
            ))),
        }
    }

    /// Whether writing there may have to wait for somebody who reads.
    pub(super) fn may_block(&self) -> bool {
        !matches!(self, Target::File { .. })
    }

    /// Writes the torrent file.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Target::Stdout => output::result(|out| out.write_all(bytes)),
            Target::Stream(path) => {
                let opened = File::options().write(true).open(path);
                let written = opened.and_then(|mut stream| stream.write_all(bytes));
                written.map_err(|error| match error.kind() {
                    ErrorKind::BrokenPipe => Failure::ClosedPipe,
                    _ => Failure::io("write to", path, &error),
                })
            }
            Target::File { place, over, .. } => {
                whole_file::write(place, bytes, over.as_ref()).map_err(Failure::failed)
            }
        }
    }

    /// What to call it.
    pub(super) fn name(&self) -> &Path {
        match self {
            Target::Stdout => Path::new("-"),
            Target::Stream(path) => path,
            Target::File { named, .. } => named,
        }
    }
}

fn stdout() -> Result<Target, Failure> {
    match io::stdout().is_terminal() {
        true => Err(terminal("stdout")),
        false => Ok(Target::Stdout),
    }
}

/// A pipe, or a device that is no disk.
fn stream(named: &Path, found: &Metadata) -> Result<Target, Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        if kind.is_block_device() || kind.is_socket() {
            return Err(Failure::Failed(format!(
                "{} is a disk or a socket, and no place for a torrent file: choose another one with \
                 --output",
                named.display()
            )));
        }
        if kind.is_char_device() {
            let device = File::options().write(true).open(named);
            let device = device.map_err(|error| Failure::io("write to", named, &error))?;
            if device.is_terminal() {
                return Err(terminal(&named.display().to_string()));
            }
        }
    }
    #[cfg(not(unix))]
    let _ = found;
    Ok(Target::Stream(named.to_owned()))
}

fn new_file(named: &Path) -> Result<Target, Failure> {
    let folder = folder_of(named);
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Failure::io("look at", folder, &error));
        }
        _ => {
            return Err(Failure::Failed(format!(
                "cannot write {}: {} is no folder; make it first, or choose another place with \
                 --output",
                named.display(),
                folder.display()
            )));
        }
    }
    whole_file::try_beside(named).map_err(Failure::failed)?;
    Ok(Target::File {
        named: named.to_owned(),
        place: named.to_owned(),
        over: None,
    })
}

/// A file that is to be replaced. A link stays a link, and what it leads to is replaced.
fn old_file(named: &Path, found: &Metadata, link: bool) -> Result<Target, Failure> {
    let look = |error| Failure::io("look at", named, &error);
    let place = match link {
        true => named.canonicalize().map_err(look)?,
        false => named.to_owned(),
    };
    let old = File::open(&place).and_then(metainfo::read_limited);
    let old = old.map_err(|error| Failure::io("read", named, &error))?;
    if !is_torrent(&old) {
        return Err(Failure::Failed(format!(
            "{} is there and is no torrent file, so --force does not write over it: remove it first, \
             or choose another place with --output",
            named.display()
        )));
    }
    whole_file::try_beside(&place).map_err(Failure::failed)?;
    let over = FileId::seen(&place, found).map_err(look)?;
    Ok(Target::File {
        named: named.to_owned(),
        place,
        over: Some(over),
    })
}

/// Whether these bytes may be written over: those of a torrent file, good or odd, or none at all.
fn is_torrent(bytes: &[u8]) -> bool {
    let document = bencode::decode_lenient(bytes);
    let info = |document: bencode::Document<'_>| {
        let info = document.root().get("info");
        info.is_some_and(|info| info.dict().is_some())
    };
    bytes.is_empty() || document.is_ok_and(info)
}

/// Whether it is what our stdout leads to, under a name such as `/dev/stdout`. What swallows
/// everything is not meant.
#[cfg(unix)]
fn is_our_stdout(found: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let id = |metadata: &Metadata| FileId::seen(Path::new(""), metadata).ok();
    let swallows = found.file_type().is_char_device() && !io::stdout().is_terminal();
    !swallows && our_stdout().is_ok_and(|ours| id(&ours) == id(found))
}

/// What our stdout leads to.
#[cfg(unix)]
fn our_stdout() -> io::Result<Metadata> {
    use std::os::fd::AsFd;
    let ours = io::stdout().as_fd().try_clone_to_owned()?;
    File::from(ours).metadata()
}

/// Elsewhere that is not told.
#[cfg(not(unix))]
fn our_stdout() -> io::Result<Metadata> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn is_our_stdout(_found: &Metadata) -> bool {
    false
}

/// The most bytes that a file of ours may have.
#[cfg(unix)]
fn largest_file() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Fsize).current
}

#[cfg(not(unix))]
fn largest_file() -> Option<u64> {
    None
}

fn ends_in_separator(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(byte.into()))
}

fn exists(named: &Path) -> Failure {
    Failure::Failed(format!(
        "{} exists already: choose another place with --output, or write over it with --force",
        named.display()
    ))
}

fn is_folder(named: &Path) -> Failure {
    Failure::Failed(format!(
        "{} is a folder: name the torrent file itself with --output",
        named.display()
    ))
}

fn terminal(name: &str) -> Failure {
    Failure::Failed(format!(
        "{name} is a terminal, and a torrent file is not text: lead it into a file or a pipe"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_torrents_and_nothing_at_all_may_be_written_over() {
        for good in [&b""[..], b"d4:infodee", b"d4:infod1:xi01eee\n"] {
            assert!(is_torrent(good), "{}", String::from_utf8_lossy(good));
        }
        for bad in [
            &b"notes"[..],
            b"\0",
            b"de",
            b"d4:infoi1ee",
            b"le",
            b"d4:info",
        ] {
            assert!(!is_torrent(bad), "{}", String::from_utf8_lossy(bad));
        }
    }
}
