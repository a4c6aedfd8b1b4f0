//! The live view, on a terminal of its own.
#![cfg(target_os = "linux")]

use kostorrent_tests::book::files_below;
use kostorrent_tests::temp;
use kostorrent_tests::terminal::OnTerminal;
use kostorrent_tests::wait;
use pretty_assertions::assert_eq;
use rustix::process::Signal;

/// A demo that has come so far that keys are shown, and the folder it is in.
fn demo(columns: u16, rows: u16) -> (OnTerminal, tempfile::TempDir) {
    let folder = temp();
    let output = folder.path().join("demo");
    let arguments = ["demo", "--output", output.to_str().expect("a name")];
    let terminal = OnTerminal::start(&arguments, columns, rows);
    terminal.wait_for("p pause");
    assert!(!terminal.is_as_usual(), "keys come one by one");
    (terminal, folder)
}

/// Nothing of the picture is left, and the terminal is as it was.
fn assert_given_back(terminal: &OnTerminal) {
    wait::until_true("the terminal as it was", || terminal.is_as_usual());
    wait::until_true("a clean screen", || {
        let rows = terminal.rows();
        !rows.iter().any(|row| row.contains("q quit"))
    });
}

#[test]
fn keys_pause_open_pages_and_quit() {
    let (mut terminal, _folder) = demo(80, 24);
    terminal.wait_for(" left");
    terminal.type_in("p");
    terminal.wait_for("p resume");
    terminal.wait_for("paused: nothing is asked for");
    terminal.type_in("m");
    terminal.wait_for("[peers]");
    terminal.wait_for("127.0.0.1:");
    terminal.type_in("f");
    terminal.wait_for("[files]");
    terminal.wait_for("README.txt");
    terminal.type_in("\u{1b}");
    terminal.wait_for("f files");
    terminal.type_in("q");
    assert_eq!(terminal.wait().code(), Some(130));
    terminal.wait_for("the same command goes on from there");
    assert_given_back(&terminal);
}

#[test]
fn files_are_chosen_while_the_download_is_at_work() {
    let (mut terminal, folder) = demo(80, 24);
    terminal.type_in("p");
    terminal.wait_for("p resume");
    terminal.type_in("f");
    terminal.wait_for("c choose");
    terminal.type_in("c");
    terminal.wait_for("space mark");
    // Nothing but what has these letters in its name.
    terminal.type_in("n/README");
    terminal.wait_for("/ README_");
    terminal.type_in("\ra\r");
    terminal.wait_for("1 of ");
    terminal.wait_for("files are wanted now");
    terminal.wait_for("not wanted");
    // An escape and a letter that come together are another key.
    terminal.type_in("\u{1b}");
    terminal.wait_for("f files");
    terminal.type_in("p");
    terminal.wait_for("complete: ");
    assert_eq!(terminal.wait().code(), Some(0));
    assert_given_back(&terminal);
    let made = files_below(&folder.path().join("demo")).expect("a folder");
    let readme = made.iter().find(|path| path.ends_with("README.txt"));
    let readme = std::fs::read(readme.expect("the file that was chosen")).expect("a file");
    assert!(readme.len() > 100 && readme.iter().any(|&byte| byte != 0));
}

#[test]
fn a_download_that_is_resumed_comes_to_its_end() {
    let (mut terminal, _folder) = demo(80, 24);
    terminal.type_in("p");
    terminal.wait_for("p resume");
    terminal.type_in("p");
    terminal.wait_for("complete: ");
    assert_eq!(terminal.wait().code(), Some(0));
    assert_given_back(&terminal);
}

#[test]
fn the_picture_has_the_width_of_the_terminal() {
    let (mut terminal, _folder) = demo(100, 24);
    terminal.type_in("p");
    terminal.wait_for("p resume");
    for columns in [40, 60] {
        terminal.resize(columns, 20);
        let width = usize::from(columns) - 1;
        wait::until_true("a map of the new width", || {
            let rows = terminal.rows();
            let map = rows.iter().rev().find(|row| row.contains('·'));
            map.is_some_and(|row| row.trim_end().chars().count() == width)
        });
    }
    terminal.type_in("q");
    assert_eq!(terminal.wait().code(), Some(130));
}

#[test]
fn the_terminal_is_given_back_whatever_ends_the_program() {
    let (mut terminal, _folder) = demo(80, 24);
    terminal.type_in("\u{3}");
    assert_eq!(terminal.wait().code(), Some(130), "Ctrl-C");
    assert_given_back(&terminal);

    let (mut terminal, _folder) = demo(80, 24);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait().code(), Some(130), "a request to end");
    assert_given_back(&terminal);
}

#[test]
fn ctrl_z_gives_the_terminal_back_until_the_program_goes_on() {
    let (mut terminal, _folder) = demo(80, 24);
    terminal.type_in("p");
    terminal.wait_for("p resume");
    terminal.type_in("\u{1a}");
    wait::until_true("a program that stands still", || terminal.stands_still());
    assert_given_back(&terminal);
    terminal.signal(Signal::CONT);
    terminal.wait_for("p resume");
    wait::until_true("keys", || !terminal.is_as_usual());
    terminal.type_in("q");
    assert_eq!(terminal.wait().code(), Some(130));
    assert_given_back(&terminal);
}
