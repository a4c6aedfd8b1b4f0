//! The files that are given to others.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use connection::Files;
use layout::Layout;
use storage::{DiskError, Doing, Storage};
use tokio::sync::mpsc;

use super::figures::Notice;

/// The torrent's files, opened as they are needed, a few at a time. The user is told of each file
/// that cannot be read, once: every peer that wants it would tell it again.
pub(super) struct Shared {
    root: PathBuf,
    layout: Arc<Layout>,
    storage: RefCell<Storage>,
    told: RefCell<BTreeSet<usize>>,
    notify: mpsc::UnboundedSender<Notice>,
}

impl Shared {
    /// `storage` is for this alone: what we send is read apart from what the disk thread writes.
    pub fn new(
        root: PathBuf,
        layout: Arc<Layout>,
        storage: Storage,
        notify: mpsc::UnboundedSender<Notice>,
    ) -> Shared {
        Shared {
            root,
            layout,
            storage: RefCell::new(storage),
            told: RefCell::default(),
            notify,
        }
    }

    fn tell(&self, file: usize, error: &DiskError) {
        if self.told.borrow_mut().insert(file) {
            // Faces that do not listen miss it.
            let _ = self.notify.send(Notice::FileFailed {
                path: error.path().to_owned(),
                why: error.to_string(),
            });
        }
    }
}

impl Files for Shared {
    fn open(&self, file: usize) -> io::Result<Arc<File>> {
        let opened = self.storage.borrow_mut().file(file);
        opened
            .inspect_err(|error| self.tell(file, error))
            .map_err(io::Error::other)
    }

    fn unreadable(&self, file: usize, error: &io::Error) {
        let path = self.root.join(&self.layout.files()[file].path);
        // The kind alone: what to do about it is the disk error's to say.
        self.tell(
            file,
            &DiskError::new(Doing::Read, &path, error.kind().into()),
        );
    }
}

#[cfg(test)]
mod tests {
    use layout::Kind;
    use pretty_assertions::assert_eq;
    use storage::Hashes;

    use super::*;

    #[test]
    fn each_file_is_told_of_once() {
        let dir = tempfile::tempdir().unwrap();
        let regular = Kind::Regular { executable: false };
        let entry = |name: &str| (name.into(), 10, regular.clone());
        let layout = Layout::new(vec![entry("a"), entry("b")], 16 * 1024).unwrap();
        let layout = Arc::new(layout);
        let storage = Storage::open(dir.path(), layout.clone(), Hashes::V1(Arc::new([]))).unwrap();
        let (notify, mut notices) = mpsc::unbounded_channel();
        let shared = Shared::new(dir.path().to_owned(), layout, storage, notify);
        for _ in 0..3 {
            assert!(shared.open(0).is_err());
            shared.unreadable(1, &io::ErrorKind::UnexpectedEof.into());
        }
        let mut told = Vec::new();
        while let Ok(Notice::FileFailed { path, why }) = notices.try_recv() {
            told.push((path, why.contains("start again")));
        }
        let in_dir = |name| (dir.path().join(name), true);
        assert_eq!(told, [in_dir("a"), in_dir("b")]);
    }
}
