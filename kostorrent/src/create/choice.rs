//! What of a folder is to be shared.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

use crate::file_id::FileId;

/// What file managers leave in the folders they show, as they write it. It is of no use elsewhere,
/// and changes when somebody looks at the folder.
const LITTER: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// What of a folder is to be shared. By default all files but what file managers leave
/// behind.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Take litter, too.
    pub all: bool,
    /// Take what symbolic links lead to. Otherwise they are left out.
    pub follow_links: bool,
    /// Leave out what matches one of these.
    pub exclude: Vec<Pattern>,
    /// A file that is never taken: the one that is going to be replaced by the torrent.
    pub output: Option<FileId>,
}

/// A pattern of names to leave out: `*.tmp`, `build/`, `src/**/*.o`.
///
/// `*` and `?` stand for anything but `/`, `**` for any folders, `[ab]` and `{a,b}` for one of
/// several, and `\` takes the meaning from the next sign. A pattern without `/` is compared with
/// each name, one with `/` with the path inside the folder. One that ends with `/` is for folders
/// alone. Upper and lower case differ, on every system: the info-hash depends on it.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    glob: GlobMatcher,
    /// Compared with the path, and not with the name.
    is_path: bool,
    folders_only: bool,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let (inner, folders_only) = match text.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (text, false),
        };
        let is_path = inner.contains('/');
        let inner = inner
            .strip_prefix('.')
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(inner);
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        if inner.is_empty() {
            return Err(format!("`{text}` is no pattern: it names nothing"));
        }
        let glob = GlobBuilder::new(inner)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| format!("`{text}` is no pattern: {}", error.kind()))?;
        Ok(Pattern {
            text: text.to_owned(),
            glob: glob.compile_matcher(),
            is_path,
            folders_only,
        })
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is about the file or folder at `inside`, a path inside the folder to be shared.
    pub(super) fn matches(&self, inside: &Path, is_folder: bool) -> bool {
        let what = if self.is_path {
            Some(inside)
        } else {
            inside.file_name().map(Path::new)
        };
        (is_folder || !self.folders_only) && what.is_some_and(|what| self.glob.is_match(what))
    }
}

/// Whether this is the name of a file that a file manager has left, or a killed `create`.
pub(super) fn is_litter(name: &str) -> bool {
    LITTER.contains(&name) || crate::whole_file::is_unfinished(name)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_name_matches_anywhere_and_a_path_from_the_top() {
        let matches = |pattern: &str, path: &str| {
            let pattern = Pattern::parse(pattern).unwrap();
            let is_folder = path.ends_with('/');
            pattern.matches(Path::new(path.trim_end_matches('/')), is_folder)
        };
        for (pattern, taken, not_taken) in [
            (
                "*.tmp",
                &["a.tmp", "deep/er/.tmp"][..],
                &["a.tmp.gz", "a.TMP"][..],
            ),
            ("build", &["build", "a/build/"], &["build/x", "rebuild"]),
            ("build/", &["build/", "a/build/"], &["build"]),
            ("/build", &["build", "build/"], &["a/build"]),
            ("./build", &["build"], &["a/build"]),
            (".*", &[".hidden"], &["shown"]),
            ("a/*.o", &["a/x.o"], &["a/b/x.o", "b/a/x.o", "x.o"]),
            ("a/**/*.o", &["a/x.o", "a/b/c/x.o"], &["b/a/x.o"]),
            ("**/*.o", &["x.o", "a/b/x.o"], &["x.out"]),
            ("[ab]?{c,d}", &["axc", "x/bxd"], &["cxc", "a/c"]),
            (r"\*", &["*"], &["x"]),
            ("Grüße*", &["Grüße.txt"], &["Grusse.txt"]),
        ] {
            for path in taken {
                assert_eq!((path, matches(pattern, path)), (path, true), "{pattern}");
            }
            for path in not_taken {
                assert_eq!((path, matches(pattern, path)), (path, false), "{pattern}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for bad in ["", "/", "//", "[a", "{a", "a\\"] {
            let error = Pattern::parse(bad).unwrap_err();
            assert!(error.contains(&format!("`{bad}`")), "{error}");
        }
    }
}
