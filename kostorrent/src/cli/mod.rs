//! The face in the terminal: commands, options, progress, JSON, exit codes.
//!
//! A command is parsed into plain values (`args`), run by a module of its own name, and ends in
//! one of four exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted with progress saved.

mod args;
mod aside;
mod choosing;
mod clock;
mod completions;
mod counts;
mod create;
mod demo;
mod download;
mod environment;
mod examine;
mod face;
mod failure;
mod file_size;
mod following;
mod goal;
mod interrupt;
mod job;
mod lab;
mod log;
mod man;
mod memory;
mod metadata;
mod meter;
mod open_files;
mod output;
mod place;
mod program;
mod recorder;
mod reference;
mod replay;
mod running;
mod scrape;
mod seed;
mod service;
mod several;
mod show;
mod sim;
mod status;
mod steer;
mod target;
mod terminal;
mod text;
mod torrent_file;
mod values;
mod verify;
mod which;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;

/// Runs one command line, the program's name first, and says how the process is to end.
///
/// Results go to stdout, progress and errors to stderr. A reader that closes the pipe early
/// (`kostorrent show … | head`) has what it wanted: that is success. Only a download that has not
/// all of it yet ends as an interrupted one.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    open_files::raise_limit();
    file_size::outlive_limit();
    match Cli::try_parse_from(arguments) {
        Ok(cli) => finish(dispatch(cli.command)),
        Err(usage) => {
            // Help and version come this way too, with code 0. A closed pipe changes nothing.
            let _ = usage.print();
            ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Download(args) => download::run(&args),
        Command::Seed(args) => seed::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Create(args) => create::run(&args),
        Command::Lab(args) => lab::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Examine(args) => examine::run(&args),
        Command::Completions(args) => completions::run(args.shell),
        Command::Man(args) => man::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Pause(args) => steer::pause(&args.which),
        Command::Resume(args) => steer::resume(&args.which),
        Command::Choose(args) => steer::choose(&args),
        Command::Stop(args) => steer::stop(&args.which),
    }
}

fn finish(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(line) = failure.line() {
                output::error(&line);
            }
            ExitCode::from(failure.code())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_last_word_on_seeding_counts() {
        let seed = |words: &[&str]| {
            let line = ["kostorrent", "download", "a.torrent"].iter().chain(words);
            match Cli::try_parse_from(line).unwrap().command {
                Command::Download(args) => args.seed,
                other => panic!("{other:?}"),
            }
        };
        assert!(!seed(&[]));
        assert!(seed(&["--seed"]));
        assert!(!seed(&["--seed", "--no-seed"]));
        assert!(seed(&["--no-seed", "--seed"]));
    }

    #[test]
    fn what_ends_the_seeding_contradicts_no_seed() {
        for limit in [["--seed-ratio", "1"], ["--seed-time", "1h"]] {
            let line = ["kostorrent", "download", "a.torrent", "--no-seed"];
            let line = line.iter().chain(&limit);
            assert!(Cli::try_parse_from(line).is_err(), "{limit:?}");
        }
    }
}
