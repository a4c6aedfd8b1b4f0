//! What is remembered of a torrent in a folder: where, and what was chosen of it before.

use std::path::{Path, PathBuf};

use metainfo::Metainfo;
use resume::{StateFile, System, folder_bytes, one_name, state_dir};
use selection::{Files, Selection};
use storage::Names;

use super::args::{Face, Memory};
use super::face;
use super::failure::Failure;
use super::values::Sync;
use crate::node::Remember;

/// Where and how it is remembered what is on disk. Without a folder for that, nothing is, and it is
/// said.
pub(crate) fn remember(args: &Memory, face: Face) -> Result<Option<Remember>, Failure> {
    let folder = match &args.state {
        Some(folder) => Ok(folder.clone()),
        None => state_dir(System::HERE, |name| std::env::var_os(name)),
    };
    match folder {
        Ok(folder) => Ok(Some(Remember {
            folder,
            check: args.check,
            sync: match args.sync {
                Sync::After(span) => Some(span),
                Sync::Never => None,
            },
        })),
        Err(none) => {
            face::warn(face, &format!("what is on disk is not remembered: {none}"))?;
            Ok(None)
        }
    }
}

/// The folder that remembers, for what is not of one torrent; `None` without one.
pub(crate) fn folder(args: &Memory) -> Option<PathBuf> {
    args.state.clone().or_else(usual_folder)
}

/// The folder that remembers unless another one is named.
pub(crate) fn usual_folder() -> Option<PathBuf> {
    state_dir(System::HERE, |name| std::env::var_os(name)).ok()
}

/// The files that were wanted the last time. What cannot be read is not used; the torrent itself
/// says why.
pub(crate) fn chosen(
    remember: Option<&Remember>,
    metainfo: &Metainfo,
    root: &Path,
) -> Option<Selection> {
    let info_hash = metainfo.info_hash_v1?;
    let root = folder_bytes(&one_name(root).ok()?);
    let file = StateFile::new(&remember?.folder, info_hash, root);
    let names = Names::of(metainfo).ok()?;
    let resume = file.decode(&file.load().ok()??, names.own()).ok()?;
    Selection::from_numbers(&Files::new(names.own()), &resume.choice?)
}
