//! A resume file, key by key: its bytes, and what they mean.

use std::error::Error;
use std::io::{self, Write};

use bencode::Value;
use jiff::Timestamp;
use layout::Layout;
use messages::Bitfield;
use resume::{Recorded, Resume, StateFile};

/// So many bytes of a value are shown.
const BYTES: usize = 32;

/// So wide is the column of the bytes, in characters.
const WIDTH: usize = 24;

/// So many files are listed, and so many runs of pieces.
const LISTED: usize = 20;

/// Prints the resume file of a torrent in a folder.
pub fn show(
    state: &StateFile,
    layout: &Layout,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let path = state.path().display();
    let Some(bytes) = state.load()? else {
        return Err(format!("there is no resume file {path} yet").into());
    };
    writeln!(out, "{path}: {} bytes of bencode\n", bytes.len())?;
    let resume = Resume::decode(&bytes)?;
    let document = bencode::decode(&bytes)?;
    writeln!(out, "offset  bytes")?;
    line(0, "d", "a dictionary begins", out)?;
    for (key, value) in document.root().dict().into_iter().flatten() {
        // A key stands right before its value: its length, a colon, and itself.
        let prefix = format!("{}:", key.len());
        let at = value.span().start - key.len() - prefix.len();
        let raw = match key {
            b"files" => "l".to_owned(),
            _ => cut(value.raw()),
        };
        let bytes = format!("{prefix}{} {raw}", key.escape_ascii());
        line(at, &bytes, &meaning(key, &resume), out)?;
        if key == b"files" {
            files(value, &resume, layout, out)?;
        }
    }
    line(bytes.len() - 1, "e", "the end of the dictionary", out)?;
    if let Err(error) = resume.fits(state.info_hash, &state.root, layout) {
        writeln!(out, "\nit will not be used: {error}")?;
    }
    Ok(())
}

/// Bytes and meaning stand side by side, or one below the other if the bytes are many.
fn line(at: usize, bytes: &str, meaning: &str, out: &mut impl Write) -> io::Result<()> {
    match bytes.len() <= WIDTH {
        true => writeln!(out, "{at:>6}  {bytes:<WIDTH$}  {meaning}"),
        false => writeln!(out, "{at:>6}  {bytes}\n{:10}{meaning}", ""),
    }
}

fn files(
    list: Value<'_, '_>,
    resume: &Resume,
    layout: &Layout,
    out: &mut impl Write,
) -> io::Result<()> {
    let values = list.list().into_iter().flatten();
    for (index, (value, file)) in values.zip(&resume.files).take(LISTED).enumerate() {
        let entry = layout.files().get(index);
        let path = entry.map_or("a file".to_owned(), |entry| {
            entry.path.display().to_string()
        });
        let said = match file {
            Some(recorded) => format!("{path}: {}", words(recorded)),
            None => format!("{path}: nothing is recorded"),
        };
        let raw = format!("  {}", value.raw().escape_ascii());
        line(value.span().start, &raw, &said, out)?;
    }
    if resume.files.len() > LISTED {
        let more = resume.files.len() - LISTED;
        writeln!(out, "          and {more} more files")?;
    }
    line(list.span().end - 1, "e", "the end of the list", out)
}

fn words(file: &Recorded) -> String {
    let stamp = &file.stamp;
    let time = Timestamp::from_second(stamp.modified.seconds());
    let time = time.map_or("beyond all dates".to_owned(), |time| time.to_string());
    let settled = match file.settled {
        true => "settled",
        false => "not settled: its clock had not ticked yet",
    };
    format!("{} bytes, of {time}, {settled}", stamp.length)
}

/// What the value of a key says.
fn meaning(key: &[u8], resume: &Resume) -> String {
    let counters = &resume.counters;
    match key {
        b"active" => format!("at work for {} s, over all lives", counters.active),
        b"changed" => "when anything of each file was changed: seconds, nanoseconds".to_owned(),
        b"choice" => "what was chosen: a number for each file".to_owned(),
        b"downloaded" => format!("{} bytes received, over all lives", counters.downloaded),
        b"files" => {
            "each file after the last sync: length, time, settled or not, number".to_owned()
        }
        b"folder" => "the download folder".to_owned(),
        b"format" => "the format of this file".to_owned(),
        b"in order" => match resume.in_order {
            true => "the last life ended in order".to_owned(),
            false => "no: a life began, and its end was not saved".to_owned(),
        },
        b"info hash" => format!("the torrent: {}", resume.info_hash),
        b"piece count" => "how many pieces the torrent has".to_owned(),
        b"pieces" => format!(
            "{} pieces are vouched for{}",
            resume.pieces.count(),
            runs(&resume.pieces)
        ),
        b"saved" => match Timestamp::from_second(resume.saved) {
            Ok(time) => format!("when this was saved: {time}"),
            Err(_) => "when this was saved".to_owned(),
        },
        b"seeding" => format!("{} s of them with everything there", counters.seeding),
        b"uploaded" => format!("{} bytes sent, over all lives", counters.uploaded),
        _ => "this version does not know it".to_owned(),
    }
}

/// Which pieces: `: 0 to 11, 14`.
fn runs(pieces: &Bitfield) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for piece in pieces.iter_ones() {
        let count = runs.len();
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == piece => *last = piece,
            _ if count > LISTED => break,
            _ => runs.push((piece, piece)),
        }
    }
    let words = runs
        .iter()
        .take(LISTED)
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first} to {last}"),
        });
    let words: Vec<String> = words.collect();
    match runs.len() {
        0 => String::new(),
        count if count > LISTED => format!(": {} …", words.join(", ")),
        _ => format!(": {}", words.join(", ")),
    }
}

fn cut(raw: &[u8]) -> String {
    let shown = raw[..raw.len().min(BYTES)].escape_ascii();
    match raw.len() > BYTES {
        true => format!("{shown}…"),
        false => shown.to_string(),
    }
}
