//! How a command fails: one line for a person, and an exit code for a script.

use std::fmt::Display;
use std::io;
use std::path::Path;

use super::text::one_line;

/// Why a command ended without having done what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Exit code 1. The sentence tells the cause and, where there is one, the remedy.
    Failed(String),
    /// Exit code 1, when everything was said already (as JSON, or as the command's result).
    Said,
    /// Exit code 2.
    Usage(String),
    /// Exit code 130: stopped by a person, with the progress saved.
    Interrupted(String),
    /// Exit code 130, without a word: the reader of our output has gone in the middle of the work.
    Unheard,
    /// The reader of our output has gone: not a failure.
    ClosedPipe,
}

impl Failure {
    /// Exit code 1, with the reason.
    pub(crate) fn failed(why: impl Display) -> Failure {
        Failure::Failed(why.to_string())
    }

    /// Exit code 1: a file operation failed.
    pub(crate) fn io(doing: &str, path: &Path, error: &io::Error) -> Failure {
        Failure::Failed(format!("cannot {doing} {}: {error}", path.display()))
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Failed(_) | Failure::Said => 1,
            Failure::Usage(_) => 2,
            Failure::Interrupted(_) | Failure::Unheard => 130,
            Failure::ClosedPipe => 0,
        }
    }

    /// Why, where it is one of several things that were to be done.
    pub(crate) fn sentence(self) -> String {
        match self {
            Failure::Failed(why) | Failure::Usage(why) | Failure::Interrupted(why) => why,
            Failure::Said | Failure::Unheard | Failure::ClosedPipe => {
                "nobody listens any more".to_owned()
            }
        }
    }

    /// What to print on stderr, without line breaks or anything else a terminal obeys.
    pub(crate) fn line(&self) -> Option<String> {
        match self {
            Failure::Failed(why) | Failure::Usage(why) => Some(format!("error: {}", one_line(why))),
            Failure::Interrupted(what) => Some(one_line(what)),
            Failure::Said | Failure::Unheard | Failure::ClosedPipe => None,
        }
    }
}

/// Writing our own output failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Failed(format!("cannot write the output: {error}")),
        }
    }
}
