//! What a packager installs beside the program: completions and the man page, both made from the
//! one definition of the command line.

use clap::CommandFactory;

use super::args::Cli;
use super::failure::Failure;
use super::output;

/// Prints the completions for a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    // The generator panics when it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kostorrent", &mut script);
    output::result(|out| out.write_all(&script))
}

/// Prints one man page with a section for every command.
pub(crate) fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = format!("kostorrent {}", sub.get_name());
        let man = clap_mangen::Man::new(sub.clone().display_name(name.clone()));
        page.extend_from_slice(format!(".SH \"{}\"\n", name.to_uppercase()).as_bytes());
        man.render_description_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    output::result(|out| out.write_all(&page))
}
