use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::*;

/// A new workbook in a folder that is removed afterwards.
fn new(source: &Source) -> (TempDir, Workbook) {
    let temp = tempfile::tempdir().unwrap();
    let (workbook, started) = Workbook::start(source, &temp.path().join("mine")).unwrap();
    assert_eq!(started.kept, 0);
    (temp, workbook)
}

fn read(workbook: &Workbook, file: &Path) -> String {
    fs::read_to_string(workbook.root().join(file)).unwrap()
}

/// Puts something else in place of a function that is still to be written.
fn write_function(workbook: &Workbook, marked: &Marked, body: &str) {
    let text = read(workbook, &marked.file);
    assert!(text.contains(&marked.mark.call()));
    let text = text.replace(&marked.mark.call(), body);
    fs::write(workbook.root().join(&marked.file), text).unwrap();
}

#[test]
fn in_a_new_workbook_every_marked_function_is_to_be_written_and_nothing_else_is_missing() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    for step in source.steps() {
        let unwritten = workbook.unwritten(step).unwrap();
        assert_eq!(unwritten.len(), step.marks.len(), "{}", step.package);
        assert!(workbook.is_untouched(&source, step).unwrap());
        for file in source.files(&step.folder()).unwrap() {
            let here = fs::read(workbook.root().join(&file)).unwrap();
            let marks = step.marks.iter().filter(|marked| marked.file == file);
            let todos = String::from_utf8_lossy(&here).matches("todo!(").count();
            assert_eq!(todos, marks.clone().count(), "{}", file.display());
            if marks.count() == 0 {
                assert_eq!(here, source.whole(&file).unwrap(), "{}", file.display());
            }
        }
        let task = format!("tasks/{:02}.md", step.number);
        assert_eq!(read(&workbook, Path::new(&task)), step.task);
    }
}

#[test]
fn what_is_not_a_step_is_the_books_own_byte_for_byte() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    let lock = PathBuf::from("Cargo.lock");
    for file in source
        .files(Path::new("kostorrent"))
        .unwrap()
        .iter()
        .chain([&lock])
    {
        let here = fs::read(workbook.root().join(file)).unwrap();
        assert!(here == source.read(file).unwrap(), "{}", file.display());
    }
}

#[test]
fn every_package_that_another_needs_is_there() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    let manifest = read(&workbook, Path::new("Cargo.toml"));
    let paths = manifest.lines().filter_map(|line| {
        let (_, path) = line.split_once("path = \"")?;
        path.split('"').next()
    });
    let paths: Vec<&str> = paths.collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        let manifest = workbook.root().join(path).join("Cargo.toml");
        assert!(manifest.is_file(), "{path} is not there");
    }
}

#[test]
fn with_all_steps_solved_each_file_is_the_books_but_for_the_anchors() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    for step in source.steps() {
        let solved = workbook.solve(&source, step).unwrap();
        let marked: BTreeSet<&PathBuf> = step.marks.iter().map(|marked| &marked.file).collect();
        assert_eq!(BTreeSet::from_iter(&solved.filled_in), marked);
        assert_eq!(solved.before, None);
        assert_eq!(workbook.unwritten(step).unwrap(), []);
        for file in source.files(&step.folder()).unwrap() {
            let book = String::from_utf8(source.read(&file).unwrap());
            let here = fs::read(workbook.root().join(&file)).unwrap();
            let Ok(book) = book else {
                assert!(here == source.read(&file).unwrap());
                continue;
            };
            let is_anchor = |line: &&str| {
                let line = line.trim_start();
                ["ANCHOR:", "ANCHOR_END:"]
                    .iter()
                    .any(|word| line.starts_with(&format!("// {word} ")))
            };
            let is_rust = file.extension().is_some_and(|extension| extension == "rs");
            let lines = book
                .split_inclusive('\n')
                .filter(|line| !is_rust || !is_anchor(line));
            assert!(
                here == lines.collect::<String>().into_bytes(),
                "{}",
                file.display()
            );
        }
        assert_eq!(workbook.solve(&source, step).unwrap(), Solved::default());
    }
}

#[test]
fn what_the_reader_wrote_is_kept_when_a_step_is_solved() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    let step = source.step("01").unwrap();
    let [first, ..] = &step.marks[..] else {
        panic!()
    };
    for attempt in ["Ok(None)", "Ok(Some(7))"] {
        if attempt != "Ok(None)" {
            fs::write(
                workbook.root().join(&first.file),
                source.emptied(&first.file).unwrap(),
            )
            .unwrap();
        }
        write_function(&workbook, first, attempt);
        let mine = read(&workbook, &first.file);
        let before = workbook.solve(&source, step).unwrap().before.unwrap();
        assert_eq!(read(&workbook, &before.join("src/decoder.rs")), mine);
        // Only what the reader changed is worth keeping.
        let kept = files_below(workbook.root(), &before).unwrap();
        assert_eq!(kept, [before.join("src/decoder.rs")]);
    }
    assert!(
        workbook
            .root()
            .join("before-solve/step01-bencode-2")
            .is_dir()
    );
    assert!(!read(&workbook, &first.file).contains("todo!("));
}

#[test]
fn a_second_start_brings_back_what_is_missing_and_touches_nothing_else() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    let first = &source.step("01").unwrap().marks[0];
    write_function(&workbook, first, "Ok(None)");
    let mine = read(&workbook, &first.file);
    fs::remove_file(workbook.root().join("README.md")).unwrap();
    let (_, started) = Workbook::start(&source, workbook.root()).unwrap();
    assert_eq!(started.written, 1);
    assert_eq!(read(&workbook, &first.file), mine);
    assert!(read(&workbook, Path::new("README.md")).starts_with("# "));
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let source = Source::here().unwrap();
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("thesis.txt"), "mine").unwrap();
    let refused = Workbook::start(&source, temp.path());
    assert!(matches!(refused, Err(Problem::NotEmpty(_))), "{refused:?}");
    let entries: Vec<_> = fs::read_dir(temp.path()).unwrap().collect();
    assert_eq!(entries.len(), 1);
    let inside = source.root().join("steps/mine");
    let refused = Workbook::start(&source, &inside);
    assert!(matches!(refused, Err(Problem::InTheBook(_))), "{refused:?}");
    assert!(!inside.exists());
}

#[test]
fn a_workbook_is_found_from_inside() {
    let source = Source::here().unwrap();
    let (temp, workbook) = new(&source);
    let inside = workbook.root().join("steps/step01-bencode/src");
    assert_eq!(Workbook::open(&inside).unwrap().root(), workbook.root());
    let outside = Workbook::open(temp.path());
    assert!(
        matches!(outside, Err(Problem::NoWorkbook(_))),
        "{outside:?}"
    );
}

#[test]
fn a_step_that_passed_has_to_pass_again_when_it_or_one_before_it_changes() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    let [first, second, third] = [1, 2, 3].map(|n: u32| source.step(&n.to_string()).unwrap());
    for step in [first, second, third] {
        assert!(!workbook.has_passed(&source, step).unwrap());
        let fingerprint = workbook.fingerprint(&source, step).unwrap();
        workbook.note_passed(step, fingerprint).unwrap();
    }
    write_function(&workbook, &second.marks[0], "InfoHash([0; 20])");
    let passed = [first, second, third].map(|step| workbook.has_passed(&source, step).unwrap());
    assert_eq!(passed, [true, false, false]);
}

#[test]
fn steps_that_are_the_books_own_are_counted_from_the_first_on() {
    let source = Source::here().unwrap();
    let (_temp, workbook) = new(&source);
    let own = || workbook.books_own(&source).unwrap();
    assert_eq!(own(), 0);
    for typed in ["01", "02", "04"] {
        workbook
            .solve(&source, source.step(typed).unwrap())
            .unwrap();
    }
    assert_eq!(own(), 2);
    let second = &source.step("02").unwrap().marks[0].file;
    let changed = read(&workbook, second) + "\n// mine\n";
    fs::write(workbook.root().join(second), changed).unwrap();
    assert_eq!(own(), 1);
}
