//! What the fuzz targets of `tests/fuzz` reach, and nobody else: the readers of what others may have
//! written, which are no part of the library.

use std::io::{self, Write};
use std::path::PathBuf;

use sim::scenario::Scenario;

use crate::cli::args::Replay;
use crate::cli::{replay, sim as simulation};
use crate::control::Said;
use crate::control::protocol::{line, read_answer, read_ask};

/// Reads the description of a scenario, as `kostorrent sim FILE` does.
///
/// # Errors
///
/// What is wrong with it.
pub fn scenario(text: &str) -> Result<Scenario, String> {
    simulation::file::parse(text, "fuzz")
}

/// Replays a recording, as `kostorrent replay` does; what is damaged, in words.
///
/// # Errors
///
/// Those of `out`.
pub fn replayed(recording: &[u8], json: bool, out: &mut dyn Write) -> io::Result<Option<String>> {
    let args = Replay {
        recording: PathBuf::new(),
        at: None,
        peer: None,
        piece: None,
        until: None,
        json,
    };
    let damage = replay::replay(&args, recording, out)?;
    Ok(damage.map(|damage| damage.to_string()))
}

/// Reads a line of the control protocol as a question and as an answer. What can be read is written
/// and read once more, and is the same then.
///
/// # Panics
///
/// When it is not.
pub fn control_line(text: &[u8]) {
    match read_ask(text) {
        Ok(ask) => assert_eq!(read_ask(&line(&ask)), Ok(ask)),
        Err(why) => assert!(!why.is_empty()),
    }
    if let Ok(said) = read_answer(text) {
        let again = read_answer(&line(&said)).expect("our own words");
        // The last bit of a fraction may be another one.
        let exact = match &said {
            Said::Status { torrents, .. } => torrents.iter().all(|it| it.ratio.is_none()),
            _ => true,
        };
        assert!(!exact || again == said, "{again:?} is not {said:?}");
    }
}
