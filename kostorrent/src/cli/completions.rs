//! What a packager installs beside the program: completions and the man page, both made from the
//! one definition of the command line.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

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
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let whole = Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    for command in command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
    {
        page.extend_from_slice(&section(command)?);
    }
    whole.render_extra_section(&mut page)?;
    output::result(|out| out.write_all(&page))
}

/// One command's part: what would be sections of a page of its own become subsections.
fn section(command: &Command) -> Result<Vec<u8>, Failure> {
    let name = format!("kostorrent {}", command.get_name());
    let heading = format!(".SH \"{}\"\n", name.to_uppercase());
    let man = Man::new(command.clone().display_name(name));
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".SH ", ".SS ");
    Ok((heading + &text).into_bytes())
}
