//! What the program prints.

mod text;

use std::io::{self, Write};

use metainfo::text::grouped;
use metainfo::{File, Metainfo, Version};
use text::{date, one_line};

/// Prints what a torrent says. `bytes` is the torrent file.
pub fn print(torrent: &Metainfo, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    about(torrent, bytes, &mut Rows(out))?;
    files(torrent, out)
}

/// Lines of a name and what belongs to it.
struct Rows<'o, W>(&'o mut W);

impl<W: Write> Rows<'_, W> {
    fn row(&mut self, name: &str, value: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.0, "{name:<14} {value}")
    }
}

fn about(torrent: &Metainfo, bytes: &[u8], out: &mut Rows<'_, impl Write>) -> io::Result<()> {
    out.row("name", &torrent.name)?;
    let version = match torrent.version() {
        Version::V1 => "1",
        Version::V2 => "2",
        Version::Hybrid => "1 and 2 (hybrid)",
    };
    out.row("version", version)?;
    info_hashes(torrent, bytes, out)?;
    let size = grouped(torrent.total_length);
    out.row(
        "size",
        format!("{size} bytes in {} files", torrent.files.len()),
    )?;
    pieces(torrent, out)?;
    out.row("private", if torrent.private { "yes" } else { "no" })?;
    for (number, tier) in (1..).zip(&torrent.announce) {
        for url in tier {
            out.row(&format!("tracker tier {number}"), one_line(url))?;
        }
    }
    for url in &torrent.web_seeds {
        out.row("web seed", one_line(url))?;
    }
    let texts = [
        ("comment", &torrent.comment),
        ("created by", &torrent.created_by),
        ("source", &torrent.source),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            out.row(name, one_line(text))?;
        }
    }
    if let Some(seconds) = torrent.creation_date {
        out.row("creation date", date(seconds))?;
    }
    torrent
        .warnings
        .iter()
        .try_for_each(|warning| out.row("odd", warning))
}

/// The hashes, and which bytes they are of.
fn info_hashes(torrent: &Metainfo, bytes: &[u8], out: &mut Rows<'_, impl Write>) -> io::Result<()> {
    if let Some(hash) = torrent.info_hash_v1 {
        out.row("info-hash", hash)?;
    }
    if let Some(hash) = torrent.info_hash_v2 {
        out.row("info-hash v2", hex::encode(hash))?;
    }
    let document = bencode::decode_lenient(bytes).ok();
    let info = document
        .as_ref()
        .and_then(|document| document.root().get("info"));
    if let Some(span) = info.map(|info| info.span()) {
        let (first, last) = (grouped(span.start as u64), grouped(span.end as u64 - 1));
        out.row(
            "  is the hash",
            format!("of bytes {first} to {last} of the file, the value of \"info\""),
        )?;
    }
    Ok(())
}

// ANCHOR: pieces
fn pieces(torrent: &Metainfo, out: &mut Rows<'_, impl Write>) -> io::Result<()> {
    let (count, length) = (torrent.piece_count(), torrent.piece_length);
    let count = grouped(count.into());
    out.row("pieces", format!("{count} of {} bytes", grouped(length)))?;
    let (Some(first), Some(last)) = (torrent.pieces.first(), torrent.pieces.last()) else {
        return Ok(());
    };
    let last_length = match torrent.total_length % length {
        0 => length,
        rest => rest,
    };
    out.row("  the last", format!("has {} bytes", grouped(last_length)))?;
    out.row("  SHA-1", format!("{} of the first", hex::encode(first)))?;
    out.row("", format!("{} of the last", hex::encode(last)))
}
// ANCHOR_END: pieces

/// The files with the places of their bytes.
fn files(torrent: &Metainfo, out: &mut impl Write) -> io::Result<()> {
    let width = grouped(torrent.total_length).len().max(6);
    writeln!(out)?;
    writeln!(out, "{:>width$}  {:>width$}  file", "offset", "bytes")?;
    let mut offset: u64 = 0;
    for file in &torrent.files {
        let (at, length) = (grouped(offset), grouped(file.length));
        let path = file.path.join("/");
        writeln!(
            out,
            "{at:>width$}  {length:>width$}  {path}{}",
            remarks(file)
        )?;
        // In version 2 every file begins a new piece.
        let taken = match torrent.version() {
            Version::V2 => file.length.next_multiple_of(torrent.piece_length),
            Version::V1 | Version::Hybrid => file.length,
        };
        offset = offset.saturating_add(taken);
    }
    Ok(())
}

fn remarks(file: &File) -> String {
    let mut remarks = String::new();
    if let Some(target) = &file.symlink {
        remarks.push_str(&format!(" -> {}", target.join("/")));
    }
    let attributes = [
        (file.padding, " (padding)"),
        (file.executable, " (executable)"),
        (file.hidden, " (hidden)"),
    ];
    remarks.extend(
        attributes
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, text)| *text),
    );
    remarks
}
