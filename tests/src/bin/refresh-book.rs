//! Rewrites what the book shows and a program makes: the figures that show bytes or measurements, and the outputs of the
//! transcripts. `tests/refresh-book` calls it; with names only those are done.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    kostorrent_tests::refresh::refresh(&names)
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("error: the transcripts are made on Linux");
    ExitCode::FAILURE
}
