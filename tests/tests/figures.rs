//! The figures that the code draws are the ones in the book.

use std::collections::BTreeSet;
use std::fs;

use kostorrent_tests::{figures, programs, temp};

#[test]
fn committed_figures_are_what_the_code_draws() {
    let folder = programs::root().join("book/src/figures");
    let old: Vec<&str> = figures::all()
        .iter()
        .filter(|figure| !figure.is_in(&folder))
        .map(|figure| figure.name)
        .collect();
    assert!(
        old.is_empty(),
        "tests/refresh-book draws these anew: {old:?}"
    );
}

#[test]
fn they_are_drawn_the_same_each_time_and_have_names_of_their_own() {
    let figures = figures::all();
    assert_eq!(figures, figures::all());
    let names: BTreeSet<&str> = figures.iter().map(|figure| figure.name).collect();
    assert_eq!(names.len(), figures.len());
}

#[test]
fn a_changed_figure_is_seen() {
    let folder = temp();
    let figure = &figures::all()[0];
    assert!(!figure.is_in(folder.path()));
    figure.write(folder.path()).unwrap();
    assert!(figure.is_in(folder.path()));
    let path = folder.path().join(format!("{}.svg", figure.name));
    fs::write(&path, figure.svg.replace("<rect", "<circle")).unwrap();
    assert!(!figure.is_in(folder.path()));
}
