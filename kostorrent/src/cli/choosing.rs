//! Which files of a torrent are wanted: `--files` and `--choose`.

use magnet::Selected;
use metainfo::Metainfo;
use selection::terminal::{ChooseError, choose};
use selection::{Files, List, ListError, Picker, Priority, Selection};
use storage::{Allocate, Names};

use super::args::{Allocation, Choice, Face};
use super::face;
use super::failure::Failure;

/// The files that the user wants; `None` is all. Whoever says nothing wants what was wanted `before`.
pub(crate) fn choose_files(
    args: &Choice,
    metainfo: &Metainfo,
    before: impl FnOnce() -> Option<Selection>,
    face: Face,
) -> Result<Option<Selection>, Failure> {
    let before = match args.files {
        None => before(),
        Some(_) => None,
    };
    if args.files.is_none() && !args.choose {
        if let Some(before) = before.as_ref().filter(|before| !before.is_all()) {
            let (wanted, of) = (before.count(), before.marks().len());
            let note = format!(
                "{wanted} of {of} files are wanted, as chosen before: --files '{before}'; \
                 --files '*' wants all"
            );
            face::warn(face, &note)?;
        }
        return Ok(before);
    }
    // The torrent's own names, in its own order: as `show` has them.
    let names = Names::of(metainfo).map_err(Failure::failed)?;
    let files = Files::new(names.own());
    let listed = match &args.files {
        Some(list) => Some(listed(list, &files).map_err(Failure::Failed)?),
        None => None,
    };
    if !args.choose {
        return Ok(listed);
    }
    let before = listed.or(before);
    let before = before.unwrap_or_else(|| Selection::all(&files));
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

/// The files that a magnet link names (BEP 53), if it names any that the torrent has. Its numbers count
/// all files, those that only fill up pieces included.
pub(crate) fn selected(selected: &Selected, metainfo: &Metainfo) -> Option<Selection> {
    let names = Names::of(metainfo).ok()?;
    let files = Files::new(names.own());
    let priority = |file: usize| match u32::try_from(file).is_ok_and(|file| selected.contains(file))
    {
        true => Priority::Normal as u8,
        false => Priority::Skip as u8,
    };
    let numbers: Vec<u8> = (0..names.own().files().len()).map(priority).collect();
    let selection = Selection::from_numbers(&files, &numbers)?;
    (selection.count() > 0).then_some(selection)
}

/// The files that a list names; a sentence, if it names none.
pub(crate) fn listed(list: &str, files: &Files) -> Result<Selection, String> {
    let list: List = list.parse().map_err(|error: ListError| error.to_string())?;
    let selection = list
        .select(files, None)
        .map_err(|error| error.to_string())?;
    match selection.count() {
        0 => Err(format!(
            "--files {list} leaves no file to download, of {}",
            files.count()
        )),
        _ => Ok(selection),
    }
}
