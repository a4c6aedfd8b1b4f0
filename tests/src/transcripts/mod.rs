//! The book's transcripts: commands, and what they print.
//!
//! `book/src/transcripts/NN-name.txt` holds what the reader sees:
//!
//! ```text
//! $ cargo run -q -p step01-bencode -- kostorrent/sample/kostorrent-sample.torrent
//!      0  64                         dictionary
//! ```
//!
//! Every command is run again in a folder that looks like the repository, with a lab of its own if it needs one, and the
//! output is compared. What differs from run to run is left out of the comparison ([`normal`]), but stays in the file:
//! the page shows a run that took place. What a transcript needs is said in `transcripts.toml` ([`settings`]).

pub mod commands;
mod dump;
mod lab;
pub mod normal;
mod run;
mod scratch;
pub mod settings;

use std::fs;
use std::io;
use std::path::Path;

pub use run::run;
pub use settings::Settings;

/// One transcript: its commands in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The commands.
    pub commands: Vec<Command>,
}

/// One command and its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// As the reader types it, perhaps over several lines that end with a backslash.
    pub text: String,
    /// What it prints: lines with their ends.
    pub output: String,
}

impl Transcript {
    /// Reads a transcript.
    ///
    /// # Errors
    ///
    /// When something stands before the first command.
    pub fn parse(text: &str) -> Result<Transcript, String> {
        let mut commands: Vec<Command> = Vec::new();
        let mut in_command = false;
        for line in text.lines() {
            if let Some(start) = line.strip_prefix("$ ") {
                commands.push(Command {
                    text: start.to_owned(),
                    output: String::new(),
                });
                in_command = true;
            } else {
                let last = commands
                    .last_mut()
                    .ok_or("a transcript begins with a command: `$ …`")?;
                if in_command {
                    last.text = format!("{}\n{line}", last.text);
                } else {
                    last.output.push_str(line);
                    last.output.push('\n');
                }
            }
            in_command = in_command && line.ends_with('\\');
        }
        if commands.is_empty() {
            return Err("there is no command: a line `$ …`".to_owned());
        }
        Ok(Transcript { commands })
    }

    /// The text of the file.
    #[must_use]
    pub fn render(&self) -> String {
        self.commands
            .iter()
            .map(|command| format!("$ {}\n{}", command.text, command.output))
            .collect()
    }
}

/// The names of all transcripts in a folder, in order.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt")
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// What the check of one transcript found.
#[derive(Debug)]
pub enum Outcome {
    /// The same output.
    Same,
    /// Another output.
    Differs {
        /// The file as it is, without what varies.
        expected: String,
        /// The run, without what varies.
        actual: String,
        /// The whole file as it would be now.
        now: String,
    },
    /// It was not run, and why.
    NotRun(String),
}

/// Runs one transcript again and compares.
///
/// # Errors
///
/// When it cannot be read or run, or does not do what its settings say: another exit code, words on stderr.
pub fn check(folder: &Path, name: &str, settings: &Settings) -> Result<Outcome, String> {
    let path = folder.join(name).with_extension("txt");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let shown = Transcript::parse(&text)?;
    if let Some(why) = &settings.not_run {
        return if shown
            .commands
            .iter()
            .all(|command| command.output.is_empty())
        {
            Ok(Outcome::NotRun(why.clone()))
        } else {
            Err("what is not run cannot have output".to_owned())
        };
    }
    if let Some(missing) = settings.needs.iter().find(|needed| !is_there(needed)) {
        return Ok(Outcome::NotRun(format!("{missing} is not there")));
    }
    let now = run(&shown, settings)?.render();
    let expected = normal::normal(&text, &settings.vary);
    let actual = normal::normal(&now, &settings.vary);
    if expected == actual {
        Ok(Outcome::Same)
    } else {
        Ok(Outcome::Differs {
            expected,
            actual,
            now,
        })
    }
}

/// Whether a program is installed; and works, where that takes more.
fn is_there(program: &str) -> bool {
    on_path(program) && (program != "unshare" || crate::disk::available().is_some())
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn commands_and_outputs_are_told_apart() {
        let text = "$ one\na\n\nb\n$ two \\\n    --more\nc\n$ three\n";
        let transcript = Transcript::parse(text).unwrap();
        let commands: Vec<_> = transcript
            .commands
            .iter()
            .map(|command| (command.text.as_str(), command.output.as_str()))
            .collect();
        assert_eq!(
            commands,
            [
                ("one", "a\n\nb\n"),
                ("two \\\n    --more", "c\n"),
                ("three", "")
            ]
        );
        assert_eq!(transcript.render(), text);
    }

    #[test]
    fn a_transcript_begins_with_a_command() {
        assert!(Transcript::parse("output\n$ one\n").is_err());
        assert!(Transcript::parse("").is_err());
    }
}
