//! How a command ended.

use std::fmt;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It could not even be started, for this reason.
    NotStarted(String),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Code(code) => write!(f, "ended with exit code {code}"),
            Status::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Status::NotStarted(why) => write!(f, "could not be started: {why}"),
        }
    }
}
