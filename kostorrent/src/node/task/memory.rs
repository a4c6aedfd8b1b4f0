//! What follows for the resume file.

use engine::{Event, Stored};
use storage::Job;
use tokio::time::Instant;

use super::Task;
use crate::node::vouch::{Answer, Voucher, Wish};

impl Task {
    /// Does what follows for the resume file.
    pub(super) fn vouch(&mut self, tell: impl FnOnce(&mut Voucher)) {
        let Some(vouch) = &mut self.vouch else {
            return;
        };
        tell(vouch);
        let wishes: Vec<Wish> = std::iter::from_fn(|| vouch.next()).collect();
        for wish in wishes {
            match wish {
                Wish::Job(job) => self.hand_in(job),
                Wish::Notice(notice) => {
                    let _ = self.notify.send(notice);
                }
            }
        }
    }

    /// Whoever stops does not wait for pieces that wait for the resume file.
    pub(super) fn give_back(&mut self) {
        let held = self.vouch.as_mut().map(Voucher::give_back);
        for job in held.unwrap_or_default() {
            if let Job::Store { piece, blocks, .. } = job {
                self.buffers.back(piece, blocks);
                let result = Stored::Failed("the resume file was not saved in time".to_owned());
                self.tell(Event::Stored { piece, result });
            }
        }
    }
}

pub(super) fn due(vouch: &Option<Voucher>) -> Option<Instant> {
    vouch.as_ref().and_then(Voucher::due)
}

pub(super) async fn answer(vouch: &mut Option<Voucher>) -> Answer {
    match vouch {
        Some(vouch) => vouch.answer().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
