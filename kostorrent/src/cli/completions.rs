//! Completions, made from the one definition of the command line.

use clap::CommandFactory;

use super::args::Cli;
use super::failure::Failure;
use super::output;

/// Prints the completions for a shell.
pub(crate) fn run(shell: clap_complete::Shell) -> Result<(), Failure> {
    // The generator panics when it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kostorrent", &mut script);
    output::result(|out| out.write_all(&script))
}
