//! Another choice of files, and what follows from it.

use engine::{Command, Event};
use selection::{Needs, Selection};
use storage::{Chosen, DiskError};
use tracing::debug;

use super::Task;
use crate::node::choosing::{self, Choosing};
use crate::node::figures::Notice;

impl Task {
    /// The user wants other files.
    pub(super) fn choose(&mut self, choice: &Selection) {
        if let Some(choosing) = &mut self.choosing {
            // Whatever the engine has written after this comes to the disk after it, too.
            let job = choosing.ask(choice);
            self.hand_in(job);
            self.want(choice);
        }
    }

    fn want(&mut self, choice: &Selection) {
        debug!(%choice, "wanted");
        let (wanted, first) = choosing::pieces(&Needs::of(&self.layout, choice));
        self.vouch(|vouch| vouch.choose(choice.numbers()));
        self.tell(Event::Command(Command::Want {
            wanted: wanted.to_bytes(),
            first: first.iter().map(|class| class.to_bytes()).collect(),
        }));
        let selection = choice.clone();
        let _ = self.notify.send(Notice::Chosen { selection });
    }

    /// The disk is ready for a choice, or cannot be.
    pub(super) fn chosen(&mut self, chosen: Result<Chosen, DiskError>) {
        let choosing = self.choosing.as_mut();
        let left = choosing.and_then(|choosing| choosing.answered(chosen.is_ok()));
        match chosen {
            Ok(Chosen {
                changed,
                lost,
                moved,
            }) => {
                self.watch(|watch| watch.changed(changed));
                if !lost.is_empty() {
                    self.tell(Event::Lost { pieces: lost });
                }
                self.moved(&moved);
            }
            Err(error) => {
                let all: Vec<usize> = (0..self.layout.files().len()).collect();
                self.moved(&all);
                let path = error.path().to_owned();
                let why = error.to_string();
                let _ = self.notify.send(Notice::FileFailed { path, why });
                if let Some(left) = left {
                    self.want(&left);
                }
            }
        }
    }

    /// The bytes of these files are somewhere else now.
    fn moved(&mut self, files: &[usize]) {
        for &file in files {
            self.source.close(file);
        }
        if let (Some(vouch), Some(have)) = (&mut self.vouch, self.engine.have()) {
            vouch.moved(files, have);
        }
    }
}

/// The next choice; never, where none can be made.
pub(super) async fn next(choosing: &mut Option<Choosing>) -> Selection {
    match choosing {
        Some(choosing) => choosing.next().await,
        None => std::future::pending().await,
    }
}
