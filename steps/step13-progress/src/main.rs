//! Chapter 13: the display, fed by a recorded download.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use progress::{Colour, Letters};
use tracker::blocking::finish;

#[path = "main/player.rs"]
mod player;
#[path = "main/recording.rs"]
mod recording;
#[path = "main/screen.rs"]
mod screen;

use player::Player;
use recording::Recording;
use screen::Screen;

/// The recording that is built in.
const SAMPLE: &str = include_str!("main/sample.ndjson");

/// The columns of a terminal that does not tell how many it has.
const COLUMNS: usize = 80;

/// Plays a recorded download, so that the display can be looked at without any network.
///
/// A recording is what `kostorrent download --json` prints: an object a line, one `progress` a
/// second. A line `{"event":"map","pieces":"##o!. "}` before it says where each piece stands: here,
/// on its way, rare, missing, or not wanted.
///
/// Chapter 13 of the guide: progress.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The recording, `-` for standard input; without it, one that is built in
    file: Option<PathBuf>,
    /// How many columns to fill; without it, those of the terminal, or 80
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
    /// How much faster than it was; 0 shows all at once, and each picture stays
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// ASCII alone, and no colours
    #[arg(long)]
    plain: bool,
}

/// Reads a speed: a number that is not negative.
fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed >= 0.0 && speed.is_finite() => Ok(speed),
        _ => Err("write a number that is not negative, as 10 or 0.5".to_owned()),
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    finish(run(&args))
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let (name, source) = open(args.file.as_deref())?;
    // ANCHOR: terminal
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_terminal = io::stdout().is_terminal() && !is_dumb;
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = match is_terminal && !args.plain && !no_colour {
        true => Colour::Ansi,
        false => Colour::None,
    };
    // ANCHOR_END: terminal
    let letters = match args.plain {
        true => Letters::Ascii,
        false => Letters::Unicode,
    };
    let mut screen = Screen::new(is_terminal && args.speed > 0.0, colour);
    let mut player = Player::default();
    for event in Recording::new(name, source) {
        let width = args.width.map_or_else(columns, usize::from);
        let drawn = player.take(event?, width, letters);
        for line in &drawn.lines_that_stay {
            screen.say(line)?;
        }
        if let Some(picture) = drawn.picture {
            screen.show(&picture)?;
            if args.speed > 0.0 {
                std::thread::sleep(Duration::from_secs_f64((1.0 / args.speed).min(60.0)));
            }
        }
    }
    if !player.has_played() {
        return Err("the recording has no `progress` event: there is nothing to show".into());
    }
    Ok(())
}

/// The recording, and what it is called.
fn open(file: Option<&Path>) -> Result<(String, Box<dyn BufRead>), Box<dyn Error>> {
    match file {
        None => Ok(("the sample".to_owned(), Box::new(SAMPLE.as_bytes()))),
        Some(path) if path == Path::new("-") => {
            let stdin = BufReader::new(io::stdin());
            Ok(("standard input".to_owned(), Box::new(stdin)))
        }
        Some(path) => {
            let name = path.display().to_string();
            let opened =
                File::open(path).map_err(|error| format!("cannot read {name}: {error}"))?;
            Ok((name, Box::new(BufReader::new(opened))))
        }
    }
}

/// The columns that a line may fill. The last one stays free: some terminals break the line after it.
fn columns() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(COLUMNS, |(terminal_size::Width(columns), _)| {
        usize::from(columns.saturating_sub(1).max(1))
    })
}
