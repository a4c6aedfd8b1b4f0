//! Reading a recording, line by line.

use std::io::{BufRead, Read as _};

use engine::{Action, Event, Time};
use serde::Deserialize;

use super::{FORMAT, Header};

/// A line is no longer than this: a tracker's reply, or the bitfield of the largest torrent.
const MOST: u64 = 64 * 1024 * 1024;

/// One line of a recording, behind the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// What the engine was told, and when.
    Told(Time, Event),
    /// What it wanted.
    Wanted(Action),
}

/// Why a recording cannot be read, or not further.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// The file cannot be read; in the system's words.
    #[error("it cannot be read: {0}")]
    Io(String),
    /// There is no header.
    #[error("it is no recording of kostorrent's: {0}")]
    NotOne(String),
    /// It is of a format that this version does not know.
    #[error(
        "it has format {0}, and this kostorrent knows format {FORMAT} alone: use the one that wrote it"
    )]
    Format(u64),
    /// What stands in the header cannot be.
    #[error("its first line says what cannot be: {0}")]
    Header(String),
    /// It ends in the middle of a line.
    #[error("it breaks off in line {line}: what was written until then has been replayed")]
    BreaksOff {
        /// The line, from 1.
        line: u64,
    },
    /// A line cannot be understood.
    #[error("line {line} cannot be understood ({why}): what stands before it has been replayed")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
}

/// A recording that is being read. It holds one line at a time.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    /// Which line was read last, from 1.
    line: u64,
    text: Vec<u8>,
    last: Time,
    header: Header,
}

/// A line behind the header: the first two, or the third.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: Option<u64>,
    event: Option<Event>,
    action: Option<Action>,
}

/// What is looked at first in the header. Nothing else of it is kept.
#[derive(Deserialize)]
struct Format {
    kostorrent_recording: Option<serde_json::Value>,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// If there is none that can be used.
    pub fn new(input: R) -> Result<Reader<R>, Damage> {
        let (mut input, mut text) = (input, Vec::new());
        let whole = read_line(&mut input, &mut text)?;
        let format: Format = serde_json::from_slice(&text)
            .map_err(|_| Damage::NotOne("its first line is no header".to_owned()))?;
        let number = format.kostorrent_recording;
        match number.as_ref().map(serde_json::Value::as_u64) {
            None => return Err(Damage::NotOne("it has no header".to_owned())),
            Some(Some(number)) if number == u64::from(FORMAT) => {}
            Some(number) => return Err(Damage::Format(number.unwrap_or(0))),
        }
        if !whole {
            return Err(Damage::BreaksOff { line: 1 });
        }
        let header = serde_json::from_slice(&text);
        let header = header.map_err(|error| Damage::Header(error.to_string()))?;
        Ok(Reader {
            input,
            line: 1,
            text,
            last: Time::ZERO,
            header,
        })
    }

    /// What the engine began with.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next line; `None` at the end. After damage there is nothing more.
    ///
    /// # Errors
    ///
    /// If the line cannot be read or understood.
    pub fn next_step(&mut self) -> Result<Option<Step>, Damage> {
        let whole = read_line(&mut self.input, &mut self.text)?;
        if self.text.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let line = self.line;
        if !whole {
            return Err(Damage::BreaksOff { line });
        }
        let why = |error: serde_json::Error| Damage::Line {
            line,
            why: error.to_string(),
        };
        let read: Line = serde_json::from_slice(&self.text).map_err(why)?;
        match (read.at, read.event, read.action) {
            (Some(at), Some(event), None) => {
                let at = Time::after_start(std::time::Duration::from_nanos(at));
                if at < self.last {
                    let why = "time goes back".to_owned();
                    return Err(Damage::Line { line, why });
                }
                self.last = at;
                Ok(Some(Step::Told(at, event)))
            }
            (None, None, Some(action)) => Ok(Some(Step::Wanted(action))),
            _ => Err(Damage::Line {
                line,
                why: "it is neither what was told nor what was wanted".to_owned(),
            }),
        }
    }
}

/// Reads a line; whether it has an end.
fn read_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> Result<bool, Damage> {
    text.clear();
    let read = input.by_ref().take(MOST).read_until(b'\n', text);
    read.map_err(|error| Damage::Io(error.to_string()))?;
    Ok(text.ends_with(b"\n"))
}
