//! Prints any bencoded file as an annotated tree, or says where and why it is broken.

mod program;

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bencode::{Limits, Mode, Options};
use clap::Parser;
use program::{broken, tree};

/// Prints a bencoded file as an annotated tree: where each value is, its bytes, what it means.
///
/// Chapter 1 of the guide: bencode.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A torrent file, or any other bencoded file
    file: PathBuf,

    /// Take canonical bencode only
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments, &mut BufWriter::new(io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            // Whoever read our output has seen enough.
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, out: &mut impl Write) -> Result<(), Failure> {
    let input = read(&arguments.file)?;
    let mode = match arguments.strict {
        true => Mode::Strict,
        false => Mode::Lenient,
    };
    match Options::new(mode).decode(&input) {
        Ok(document) => {
            tree::print(&document, input.len(), out)?;
            out.flush()?;
            Ok(())
        }
        Err(error) => {
            broken::print(&input, error.offset, out)?;
            out.flush()?;
            Err(Failure::Bencode(arguments.file.clone(), error))
        }
    }
}

/// The whole file, but no more than is decoded and a byte to tell that there is more.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let most = Limits::DEFAULT.max_size as u64 + 1;
    let mut input = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut input))
        .map_err(|error| Failure::Input(path.to_owned(), error))?;
    Ok(input)
}

/// Why the program could not do its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read {}: {}", .0.display(), .1)]
    Input(PathBuf, io::Error),
    #[error("{}: {}", .0.display(), .1)]
    Bencode(PathBuf, bencode::Error),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}
