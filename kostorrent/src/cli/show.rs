//! `kostorrent show`: what is in a torrent file, for a person or as JSON.

use std::io::{self, Write};
use std::sync::Arc;

use magnet::{Magnet, torrent_file as file_of};
use metainfo::Metainfo;
use metainfo::text::grouped;
use serde::Serialize;

use super::args::{self, Show};
use super::clock;
use super::failure::Failure;
use super::output;
use super::target::Target;
use super::text::{one_line, printable};
use super::torrent_file;
use super::{job, metadata, scrape};

/// Shows the torrent.
pub(crate) fn run(args: &Show) -> Result<(), Failure> {
    if args.scrape {
        return scrape::run(args);
    }
    let torrent = match job::magnet(&args.torrent)? {
        Some(magnet) => {
            let magnet = Arc::new(magnet);
            let found = metadata::fetch(&magnet, &args.network, args.sources, face(args))?;
            if let Some(path) = &args.output {
                let target = Target::find(path, args.force)?;
                target.write(&file_of(&found.info, &magnet))?;
                if matches!(target, Target::Stdout) {
                    return Ok(());
                }
            }
            torrent_file::named(Arc::unwrap_or_clone(found.metainfo), args.names)
        }
        None if args.output.is_some() => {
            return Err(Failure::Usage(
                "--output is for what a magnet link names: a torrent file is there already".into(),
            ));
        }
        None => torrent_file::load(&args.torrent, args.names)?,
    };
    if args.json {
        output::json(&Description::of(&torrent))
    } else {
        output::result(|out| print(&torrent, out))
    }
}

/// How to say what is going on meanwhile: on stderr, or not at all.
fn face(args: &Show) -> args::Face {
    args::Face {
        quiet: args.quiet || args.json,
        json: false,
        explain: false,
    }
}

/// The object of `show --json`. Lengths are in bytes; what a torrent leaves out is null.
#[derive(Serialize)]
struct Description<'a> {
    name: &'a str,
    info_hash_v1: Option<String>,
    info_hash_v2: Option<String>,
    piece_length: u64,
    pieces: u32,
    total_length: u64,
    private: bool,
    announce: &'a [Vec<String>],
    web_seeds: &'a [String],
    files: Vec<FileDescription>,
    comment: Option<&'a str>,
    created_by: Option<&'a str>,
    creation_date: Option<i64>,
    magnet: Option<String>,
    /// What is odd, in sentences. Not there when nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct FileDescription {
    path: String,
    length: u64,
    padding: bool,
}

impl<'a> Description<'a> {
    fn of(torrent: &'a Metainfo) -> Description<'a> {
        let files = torrent.files.iter().map(|file| FileDescription {
            path: file.path.join("/"),
            length: file.length,
            padding: file.padding,
        });
        Description {
            name: &torrent.name,
            info_hash_v1: torrent.info_hash_v1.map(|hash| hash.to_string()),
            info_hash_v2: torrent.info_hash_v2.map(hex::encode),
            piece_length: torrent.piece_length,
            pieces: torrent.piece_count(),
            total_length: torrent.total_length,
            private: torrent.private,
            announce: &torrent.announce,
            web_seeds: &torrent.web_seeds,
            files: files.collect(),
            comment: torrent.comment.as_deref(),
            created_by: torrent.created_by.as_deref(),
            creation_date: torrent.creation_date,
            magnet: magnet_of(torrent),
            warnings: torrent.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

fn print(torrent: &Metainfo, out: &mut dyn Write) -> io::Result<()> {
    let mut row = |name: &str, value: &str| writeln!(out, "{name:<13} {value}");
    row("name", &printable(&torrent.name))?;
    if let Some(hash) = torrent.info_hash_v1 {
        row("info-hash", &hash.to_string())?;
    }
    if let Some(hash) = torrent.info_hash_v2 {
        row("info-hash v2", &hex::encode(hash))?;
    }
    let padding: u64 = torrent
        .files
        .iter()
        .filter(|f| f.padding)
        .map(|f| f.length)
        .sum();
    let files = torrent.files.iter().filter(|f| !f.padding).count();
    row(
        "size",
        &format!(
            "{} in {} (and {} of padding)",
            exact(torrent.total_length - padding),
            count(files as u64, "file"),
            progress::bytes(padding)
        )
        .replace(" (and 0 B of padding)", ""),
    )?;
    row(
        "pieces",
        &format!(
            "{} of {}",
            torrent.piece_count(),
            progress::bytes(torrent.piece_length)
        ),
    )?;
    row(
        "private",
        if torrent.private {
            "yes: peers come from the trackers alone"
        } else {
            "no"
        },
    )?;
    let tiers = torrent.announce.len();
    for (index, tier) in torrent.announce.iter().enumerate() {
        let name = if tiers > 1 {
            format!("tier {}", index + 1)
        } else {
            "tracker".into()
        };
        row(&name, &one_line(&tier.join("  ")))?;
    }
    if tiers == 0 {
        row("tracker", "none")?;
    }
    for url in &torrent.web_seeds {
        row("web seed", &one_line(url))?;
    }
    if let Some(date) = torrent.creation_date {
        row("created", &clock::date_and_time(date))?;
    }
    if let Some(program) = &torrent.created_by {
        row("created by", &one_line(program))?;
    }
    if let Some(source) = &torrent.source {
        row("source", &one_line(source))?;
    }
    if let Some(comment) = &torrent.comment {
        row("comment", &one_line(comment))?;
    }
    if let Some(magnet) = magnet_of(torrent) {
        row("magnet", &magnet)?;
    }
    for warning in &torrent.warnings {
        row("note", &one_line(&warning.to_string()))?;
    }
    // The numbers are those of `download --files`.
    let digits = files.to_string().len();
    writeln!(out, "\n{:>digits$} {:>10}  file", "#", "size")?;
    let files = torrent.files.iter().filter(|file| !file.padding);
    for (number, file) in (1..).zip(files) {
        write!(
            out,
            "{number:>digits$} {:>10}  {}",
            progress::bytes(file.length),
            printable(&file.path.join("/"))
        )?;
        match &file.symlink {
            Some(target) => writeln!(out, " -> {}", printable(&target.join("/")))?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

/// The torrent's magnet link; `None` of a private one, whose peers give no metadata away (BEP 27).
pub(crate) fn magnet_of(torrent: &Metainfo) -> Option<String> {
    (!torrent.private).then(|| Magnet::of(torrent).to_string())
}

/// `1.4 MiB (1,468,006 bytes)`; small sizes once.
pub(crate) fn exact(bytes: u64) -> String {
    if bytes < 1024 {
        return count(bytes, "byte");
    }
    format!("{} ({} bytes)", progress::bytes(bytes), grouped(bytes))
}

/// `1 file`, `2,000 files`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn numbers_are_grouped_and_nouns_counted() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(count(2_000, "file"), "2,000 files");
        assert_eq!(count(123, "piece"), "123 pieces");
        assert_eq!(exact(1_468_006), "1.4 MiB (1,468,006 bytes)");
        assert_eq!(exact(1), "1 byte");
    }
}
