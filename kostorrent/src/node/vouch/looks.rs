//! Looks at files for the record.
//!
//! What is recorded of a file has to be what we have left, or the next start believes what somebody
//! else has written. So it is the disk service that looks, which knows what it has written itself:
//! whoever has changed a file by then is found out before the file's new time is recorded.

use std::collections::VecDeque;
use std::fs::Metadata;

use messages::Bitfield;
use resume::Stamp;
use storage::{DiskError, Job, LOOKS};

use super::{Voucher, Wish};

/// What a look is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Files of the batch are synced.
    Batch,
    /// A save is due.
    Save,
    /// The end: nobody waits for it but the one who has asked.
    End,
}

/// The looks that are under way, in the order in which they are answered: each with the files that are
/// still to be looked at after that.
#[derive(Debug, Default)]
pub struct Looks(VecDeque<(For, Vec<usize>)>);

impl Looks {
    /// Whether any is.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether one for this is.
    pub fn has(&self, what: For) -> bool {
        self.0.iter().any(|(asked, _)| *asked == what)
    }

    /// The end has come: no save waits for any of them.
    pub fn forget_saves(&mut self) {
        for (asked, _) in self.0.iter_mut().filter(|(asked, _)| *asked == For::Save) {
            *asked = For::End;
        }
    }
}

impl Voucher {
    /// Has files looked at, not too many at a time: others wait for the disk, too.
    pub(super) fn look(&mut self, what: For, mut files: Vec<usize>) {
        let rest = files.split_off(files.len().min(LOOKS));
        self.looks.0.push_back((what, rest));
        self.wishes.push_back(Wish::Job(Job::LookAt { files }));
    }

    /// Files were looked at. These of them, by their numbers, somebody has `changed`, and that was
    /// [told](Voucher::changed) before.
    pub fn looked_at(
        &mut self,
        files: Vec<(usize, Option<Metadata>)>,
        changed: Result<Vec<usize>, DiskError>,
    ) {
        let Some((what, rest)) = self.looks.0.pop_front() else {
            return;
        };
        let now = self.now();
        match changed {
            Ok(changed) => {
                let files = files.into_iter();
                for (file, found) in files.filter(|(file, _)| !changed.contains(file)) {
                    let stamp = found.as_ref().and_then(Stamp::of);
                    self.ledger.looked(file, stamp, now);
                }
            }
            Err(error) if what == For::Batch => return self.batch_failed(&error),
            // What is on record stays.
            Err(_) if what == For::Save => return self.save(false),
            Err(_) => self.is_sure = false,
        }
        match what {
            _ if !rest.is_empty() => self.look(what, rest),
            For::Batch => self.batch_goes_on(),
            For::Save => self.save(false),
            For::End => {}
        }
    }

    /// Somebody has changed these files: until they are read again, nothing in them is vouched for.
    pub fn changed(&mut self, files: impl IntoIterator<Item = usize>) {
        for file in files {
            self.ledger.touched(file);
            self.lost(self.layout.all_pieces_of(file));
        }
    }

    /// The bytes of these files are somewhere else now, and `have` is what is there all the same: it is
    /// vouched for when it is durable where it is.
    pub fn moved(&mut self, files: &[usize], have: &Bitfield) {
        self.changed(files.iter().copied());
        let now = self.now();
        for &file in files {
            for piece in self
                .layout
                .all_pieces_of(file)
                .filter(|&piece| have.get(piece))
            {
                self.ledger.found(piece, now);
            }
        }
    }

    /// The files of a complete download were cut to their length.
    pub fn settled(&mut self) {
        self.ledger.trimmed();
    }
}
