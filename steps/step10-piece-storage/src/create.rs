//! Every folder and file of a torrent, made before the first byte arrives.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use layout::{Entry, Kind, Layout};

use crate::allocate::{Allocate, Allocated, allocate};
use crate::error::{DiskError, Doing};
use crate::folder::Folder;
use crate::known::{Known, Role};
use crate::seen::{Change, Changed, Seen, change};
use crate::setup::{FileUse, Setup};

/// What was made or found.
pub struct Created {
    /// The download folder.
    pub folder: Folder,
    /// The files that were longer than the torrent says, by their numbers.
    pub longer: BTreeSet<usize>,
    /// The folders above and below, and the download folder itself, in which something may have
    /// been made.
    pub entered: BTreeSet<PathBuf>,
    /// How each file is now.
    pub known: Vec<Known>,
    /// The files that somebody has changed since they were looked at before.
    pub changed: Vec<Changed>,
    /// Whether the files have the space that was asked for.
    pub allocated: Allocated,
}

/// Makes what is missing below `root`.
///
/// A file gets its full length at once, unless it is to grow. On most disks that costs no space: what
/// was never written is a hole. What is in a file stays in it. Symbolic links come after the files,
/// so that none is made through one. A file that is not to be written is left as it is. What the files were
/// before is compared with what they are now. Before each file `stop` is asked whether to give up.
pub fn create(root: &Path, layout: &Layout, setup: &Setup<'_>) -> Result<Created, DiskError> {
    let &Setup {
        files: used,
        made,
        before,
        allocate: mode,
        stop,
        ..
    } = setup;
    let entered = entered(root, layout, used);
    std::fs::create_dir_all(root).map_err(|e| DiskError::new(Doing::CreateFolder, root, e))?;
    let mut folder = Folder::new(root).map_err(|e| DiskError::new(Doing::CreateFolder, root, e))?;
    let mut longer = BTreeSet::new();
    let mut known = vec![Known::default(); layout.files().len()];
    let mut changed = Vec::new();
    let mut written = Vec::new();
    for (index, entry) in layout.files().iter().enumerate() {
        if !matches!(entry.kind, Kind::Regular { .. }) {
            continue;
        }
        let place = root.join(&entry.path);
        let is_proven = match used(index) {
            FileUse::Write => true,
            FileUse::Compare => false,
            other => {
                known[index] = Known::not_written(&place, other)?;
                known[index].made = made(index);
                if let (false, Some(looks)) = (known[index].role == Role::Aside, before) {
                    changed.extend(looks.changed(index, known[index].seen, entry.length));
                }
                continue;
            }
        };
        if stop() {
            let given_up = io::ErrorKind::Interrupted.into();
            return Err(DiskError::new(Doing::CreateFile, &place, given_up));
        }
        let before = before.map(|looks| looks.of(index));
        let (now, change) = make(&mut folder, entry, &place, mode, before, is_proven)?;
        known[index] = Known {
            made: now.made || made(index),
            ..now
        };
        let file = index;
        changed.extend(change.map(|change| Changed { file, change }));
        if now.role == Role::Stranger {
            continue;
        }
        if now.length() > entry.length {
            longer.insert(index);
        }
        // What may be somebody else's does not become longer by it.
        if now.role != Role::Unproven || now.length() == entry.length {
            written.push(index);
        }
    }
    for (index, entry) in layout.files().iter().enumerate() {
        if let Kind::Symlink { target } = &entry.kind {
            known[index].unwanted = !used(index).is_wanted();
            if !known[index].unwanted {
                link(&mut folder, root, entry, target)?;
            }
        }
    }
    // Last: what fails here gives its space back, what failed before has taken none.
    let allocated = match mode {
        Allocate::Full => allocate(root, &mut folder, layout, &written, stop)?,
        Allocate::Sparse | Allocate::None => Allocated::All,
    };
    Ok(Created {
        folder,
        longer,
        entered,
        known,
        changed,
        allocated,
    })
}

/// Makes a file, if there is none, and sees to it that it is long enough. If it is known how it was
/// `before`, says what has become of it since; another file in its place is left as it is, and so
/// is one that is not proven to be ours.
pub fn make(
    folder: &mut Folder,
    entry: &Entry,
    place: &Path,
    mode: Allocate,
    before: Option<Option<Seen>>,
    is_proven: bool,
) -> Result<(Known, Option<Change>), DiskError> {
    let failed = |doing| move |error| DiskError::new(doing, place, error);
    let executable = entry.kind == Kind::Regular { executable: true };
    let made = folder.create(&entry.path, executable);
    let (file, is_new) = made.map_err(failed(Doing::CreateFile))?;
    let found = file.metadata().map_err(failed(Doing::SetLength))?;
    let there = (!is_new).then(|| Seen::of(&found));
    let change = before.and_then(|before| change(before, there, entry.length));
    // In an empty file nothing can be lost; and names are tried by making one.
    let change = change.filter(|&change| change != Change::Back || found.len() > 0);
    let role = match change {
        Some(Change::Replaced | Change::Back) => Role::Stranger,
        _ if !is_proven && found.len() > 0 => Role::Unproven,
        _ => Role::Ours,
    };
    let seen = match role {
        Role::Stranger => Seen::of(&found),
        Role::Unproven => Seen::ours(&found),
        _ => prepare(&file, &found, entry, executable, mode).map_err(failed(Doing::SetLength))?,
    };
    let known = Known {
        seen: Some(seen),
        role,
        made: is_new,
        ..Known::default()
    };
    Ok((known, change))
}

/// Makes a symbolic link.
pub fn link(
    folder: &mut Folder,
    root: &Path,
    entry: &Entry,
    target: &Path,
) -> Result<(), DiskError> {
    folder
        .symlink(&entry.path, &link_text(&entry.path, target))
        .map_err(|e| DiskError::new(Doing::CreateSymlink, &root.join(&entry.path), e))
}

/// Every folder that is about to get an entry.
fn entered(root: &Path, layout: &Layout, used: &dyn Fn(usize) -> FileUse) -> BTreeSet<PathBuf> {
    let mut entered = BTreeSet::new();
    for missing in root.ancestors().take_while(|above| !above.exists()) {
        if let Some(above) = missing.parent() {
            let here = above.as_os_str().is_empty();
            entered.insert(if here {
                ".".into()
            } else {
                above.to_path_buf()
            });
        }
    }
    for (index, entry) in layout.files().iter().enumerate() {
        if entry.kind != Kind::Padding && used(index).is_wanted() {
            // A folder that is known already is known with all above it.
            for below in entry.path.ancestors().skip(1) {
                if !entered.insert(root.join(below)) {
                    break;
                }
            }
        }
    }
    entered
}

// ANCHOR: prepare
/// Lengthens a short file, unless it is to grow; says how it is then.
fn prepare(
    file: &File,
    found: &Metadata,
    entry: &Entry,
    executable: bool,
    mode: Allocate,
) -> io::Result<Seen> {
    // ANCHOR: yours_prepare (chapter 10, "Room")
    let mut seen = Seen::ours(found);
    if found.len() < entry.length && mode != Allocate::None {
        file.set_len(entry.length)?;
        seen.length = entry.length;
    }
    if executable {
        make_executable(file, found);
    }
    Ok(seen)
    // ANCHOR_END: yours_prepare
}
// ANCHOR_END: prepare

/// Whoever may read the file may run it. Where the disk knows no such thing, the file is still
/// good.
#[cfg(unix)]
fn make_executable(file: &File, found: &std::fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode();
    let wanted = mode | (mode & 0o444) >> 2;
    if wanted != mode {
        let _ = file.set_permissions(PermissionsExt::from_mode(wanted));
    }
}

#[cfg(not(unix))]
fn make_executable(_file: &File, _found: &std::fs::Metadata) {}

/// What a link at `path` says to reach `target`, both relative to the download folder: up as far as
/// need be, and down again.
fn link_text(path: &Path, target: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let (from, to) = (folder.components(), target.components());
    let same = from.clone().zip(to.clone()).take_while(|(a, b)| a == b);
    let same = same.count();
    let up = std::iter::repeat_n(Component::ParentDir, from.count() - same);
    let text: PathBuf = up.chain(to.skip(same)).collect();
    match text.as_os_str().is_empty() {
        true => Component::CurDir.as_os_str().into(),
        false => text,
    }
}
