//! Shows what is in a torrent file.

mod program;

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use metainfo::Metainfo;

/// Shows what is in a torrent file: the info-hash, the pieces, the trackers, the files.
///
/// Chapter 2 of the guide: the torrent file.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A torrent file
    torrent: PathBuf,
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
    let path = &arguments.torrent;
    let bytes = File::open(path)
        .and_then(metainfo::read_limited)
        .map_err(|error| Failure::Input(path.clone(), error))?;
    let torrent = Metainfo::parse(&bytes).map_err(|error| Failure::Torrent(path.clone(), error))?;
    program::print(&torrent, &bytes, out)?;
    out.flush()?;
    Ok(())
}

/// Why the program could not do its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read {}: {}", .0.display(), .1)]
    Input(PathBuf, io::Error),
    #[error("{}: {}", .0.display(), .1)]
    Torrent(PathBuf, metainfo::Error),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}
