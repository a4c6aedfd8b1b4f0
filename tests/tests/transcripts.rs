//! The book's transcripts: every command on its pages, run again.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::thread;

use kostorrent_tests::transcripts::settings::{self, Lab};
use kostorrent_tests::transcripts::{self, Outcome, Settings};
use kostorrent_tests::{book, programs, skip, temp};
use pretty_assertions::{StrComparison, assert_eq};

#[test]
fn every_command_prints_what_the_book_shows() {
    let folder = programs::root().join("book/src/transcripts");
    let text = fs::read_to_string(folder.join("transcripts.toml")).unwrap();
    let settings = settings::parse(&text).unwrap();
    let names = transcripts::names(&folder).unwrap();
    let default = Settings::default();
    let settings_of = |name: &String| settings.get(name).unwrap_or(&default);

    // One lab at a time; beside it, what needs none.
    let (with_lab, without): (Vec<&String>, Vec<&String>) = names
        .iter()
        .partition(|name| settings_of(name).lab != Lab::None);
    let check_all = |names: Vec<&String>| -> Vec<String> {
        names
            .into_iter()
            .filter_map(|name| complaint(&folder, name, settings_of(name)))
            .collect()
    };
    let complaints = thread::scope(|scope| {
        let beside = scope.spawn(|| check_all(without));
        let mut all = check_all(with_lab);
        all.extend(beside.join().expect("the other half"));
        all
    });
    assert!(
        complaints.is_empty(),
        "{}\n`tests/refresh-book` rewrites what has changed; look at what it did before you commit it.",
        complaints.join("\n")
    );
}

/// Cargo builds all of them into one folder: of two with one name a page would run whichever was built last.
#[test]
fn no_two_examples_have_the_same_name() {
    let mut names: Vec<String> = ["steps", "kostorrent"]
        .iter()
        .flat_map(|folder| book::files_below(&programs::root().join(folder)).unwrap())
        .filter(|path| {
            path.parent()
                .is_some_and(|folder| folder.ends_with("examples"))
        })
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() > 50);
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None);
}

/// What is wrong with a transcript.
fn complaint(folder: &Path, name: &str, settings: &Settings) -> Option<String> {
    match transcripts::check(folder, name, settings) {
        Ok(Outcome::Same) => None,
        Ok(Outcome::NotRun(why)) => {
            if settings.not_run.is_none() {
                skip::unless_missing::<()>(&why, None);
            }
            None
        }
        Ok(Outcome::Differs {
            expected, actual, ..
        }) => Some(format!(
            "{name} prints something else than the book shows.\n{}",
            StrComparison::new(&expected, &actual)
        )),
        Err(error) => Some(format!("{name}: {error}\n")),
    }
}

/// Checks a transcript of one file in a made-up folder.
fn check(text: &str, settings: &str) -> Result<Outcome, String> {
    let folder = temp();
    fs::write(folder.path().join("99-made-up.txt"), text).unwrap();
    let all = settings::parse(&format!("[99-made-up]\n{settings}")).unwrap();
    transcripts::check(folder.path(), "99-made-up", &all["99-made-up"])
}

#[test]
fn a_changed_output_is_seen_and_can_be_written() {
    assert!(matches!(
        check("$ echo one\none\n$ echo two\ntwo\n", ""),
        Ok(Outcome::Same)
    ));
    let Ok(Outcome::Differs {
        expected,
        actual,
        now,
    }) = check("$ echo one\n1\n", "")
    else {
        panic!("the output is another one");
    };
    assert_eq!(expected, "$ echo one\n1\n");
    assert_eq!(actual, "$ echo one\none\n");
    assert_eq!(now, actual);
}

#[test]
fn what_varies_is_no_difference() {
    let outcome = check(
        "$ printf '127.0.0.1:%s -KO0100-%s %s\\n' 45678 abcdefABCDEF 12.5MiB/s\n\
         127.0.0.1:40001 -KO0100-000000000000  9.5 KiB/s\n",
        "",
    );
    assert!(matches!(outcome, Ok(Outcome::Same)), "{outcome:?}");
}

#[test]
fn commands_run_in_a_copy_where_they_may_write() {
    let outcome = check(
        "$ ls kostorrent/sample/kostorrent-sample/README.txt\nkostorrent/sample/kostorrent-sample/README.txt\n\
         $ mkdir downloads && rm kostorrent/sample/kostorrent-sample.torrent\n\
         $ ls steps | head -n 1 && ls -d downloads\nstep01-bencode\ndownloads\n",
        "",
    );
    assert!(matches!(outcome, Ok(Outcome::Same)), "{outcome:?}");
    assert!(
        programs::root()
            .join("kostorrent/sample/kostorrent-sample.torrent")
            .exists()
    );
}

#[test]
fn exit_codes_are_compared() {
    let error = check("$ exit 3\n", "").unwrap_err();
    assert!(error.contains("exit status: 3"), "{error}");
    assert!(matches!(
        check("$ exit 3\n$ exit 4\n", "status = [3, 4]"),
        Ok(Outcome::Same)
    ));
}

#[test]
fn stderr_is_shown_or_hidden_or_an_error() {
    let text = "$ echo out; echo err >&2; echo out\n";
    let error = check(text, "").unwrap_err();
    assert!(error.contains("wrote to stderr"), "{error}");
    assert!(matches!(
        check(&format!("{text}out\nerr\nout\n"), "stderr = true"),
        Ok(Outcome::Same)
    ));
    assert!(matches!(
        check(&format!("{text}out\nout\n"), "stderr = \"hide\""),
        Ok(Outcome::Same)
    ));
}

#[test]
fn a_long_output_is_cut() {
    assert!(matches!(
        check("$ seq 5\n1\n2\n…\n", "cut = 2"),
        Ok(Outcome::Same)
    ));
}

#[test]
fn what_runs_for_ever_is_ended_with_ctrl_c() {
    let text =
        "$ trap 'echo bye; exit 0' INT; echo READY; while true; do sleep 0.05; done\nREADY\nbye\n";
    let outcome = check(text, "until = \"READY\"");
    assert!(matches!(outcome, Ok(Outcome::Same)), "{outcome:?}");
    let error = check("$ echo other\nother\n", "until = \"READY\"").unwrap_err();
    assert!(error.contains("no line has \"READY\""), "{error}");
}

#[test]
fn what_is_not_run_has_no_output() {
    assert!(matches!(
        check("$ exit 9\n", "not_run = \"just so\""),
        Ok(Outcome::NotRun(_))
    ));
    assert!(check("$ exit 9\nnine\n", "not_run = \"just so\"").is_err());
}

#[test]
fn what_is_not_installed_is_named() {
    let outcome = check("$ no-such-program\n", "needs = [\"no-such-program\"]");
    assert!(
        matches!(&outcome, Ok(Outcome::NotRun(why)) if why.contains("no-such-program")),
        "{outcome:?}"
    );
}

#[test]
fn a_page_cannot_show_colours() {
    let error = check("$ printf '\\033[1mbold\\n'\nbold\n", "").unwrap_err();
    assert!(error.contains("which a page cannot show"), "{error}");
}
