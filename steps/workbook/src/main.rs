//! The workbook's commands.

use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use workbook::{Problem, Source, Step, Workbook, check, client};

/// The book to be written by yourself: its libraries with the main functions empty, and somebody who looks at what you
/// write.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a workbook, in a folder that does not exist yet
    Start {
        /// The folder
        folder: PathBuf,
    },
    /// Run the tests of the first step that is not done, and say what they found
    Check {
        /// The workbook, if you are not in it
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Look at this step instead: 07
        #[arg(long, value_name = "NN")]
        step: Option<String>,
    },
    /// Fill steps in with the book's own code; what you wrote in them is kept beside it
    Solve {
        /// The steps: 07, or "all"
        #[arg(required = true, value_name = "NN")]
        steps: Vec<String>,
        /// The workbook, if you are not in it
        #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
        folder: PathBuf,
    },
    /// Build the client from your libraries, and download the sample from a lab with it
    Run {
        /// The workbook, if you are not in it
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.command) {
        Ok((text, done)) => match io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                eprintln!("error: cannot write the output: {error}");
                ExitCode::FAILURE
            }
            _ if done => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// What is to be printed, and whether all is done.
fn run(command: &Command) -> Result<(String, bool), Problem> {
    let source = Source::here()?;
    match command {
        Command::Start { folder } => start(&source, folder).map(|text| (text, true)),
        Command::Check { folder, step } => {
            let workbook = Workbook::open(folder)?;
            let report = match step {
                Some(typed) => check::one(&source, &workbook, source.step(typed)?)?,
                None => check::due(&source, &workbook)?,
            };
            Ok((report.text, report.done))
        }
        Command::Solve { steps, folder } => {
            let workbook = Workbook::open(folder)?;
            let all = steps.iter().any(|typed| typed == "all");
            let steps: Vec<&Step> = match all {
                true => source.steps().iter().collect(),
                false => steps
                    .iter()
                    .map(|typed| source.step(typed))
                    .collect::<Result<_, _>>()?,
            };
            let mut text = String::new();
            for step in steps {
                text.push_str(&solve(&source, &workbook, step)?);
            }
            Ok((text, true))
        }
        Command::Run { folder } => {
            let workbook = Workbook::open(folder)?;
            if let Some(text) = not_yet(&source, &workbook)? {
                return Ok((text, false));
            }
            let downloads = client::run(&source, &workbook)?;
            let text = format!(
                "Your client has downloaded the sample: it is in {}, and every piece is right.\n",
                downloads.display()
            );
            Ok((text, true))
        }
    }
}

fn start(source: &Source, folder: &Path) -> Result<String, Problem> {
    let (_, started) = Workbook::start(source, folder)?;
    let what = match (started.written, started.kept) {
        (0, _) => "That is a workbook already, and nothing is missing in it.",
        (_, 0) => "The workbook is there. Its README.md says how it is used.",
        _ => {
            "That was a workbook already. What was missing in it is there again, and nothing else was touched."
        }
    };
    Ok(format!(
        "{what} In its folder:\n\n    cargo workbook check\n"
    ))
}

fn solve(source: &Source, workbook: &Workbook, step: &Step) -> Result<String, Problem> {
    let solved = workbook.solve(source, step)?;
    let files = match solved.filled_in.len() {
        0 => return Ok(format!("Step {:02} is the book's already.\n", step.number)),
        1 => "1 file".to_owned(),
        more => format!("{more} files"),
    };
    Ok(match solved.before {
        None => format!("Step {:02} is filled in: {files}.\n", step.number),
        Some(before) => format!(
            "Step {:02} is filled in: {files}. What you had written is in {}.\n",
            step.number,
            before.display()
        ),
    })
}

/// What to say when the client cannot be built yet.
fn not_yet(source: &Source, workbook: &Workbook) -> Result<Option<String>, Problem> {
    let mut missing = Vec::new();
    for step in source.steps() {
        if !workbook.unwritten(step)?.is_empty() {
            missing.push(format!("{:02}", step.number));
        }
    }
    if missing.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "{}\nThe client is made of all the steps, and something is still to be written in: {}.\n\
         To see it run now, have them filled in: `solve {}`. What you have written is kept.\n",
        check::progress(source, workbook)?,
        missing.join(" "),
        missing.join(" ")
    )))
}
