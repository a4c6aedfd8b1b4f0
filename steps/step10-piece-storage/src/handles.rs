//! Open files, a few at a time: a torrent may have more files than a process may hold open.

use std::fs::File;
use std::sync::Arc;

/// How many files stay open, unless told otherwise.
pub const OPEN_FILES: usize = 40;

// ANCHOR: handles
/// The files used last, the latest at the end.
#[derive(Debug)]
pub struct Handles {
    open: Vec<(usize, Arc<File>)>,
    most: usize,
}

impl Handles {
    /// Keeps `most` files open, at least one.
    pub fn new(most: usize) -> Handles {
        Handles {
            open: Vec::new(),
            most: most.max(1),
        }
    }

    /// File `index`: one of the open ones, or else from `open`. Then the one that was not used for
    /// longest is closed, if there are too many.
    pub fn get<E>(
        &mut self,
        index: usize,
        open: impl FnOnce() -> Result<File, E>,
    ) -> Result<Arc<File>, E> {
        let entry = match self.open.iter().rposition(|(open, _)| *open == index) {
            Some(place) => self.open.remove(place),
            None => (index, Arc::new(open()?)),
        };
        if self.open.len() >= self.most {
            self.open.remove(0);
        }
        let file = Arc::clone(&entry.1);
        self.open.push(entry);
        Ok(file)
    }
}
// ANCHOR_END: handles

impl Default for Handles {
    fn default() -> Handles {
        Handles::new(OPEN_FILES)
    }
}

#[cfg(test)]
impl Handles {
    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files opened by `get`, by number.
    fn use_in_order(order: &[usize]) -> Vec<usize> {
        let dir = tempfile::tempdir().unwrap();
        let mut opened = Vec::new();
        let mut handles = Handles::default();
        for &index in order {
            let file = || {
                opened.push(index);
                File::create(dir.path().join(index.to_string()))
            };
            handles.get(index, file).unwrap();
            assert!(handles.len() <= OPEN_FILES);
        }
        opened
    }

    #[test]
    fn an_open_file_is_not_opened_again() {
        assert_eq!(use_in_order(&[1, 2, 1, 2, 1]), [1, 2]);
    }

    #[test]
    fn the_file_not_used_for_longest_is_closed_first() {
        let order: Vec<usize> = (0..OPEN_FILES).chain([0, OPEN_FILES, 0, 2, 1]).collect();
        let opened: Vec<usize> = (0..=OPEN_FILES).chain([1]).collect();
        assert_eq!(use_in_order(&order), opened);
    }

    #[test]
    fn fewer_may_be_kept_but_one() {
        let dir = tempfile::tempdir().unwrap();
        for (most, kept) in [(0, 1), (1, 1), (3, 3)] {
            let mut handles = Handles::new(most);
            for index in 0..10 {
                let file = || File::create(dir.path().join(index.to_string()));
                handles.get(index, file).unwrap();
            }
            assert_eq!(handles.len(), kept);
        }
    }

    #[test]
    fn a_file_that_does_not_open_closes_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut handles = Handles::default();
        handles
            .get(0, || File::create(dir.path().join("0")))
            .unwrap();
        assert!(
            handles
                .get(1, || File::open(dir.path().join("none")))
                .is_err()
        );
        assert_eq!(handles.len(), 1);
    }
}
