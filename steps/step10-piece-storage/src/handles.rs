//! Open files, a few at a time: a torrent may have more files than a process may hold open.

use std::fs::File;
use std::sync::Arc;

/// How many files stay open.
pub const OPEN_FILES: usize = 40;

/// The files used last, the latest at the end.
#[derive(Debug, Default)]
pub struct Handles {
    open: Vec<(usize, Arc<File>)>,
}

impl Handles {
    /// File `index`, from the open ones or else by `open`; the one unused for longest is closed when there are too many.
    pub fn get<E>(
        &mut self,
        index: usize,
        open: impl FnOnce() -> Result<File, E>,
    ) -> Result<Arc<File>, E> {
        let entry = match self.open.iter().rposition(|(i, _)| *i == index) {
            Some(place) => self.open.remove(place),
            None => (index, Arc::new(open()?)),
        };
        if self.open.len() == OPEN_FILES {
            self.open.remove(0);
        }
        let file = Arc::clone(&entry.1);
        self.open.push(entry);
        Ok(file)
    }
}
