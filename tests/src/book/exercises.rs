//! Answers to exercises: examples of the step, compiled and tested with it.

use std::fs;
use std::path::{Path, PathBuf};

use super::includes::includes;
use super::markdown::blocks;
use super::{Book, Problem, chapter_of, files_below};

/// Checks that folded Rust is an example, and that every `exercise_…` has tests that run and is shown.
#[must_use]
pub fn check(book: &Book) -> Vec<Problem> {
    let mut problems = folded_code(book);
    for step in fs::read_dir(book.repository.join("steps"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let step = step.path();
        for path in files_below(&step.join("examples")).unwrap_or_default() {
            if let Some(name) = exercise(&path) {
                problems.extend(answer(book, &step, &path, &name));
            }
        }
    }
    problems
}

/// The name of an example that answers an exercise.
fn exercise(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?;
    let rust = path.extension().is_some_and(|extension| extension == "rs");
    (rust && name.starts_with("exercise_")).then(|| name.to_owned())
}

/// Rust that is folded away as an answer is an example named `exercise_…`.
fn folded_code(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for page in &book.pages {
        let blocks = blocks(&page.text);
        for fence in blocks.fences.iter().filter(|fence| fence.answer) {
            if fence.words() != ["rust"] {
                continue;
            }
            let inside = fence.line..=fence.line + fence.body.len();
            for include in includes(page) {
                if inside.contains(&include.line) && exercise(&include.file).is_none() {
                    problems.push(book.on(
                        page,
                        include.line,
                        "an answer is an example of the step named exercise_NN_x.rs, with tests",
                    ));
                }
            }
        }
    }
    problems
}

fn answer(book: &Book, step: &Path, path: &Path, name: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |what: String| problems.push(book.at(path, 0, what));
    let chapter = step
        .file_name()
        .and_then(|step| step.to_str()?.strip_prefix("step"))
        .and_then(chapter_of);
    if let Some(chapter) = chapter
        && !name.starts_with(&format!("exercise_{chapter:02}_"))
    {
        wrong(format!(
            "an answer of this step is called exercise_{chapter:02}_x.rs"
        ));
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    if !text.contains("#[cfg(test)]") || !text.contains("#[test]") {
        wrong("an answer has tests: #[cfg(test)] mod tests".to_owned());
    }
    let manifest = fs::read_to_string(step.join("Cargo.toml")).unwrap_or_default();
    if !is_tested(&manifest, name) {
        wrong(format!(
            "its tests do not run: Cargo.toml needs [[example]], name = \"{name}\", test = true"
        ));
    }
    let file: PathBuf = path
        .strip_prefix(&book.repository)
        .unwrap_or(path)
        .to_owned();
    let shown = book
        .pages
        .iter()
        .flat_map(includes)
        .any(|include| include.file == file);
    if !shown && chapter.is_some_and(|chapter| book.is_finished(chapter)) {
        wrong("no page shows this answer".to_owned());
    }
    problems
}

/// Whether a manifest has the example's tests run.
fn is_tested(manifest: &str, name: &str) -> bool {
    let mut sections = manifest.split("\n[");
    sections.any(|section| {
        let has = |wanted: &str| {
            section.lines().any(|line| {
                line.split('#')
                    .next()
                    .is_some_and(|l| l.replace(' ', "") == wanted)
            })
        };
        section.starts_with("[example]]") && has(&format!("name=\"{name}\"")) && has("test=true")
    })
}

#[cfg(test)]
mod tests {
    use super::super::made_up::assert_found;

    const ANSWER: &str = "steps/step01-one/examples/exercise_01_a.rs";

    #[test]
    fn an_answer_without_tests_is_found() {
        assert_found(
            |book| book.replace(ANSWER, "#[test]", ""),
            ANSWER,
            "has tests",
        );
    }

    #[test]
    fn tests_that_do_not_run_are_found() {
        assert_found(
            |book| book.replace("steps/step01-one/Cargo.toml", "test = true", "test = false"),
            ANSWER,
            "its tests do not run",
        );
    }

    #[test]
    fn an_answer_that_no_page_shows_is_found() {
        assert_found(
            |book| book.replace("book/src/01-one.md", "exercise_01_a", "other"),
            ANSWER,
            "no page shows this answer",
        );
    }

    #[test]
    fn an_answer_is_called_by_its_chapter() {
        assert_found(
            |book| book.write("steps/step01-one/examples/exercise_02_b.rs", ""),
            "steps/step01-one/examples/exercise_02_b.rs",
            "is called exercise_01_x.rs",
        );
    }

    #[test]
    fn folded_rust_is_an_answer() {
        assert_found(
            |book| {
                book.replace(
                    "book/src/01-one.md",
                    "steps/step01-one/examples/exercise_01_a.rs:answer",
                    "steps/step01-one/src/lib.rs:add",
                );
            },
            "book/src/01-one.md:26:",
            "an answer is an example",
        );
    }
}
