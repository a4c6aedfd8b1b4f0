//! The kostorrent command: everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    kostorrent::cli::run(std::env::args_os())
}
