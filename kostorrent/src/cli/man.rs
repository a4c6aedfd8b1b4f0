//! The man pages, made from the one definition of the command line: a page for the program and one
//! for each command, or all of it in one page.

mod columns;

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use super::args::{self, Cli};
use super::failure::Failure;
use super::output;
use super::reference::{ENVIRONMENT, EXIT_CODES, FILES};

/// The manual that the pages belong to: general commands.
const SECTION: &str = "1";

/// Prints everything in one page, or writes a page for each command into a folder.
pub(crate) fn run(args: &args::Man) -> Result<(), Failure> {
    let program = program();
    match &args.output {
        None => {
            let page = everything(&program)?;
            output::result(|out| out.write_all(page.as_bytes()))
        }
        Some(folder) => write(&program, folder),
    }
}

fn program() -> Command {
    let mut program = Cli::command().subcommand_value_name("COMMAND");
    program.build();
    program
}

/// The commands that a person may use.
fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
}

fn write(program: &Command, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
    for (name, page) in pages(program)? {
        let path = folder.join(name);
        fs::write(&path, page).map_err(|error| Failure::io("write", &path, &error))?;
    }
    Ok(())
}

/// The names of the pages' files, and the pages: `kostorrent.1`, `kostorrent-download.1` and so on.
fn pages(program: &Command) -> io::Result<Vec<(String, String)>> {
    let mut pages = vec![(file_name(program), overview(program)?)];
    for command in commands(program) {
        pages.push((file_name(command), page(program, command)?));
    }
    Ok(pages)
}

/// What a command is called in the manual: `kostorrent-download`.
fn entry(command: &Command) -> &str {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
}

fn file_name(command: &Command) -> String {
    format!("{}.{SECTION}", entry(command))
}

/// `kostorrent.1`: what there is, and what holds for all commands.
fn overview(program: &Command) -> io::Result<String> {
    let mut page = beginning(program)?;
    let man = Man::new(program.clone());
    page += &section(|out| man.render_options_section(out))?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for command in commands(program) {
        roff.control("TP", []).text([see(command)]);
        roff.text([roman(about(command))]);
    }
    page += &polished(&roff.to_roff());
    page += &common();
    page += &see_also(commands(program));
    Ok(page)
}

/// A command's own page.
fn page(program: &Command, command: &Command) -> io::Result<String> {
    let mut page = beginning(command)?;
    let man = Man::new(command.clone());
    page += &section(|out| man.render_options_section(out))?;
    page += &formats(command, "SH");
    page += &exit_status();
    let others = commands(program).filter(|other| speaks_of(command, other));
    page += &see_also([program].into_iter().chain(others));
    Ok(page)
}

/// One page with a section for every command: what would be sections of a page of its own are
/// subsections there.
fn everything(program: &Command) -> io::Result<String> {
    let mut page = beginning(program)?;
    for command in commands(program) {
        let name = format!("kostorrent {}", command.get_name()).to_uppercase();
        let mut heading = Roff::new();
        page += &heading.control("SH", [&*name]).to_roff();
        let man = Man::new(command.clone());
        let mut part = section(|out| man.render_synopsis_section(out))?;
        part += &section(|out| man.render_description_section(out))?;
        part += &section(|out| man.render_options_section(out))?;
        page += &part.replace(".SH ", ".SS ");
        page += &formats(command, "SS");
    }
    Ok(page + &common())
}

/// Everything up to the description.
fn beginning(command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone())
        .title(entry(command).to_uppercase())
        .section(SECTION)
        .date(" ") // an empty one would give its place to the next
        .source(concat!("kostorrent ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut text = Vec::new();
    // The first part brings what the others need: how an apostrophe is written.
    man.render_title(&mut text)?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    text += ".nh\n.ad l\n"; // names and commands stay whole
    text += &section(|out| man.render_name_section(out))?;
    text += &section(|out| man.render_synopsis_section(out))?;
    text += &section(|out| man.render_description_section(out))?;
    Ok(text)
}

/// A part as clap_mangen renders it, without the preamble that each of its parts has.
fn section(render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<String> {
    let mut text = Vec::new();
    render(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let heading = text.find(".SH ").unwrap_or(0);
    Ok(polished(&text[heading..]))
}

/// Text that is written for a terminal, as a page wants it: what stands between backticks is bold,
/// and an empty line is a request.
fn polished(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    for line in text.lines() {
        let ticks = line.matches('`').count();
        if line.is_empty() {
            page.push_str(".sp");
        } else if line.starts_with('.') || !ticks.is_multiple_of(2) {
            page.push_str(line);
        } else {
            for (index, part) in line.split('`').enumerate() {
                page.push_str(match index {
                    0 => "",
                    _ if index % 2 == 1 => r"\fB",
                    _ => r"\fR",
                });
                page.push_str(part);
            }
        }
        page.push('\n');
    }
    page
}

/// What stands under a command's help: the formats that it reads and writes.
fn formats(command: &Command, heading: &'static str) -> String {
    let Some(text) = command.get_after_long_help() else {
        return String::new();
    };
    let mut roff = Roff::new();
    roff.control(heading, ["FORMATS"]);
    columns::render(&text.to_string(), &mut roff);
    polished(&roff.to_roff())
}

/// What holds for all commands.
fn common() -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["ENVIRONMENT"]);
    for (names, meaning) in ENVIRONMENT {
        item(&mut roff, &names.join(", "), meaning);
    }
    roff.control("SH", ["FILES"]);
    for (name, meaning) in FILES {
        item(&mut roff, name, meaning);
    }
    exit_status() + &polished(&roff.to_roff())
}

fn exit_status() -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        item(&mut roff, &code.to_string(), meaning);
    }
    polished(&roff.to_roff())
}

fn item(roff: &mut Roff, name: &str, meaning: &str) {
    roff.control("TP", []).text([bold(name)]);
    roff.text([roman(meaning)]);
}

fn see_also<'a>(commands: impl Iterator<Item = &'a Command>) -> String {
    let mut parts: Vec<Inline> = Vec::new();
    for command in commands {
        if !parts.is_empty() {
            parts.push(roman(", "));
        }
        parts.push(see(command));
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]).text(parts);
    roff.to_roff()
}

/// A page's name, as one refers to it.
fn see(command: &Command) -> Inline {
    bold(format!("{}({SECTION})", entry(command)))
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Whether a command's help names another one.
fn speaks_of(command: &Command, other: &Command) -> bool {
    let texts = [command.get_long_about(), command.get_after_long_help()];
    let options = command
        .get_arguments()
        .flat_map(|arg| [arg.get_help(), arg.get_long_help()]);
    let name = other.get_name();
    let words = [format!("`{name}`"), format!("`kostorrent {name}")];
    command.get_name() != name
        && texts
            .into_iter()
            .chain(options)
            .flatten()
            .map(ToString::to_string)
            .any(|text| words.iter().any(|word| text.contains(word)))
}

#[cfg(test)]
mod tests;
