//! Open files, a few at a time: a torrent may have more files than a process may hold open.

use std::fs::File;
use std::sync::Arc;

/// How many files stay open, unless told otherwise.
pub const OPEN_FILES: usize = 40;

// ANCHOR: handles
/// The files used last, the latest at the end; known by their numbers, or by whatever `K` is.
#[derive(Debug)]
pub struct Handles<K = usize> {
    open: Vec<(K, Arc<File>)>,
    most: usize,
}

impl<K: PartialEq> Handles<K> {
    /// Keeps `most` files open, at least one.
    pub fn new(most: usize) -> Handles<K> {
        Handles {
            open: Vec::new(),
            most: most.max(1),
        }
    }

    /// The file of this number: one of the open ones, or else from `open`. Then the one that was
    /// not used for longest is closed, if there are too many.
    ///
    /// # Errors
    ///
    /// What `open` says.
    pub fn get<E>(
        &mut self,
        key: K,
        open: impl FnOnce() -> Result<File, E>,
    ) -> Result<Arc<File>, E> {
        match self.known(&key) {
            Some(file) => Ok(file),
            None => {
                let file = Arc::new(open()?);
                self.keep(key, Arc::clone(&file));
                Ok(file)
            }
        }
    }

    /// The file of this number, if it is one of the open ones.
    pub fn known(&mut self, key: &K) -> Option<Arc<File>> {
        // ANCHOR: yours_known (chapter 10, "Thousands of files")
        let place = self.open.iter().rposition(|(open, _)| open == key)?;
        self.open[place..].rotate_left(1);
        self.open.last().map(|(_, file)| Arc::clone(file))
        // ANCHOR_END: yours_known
    }

    /// Keeps a file that is open; in place of the one that had its number, if there is one.
    pub fn keep(&mut self, key: K, file: Arc<File>) {
        // ANCHOR: yours_keep (chapter 10, "Thousands of files")
        self.open.retain(|(open, _)| *open != key);
        if self.open.len() >= self.most {
            self.open.remove(0);
        }
        self.open.push((key, file));
        // ANCHOR_END: yours_keep
    }
    // ANCHOR_END: handles

    /// Closes the files of these numbers.
    pub fn close(&mut self, which: impl Fn(&K) -> bool) {
        self.open.retain(|(key, _)| !which(key));
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

impl<K: PartialEq> Default for Handles<K> {
    fn default() -> Handles<K> {
        Handles::new(OPEN_FILES)
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
    fn a_file_opened_elsewhere_is_known_until_others_push_it_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| Arc::new(File::create(dir.path().join(name)).unwrap());
        let mut handles = Handles::new(2);
        assert!(handles.known(&("t", 1)).is_none());
        let (first, again) = (file("1"), file("1"));
        handles.keep(("t", 1), first);
        handles.keep(("t", 1), Arc::clone(&again));
        assert!(Arc::ptr_eq(&handles.known(&("t", 1)).unwrap(), &again));
        handles.keep(("t", 2), file("2"));
        assert!(handles.known(&("t", 1)).is_some());
        handles.keep(("u", 1), file("3"));
        let known = [("t", 1), ("t", 2), ("u", 1)].map(|key| handles.known(&key).is_some());
        assert_eq!(known, [true, false, true]);
        handles.close(|(torrent, _)| *torrent == "t");
        let known = [("t", 1), ("t", 2), ("u", 1)].map(|key| handles.known(&key).is_some());
        assert_eq!(known, [false, false, true]);
    }

    #[test]
    fn a_file_that_is_kept_twice_takes_one_place() {
        let dir = tempfile::tempdir().unwrap();
        let mut handles = Handles::new(2);
        for key in [1, 1, 2, 2] {
            let file = File::create(dir.path().join("file")).unwrap();
            handles.keep(key, Arc::new(file));
        }
        assert_eq!(handles.len(), 2);
        assert!(handles.known(&1).is_some());
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
