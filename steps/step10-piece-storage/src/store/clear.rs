//! Files that nobody wants, and in which there is nothing but the ends of pieces that others need,
//! go; what is needed of them goes to the part file.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use layout::{Kind, Span};

use super::Storage;
use super::aside::CHUNK;
use crate::checker::{Checker, PieceState};
use crate::error::{DiskError, Doing};
use crate::known::Known;
use crate::seen::{Seen, change};
use crate::transfer;

/// Parts of a piece, each with where in the piece it begins.
type Shares = Vec<(u64, Span)>;

impl Storage {
    /// Takes those of these files away, none of which is wanted, by which nothing is lost. Gives
    /// them.
    ///
    /// Each piece is looked at once, whatever number of files is in it.
    pub(super) fn clear(
        &mut self,
        files: &BTreeSet<usize>,
        stop: &dyn Fn() -> bool,
    ) -> Result<BTreeSet<usize>, DiskError> {
        let mut going = BTreeSet::new();
        if self.aside.is_none() || self.folder.is_none() {
            return Ok(going);
        }
        going.extend(files.iter().filter(|&&file| self.may_go(file)));
        let mut shares = self.shares_of(&mut going, stop)?;
        for (_, spans) in &mut shares {
            spans.retain(|(_, span)| going.contains(&span.file));
        }
        shares.retain(|(_, spans)| !spans.is_empty());
        for (piece, spans) in &shares {
            self.put_aside(*piece, spans)?;
        }
        if !shares.is_empty() {
            self.sync()?;
        }
        // That may have taken minutes.
        going.retain(|&file| self.may_go(file));
        for &file in &going {
            self.remove(file);
            self.known[file] = Known::aside();
        }
        Ok(going)
    }

    /// Whether a file that nobody wants was made by us, is as it was when we last looked, and in its
    /// place. What others have put there is never taken away, whatever is in it.
    fn may_go(&self, index: usize) -> bool {
        let (entry, known) = (&self.layout.files()[index], self.known[index]);
        if !known.made || !known.role.is_the_torrents() {
            return false;
        }
        if !matches!(entry.kind, Kind::Regular { .. }) {
            return false;
        }
        let found = self.root.join(&entry.path).symlink_metadata();
        found.is_ok_and(|found| {
            let now = Some(Seen::of(&found));
            found.is_file() && change(known.seen, now, entry.length).is_none() && !known.touched
        })
    }

    /// What has to be kept of the files that are going, by piece. Those that have to stay are taken
    /// out.
    fn shares_of(
        &mut self,
        going: &mut BTreeSet<usize>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<(u32, Shares)>, DiskError> {
        let layout = self.layout.clone();
        let (mut shares, mut unfinished, mut next) = (Vec::new(), BTreeSet::new(), 0);
        let mut checker = self.checker();
        for file in going.clone() {
            for piece in layout.all_pieces_of(file) {
                if stop() {
                    return Err(self.given_up());
                }
                // An earlier file has it too, and all of it was looked at.
                if piece < next {
                    continue;
                }
                if !going.contains(&file) {
                    break;
                }
                match self.shares_in(piece, going, &mut checker)? {
                    Some(spans) => shares.push((piece, spans)),
                    None => drop(unfinished.insert(piece)),
                }
                next = piece + 1;
            }
        }
        // What is complete is somebody's, though others need all of its pieces.
        going.retain(|&file| {
            let mut pieces = layout.all_pieces_of(file);
            layout.files()[file].length == 0 || pieces.any(|piece| unfinished.contains(&piece))
        });
        Ok(shares)
    }

    /// What has to be kept of a piece if these files go; `None` if it is not good.
    ///
    /// All that they have of a good piece is, zeros too: they are as good as other bytes. Of a piece
    /// that is not good, only a file without any bytes of it may go.
    fn shares_in(
        &mut self,
        piece: u32,
        going: &mut BTreeSet<usize>,
        checker: &mut Checker,
    ) -> Result<Option<Shares>, DiskError> {
        let layout = self.layout.clone();
        let (mut from, mut spans) = (0, Shares::new());
        let mut is_wanted = false;
        for span in layout.piece_spans(piece) {
            is_wanted |= !self.is_padding(span) && !self.known[span.file].unwanted;
            if going.contains(&span.file) {
                spans.push((from, span));
            }
            from += span.len;
        }
        let mut bytes = BTreeSet::new();
        for (_, span) in &spans {
            if checker.has_data(*span)? {
                bytes.insert(span.file);
            }
        }
        let mut stay = |files: &mut dyn Iterator<Item = usize>| {
            for file in files {
                going.remove(&file);
            }
        };
        if !is_wanted {
            stay(&mut bytes.iter().copied());
            spans.retain(|(_, span)| !bytes.contains(&span.file));
            if spans.is_empty() {
                return Ok(None);
            }
        }
        match self.check_with(piece, checker)? {
            PieceState::Good if is_wanted => return Ok(Some(spans)),
            // Nobody needs it, so it does not go to the part file; but it is not thrown away.
            PieceState::Good => stay(&mut spans.iter().map(|(_, span)| span.file)),
            PieceState::Bad | PieceState::Missing => stay(&mut bytes.into_iter()),
        }
        Ok(None)
    }

    /// Copies parts of a piece from their files into the part file.
    fn put_aside(&mut self, piece: u32, shares: &Shares) -> Result<(), DiskError> {
        let place = self.aside_place();
        self.fill_slot(piece, |storage, aside, slot| {
            for &(from, span) in shares {
                let file = storage.file(span.file)?;
                let mut buffer = vec![0; span.len.min(CHUNK) as usize];
                let mut done = 0;
                while done < span.len {
                    let here = &mut buffer[..(span.len - done).min(CHUNK) as usize];
                    transfer::read(&file, span.offset + done, here)
                        .map_err(|e| storage.error(Doing::Read, span, e))?;
                    transfer::write_all(aside, slot + from + done, here)
                        .map_err(|e| DiskError::new(Doing::Write, &place, e))?;
                    done += here.len() as u64;
                }
            }
            Ok(())
        })
    }

    /// Takes a file away, and the folders that were made for it if they are empty.
    pub(super) fn remove(&mut self, index: usize) {
        let layout = self.layout.clone();
        let path = &layout.files()[index].path;
        self.handles.close(|&open| open == index);
        self.unsynced.files.remove(&index);
        self.longer.remove(&index);
        let Some(folder) = &mut self.folder else {
            return;
        };
        folder.walk_anew();
        // If it cannot be taken away, a file is left over that nobody wants, and no more.
        match folder.remove(path, false) {
            Err(error) if error.kind() != ErrorKind::NotFound => return,
            _ => {}
        }
        for above in path.ancestors().skip(1) {
            let place = self.root.join(above);
            folder.walk_anew();
            let may_go = self.known[index].made && !above.as_os_str().is_empty();
            if !may_go || folder.remove(above, true).is_err() {
                self.unsynced.folders.insert(place);
                break;
            }
            self.unsynced.folders.remove(&place);
        }
    }
}
