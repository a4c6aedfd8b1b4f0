//! `kostorrent verify`: the files on disk against a torrent file.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use layout::{Kind, Layout};
use messages::Bitfield;
use metainfo::Metainfo;
use serde::Serialize;
use storage::{DiskError, Hashes, Names, Parts, PieceState};

use super::args::Verify;
use super::failure::Failure;
use super::meter::Meter;
use super::show::count;
use super::text::printable;
use super::{args, output, place, running, torrent_file};
use crate::check;

/// Checks, reports, and fails when anything is missing or wrong.
pub(crate) fn run(args: &Verify) -> Result<(), Failure> {
    running::told_in_json(args.json, || verify(args))
}

fn verify(args: &Verify) -> Result<(), Failure> {
    let face = args::Face {
        quiet: false,
        json: args.json,
        explain: false,
    };
    let torrent = torrent_file::load_to_use(&args.torrent, args.names, face)?.metainfo;
    if torrent.info_hash_v1.is_none() {
        return Err(Failure::Failed(
            "this is a v2 torrent (BEP 52): kostorrent can show it, but not verify it yet".into(),
        ));
    }
    let root = place::of_data(&args.data, &torrent, face)?;
    let layout = Names::of(&torrent).map_err(Failure::failed)?.found(&root);
    let mut meter = Meter::new();
    let pieces = check_all(&root, &layout, &torrent, |done| {
        meter.show(done, torrent.total_length);
    });
    meter.clear();
    let pieces = pieces.map_err(Failure::failed)?;
    let findings = judge(&root, &layout, &pieces);
    if args.json {
        report_json(&torrent, &pieces, &findings)?;
    } else {
        report(&torrent, &pieces, &findings)?;
    }
    if findings.is_empty() && pieces.iter().all(|&state| state == PieceState::Good) {
        Ok(())
    } else if args.json {
        Err(Failure::Said)
    } else {
        let all = layout.files().iter();
        let all = all.filter(|entry| entry.kind != Kind::Padding).count();
        // Where something else is in a file, it may be somebody's.
        let other = |finding: &Finding| !matches!(finding.fault, Fault::Missing | Fault::Unproven);
        let but = match findings.iter().any(other) {
            true => " (a file of which nothing is right stays as it is without --overwrite)",
            false => "",
        };
        Err(Failure::Failed(format!(
            "{} of {all} missing or wrong; `kostorrent download` fetches them again{but}",
            count(findings.len() as u64, "file"),
        )))
    }
}

/// The state of every piece. The check runs beside us, so that we can tell how far it is.
fn check_all(
    root: &Path,
    layout: &Arc<Layout>,
    torrent: &Metainfo,
    mut progress: impl FnMut(u64),
) -> Result<Vec<PieceState>, DiskError> {
    let hashes = Hashes::from(torrent.pieces.as_slice());
    let info_hash = torrent.info_hash_v1.map_or([0; 20], |hash| hash.0);
    let parts = (Parts::open(root, &info_hash, layout)?, Vec::new());
    let all = Bitfield::full(layout.geometry().pieces());
    let so_far = check::Progress::default();
    thread::scope(|scope| {
        let (finish, finished) = mpsc::channel();
        scope.spawn(|| {
            // Moved into this thread, so that a panic in it is seen as a closed channel.
            let finish = finish;
            let _ = finish.send(check::check(root, layout, &hashes, &parts, &all, &so_far));
        });
        loop {
            match finished.recv_timeout(Duration::from_millis(100)) {
                Ok(result) => return result,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    progress(u64::from(so_far.checked()) * torrent.piece_length);
                }
                // The panic goes on when the scope ends.
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
            }
        }
    })
}

/// What is wrong with one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Fault {
    /// It is not there.
    Missing,
    /// Something else is there: a folder, say.
    NotAFile,
    /// It ends too early.
    TooShort,
    /// It goes on after its end.
    TooLong,
    /// It holds other bytes.
    Wrong,
    /// It shares every doubtful piece with a file that is missing or cut, and may be good.
    Unproven,
}

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Fault::Missing => "missing",
            Fault::NotAFile => "not a file",
            Fault::TooShort => "too short",
            Fault::TooLong => "too long",
            Fault::Wrong => "wrong",
            Fault::Unproven => "unproven",
        }
    }
}

#[derive(Debug, Serialize)]
struct Finding {
    path: String,
    fault: Fault,
    /// Pieces of this file that are not good.
    bad_pieces: u32,
}

/// Which files are to blame for the pieces that are not good. A piece runs over the ends of
/// files: when one of its files is missing, that says nothing against the others.
fn judge(root: &Path, layout: &Layout, pieces: &[PieceState]) -> Vec<Finding> {
    let faults: Vec<Option<Fault>> = layout
        .files()
        .iter()
        .map(|entry| look(root, entry))
        .collect();
    let mut bad = vec![0_u32; faults.len()];
    let mut explained = vec![true; faults.len()];
    for piece in (0..)
        .zip(pieces)
        .filter(|(_, state)| **state != PieceState::Good)
        .map(|(p, _)| p)
    {
        let files: Vec<usize> = layout.piece_spans(piece).map(|span| span.file).collect();
        let cut = |&file: &usize| faults[file].is_some_and(|fault| fault != Fault::TooLong);
        let has_cause = files.iter().any(cut);
        for &file in &files {
            bad[file] += 1;
            explained[file] &= has_cause;
        }
    }
    let files = layout
        .files()
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            let fault = match faults[index] {
                Some(fault) => fault,
                None if bad[index] == 0 || entry.kind == Kind::Padding => return None,
                None if explained[index] => Fault::Unproven,
                None => Fault::Wrong,
            };
            let path = entry.path.to_string_lossy().replace('\\', "/");
            Some(Finding {
                path,
                fault,
                bad_pieces: bad[index],
            })
        });
    files.collect()
}

/// What can be told without reading.
fn look(root: &Path, entry: &layout::Entry) -> Option<Fault> {
    let path = root.join(&entry.path);
    match &entry.kind {
        Kind::Padding => None,
        Kind::Symlink { .. } => path.symlink_metadata().is_err().then_some(Fault::Missing),
        Kind::Regular { .. } => match fs::metadata(&path) {
            Err(_) => Some(Fault::Missing),
            Ok(metadata) if !metadata.is_file() => Some(Fault::NotAFile),
            Ok(metadata) if metadata.len() < entry.length => Some(Fault::TooShort),
            Ok(metadata) if metadata.len() > entry.length => Some(Fault::TooLong),
            Ok(_) => None,
        },
    }
}

fn report(torrent: &Metainfo, pieces: &[PieceState], findings: &[Finding]) -> Result<(), Failure> {
    let good = pieces
        .iter()
        .filter(|&&state| state == PieceState::Good)
        .count();
    output::result(|out| {
        for finding in findings {
            write!(
                out,
                "{:<10}  {}",
                finding.fault.words(),
                printable(&finding.path)
            )?;
            match finding.bad_pieces {
                0 => writeln!(out)?,
                bad => writeln!(out, "  ({})", count(bad.into(), "bad piece"))?,
            }
        }
        if findings.is_empty() {
            let files = torrent.files.iter().filter(|file| !file.padding).count() as u64;
            let files = count(files, "file");
            writeln!(
                out,
                "{}: {good} of {good} pieces are good, in {files}",
                printable(&torrent.name)
            )
        } else {
            writeln!(
                out,
                "{}: {good} of {} pieces are good",
                printable(&torrent.name),
                pieces.len()
            )
        }
    })
}

#[derive(Serialize)]
struct Verified<'a> {
    event: &'static str,
    name: &'a str,
    ok: bool,
    pieces: usize,
    pieces_good: usize,
    files_bad: usize,
}

#[derive(Serialize)]
struct FileEvent<'a> {
    event: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
}

fn report_json(
    torrent: &Metainfo,
    pieces: &[PieceState],
    findings: &[Finding],
) -> Result<(), Failure> {
    for finding in findings {
        output::json(&FileEvent {
            event: "file",
            finding,
        })?;
    }
    let good = pieces
        .iter()
        .filter(|&&state| state == PieceState::Good)
        .count();
    output::json(&Verified {
        event: "verified",
        name: &torrent.name,
        ok: findings.is_empty() && good == pieces.len(),
        pieces: pieces.len(),
        pieces_good: good,
        files_bad: findings.len(),
    })
}
