//! The files that are given to others.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use blocks::BlockBuf;
use connection::{Pool, Source};
use messages::BlockRequest;
use storage::{DiskError, Handles, Job, read_now};
use tokio::sync::{mpsc, oneshot};

use super::disk::{DiskQueue, TorrentId};
use super::figures::Notice;

/// What a read comes to.
type Answer = Result<BlockBuf, String>;

/// The files that were read from last, of all torrents.
pub(super) type NodeHandles = Rc<RefCell<Handles<(TorrentId, usize)>>>;

/// A torrent's files, for its connections. What is in memory comes from the files that the disk
/// service opened; the rest is read by the disk service.
///
/// The user is told of each file that cannot be read, once: every peer that wants it would tell it
/// again.
pub(super) struct Shared {
    id: TorrentId,
    queue: DiskQueue,
    pool: Pool,
    handles: NodeHandles,
    waiting: RefCell<VecDeque<(BlockRequest, oneshot::Sender<Answer>)>>,
    told: RefCell<BTreeSet<PathBuf>>,
    notify: mpsc::UnboundedSender<Notice>,
}

impl Shared {
    /// The files of a torrent that is served.
    pub fn new(
        id: TorrentId,
        queue: DiskQueue,
        pool: Pool,
        handles: NodeHandles,
        notify: mpsc::UnboundedSender<Notice>,
    ) -> Shared {
        Shared {
            id,
            queue,
            pool,
            handles,
            waiting: RefCell::default(),
            told: RefCell::default(),
            notify,
        }
    }

    /// The disk service has answered a read.
    pub fn done(
        &self,
        block: BlockRequest,
        buf: BlockBuf,
        result: Result<(), DiskError>,
        files: Vec<(usize, Arc<File>)>,
    ) {
        for (index, file) in files {
            self.handles.borrow_mut().keep((self.id, index), file);
        }
        let answer = match result {
            Ok(()) => Ok(buf),
            Err(error) => {
                self.pool.give(buf);
                self.tell(&error);
                Err(error.to_string())
            }
        };
        let mut waiting = self.waiting.borrow_mut();
        // They are answered in their order, so it is the first.
        let place = waiting.iter().position(|(asked, _)| *asked == block);
        let asked = place.and_then(|place| waiting.remove(place));
        // The connection may have ended meanwhile.
        if let Some((_, asked)) = asked
            && let Err(Ok(buf)) = asked.send(answer)
        {
            self.pool.give(buf);
        }
    }

    fn tell(&self, error: &DiskError) {
        if self.told.borrow_mut().insert(error.path().to_owned()) {
            // Faces that do not listen miss it.
            let _ = self.notify.send(Notice::FileFailed {
                path: error.path().to_owned(),
                why: error.to_string(),
            });
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let ours = |(id, _): &(TorrentId, usize)| *id == self.id;
        self.handles.borrow_mut().close(ours);
    }
}

impl Source for Shared {
    fn read_now(&self, file: usize, offset: u64, buf: &mut [u8]) -> bool {
        let file = self.handles.borrow_mut().known(&(self.id, file));
        file.is_some_and(|file| read_now(&file, offset, buf))
    }

    fn read(&self, block: BlockRequest) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let buf = self.pool.take();
        // Where there is no thread any more, the answer is dropped, and that is heard.
        if self.queue.hand_in(self.id, Job::Read { block, buf }) {
            self.waiting.borrow_mut().push_back((block, answer));
        }
        receiver
    }
}

#[cfg(test)]
mod tests {
    use layout::{Kind, Layout};
    use pretty_assertions::assert_eq;
    use storage::{Done, Hashes, Storage};

    use super::super::disk;
    use super::*;

    /// A torrent of two files of 10 bytes, of which only the first is there.
    fn layout(dir: &std::path::Path) -> Arc<Layout> {
        std::fs::write(dir.join("a"), "0123456789").unwrap();
        let regular = Kind::Regular { executable: false };
        let entry = |name: &str| (name.into(), 10, regular.clone());
        Arc::new(Layout::new(vec![entry("a"), entry("b")], 16 * 1024).unwrap())
    }

    fn block(offset: u32, len: u32) -> BlockRequest {
        BlockRequest {
            piece: 0,
            offset,
            len,
        }
    }

    #[tokio::test]
    async fn what_the_disk_service_opened_is_read_from_memory_after_that() {
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let storage = Storage::open(dir.path(), layout, Hashes::V1(Arc::new([]))).unwrap();
        let (queue, thread) = disk::start().unwrap();
        let mut served = queue.enter(TorrentId(3), storage);
        let (notify, mut notices) = mpsc::unbounded_channel();
        let handles = NodeHandles::default();
        let shared = Shared::new(TorrentId(3), queue, Pool::new(10), handles.clone(), notify);

        assert!(!shared.read_now(0, 2, &mut [0; 3]), "nothing is open yet");
        let asked = [block(2, 3), block(5, 10), block(0, 1), block(12, 4)];
        let asked = asked.map(|block| shared.read(block));
        for _ in 0..4 {
            let Some(Done::Read {
                block,
                buf,
                result,
                files,
            }) = served.done.recv().await
            else {
                panic!("a read");
            };
            shared.done(block, buf, result, files);
        }
        let [first, second, third, fourth] = asked;
        assert_eq!(first.await.unwrap().unwrap()[..3], *b"234");
        assert_eq!(third.await.unwrap().unwrap()[..1], *b"0");
        for missing in [second, fourth] {
            let why = missing.await.unwrap().unwrap_err();
            assert!(why.contains("put it back"), "{why}");
        }
        // The user hears of it once.
        let Ok(Notice::FileFailed { path, .. }) = notices.try_recv() else {
            panic!("a notice");
        };
        assert_eq!(path, dir.path().join("b"));
        assert!(notices.try_recv().is_err());
        // Not every disk can tell what is in memory. What it does give is right.
        let mut bytes = [0; 3];
        if shared.read_now(0, 2, &mut bytes) {
            assert_eq!(bytes, *b"234");
        }
        assert!(!shared.read_now(1, 0, &mut bytes));

        assert!(!handles.borrow().is_empty());
        drop((shared, served));
        assert!(handles.borrow().is_empty(), "its files are closed");
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_read_that_nobody_does_is_heard_to_fail() {
        let (queue, thread) = disk::start_slow(|_| panic!("the thread ends here"));
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let storage = Storage::open(dir.path(), layout, Hashes::V1(Arc::new([]))).unwrap();
        let served = queue.enter(TorrentId(3), storage);
        served.hand_in(Job::Sync);
        assert!(thread.join().is_err());
        let (notify, _notices) = mpsc::unbounded_channel();
        let shared = Shared::new(
            TorrentId(3),
            queue,
            Pool::new(10),
            NodeHandles::default(),
            notify,
        );
        assert!(shared.read(block(0, 1)).await.is_err());
    }
}
