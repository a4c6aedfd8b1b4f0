//! A recording, event by event.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use thiserror::Error;

/// The longest line that is read. A map of four million pieces fits in.
const LONGEST: u64 = 4 << 20;

/// What the display has to know. Everything else is passed by.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The torrent.
    Start { name: String },
    /// Where each piece stands: a letter each.
    Map { pieces: String },
    /// The figures of a second.
    Progress(Figures),
    /// All is here.
    Complete { seconds: f64 },
    /// Anything that is told in a sentence, or in no way at all.
    #[serde(untagged)]
    Other {
        #[serde(rename = "event")]
        _event: String,
        message: Option<String>,
    },
}

/// The figures of a second, as `kostorrent download --json` names them.
#[derive(Debug, Deserialize)]
pub struct Figures {
    pub phase: String,
    pub pieces_have: u32,
    pub pieces: u32,
    pub left: u64,
    pub total_length: u64,
    pub downloaded: u64,
    pub uploaded: u64,
    pub down_rate: u64,
    pub up_rate: u64,
    pub peers: usize,
}

/// Why a recording cannot be played.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// It cannot be read on.
    #[error("{name}: line {line}: {cause}")]
    Read {
        name: String,
        line: u64,
        cause: io::Error,
    },
    /// The line is no event.
    #[error("{name}: line {line} is not an event of `kostorrent download --json`: {cause}")]
    NoEvent {
        name: String,
        line: u64,
        cause: serde_json::Error,
    },
    /// Nobody has recorded that.
    #[error("{name}: line {line} is longer than {LONGEST} bytes")]
    TooLong { name: String, line: u64 },
}

/// A recording that is being read.
pub struct Recording<R> {
    name: String,
    source: R,
    line: u64,
}

impl<R: BufRead> Recording<R> {
    pub fn new(name: String, source: R) -> Recording<R> {
        Recording {
            name,
            source,
            line: 0,
        }
    }

    /// The next line; `None` at the end.
    fn read(&mut self) -> Result<Option<Event>, RecordingError> {
        let (name, line) = (self.name.clone(), self.line);
        let mut bytes = Vec::new();
        let mut limited = self.source.by_ref().take(LONGEST);
        let read = limited.read_until(b'\n', &mut bytes);
        match read {
            Err(cause) => Err(RecordingError::Read { name, line, cause }),
            Ok(0) => Ok(None),
            Ok(count) if count as u64 == LONGEST => Err(RecordingError::TooLong { name, line }),
            Ok(_) => match serde_json::from_slice(&bytes) {
                Ok(event) => Ok(Some(event)),
                Err(cause) => Err(RecordingError::NoEvent { name, line, cause }),
            },
        }
    }
}

impl<R: BufRead> Iterator for Recording<R> {
    type Item = Result<Event, RecordingError>;

    fn next(&mut self) -> Option<Result<Event, RecordingError>> {
        self.line += 1;
        self.read().transpose()
    }
}
