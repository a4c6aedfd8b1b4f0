//! The end of a life.

use std::time::Duration;

use storage::{Done, Job};

use super::super::disk::TorrentDisk;
use super::{Answer, Voucher, Wish};

/// How long whoever ends a torrent waits for the disk. What is not durable by then is read again at the
/// next start.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// Saves for the last time. `is_sure` says that nobody has changed files of which it is not known
    /// yet what is in them.
    pub async fn end(mut self, disk: &mut TorrentDisk, ending: Ending, is_sure: bool) {
        self.finish_saving().await;
        // What others have written is durable by now, or nearly.
        let is_quick = !self.has_written || self.ledger.unsynced() == 0;
        let mut is_in_order = false;
        if ending == Ending::InOrder || is_quick {
            let ended = tokio::time::timeout(PATIENCE, self.put_in_order(disk)).await;
            is_in_order = ended.is_ok();
            self.finish_saving().await;
        }
        self.save(is_sure && is_in_order);
        self.finish_saving().await;
        self.say_why();
    }

    async fn put_in_order(&mut self, disk: &mut TorrentDisk) {
        self.finish_batch(disk).await;
        self.make_all_durable(disk).await;
        self.settle().await;
        self.look_for_changes(disk).await;
        // What was still on its way to the disk when the end came.
        self.make_all_durable(disk).await;
    }

    async fn finish_saving(&mut self) {
        while self.errands.is_saving() {
            let answer = self.errands.next().await;
            self.did(answer);
        }
    }

    async fn make_all_durable(&mut self, disk: &mut TorrentDisk) {
        if self.syncs && self.ledger.unsynced() > 0 {
            self.begin_batch();
            self.finish_batch(disk).await;
        }
    }

    async fn finish_batch(&mut self, disk: &mut TorrentDisk) {
        while self.batch.is_some() {
            while let Some(wish) = self.next() {
                if let Wish::Job(job) = wish
                    && !disk.hand_in(job)
                {
                    return;
                }
            }
            tokio::select! {
                answer = self.errands.next() => self.did(answer),
                done = disk.done.recv() => match done {
                    Some(done) => self.hear(done),
                    None => return,
                },
            }
        }
    }

    fn hear(&mut self, done: Done) {
        match done {
            Done::GivenToSync(given) => self.given(given),
            Done::Stored {
                piece,
                result: storage::Stored::Written { .. },
                changed,
                ..
            } => {
                self.changed(changed.iter().map(|changed| changed.file));
                let now = self.now();
                self.ledger.written(piece, now);
            }
            _ => {}
        }
    }

    fn changed(&mut self, files: impl IntoIterator<Item = usize>) {
        for file in files {
            for piece in self.layout.all_pieces_of(file) {
                self.ledger.lost(piece);
            }
        }
    }

    /// Looks at the files until their clocks have ticked, so that whatever happens to them later will
    /// show.
    async fn settle(&mut self) {
        for _ in 0..2 {
            let Some(at) = self.ledger.settles_at() else {
                return;
            };
            tokio::time::sleep_until(self.started + at).await;
            let files = self.ledger.unsettled();
            self.errands
                .look(self.root.clone(), self.layout.clone(), files);
            while self.errands.is_saving() {
                match self.errands.next().await {
                    Answer::Looked(looks) => self.looked(looks),
                    other => self.did(other),
                }
            }
        }
    }

    /// What somebody has changed before we looked is not vouched for.
    async fn look_for_changes(&mut self, disk: &mut TorrentDisk) {
        let mut from = Some(0);
        while let Some(first) = from {
            if !disk.hand_in(Job::Look { from: first }) {
                return;
            }
            from = loop {
                match disk.done.recv().await {
                    Some(Done::Looked { result, next }) => {
                        let changed = result.unwrap_or_default();
                        self.changed(changed.iter().map(|changed| changed.file));
                        break next;
                    }
                    Some(other) => self.hear(other),
                    None => return,
                }
            };
        }
    }

    /// What nobody is told any more goes to the log.
    fn say_why(&mut self) {
        while let Some(wish) = self.next() {
            tracing::debug!(?wish, "at the end");
        }
    }
}
