//! What goes on inside, line by line on stderr, for whoever looks for a fault.

use std::io;
use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::EnvFilter;

use super::args;
use super::failure::Failure;

/// The variable that says what to log where the command line does not.
const VARIABLE: &str = "KOSTORRENT_LOG";

/// Begins to log what was asked for, and says whether anything was.
///
/// # Errors
///
/// [`Failure::Usage`] if the filter cannot be understood.
pub(crate) fn start(args: &args::Log) -> Result<bool, Failure> {
    let (text, from) = match (&args.log, std::env::var(VARIABLE)) {
        (Some(text), _) => (text.clone(), "--log"),
        (None, Ok(text)) if !text.trim().is_empty() => (text, VARIABLE),
        _ => return Ok(false),
    };
    let filter = parse(&text).map_err(|why| {
        Failure::Usage(format!(
            "{from}: `{text}` is no filter: {why}; try debug, or kostorrent::node=trace"
        ))
    })?;
    // The format has no colours: stderr may be a file. A second one in a process changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .log_internal_errors(false)
        .try_init();
    Ok(true)
}

/// Reads a filter. A word that is neither a level nor a module would be taken for a module, and
/// log nothing at all: it is a slip of the pen.
fn parse(text: &str) -> Result<EnvFilter, String> {
    for word in text.split(',').map(str::trim) {
        let plain = word.chars().all(|c| c.is_ascii_alphanumeric());
        let level = word.eq_ignore_ascii_case("off") || Level::from_str(word).is_ok();
        if plain && !level && !word.starts_with("kostorrent") {
            return Err(format!("there is no level `{word}`"));
        }
    }
    EnvFilter::builder()
        .parse(text)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_modules_are_filters() {
        for good in [
            "debug",
            "TRACE",
            "off",
            "warn,kostorrent::node=trace",
            "kostorrent=debug",
            "kostorrent",
            "[torrent{name=a}]=trace",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in ["loud", "", "kostorrent=loud", "debug,extreme", "a=b=c"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
