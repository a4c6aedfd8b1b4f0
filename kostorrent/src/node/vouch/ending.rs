//! The end of a life.

use std::time::Duration;

use storage::{Changed, Done, Job, PieceState};

use super::super::disk::TorrentDisk;
use super::looks::For;
use super::{Voucher, Wish};

/// How long whoever ends a torrent waits for the disk. What is not durable by then is read again at the
/// next start.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many pieces in doubt are still read at the end: those that a peer hung up on, which lie in the
/// system's memory, since they were sent a moment ago. Of more the next start reads them.
const READ_AT_THE_END: usize = 16;

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The user wants to go on later: everything is made durable first.
    InOrder,
    /// Everything is there, and nobody waits for a disk: what was written and is not durable yet is
    /// read again at the next start, if there is one.
    Quick,
}

impl Voucher {
    /// Saves for the last time.
    pub async fn end(mut self, disk: &mut TorrentDisk, ending: Ending) {
        self.looks.forget_saves();
        self.finish_saving().await;
        // What others have written is durable by now, or nearly.
        let is_quick = !self.has_written || self.ledger.unsynced() == 0;
        let mut is_in_order = false;
        if ending == Ending::InOrder || is_quick {
            let ended = tokio::time::timeout(PATIENCE, self.put_in_order(disk)).await;
            is_in_order = ended.is_ok_and(|all_is_done| all_is_done);
            self.finish_saving().await;
        }
        for piece in std::mem::take(&mut self.in_doubt) {
            self.is_sure = false;
            self.ledger.lost(piece);
        }
        self.save(self.is_sure && is_in_order);
        self.finish_saving().await;
        self.say_why();
    }

    /// Whether all of it could be done: the disk's thread is there.
    async fn put_in_order(&mut self, disk: &mut TorrentDisk) -> bool {
        self.until(disk, |vouch| vouch.batch.is_none()).await
            && self.read_what_is_in_doubt(disk).await
            && self.make_all_durable(disk).await
            && self.settle(disk).await
            && self.look_for_changes(disk).await
            // What was still on its way to the disk when the end came.
            && self.make_all_durable(disk).await
    }

    /// Reads the pieces in doubt, if they are few. Those that are good are not in doubt any more.
    async fn read_what_is_in_doubt(&mut self, disk: &mut TorrentDisk) -> bool {
        if self.in_doubt.len() > READ_AT_THE_END {
            return true;
        }
        self.unread = self.in_doubt.clone();
        for &piece in &self.in_doubt {
            self.wishes.push_back(Wish::Job(Job::Check { piece }));
        }
        self.until(disk, |vouch| vouch.unread.is_empty()).await
    }

    async fn finish_saving(&mut self) {
        while self.errands.is_saving() {
            let answer = self.errands.next().await;
            self.did(answer);
        }
    }

    async fn make_all_durable(&mut self, disk: &mut TorrentDisk) -> bool {
        if self.syncs && self.ledger.unsynced() > 0 {
            self.begin_batch();
        }
        self.until(disk, |vouch| vouch.batch.is_none()).await
    }

    /// Looks at the files until their clocks have ticked, so that whatever happens to them later will
    /// show.
    async fn settle(&mut self, disk: &mut TorrentDisk) -> bool {
        for _ in 0..2 {
            let Some(at) = self.ledger.settles_at() else {
                return true;
            };
            tokio::time::sleep_until(self.started + at).await;
            let files = self.ledger.unsettled();
            if !self.look_now(disk, files).await {
                return false;
            }
        }
        true
    }

    /// What somebody has changed before we looked is not vouched for.
    async fn look_for_changes(&mut self, disk: &mut TorrentDisk) -> bool {
        let files = 0..self.layout.files().len();
        self.look_now(disk, files.collect()).await
    }

    async fn look_now(&mut self, disk: &mut TorrentDisk, files: Vec<usize>) -> bool {
        self.look(For::End, files);
        self.until(disk, |vouch| !vouch.looks.any()).await
    }

    /// Carries jobs to the disk, and answers back, until it is so; whether the disk's thread is there
    /// to do it.
    async fn until(&mut self, disk: &mut TorrentDisk, is_so: impl Fn(&Voucher) -> bool) -> bool {
        while !is_so(self) {
            while let Some(wish) = self.next() {
                if let Wish::Job(job) = wish
                    && !disk.hand_in(job)
                {
                    return false;
                }
            }
            tokio::select! {
                answer = self.errands.next() => self.did(answer),
                done = disk.done.recv() => match done {
                    Some(done) => self.hear(done),
                    None => return false,
                },
            }
        }
        true
    }

    /// Whatever the disk answers, changes by others may be in it, and are told only once.
    fn hear(&mut self, done: Done) {
        let changed = match done {
            Done::GivenToSync(given) => return self.given(given),
            Done::LookedAt { files, changed } => {
                let changed = changed.map(numbers);
                self.changed_at_the_end(changed.as_deref().unwrap_or_default());
                return self.looked_at(files, changed);
            }
            Done::Stored {
                piece,
                result,
                changed,
                ..
            } => {
                self.changed_at_the_end(&numbers(changed));
                return self.stored(piece, &result);
            }
            Done::Settled(settled) => settled.map(|settled| {
                self.settled();
                self.lost(settled.lost);
                settled.changed
            }),
            Done::Chosen(chosen) => {
                // Where its bytes are now is found at the next start.
                self.is_sure = false;
                chosen.map(|chosen| {
                    self.changed(chosen.moved);
                    self.lost(chosen.lost);
                    chosen.changed
                })
            }
            Done::Looked { result, .. } => result,
            Done::Checked {
                piece,
                result,
                changed,
            } => {
                let is_good = matches!(result, Ok(PieceState::Good));
                if self.unread.remove(&piece) && is_good {
                    self.in_doubt.remove(&piece);
                    // It may have been lost when its file was changed.
                    self.ledger.found(piece, self.started.elapsed());
                }
                changed
            }
            Done::Read { changed, .. } => changed,
            Done::Synced(_) => return,
        };
        // What could not be looked at now is looked at before the end is over.
        self.changed_at_the_end(&numbers(changed.unwrap_or_default()));
    }

    /// Nobody reads any more what is in these files: the next start does.
    fn changed_at_the_end(&mut self, files: &[usize]) {
        if !files.is_empty() {
            self.is_sure = false;
            self.changed(files.iter().copied());
        }
    }

    fn stored(&mut self, piece: u32, result: &storage::Stored) {
        let now = self.now();
        match result {
            storage::Stored::Written { .. } => self.ledger.written(piece, now),
            storage::Stored::Wrong { .. } => {}
            storage::Stored::Failed(_) => self.touched_those_of(piece),
        }
    }

    /// What nobody is told any more goes to the log.
    fn say_why(&mut self) {
        while let Some(wish) = self.next() {
            tracing::debug!(?wish, "at the end");
        }
    }
}

fn numbers(changed: Vec<Changed>) -> Vec<usize> {
    changed.into_iter().map(|changed| changed.file).collect()
}
