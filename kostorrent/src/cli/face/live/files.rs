//! How far each file is, from where the pieces stand.

use engine::{Details, OpenPiece};
use progress::Piece;

use super::shown::Shown;
use crate::cli::face::FileSpan;

/// A file, and how much of it is here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Progress<'a> {
    pub file: &'a FileSpan,
    /// Bytes that are here, what has come of open pieces included.
    pub done: u64,
    /// Whether a piece of it is on its way.
    pub arriving: bool,
}

/// How far a file is.
pub(super) fn progress<'a>(shown: &'a Shown, file: &'a FileSpan) -> Progress<'a> {
    let pieces = shown.pieces();
    let length = shown.subject.piece_length.max(1);
    let end = file.start + file.length;
    let first = file.start / length;
    let mut progress = Progress {
        file,
        done: 0,
        arriving: false,
    };
    let numbers = first..end.div_ceil(length).max(first);
    for piece in numbers {
        let state = usize::try_from(piece).ok().and_then(|at| pieces.get(at));
        let begin = (piece * length).max(file.start);
        let bytes = ((piece + 1) * length).min(end).saturating_sub(begin);
        match state {
            Some(Piece::Here) => progress.done += bytes,
            Some(Piece::InFlight) => {
                progress.arriving = true;
                progress.done += come(&shown.details, piece, bytes);
            }
            _ => {}
        }
    }
    progress
}

/// What has come of so many bytes of an open piece, taking its blocks to be spread evenly.
fn come(details: &Details, piece: u64, bytes: u64) -> u64 {
    let open = u32::try_from(piece).ok().and_then(|piece| {
        let at = details.open.binary_search_by_key(&piece, |open| open.piece);
        details.open.get(at.ok()?)
    });
    open.map_or(0, |&OpenPiece { here, blocks, .. }| {
        bytes.saturating_mul(here as u64) / u64::from(blocks.max(1))
    })
}

/// The files that are arriving, at most so many: those that are nearest to their end.
pub(super) fn arriving(shown: &Shown, most: usize) -> Vec<Progress<'_>> {
    let length = shown.subject.piece_length.max(1);
    let files = &shown.subject.files;
    let mut found: Vec<usize> = Vec::new();
    for open in &shown.details.open {
        let begin = u64::from(open.piece) * length;
        let first = files.partition_point(|file| file.start + file.length <= begin);
        let of_piece = (first..files.len()).take_while(|&at| files[at].start < begin + length);
        found.extend(of_piece.filter(|&at| files[at].length > 0 && files[at].wanted));
    }
    found.sort_unstable();
    found.dedup();
    // A look at each piece of many files would be felt; the first of them will do.
    let found = found.into_iter().take(64);
    let mut arriving: Vec<_> = found.map(|at| progress(shown, &files[at])).collect();
    arriving.retain(|progress| progress.done < progress.file.length);
    arriving.sort_by_key(|progress| {
        let part = u128::from(progress.done) * 1_000 / u128::from(progress.file.length);
        (std::cmp::Reverse(part), progress.file.start)
    });
    arriving.truncate(most);
    arriving
}
