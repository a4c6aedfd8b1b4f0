//! The files that are given to others.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::rc::Rc;
use std::sync::Arc;

use blocks::BlockBuf;
use connection::{Pool, Source};
use messages::BlockRequest;
use storage::{Handles, Job, read_now};
use tokio::sync::oneshot;

use super::disk::{DiskQueue, TorrentId};

/// The files that were read from last, of all torrents.
pub(super) type NodeHandles = Rc<RefCell<Handles<(TorrentId, usize)>>>;

/// A torrent's files, for its connections. What is in memory comes from the files that the disk
/// service opened; the rest is read by the disk service.
pub(super) struct Shared {
    id: TorrentId,
    queue: DiskQueue,
    pool: Pool,
    handles: NodeHandles,
    waiting: RefCell<VecDeque<(BlockRequest, oneshot::Sender<BlockBuf>)>>,
}

impl Shared {
    /// The files of a torrent that is served.
    pub fn new(id: TorrentId, queue: DiskQueue, pool: Pool, handles: NodeHandles) -> Shared {
        Shared {
            id,
            queue,
            pool,
            handles,
            waiting: RefCell::default(),
        }
    }

    /// The disk service has answered a read; whether it could be done.
    pub fn done(
        &self,
        block: BlockRequest,
        buf: BlockBuf,
        is_read: bool,
        files: Vec<(usize, Arc<File>)>,
    ) {
        for (index, file) in files {
            self.handles.borrow_mut().keep((self.id, index), file);
        }
        let mut waiting = self.waiting.borrow_mut();
        // They are answered in their order, so it is the first.
        let place = waiting.iter().position(|(asked, _)| *asked == block);
        let asked = place.and_then(|place| waiting.remove(place));
        match asked {
            // The connection may have ended meanwhile.
            Some((_, asked)) if is_read => {
                if let Err(buf) = asked.send(buf) {
                    self.pool.give(buf);
                }
            }
            _ => self.pool.give(buf),
        }
    }

    /// A file is not what it was: what is open of it is not read any more.
    pub fn close(&self, file: usize) {
        let mut handles = self.handles.borrow_mut();
        handles.close(|&key| key == (self.id, file));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let ours = |(id, _): &(TorrentId, usize)| *id == self.id;
        self.handles.borrow_mut().close(ours);
    }
}

// ANCHOR: source
impl Source for Shared {
    fn read_now(&self, file: usize, offset: u64, buf: &mut [u8]) -> bool {
        let file = self.handles.borrow_mut().known(&(self.id, file));
        file.is_some_and(|file| read_now(&file, offset, buf))
    }

    fn read(&self, block: BlockRequest) -> oneshot::Receiver<BlockBuf> {
        let (answer, receiver) = oneshot::channel();
        let buf = self.pool.take();
        // Where there is no thread any more, the answer is dropped, and that is heard.
        if self.queue.hand_in(self.id, Job::Read { block, buf }) {
            self.waiting.borrow_mut().push_back((block, answer));
        }
        receiver
    }
}
// ANCHOR_END: source

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
        let storage = Storage::open(dir.path(), layout, Hashes::V1(Arc::new([])), None).unwrap();
        let (queue, thread) = disk::start().unwrap();
        let mut served = queue.enter(TorrentId(3), storage);
        let handles = NodeHandles::default();
        let shared = Shared::new(TorrentId(3), queue, Pool::new(10), handles.clone());

        assert!(!shared.read_now(0, 2, &mut [0; 3]), "nothing is open yet");
        let asked = [block(2, 3), block(5, 10), block(0, 1), block(12, 4)];
        let asked = asked.map(|block| shared.read(block));
        for _ in 0..4 {
            let Some(Done::Read {
                block,
                buf,
                result,
                files,
                ..
            }) = served.done.recv().await
            else {
                panic!("a read");
            };
            shared.done(block, buf, result.is_ok(), files);
        }
        let [first, second, third, fourth] = asked;
        assert_eq!(first.await.unwrap()[..3], *b"234");
        assert_eq!(third.await.unwrap()[..1], *b"0");
        for missing in [second, fourth] {
            assert!(missing.await.is_err());
        }
        // Not every disk can tell what is in memory. What it does give is right.
        let mut bytes = [0; 3];
        if shared.read_now(0, 2, &mut bytes) {
            assert_eq!(bytes, *b"234");
        }
        assert!(!shared.read_now(1, 0, &mut bytes));

        assert!(!handles.borrow().is_empty());
        shared.close(0);
        assert!(!shared.read_now(0, 2, &mut bytes), "it was changed");
        drop((shared, served));
        assert!(handles.borrow().is_empty(), "its files are closed");
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_read_that_nobody_does_is_heard_to_fail() {
        let (queue, thread) = disk::start_slow(|_| panic!("the thread ends here"));
        let dir = tempfile::tempdir().unwrap();
        let layout = layout(dir.path());
        let storage = Storage::open(dir.path(), layout, Hashes::V1(Arc::new([])), None).unwrap();
        let served = queue.enter(TorrentId(3), storage);
        served.hand_in(Job::Sync);
        assert!(thread.join().is_err());
        let shared = Shared::new(TorrentId(3), queue, Pool::new(10), NodeHandles::default());
        assert!(shared.read(block(0, 1)).await.is_err());
    }
}
