//! The book's own source: what a workbook is made from, and what solves it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Problem;
use crate::marks::{self, Mark};

/// The last chapter that is written.
const CHAPTERS: u32 = 16;

/// The book's repository.
#[derive(Clone, Debug)]
pub struct Source {
    root: PathBuf,
    steps: Vec<Step>,
    later: Vec<PathBuf>,
}

/// A step of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number, which is that of its chapter.
    pub number: u32,
    /// Its package: `step01-bencode`.
    pub package: String,
    /// What is to be written, in the order of the step's task.
    pub marks: Vec<Marked>,
    /// The task, in Markdown.
    pub task: String,
}

/// A mark, and the file it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The file, below the root.
    pub file: PathBuf,
    /// The mark.
    pub mark: Mark,
}

impl Step {
    /// The name of the step's subject: `bencode`, `peer id`.
    #[must_use]
    pub fn subject(&self) -> String {
        let name = self.package.split_once('-').map_or("", |(_, name)| name);
        name.replace('-', " ")
    }

    /// The step's folder, below the root.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        Path::new("steps").join(&self.package)
    }
}

impl Source {
    /// The repository that this program was built in.
    ///
    /// # Errors
    ///
    /// When it is not there any more, or cannot be read.
    pub fn here() -> Result<Source, Problem> {
        let this = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = this.ancestors().nth(2).unwrap_or(this);
        Source::open(root)
    }

    /// A repository.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a mark in it is broken.
    pub fn open(root: &Path) -> Result<Source, Problem> {
        let folder = root.join("steps");
        let (mut steps, mut later) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&folder).map_err(Problem::at(&folder))? {
            let entry = entry.map_err(Problem::at(&folder))?;
            let package = entry.file_name().to_string_lossy().into_owned();
            // A step whose chapter is still to come has no task yet: it stays as it is.
            let has_chapter = |&number: &u32| number <= CHAPTERS || task(root, number).exists();
            match number(&package) {
                Some(number) if has_chapter(&number) => steps.push(step(root, package, number)?),
                Some(_) => later.push(Path::new("steps").join(package)),
                None => {}
            }
        }
        steps.sort_by_key(|step| step.number);
        later.sort();
        Ok(Source {
            root: root.to_owned(),
            steps,
            later,
        })
    }

    /// The folder of the repository.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The steps, in their order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The folders, below the root, of the steps whose chapters are still to come: nothing is to be written in
    /// them, and the client needs some.
    #[must_use]
    pub fn later(&self) -> &[PathBuf] {
        &self.later
    }

    /// A step by what a person types: `07` or `7`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn step(&self, typed: &str) -> Result<&Step, Problem> {
        let number: Option<u32> = typed.parse().ok();
        let mut steps = self.steps.iter();
        steps
            .find(|step| Some(step.number) == number || step.package == typed)
            .ok_or_else(|| Problem::NoStep(typed.to_owned()))
    }

    /// The files of a folder below the root, as paths below the root, in order.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn files(&self, folder: &Path) -> Result<Vec<PathBuf>, Problem> {
        files_below(&self.root, folder)
    }

    /// The bytes of a file below the root.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(&self, file: &Path) -> Result<Vec<u8>, Problem> {
        let path = self.root.join(file);
        fs::read(&path).map_err(Problem::at(&path))
    }

    /// A file as it is in a workbook that is solved: Rust without the lines of anchors.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn whole(&self, file: &Path) -> Result<Vec<u8>, Problem> {
        let bytes = self.read(file)?;
        Ok(match as_rust(file, &bytes) {
            Some(text) => marks::whole(text).into_bytes(),
            None => bytes,
        })
    }

    /// A file as it is in a workbook at its start: the marked functions are empty.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a mark in it is broken.
    pub fn emptied(&self, file: &Path) -> Result<Vec<u8>, Problem> {
        let bytes = self.read(file)?;
        let Some(text) = as_rust(file, &bytes) else {
            return Ok(bytes);
        };
        let emptied = marks::emptied(text);
        Ok(emptied.map_err(broken(file))?.into_bytes())
    }
}

/// The files of a folder, with their paths below `root`, in order. What cargo builds is left out.
pub(crate) fn files_below(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        for entry in fs::read_dir(&path).map_err(Problem::at(&path))? {
            let entry = entry.map_err(Problem::at(&path))?;
            let kind = entry.file_type().map_err(Problem::at(&entry.path()))?;
            let below = folder.join(entry.file_name());
            if !kind.is_dir() {
                files.push(below);
            } else if entry.file_name() != "target" {
                folders.push(below);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The number of a step's package.
fn number(package: &str) -> Option<u32> {
    let (number, _) = package.strip_prefix("step")?.split_once('-')?;
    number.parse().ok()
}

/// Where a step's task is.
fn task(root: &Path, number: u32) -> PathBuf {
    root.join(format!("steps/workbook/tasks/{number:02}.md"))
}

fn step(root: &Path, package: String, number: u32) -> Result<Step, Problem> {
    let mut marks = Vec::new();
    let src = Path::new("steps").join(&package).join("src");
    for file in files_below(root, &src)? {
        let path = root.join(&file);
        let bytes = fs::read(&path).map_err(Problem::at(&path))?;
        let Some(text) = as_rust(&file, &bytes) else {
            continue;
        };
        let found = marks::marks(text).map_err(broken(&file))?;
        marks.extend(found.into_iter().map(|mark| Marked {
            file: file.clone(),
            mark,
        }));
    }
    let path = task(root, number);
    let task = fs::read_to_string(&path).map_err(Problem::at(&path))?;
    let order = |marked: &Marked| task.find(&marked.bullet()).unwrap_or(usize::MAX);
    marks.sort_by_key(order);
    Ok(Step {
        number,
        package,
        marks,
        task,
    })
}

impl Marked {
    /// How the line of the step's task begins that is about this function.
    #[must_use]
    pub fn bullet(&self) -> String {
        let below = self.file.iter().skip(2).collect::<PathBuf>();
        let below = below.display().to_string().replace('\\', "/");
        format!("- `{}` (`{below}`)", self.mark.function)
    }
}

fn as_rust<'a>(file: &Path, bytes: &'a [u8]) -> Option<&'a str> {
    let is_rust = file.extension().is_some_and(|extension| extension == "rs");
    std::str::from_utf8(bytes).ok().filter(|_| is_rust)
}

fn broken(file: &Path) -> impl FnOnce((usize, &'static str)) -> Problem + use<> {
    let path = file.to_owned();
    move |(line, what)| Problem::Mark { path, line, what }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn each_chapter_has_a_step_with_functions_to_write() {
        let source = Source::here().unwrap();
        let numbers: Vec<u32> = source.steps().iter().map(|step| step.number).collect();
        assert_eq!(numbers[..16], Vec::from_iter(1..=CHAPTERS));
        for step in source.steps() {
            assert!((2..=6).contains(&step.marks.len()), "{}", step.package);
            let labels = step.marks.iter().map(|marked| &marked.mark.label);
            let labels: BTreeSet<&String> = labels.collect();
            assert_eq!(labels.len(), step.marks.len(), "{}", step.package);
        }
    }

    /// The text of a step's chapter.
    fn chapter_of(source: &Source, step: &Step) -> String {
        let begins = format!("{:02}-", step.number);
        let chapters = source.files(Path::new("book/src")).unwrap();
        let is_chapter = |file: &&PathBuf| {
            let name = file.file_name().unwrap().to_str().unwrap();
            name.starts_with(&begins) && name.ends_with(".md")
        };
        let chapter = chapters.iter().find(is_chapter).unwrap();
        String::from_utf8(source.read(chapter).unwrap()).unwrap()
    }

    #[test]
    fn each_mark_names_a_heading_of_its_steps_chapter() {
        let source = Source::here().unwrap();
        for step in source.steps() {
            let chapter = chapter_of(&source, step);
            for marked in &step.marks {
                let Mark {
                    chapter: number,
                    section,
                    label,
                    ..
                } = &marked.mark;
                assert_eq!(*number, step.number, "{label}");
                let is_heading = |line: &str| line.trim_start_matches('#').trim() == section;
                let mut headings = chapter.lines().filter(|line| line.starts_with('#'));
                assert!(headings.any(is_heading), "{label}: {section}");
            }
        }
    }

    #[test]
    fn each_task_tells_of_the_functions_of_its_step_and_of_no_others() {
        for step in Source::here().unwrap().steps() {
            let told: Vec<&str> = step
                .task
                .lines()
                .filter(|line| line.starts_with("- `"))
                .collect();
            assert_eq!(told.len(), step.marks.len(), "{}", step.package);
            for (line, marked) in told.iter().zip(&step.marks) {
                assert!(line.starts_with(&marked.bullet()), "{line}");
            }
        }
    }

    #[test]
    fn each_chapter_says_where_to_stop_reading_and_which_functions_to_write() {
        let source = Source::here().unwrap();
        for step in source.steps() {
            let chapter = chapter_of(&source, step);
            let (_, told) = chapter.split_once("> **Write it yourself.**").unwrap();
            let (told, rest) = told.split_once("\n\n").unwrap();
            for marked in &step.marks {
                let function = format!("`{}`", marked.mark.function);
                assert!(told.contains(&function), "{}: {function}", step.package);
            }
            let listing = format!("/{}/src/", step.package);
            assert!(
                rest.contains(&listing),
                "{}: nothing is shown after it",
                step.package
            );
        }
    }

    #[test]
    fn a_step_is_found_by_its_number_or_name() {
        let source = Source::here().unwrap();
        for typed in ["07", "7", "step07-block-requests"] {
            assert_eq!(source.step(typed).unwrap().number, 7);
        }
        assert!(source.step("99").is_err());
        assert_eq!(source.step("3").unwrap().subject(), "peer id");
    }
}
