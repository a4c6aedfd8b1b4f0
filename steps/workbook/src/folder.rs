//! The reader's folder: a workspace with the steps' libraries to be written, and the client that is made of them.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::source::{Marked, Source, Step, files_below};
use crate::{Problem, pages};

/// The folder in a workbook that nothing else has: its marker, and what is known of the steps.
const MARKER: &str = ".workbook";

/// Where versions of the reader's go that were replaced by the book's. Not below `steps`, where cargo would take them
/// for packages.
const BEFORE: &str = "before-solve";

/// A workbook.
#[derive(Debug)]
pub struct Workbook {
    root: PathBuf,
}

/// What `start` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Files that were written.
    pub written: usize,
    /// Files that were there, and were left as they are.
    pub kept: usize,
}

/// What `solve` did with a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Solved {
    /// The files that are now the book's.
    pub filled_in: Vec<PathBuf>,
    /// Where the reader's own versions of some of them are now, below the workbook's root.
    pub before: Option<PathBuf>,
}

/// A function that the reader has not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten<'a> {
    /// The function.
    pub marked: &'a Marked,
    /// The line where it has to be written, from 1.
    pub line: usize,
}

impl Workbook {
    /// Makes a workbook, or adds to one what is missing in it. A file that is there is never written.
    ///
    /// # Errors
    ///
    /// When the folder has something else in it, or cannot be written.
    pub fn start(source: &Source, root: &Path) -> Result<(Workbook, Started), Problem> {
        let is_workbook = root.join(MARKER).is_dir();
        if !is_workbook && has_entries(root)? {
            return Err(Problem::NotEmpty(root.to_owned()));
        }
        for part in ["kostorrent", "steps"] {
            if is_inside(root, &source.root().join(part)) {
                return Err(Problem::InTheBook(root.to_owned()));
            }
        }
        // The marker first: what is broken off can then be gone on with.
        let marker = root.join(MARKER);
        fs::create_dir_all(&marker).map_err(Problem::at(&marker))?;
        let root = fs::canonicalize(root).map_err(Problem::at(root))?;
        let workbook = Workbook { root };
        let mut started = Started {
            written: 0,
            kept: 0,
        };
        for (file, bytes) in contents(source)? {
            let path = workbook.root.join(&file);
            if path.symlink_metadata().is_ok() {
                started.kept += 1;
            } else {
                write(&path, &bytes)?;
                started.written += 1;
            }
        }
        Ok((workbook, started))
    }

    /// The workbook that a folder is or lies in.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn open(folder: &Path) -> Result<Workbook, Problem> {
        let found = fs::canonicalize(folder).map_err(Problem::at(folder))?;
        let root = found
            .ancestors()
            .find(|folder| folder.join(MARKER).is_dir());
        match root {
            Some(root) => Ok(Workbook {
                root: root.to_owned(),
            }),
            None => Err(Problem::NoWorkbook(folder.to_owned())),
        }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The functions of a step that are still to be written, in the order of its task.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn unwritten<'a>(&self, step: &'a Step) -> Result<Vec<Unwritten<'a>>, Problem> {
        let mut unwritten = Vec::new();
        for marked in &step.marks {
            let path = self.root.join(&marked.file);
            let text = match fs::read_to_string(&path) {
                // The reader may have moved a function elsewhere.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                text => text.map_err(Problem::at(&path))?,
            };
            let call = marked.mark.call();
            let is_here = |line: &str| line.trim_start().starts_with(&call);
            if let Some(line) = text.lines().position(is_here) {
                unwritten.push(Unwritten {
                    marked,
                    line: line + 1,
                });
            }
        }
        Ok(unwritten)
    }

    /// Whether nothing of a step was touched.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn is_untouched(&self, source: &Source, step: &Step) -> Result<bool, Problem> {
        for file in source.files(&step.folder())? {
            if fs::read(self.root.join(&file)).ok() != Some(source.emptied(&file)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many steps from the first on are the book's own in every file. Their tests are known to pass.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn books_own(&self, source: &Source) -> Result<usize, Problem> {
        let mut own = 0;
        for step in source.steps() {
            for file in source.files(&step.folder())? {
                if fs::read(self.root.join(&file)).ok() != Some(source.whole(&file)?) {
                    return Ok(own);
                }
            }
            own += 1;
        }
        Ok(own)
    }

    /// Fills a step in: its files become the book's. Whatever the reader has written in them is kept in a folder of
    /// its own.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written. Nothing is replaced that was not kept before.
    pub fn solve(&self, source: &Source, step: &Step) -> Result<Solved, Problem> {
        let mut solved = Solved::default();
        let mut theirs = Vec::new();
        for file in source.files(&step.folder())? {
            let whole = source.whole(&file)?;
            let path = self.root.join(&file);
            let now = match fs::read(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                now => Some(now.map_err(Problem::at(&path))?),
            };
            if now.as_ref() == Some(&whole) {
                continue;
            }
            if let Some(now) = now
                && now != source.emptied(&file)?
            {
                theirs.push((file.clone(), now));
            }
            solved.filled_in.push(file);
        }
        if !theirs.is_empty() {
            let before = self.free_folder(step);
            for (file, bytes) in theirs {
                let below = file.strip_prefix(step.folder()).unwrap_or(&file);
                write(&self.root.join(&before).join(below), &bytes)?;
            }
            solved.before = Some(before);
        }
        for file in &solved.filled_in {
            write(&self.root.join(file), &source.whole(file)?)?;
        }
        Ok(solved)
    }

    /// A folder that is not there yet for what the reader wrote of a step.
    fn free_folder(&self, step: &Step) -> PathBuf {
        let numbered = (1..).map(|n| Path::new(BEFORE).join(format!("{}-{n}", step.package)));
        let mut free = numbered.filter(|folder| !self.root.join(folder).exists());
        free.next().expect("there is always another number")
    }

    /// A number for all that decides whether a step's tests pass: its own files, and those of the steps before it.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn fingerprint(&self, source: &Source, step: &Step) -> Result<u64, Problem> {
        let mut hasher = DefaultHasher::new();
        for below in source.steps() {
            if below.number > step.number {
                break;
            }
            for file in files_below(&self.root, &below.folder())? {
                let path = self.root.join(&file);
                file.hash(&mut hasher);
                fs::read(&path)
                    .map_err(Problem::at(&path))?
                    .hash(&mut hasher);
            }
        }
        Ok(hasher.finish())
    }

    /// Whether the tests of a step have passed with all that is there now.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn has_passed(&self, source: &Source, step: &Step) -> Result<bool, Problem> {
        let noted = self.notes().get(&step.number).copied();
        Ok(noted.is_some() && noted == Some(self.fingerprint(source, step)?))
    }

    /// Notes that the tests of a step have passed, with the fingerprint from before they ran.
    ///
    /// # Errors
    ///
    /// When the note cannot be written.
    pub fn note_passed(&self, step: &Step, fingerprint: u64) -> Result<(), Problem> {
        let mut notes = self.notes();
        notes.insert(step.number, fingerprint);
        let lines = notes
            .iter()
            .map(|(number, print)| format!("{number:02} {print:016x}\n"));
        write(&self.noted_in(), lines.collect::<String>().as_bytes())
    }

    /// What was noted; nothing where the notes cannot be read, for then the tests run again.
    fn notes(&self) -> BTreeMap<u32, u64> {
        let text = fs::read_to_string(self.noted_in()).unwrap_or_default();
        let read = |line: &str| {
            let (number, print) = line.split_once(' ')?;
            Some((number.parse().ok()?, u64::from_str_radix(print, 16).ok()?))
        };
        text.lines().filter_map(read).collect()
    }

    fn noted_in(&self) -> PathBuf {
        self.root.join(MARKER).join("passed")
    }
}

/// All files of a new workbook.
fn contents(source: &Source) -> Result<BTreeMap<PathBuf, Vec<u8>>, Problem> {
    let mut files = BTreeMap::new();
    for (file, text) in pages::pages(source)? {
        files.insert(file, text.into_bytes());
    }
    files.insert("Cargo.lock".into(), source.read(Path::new("Cargo.lock"))?);
    for step in source.steps() {
        for file in source.files(&step.folder())? {
            let bytes = source.emptied(&file)?;
            files.insert(file, bytes);
        }
    }
    // The client, which is not the reader's to write, nor are the steps whose chapters are still to come.
    let others = source.later().iter().map(PathBuf::as_path);
    for folder in others.chain([Path::new("kostorrent")]) {
        for file in source.files(folder)? {
            let bytes = source.read(&file)?;
            files.insert(file, bytes);
        }
    }
    Ok(files)
}

fn has_entries(folder: &Path) -> Result<bool, Problem> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Problem::at(folder)(error)),
    }
}

/// Whether a path, which need not exist, is a folder or lies in it.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let Ok(absolute) = std::path::absolute(path) else {
        return false;
    };
    let real = absolute
        .ancestors()
        .find_map(|above| fs::canonicalize(above).ok());
    match (real, fs::canonicalize(folder)) {
        (Some(real), Ok(folder)) => real.starts_with(folder),
        _ => false,
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Problem::at(folder))?;
    }
    fs::write(path, bytes).map_err(Problem::at(path))
}

#[cfg(test)]
mod tests;
