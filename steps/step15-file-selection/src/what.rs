//! What an entry of the list names, and which files that are.

use std::collections::HashMap;

use globset::{GlobBuilder, GlobMatcher};

use crate::error::ListError;
use crate::files::{Files, heads};
use crate::list::Raw;
use crate::near::near;
use crate::selection::Priority;

/// What an entry names.
#[derive(Clone, Debug)]
pub enum What {
    /// Numbers, from one to another; as far as there are any where one end is missing.
    Numbers {
        from: Option<String>,
        to: Option<String>,
    },
    /// A name, or a pattern if no file has the name.
    Name {
        name: String,
        pattern: Option<Pattern>,
        /// What may have been meant for a priority.
        word: Option<String>,
    },
}

/// A pattern, ready to match.
#[derive(Clone, Debug)]
pub struct Pattern {
    glob: GlobMatcher,
    /// Without a slash it is about names, in whatever folder.
    is_about_names: bool,
}

impl What {
    pub fn new(raw: &Raw) -> Result<What, ListError> {
        if raw.is_bare
            && let Some(numbers) = numbers(&raw.name)
        {
            return Ok(numbers);
        }
        let pattern = raw.pattern.as_deref().map(|pattern| {
            Pattern::new(pattern).map_err(|why| ListError::Pattern {
                entry: raw.text.clone(),
                why,
            })
        });
        Ok(What::Name {
            name: raw.name.clone(),
            pattern: pattern.transpose()?,
            word: raw.word.clone(),
        })
    }

    /// The files, by their places; never none.
    pub fn places(&self, files: &Files, entry: &str) -> Result<Vec<usize>, ListError> {
        match self {
            What::Numbers { from, to } => range(files, from.as_deref(), to.as_deref(), entry),
            What::Name {
                name,
                pattern,
                word,
            } => {
                let found = files.at(name);
                if !found.is_empty() {
                    return Ok(found.to_vec());
                }
                let matched = pattern.as_ref().map(|pattern| pattern.places(files));
                match matched {
                    Some(places) if !places.is_empty() => Ok(places),
                    _ => Err(nothing(files, name, word.as_deref(), entry)),
                }
            }
        }
    }
}

// ANCHOR: numbers
/// `7`, `3-5`, `3-` or `-5`; `None` for all else.
fn numbers(text: &str) -> Option<What> {
    // ANCHOR: yours_numbers (chapter 15, "A list that a person writes")
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Some((!text.is_empty()).then(|| text.to_owned())),
        false => None,
    };
    let (from, to) = match text.split_once('-') {
        Some((from, to)) => (number(from.trim_end())?, number(to.trim_start())?),
        None => (number(text)?, number(text)?),
    };
    (from.is_some() || to.is_some()).then_some(What::Numbers { from, to })
    // ANCHOR_END: yours_numbers
}
// ANCHOR_END: numbers

/// The places of a range of numbers.
fn range(
    files: &Files,
    from: Option<&str>,
    to: Option<&str>,
    entry: &str,
) -> Result<Vec<usize>, ListError> {
    let body = [from.unwrap_or(""), to.unwrap_or("")].join("-");
    if (from.is_none() || to.is_none()) && !files.at(&body).is_empty() {
        return Err(ListError::Ambiguous { entry: body });
    }
    let count = files.listed().len();
    let number = |text: &str| match text.parse() {
        Ok(number) if (1..=count).contains(&number) => Ok(number),
        _ => Err(ListError::NoSuchNumber {
            number: text.to_owned(),
            files: files.count(),
        }),
    };
    let first = from.map_or(Ok(1), number)?;
    let last = to.map_or(Ok(count), number)?;
    match first <= last {
        true => Ok((first - 1..last).collect()),
        false => Err(ListError::Backwards {
            entry: entry.to_owned(),
        }),
    }
}

/// The error where no file has a name.
fn nothing(files: &Files, name: &str, word: Option<&str>, entry: &str) -> ListError {
    if let Some(word) = word
        && let Some(stem) = name
            .strip_suffix(word)
            .and_then(|stem| stem.strip_suffix(':'))
        && Priority::named(word).is_none()
        && (!files.at(stem).is_empty() || matches!(numbers(stem), Some(What::Numbers { .. })))
    {
        return ListError::Priority {
            entry: entry.to_owned(),
            word: word.to_owned(),
        };
    }
    ListError::NoMatch {
        entry: entry.to_owned(),
        near: near(files, name),
    }
}

impl Pattern {
    fn new(pattern: &str) -> Result<Pattern, String> {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let built = GlobBuilder::new(pattern.trim_end_matches('/'))
            .literal_separator(true)
            .backslash_escape(true)
            .build();
        let glob = built.map_err(|error| error.kind().to_string())?;
        Ok(Pattern {
            glob: glob.compile_matcher(),
            is_about_names: !pattern.contains('/'),
        })
    }

    /// The files that match, and those below a folder that does.
    fn places(&self, files: &Files) -> Vec<usize> {
        // Files stand folder by folder, and each folder is asked for once.
        let mut known: HashMap<&str, bool> = HashMap::new();
        let mut places = Vec::new();
        for (place, file) in files.listed().iter().enumerate() {
            let (folder, is_file) = match file.path.rfind('/') {
                Some(slash) => (&file.path[..slash], self.matches(files, &file.path)),
                None => ("", self.matches(files, &file.path)),
            };
            let is_in = *known.entry(folder).or_insert_with(|| {
                let mut folders = heads(folder).filter(|folder| !folder.is_empty());
                folders.any(|folder| self.matches(files, folder))
            });
            if is_file || is_in {
                places.push(place);
            }
        }
        places
    }

    fn matches(&self, files: &Files, path: &str) -> bool {
        if self.is_about_names {
            return self.glob.is_match(&path[Files::last_name(path)]);
        }
        self.glob.is_match(path) || self.glob.is_match(files.inner(path))
    }
}
