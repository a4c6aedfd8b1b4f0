//! Which files of a torrent are wanted: `--files` and `--choose`.

use metainfo::Metainfo;
use selection::terminal::{ChooseError, choose};
use selection::{Files, List, Picker, Selection};
use storage::{Allocate, Names};

use super::args::{Allocation, Choice};
use super::failure::Failure;

/// The files that the user wants; `None` is all.
pub(crate) fn choose_files(
    args: &Choice,
    metainfo: &Metainfo,
) -> Result<Option<Selection>, Failure> {
    if args.files.is_none() && !args.choose {
        return Ok(None);
    }
    // The torrent's own names, in its own order: as `show` has them.
    let names = Names::of(metainfo).map_err(Failure::failed)?;
    let files = Files::new(names.own());
    let listed = match &args.files {
        Some(list) => Some(listed(list, &files)?),
        None => None,
    };
    if !args.choose {
        return Ok(listed);
    }
    let before = listed.unwrap_or_else(|| Selection::all(&files));
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match choose(Picker::new(files, before), colours) {
        Ok(selection) => Ok(Some(selection)),
        Err(given_up @ ChooseError::GivenUp) => Err(Failure::Interrupted(given_up.to_string())),
        Err(error) => Err(Failure::failed(error)),
    }
}

impl From<Allocation> for Allocate {
    fn from(allocation: Allocation) -> Allocate {
        match allocation {
            Allocation::Sparse => Allocate::Sparse,
            Allocation::Full => Allocate::Full,
            Allocation::None => Allocate::None,
        }
    }
}

fn listed(list: &str, files: &Files) -> Result<Selection, Failure> {
    let list: List = list.parse().map_err(Failure::failed)?;
    let selection = list.select(files, None).map_err(Failure::failed)?;
    match selection.count() {
        0 => Err(Failure::Failed(format!(
            "--files {list} leaves no file to download, of {}",
            files.count()
        ))),
        _ => Ok(selection),
    }
}
