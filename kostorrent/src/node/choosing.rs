//! Other files are wanted while a torrent is at work.
//!
//! The engine is told at once, and the disk service has whatever it does next come after it has made
//! room for the new choice. What it cannot do is not wanted after all.

use std::collections::VecDeque;
use std::sync::Arc;

use layout::Layout;
use messages::Bitfield;
use selection::{Files, Needs, Priority, Selection};
use storage::Job;
use tokio::sync::watch;

/// The choices of a torrent's files.
pub(super) struct Choosing {
    layout: Arc<Layout>,
    choices: watch::Receiver<Option<Selection>>,
    /// What the disk is ready for, a number for each file; `None` is all.
    ready: Option<Vec<u8>>,
    /// What it is being made ready for, in the order of asking.
    asked: VecDeque<Selection>,
}

impl Choosing {
    /// At the start a part is wanted, or all.
    pub fn new(
        layout: Arc<Layout>,
        first: Option<&Selection>,
        choices: watch::Receiver<Option<Selection>>,
    ) -> Choosing {
        Choosing {
            layout,
            choices,
            ready: first.map(Selection::numbers),
            asked: VecDeque::new(),
        }
    }

    /// The next choice; never, when nobody can make one any more.
    pub async fn next(&mut self) -> Selection {
        loop {
            if self.choices.changed().await.is_err() {
                return std::future::pending().await;
            }
            if let Some(choice) = self.choices.borrow_and_update().clone() {
                return choice;
            }
        }
    }

    /// What the disk is to do for a choice.
    pub fn ask(&mut self, choice: &Selection) -> Job {
        self.asked.push_back(choice.clone());
        let files = 0..self.layout.files().len();
        let wanted = files.filter(|&file| choice.is_wanted(file)).collect();
        Job::Choose { wanted }
    }

    /// The disk has answered. If it could not do it, and nothing else was chosen since, what is left
    /// of the choice: of the files that it was to have, none that was not wanted before.
    pub fn answered(&mut self, is_done: bool) -> Option<Selection> {
        let mut left = self.asked.pop_front()?.numbers();
        if !is_done && let Some(was) = &self.ready {
            for (left, &was) in left.iter_mut().zip(was) {
                *left = if was == 0 { 0 } else { *left };
            }
        }
        let ready = self.ready.insert(left);
        if is_done || !self.asked.is_empty() {
            return None;
        }
        Selection::from_numbers(&Files::new(&self.layout), ready)
    }
}

/// The pieces that a choice needs, and classes of them that are fetched before others.
pub(super) fn pieces(needs: &Needs) -> (Bitfield, Vec<Bitfield>) {
    let with = |wanted: &dyn Fn(Priority) -> bool| {
        let mut set = Bitfield::new(needs.pieces.len() as u32);
        for (piece, _) in (0..).zip(&needs.pieces).filter(|(_, p)| wanted(**p)) {
            set.set(piece);
        }
        set
    };
    let wanted = with(&|priority| priority != Priority::Skip);
    let classes = [Priority::High, Priority::Normal];
    let classes = classes.map(|class| with(&|priority| priority == class));
    let first = match classes[1] == wanted {
        true => Vec::new(),
        false => classes.into(),
    };
    (wanted, first)
}

#[cfg(test)]
mod tests;
