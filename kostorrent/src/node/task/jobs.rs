//! What the disk service is to do for the torrent, and what follows from its answers.

use blocks::BlockDigests;
use engine::{Event, Stored};
use storage::{DiskError, Doing, Done, Job};
use tracing::debug;

use super::{Task, Told};
use crate::node::vouch::Voucher;

impl Task {
    /// Lends a whole piece to the disk service.
    pub(super) fn store(&mut self, piece: u32, digests: BlockDigests) {
        let Some(blocks) = self.buffers.lend(piece) else {
            debug_assert!(false, "piece {piece} is not whole");
            let why =
                format!("a mistake in kostorrent: piece {piece} was stored before it was whole");
            let result = Stored::Refused(why);
            let _ = self
                .to_told
                .send(Told::Event(Event::Stored { piece, result }));
            return;
        };
        let job = Job::Store {
            piece,
            blocks,
            digests,
        };
        match self.vouch {
            Some(_) => self.vouch(|vouch| vouch.store(piece, job)),
            None => self.hand_in(job),
        }
    }

    pub(super) fn hand_in(&self, job: Job) {
        if !self.disk.hand_in(job) {
            let why = "the thread that writes to the disk has ended unexpectedly".to_owned();
            let _ = self.to_told.send(Told::Event(Event::DiskGone { why }));
        }
    }

    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Stored {
                piece,
                blocks,
                result,
                changed,
            } => {
                self.buffers.back(piece, blocks);
                // Before the piece: it is in the file that was made anew.
                self.watch(|watch| {
                    watch.used();
                    watch.changed(changed);
                    watch.stored(piece);
                });
                let result = outcome_of(result);
                self.tell(Event::Stored { piece, result });
            }
            Done::Read {
                block,
                buf,
                result,
                files,
                changed,
            } => {
                self.source.done(block, buf, result.is_ok(), files);
                let Err(error) = result else {
                    return;
                };
                debug!(%error, piece = block.piece, "cannot read");
                match changed {
                    Err(error) => self.disk_failed(&error),
                    Ok(changed) => self.watch(|watch| match changed.is_empty() {
                        true => watch.unreadable(block.piece, &error),
                        false => watch.changed(changed),
                    }),
                }
            }
            Done::Looked { result, next } => match result {
                Ok(changed) => self.watch(|watch| watch.looked(changed, next)),
                Err(error) => {
                    self.watch.failed();
                    self.disk_failed(&error);
                }
            },
            Done::Checked {
                piece,
                result,
                changed,
            } => match changed {
                Ok(changed) => {
                    let had = self.engine.have().is_some_and(|have| have.get(piece));
                    self.watch(|watch| {
                        watch.checked(piece, had, result);
                        watch.changed(changed);
                    });
                }
                Err(error) => {
                    self.watch.unchecked(piece);
                    self.disk_failed(&error);
                }
            },
            Done::LookedAt { files, changed } => {
                let numbers = match &changed {
                    Ok(changed) => Ok(changed.iter().map(|changed| changed.file).collect()),
                    Err(error) => Err(error.clone()),
                };
                match changed {
                    Ok(changed) => self.watch(|watch| watch.changed(changed)),
                    Err(error) => self.disk_failed(&error),
                }
                self.vouch(|vouch| vouch.looked_at(files, numbers));
            }
            Done::Settled(result) => match result {
                Ok(settled) => {
                    self.vouch(Voucher::settled);
                    self.watch(|watch| watch.settled(settled));
                }
                Err(error) => self.disk_failed(&error),
            },
            Done::Chosen(chosen) => self.chosen(chosen),
            // Nobody asks for it.
            Done::Synced(_) => {}
            Done::GivenToSync(given) => self.vouch(|vouch| vouch.given(given)),
        }
    }

    fn disk_failed(&mut self, error: &DiskError) {
        let why = error.to_string();
        self.tell(Event::DiskFailed { why });
    }
}

/// What the disk service says of a piece, in the engine's words.
fn outcome_of(stored: storage::Stored) -> Stored {
    match stored {
        storage::Stored::Written { digests } => Stored::Written { digests },
        storage::Stored::Wrong { digests } => Stored::Wrong { digests },
        storage::Stored::Failed(error) if error.doing() == Doing::Overwrite => {
            Stored::Refused(error.to_string())
        }
        storage::Stored::Failed(error) => Stored::Failed(error.to_string()),
    }
}
