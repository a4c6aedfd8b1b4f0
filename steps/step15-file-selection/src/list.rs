//! The list of files that a person writes: `1,3-5,**/*.pdf,extras/:low,!*.nfo`.

use std::fmt;
use std::str::FromStr;

use crate::error::ListError;
use crate::files::Files;
use crate::selection::{Priority, Selection};
use crate::what::What;

mod split;

pub use split::Raw;
use split::split;

/// A list of files, read but not yet carried out: entries with commas between them.
///
/// | an entry | chooses |
/// | --- | --- |
/// | `7` | the seventh file, as they are shown; padding is not counted |
/// | `3-5` `3-` `-5` | the files from one number to another, from the third on, up to the fifth |
/// | `name/of/file` | the file of this path, from the torrent's name on or without it |
/// | `name/of/folder` | all files below the folder; with `/` at the end nothing but a folder |
/// | `*.pdf` | all files whose name matches, in whatever folder, and all below folders that do |
/// | `cd1/*.flac` `**/*.pdf` | all files, and all below folders, whose path matches: `*` stays in one folder, `**` does not |
/// | `ENTRY:high` `ENTRY:low` `ENTRY:normal` | the same, with a priority |
/// | `!ENTRY` `ENTRY:skip` | takes those files away |
///
/// In patterns there are `*`, `?`, `[ ]` and `{ }`; a name that has such characters and is a file's
/// own comes before the pattern. Capitals count. A name in quotes, `"a, b: c.txt"`, is taken as it
/// is; without quotes `\` takes the meaning off the next character.
///
/// Entries are carried out one after the other, so later ones win, **on what was chosen before**: a
/// list adds to that, or takes away. Where nothing was chosen before, a list that begins with taking
/// away begins with all files, and any other with none. So `!*,3` chooses the third file alone,
/// whatever was chosen before.
#[derive(Clone, Debug)]
pub struct List {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// As it was written.
    text: String,
    what: What,
    priority: Priority,
}

impl FromStr for List {
    type Err = ListError;

    fn from_str(text: &str) -> Result<List, ListError> {
        let entries = split(text)?.into_iter().map(Entry::new);
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(List { entries })
    }
}

impl Entry {
    fn new(raw: Raw) -> Result<Entry, ListError> {
        let priority = match (raw.takes, raw.priority) {
            (false, None) => Priority::Normal,
            (false, Some(priority)) => priority,
            (true, None | Some(Priority::Skip)) => Priority::Skip,
            (true, Some(_)) => return Err(ListError::TakesAndGives { entry: raw.text }),
        };
        let what = What::new(&raw)?;
        Ok(Entry {
            text: raw.text,
            what,
            priority,
        })
    }
}

impl List {
    /// The selection that the list makes of the one that was `before`, if there was any.
    ///
    /// # Errors
    ///
    /// [`ListError`] for the first entry that no file matches, or that names a number that no file
    /// has.
    // ANCHOR: select
    pub fn select(
        &self,
        files: &Files,
        before: Option<&Selection>,
    ) -> Result<Selection, ListError> {
        // ANCHOR: yours_select (chapter 15, "A list that a person writes")
        let takes = |entry: &Entry| entry.priority == Priority::Skip;
        let mut selection = match (before, self.entries.first()) {
            (Some(before), _) => before.clone(),
            (None, Some(first)) if takes(first) => Selection::all(files),
            (None, _) => Selection::none(files),
        };
        for entry in &self.entries {
            let places = entry.what.places(files, &entry.text)?;
            selection.mark(files, &places, entry.priority);
        }
        selection.follow(files);
        Ok(selection)
        // ANCHOR_END: yours_select
    }
    // ANCHOR_END: select
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self
            .entries
            .iter()
            .map(|entry| entry.text.as_str())
            .collect();
        f.write_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests;
