//! What waits for a disk beside everything else: syncing, and saving.

use std::future::pending;
use std::path::Path;

use resume::{Resume, StateFile};
use storage::{DiskError, ToSync};
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// What was done.
#[derive(Debug)]
pub enum Answer {
    Synced(Result<(), DiskError>),
    Saved(Result<(), String>),
}

/// What is under way: a sync and a save, at most one each.
#[derive(Debug, Default)]
pub struct Errands {
    sync: Option<JoinHandle<Answer>>,
    save: Option<JoinHandle<Answer>>,
}

impl Errands {
    /// Makes durable what was given out for it.
    pub fn sync(&mut self, what: ToSync) {
        self.sync = Some(spawn_blocking(move || Answer::Synced(what.sync())));
    }

    /// Replaces the resume file.
    pub fn save(&mut self, file: StateFile, resume: Resume) {
        self.save = Some(spawn_blocking(move || {
            let saved = file.save(&resume.encode());
            Answer::Saved(saved.map_err(|error| error.to_string()))
        }));
    }

    /// The next answer; never, if nothing is under way. Nothing is lost if it is not waited for.
    pub async fn next(&mut self) -> Answer {
        tokio::select! {
            done = of(&mut self.sync) => {
                self.sync = None;
                done.unwrap_or_else(|error| Answer::Synced(Err(broken(&error))))
            }
            done = of(&mut self.save) => {
                self.save = None;
                done.unwrap_or_else(|error| Answer::Saved(Err(error.to_string())))
            }
        }
    }

    /// Whether a save is.
    pub fn is_saving(&self) -> bool {
        self.save.is_some()
    }
}

async fn of(errand: &mut Option<JoinHandle<Answer>>) -> Result<Answer, JoinError> {
    match errand {
        Some(errand) => errand.await,
        None => pending().await,
    }
}

/// A thread that has panicked has said so on stderr.
fn broken(error: &JoinError) -> DiskError {
    let cause = std::io::Error::other(error.to_string());
    DiskError::new(storage::Doing::Sync, Path::new(""), cause)
}
