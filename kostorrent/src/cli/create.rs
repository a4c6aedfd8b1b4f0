//! `kostorrent create`: makes a torrent file.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use metainfo::create::About;
use serde::Serialize;

use super::args::Create;
use super::clock;
use super::failure::Failure;
use super::show::{count, exact};
use super::text::printable;
use super::{output, running};
use crate::create::{Created, Options, create};

/// Makes the torrent and says what it is.
pub(crate) fn run(args: &Create) -> Result<(), Failure> {
    running::told_in_json(args.json, || make(args))
}

fn make(args: &Create) -> Result<(), Failure> {
    if let Some(output) = &args.output {
        refuse_existing(output, args.force)?;
    }
    let options = Options {
        name: args.name.clone(),
        piece_length: args.piece_length.map(|length| length.0),
        about: About {
            announce: args.announce.iter().map(|tier| tier.0.clone()).collect(),
            web_seeds: args.web_seeds.clone(),
            private: args.private,
            source: args.source.clone(),
            comment: args.comment.clone(),
            created_by: Some(concat!("kostorrent ", env!("CARGO_PKG_VERSION")).into()),
            creation_date: creation_date(args)?,
        },
    };
    let mut meter = Meter::new();
    let created = create(&args.path, options, |done, total| meter.show(done, total));
    meter.clear();
    let created = created.map_err(Failure::failed)?;
    let output = match &args.output {
        Some(output) => output.clone(),
        None => PathBuf::from(format!("{}.torrent", created.metainfo.name)),
    };
    write(&output, &created.bytes, args.force)?;
    report(&created, &output, args.json)
}

/// As told; or as the build system says, so that builds can be repeated; or now.
fn creation_date(args: &Create) -> Result<Option<i64>, Failure> {
    if args.no_date {
        return Ok(None);
    }
    if let Some(date) = args.date {
        return Ok(Some(date.0));
    }
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => match text.parse() {
            Ok(seconds) => Ok(Some(seconds)),
            Err(_) => Err(Failure::Usage(
                "SOURCE_DATE_EPOCH must be seconds since 1970".into(),
            )),
        },
        Err(_) => Ok(Some(clock::now())),
    }
}

fn refuse_existing(output: &Path, force: bool) -> Result<(), Failure> {
    if !force && output.symlink_metadata().is_ok() {
        return Err(exists(output));
    }
    Ok(())
}

fn exists(output: &Path) -> Failure {
    Failure::Failed(format!(
        "{} exists already: choose another place with --output, or write over it with --force",
        output.display()
    ))
}

fn write(output: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    let opened = if force {
        File::create(output)
    } else {
        OpenOptions::new().write(true).create_new(true).open(output)
    };
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(output),
        _ => Failure::io("write", output, &error),
    })?;
    file.write_all(bytes)
        .map_err(|error| Failure::io("write", output, &error))
}

/// The object of `create --json`.
#[derive(Serialize)]
struct Made<'a> {
    event: &'static str,
    output: &'a Path,
    name: &'a str,
    info_hash_v1: Option<String>,
    piece_length: u64,
    pieces: u32,
    total_length: u64,
    files: usize,
    /// Sentences. Not there when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

fn report(created: &Created, output: &Path, json: bool) -> Result<(), Failure> {
    let torrent = &created.metainfo;
    let hash = torrent.info_hash_v1.map(|hash| hash.to_string());
    if json {
        return output::json(&Made {
            event: "created",
            output,
            name: &torrent.name,
            info_hash_v1: hash,
            piece_length: torrent.piece_length,
            pieces: torrent.piece_count(),
            total_length: torrent.total_length,
            files: torrent.files.len(),
            warnings: torrent.warnings.iter().map(ToString::to_string).collect(),
        });
    }
    for warning in &torrent.warnings {
        output::error(&format!("note: {warning}"));
    }
    if torrent.announce.is_empty() {
        output::error("note: no tracker; peers will have to be named with --peer");
    }
    output::result(|out| {
        writeln!(
            out,
            "{}\n  info-hash  {}\n  size       {} in {}\n  pieces     {} of {}",
            printable(&output.to_string_lossy()),
            hash.unwrap_or_default(),
            exact(torrent.total_length),
            count(torrent.files.len() as u64, "file"),
            torrent.piece_count(),
            progress::bytes(torrent.piece_length),
        )
    })
}

/// How far the hashing is, on a terminal only.
pub(crate) struct Meter {
    on: bool,
    shown: Option<u64>,
}

impl Meter {
    pub(crate) fn new() -> Meter {
        Meter {
            on: io::stderr().is_terminal(),
            shown: None,
        }
    }

    pub(crate) fn show(&mut self, done: u64, total: u64) {
        let percent = done.saturating_mul(100) / total.max(1);
        if self.on && self.shown != Some(percent) {
            self.shown = Some(percent);
            let _ = write!(
                io::stderr(),
                "\rhashing {percent:3} % of {} ",
                progress::bytes(total)
            );
        }
    }

    pub(crate) fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r{:40}\r", "");
        }
    }
}
