//! The two streams: results on stdout, everything else on stderr.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::failure::Failure;
use super::text::json_printable;

/// Writes a result to stdout as a whole, buffered and flushed.
pub(crate) fn result(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()?;
    Ok(())
}

/// Prints one JSON object on a line of stdout.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(Failure::failed)?;
    result(|out| writeln!(out, "{}", json_printable(text)))
}

/// Prints one line on stderr. When even that is impossible there is nobody left to tell.
pub(crate) fn error(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
