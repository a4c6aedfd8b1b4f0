//! What the program says about files and pieces.

use std::io::{self, Write};
use std::ops::Range;

use layout::Layout;
use metainfo::text::{grouped, is_obeyed};
use progress::bytes;
use selection::{Files, Listed, Needs, Priority, Selection};

use crate::disk::{Folder, State};

/// How many files or runs of pieces are named, if there are many.
const NAMED: usize = 12;

/// The files with their numbers, sizes and pieces.
pub fn list(files: &Files, layout: &Layout, out: &mut impl Write) -> io::Result<()> {
    let digits = files.listed().len().to_string().len();
    let rows: Vec<(usize, String, &Listed)> = (1..)
        .zip(files.listed())
        .map(|(number, file)| (number, pieces_of(layout, file), file))
        .collect();
    let width = rows.iter().map(|(_, pieces, _)| pieces.len()).max();
    let width = width.unwrap_or(0).max("pieces".len());
    writeln!(
        out,
        "{:>digits$}  {:>8}  {:<width$}  file",
        "", "size", "pieces"
    )?;
    for (number, pieces, file) in rows {
        write!(
            out,
            "{number:>digits$}  {:>8}  {pieces:<width$}  {}",
            bytes(file.length),
            printable(&file.path)
        )?;
        match &file.link {
            Some(target) => writeln!(out, " -> {}", printable(target))?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

/// Which pieces a file lies in.
fn pieces_of(layout: &Layout, file: &Listed) -> String {
    let pieces = layout.all_pieces_of(file.file);
    match pieces.len() {
        0 => "none".to_owned(),
        1 => pieces.start.to_string(),
        _ => format!("{}-{}", pieces.start, pieces.end - 1),
    }
}

/// What was chosen, the pieces that this needs, and what comes along.
pub fn choice(
    files: &Files,
    layout: &Layout,
    selection: &Selection,
    needs: &Needs,
    out: &mut impl Write,
) -> io::Result<()> {
    let geometry = layout.geometry();
    writeln!(
        out,
        "wanted     {} of {}, {} bytes",
        grouped(selection.count() as u64),
        files.count(),
        grouped(needs.wanted)
    )?;
    writeln!(
        out,
        "pieces     {} of {}, each {} bytes{}",
        grouped(needs.count().into()),
        grouped(geometry.pieces().into()),
        grouped(geometry.piece_length().into()),
        runs(needs)
    )?;
    if needs.along > 0 {
        let alongs = needs.files.iter().map(|along| {
            let path = &layout.files()[along.file].path;
            let path = path.iter().map(|name| name.to_string_lossy());
            let path = path.collect::<Vec<_>>().join("/");
            format!("{:>9} of {}", grouped(along.bytes), printable(&path))
        });
        writeln!(
            out,
            "along      {} bytes that nobody wants, because pieces do not end where files do:",
            grouped(needs.along)
        )?;
        several(alongs.collect(), "files", out)?;
    }
    writeln!(out)
}

/// The pieces that are needed, run by run, with what is not usual.
fn runs(needs: &Needs) -> String {
    let pieces: Vec<(u32, Priority)> = (0..).zip(needs.pieces.iter().copied()).collect();
    let runs = pieces.chunk_by(|(_, one), (_, next)| one == next);
    let runs = runs.filter(|run| run[0].1 != Priority::Skip);
    let mut runs: Vec<String> = runs
        .map(|run| {
            let range: Range<u32> = run[0].0..run[0].0 + run.len() as u32;
            let numbers = match run.len() {
                1 => range.start.to_string(),
                _ => format!("{}-{}", range.start, range.end - 1),
            };
            match run[0].1 {
                Priority::Normal | Priority::Skip => numbers,
                priority => format!("{numbers} ({priority})"),
            }
        })
        .collect();
    if runs.len() > NAMED {
        runs.truncate(NAMED);
        runs.push("and more".to_owned());
    }
    match runs.is_empty() {
        true => String::new(),
        false => format!(": {}", runs.join(", ")),
    }
}

/// Lines, but not too many.
fn several(mut lines: Vec<String>, what: &str, out: &mut impl Write) -> io::Result<()> {
    if lines.len() > NAMED + 1 {
        let more = grouped((lines.len() - NAMED) as u64);
        lines.truncate(NAMED);
        lines.push(format!("   and of {more} more {what}"));
    }
    for line in lines {
        writeln!(out, "           {line}")?;
    }
    Ok(())
}

/// What is there in the end.
pub fn on_disk(folder: &Folder, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nOn disk below {}:", folder.root().display())?;
    for (path, length, state) in folder.there() {
        let state = match state {
            State::Whole => "complete",
            State::Unfinished => "not wanted, and not complete",
        };
        let path = printable(&path);
        writeln!(out, "{:>12} bytes  {path}  ({state})", grouped(length))?;
    }
    match folder.part_file() {
        Some((name, length)) => writeln!(
            out,
            "{:>12} bytes  {name}  (what came along)",
            grouped(length)
        ),
        None => Ok(()),
    }
}

/// A name without what a terminal would obey.
fn printable(text: &str) -> String {
    let plain = |c| if is_obeyed(c) { '?' } else { c };
    text.chars().map(plain).collect()
}
