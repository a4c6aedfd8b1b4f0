//! Block buffers, used again and again.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use blocks::{BLOCK, BlockBuf, block_buf};

/// How long the scratch is, in bytes.
const SCRATCH: usize = 64 * 1024;

/// Where block buffers wait between two uses; one for all connections of a thread.
///
/// A buffer is owned by whoever works with it: a connection while it reads, the torrent while the
/// piece is open, the disk while it hashes and writes. Nothing is shared and nothing is copied.
/// How many exist is bounded by those who ask for blocks; the pool keeps at most `most` of them.
///
/// Here lives, too, the scratch into which a connection reads what is no block. It is empty whenever
/// nobody reads, and nobody stops in the middle of reading; so one is enough.
#[derive(Clone, Debug)]
pub struct Pool {
    free: Rc<RefCell<Vec<BlockBuf>>>,
    scratch: Rc<RefCell<Box<[u8]>>>,
    most: usize,
}

impl Pool {
    /// An empty pool that keeps at most `most` buffers.
    pub fn new(most: usize) -> Pool {
        Pool {
            free: Rc::default(),
            scratch: Rc::new(RefCell::new(vec![0; SCRATCH].into_boxed_slice())),
            most,
        }
    }

    /// A buffer with any content.
    pub fn take(&self) -> BlockBuf {
        let recycled = self.free.borrow_mut().pop();
        recycled.unwrap_or_else(block_buf)
    }

    /// Gives a buffer back.
    pub fn give(&self, buf: BlockBuf) {
        let mut free = self.free.borrow_mut();
        if free.len() < self.most && buf.len() == BLOCK as usize {
            free.push(buf);
        }
    }

    /// The scratch, for as long as one read takes.
    pub(crate) fn scratch(&self) -> RefMut<'_, Box<[u8]>> {
        self.scratch.borrow_mut()
    }

    /// How many buffers wait.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.free.borrow().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_given_back_is_used_again() {
        let pool = Pool::new(1);
        let mut buf = pool.take();
        buf[0] = 7;
        pool.give(buf);
        pool.give(vec![9; BLOCK as usize].into_boxed_slice());
        assert_eq!(pool.take()[0], 7);
        assert_eq!(pool.take()[0], 0, "the pool keeps one");
    }
}
