//! What was asked of one peer and has not arrived.

use std::collections::VecDeque;

use messages::{BlockHeader, BlockRequest};

use self::arrived::Arrived;

mod arrived;
mod parts;

pub use self::parts::{Part, Parts, Target};

/// The most requests that are remembered for one peer. More are never kept on their way (see
/// [`Window`](crate::Window)), so what falls out has been given up long ago.
pub const MAX_OUTSTANDING: usize = 1024;

// ANCHOR: outstanding
/// The requests on their way to one peer, in the order they were sent.
///
/// Most peers answer in that order, each request with exactly its block. BEP 3 promises neither:
/// an answer is known by its piece and offset alone, and some clients send 32 KiB where 16 were
/// asked for. So the payload that arrives is cut along the blocks that were asked for
/// ([`arriving`](Outstanding::arriving)), and each block is whole when all its bytes have landed
/// ([`landed`](Outstanding::landed)), in whatever cuts and order they came.
#[derive(Clone, Debug, Default)]
pub struct Outstanding {
    asked: VecDeque<Asked>,
}

/// One request, and what has arrived of its block.
#[derive(Clone, Debug)]
struct Asked {
    request: BlockRequest,
    arrived: Arrived,
}
// ANCHOR_END: outstanding

/// What became of a block when more of it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// It is whole, and the request is answered: the same bytes again are read past.
    Whole(BlockRequest),
    /// Some of it is still missing.
    Partial,
    /// Its request was cancelled or pushed out while the payload was being read.
    Forgotten,
}

impl Outstanding {
    /// Nothing asked.
    pub fn new() -> Outstanding {
        Outstanding::default()
    }

    /// Notes that a block was asked for. Each request that is sent is noted, and answered, once.
    ///
    /// Returns the oldest request when it had to be forgotten, since only [`MAX_OUTSTANDING`] are
    /// kept.
    pub fn ask(&mut self, request: BlockRequest) -> Option<BlockRequest> {
        let full = self.asked.len() >= MAX_OUTSTANDING;
        let forgotten = if full { self.asked.pop_front() } else { None };
        self.asked.push_back(Asked {
            request,
            arrived: Arrived::default(),
        });
        forgotten.map(|asked| asked.request)
    }

    // ANCHOR: arriving
    /// How the payload of a block that begins to arrive divides into the blocks asked for. The
    /// parts follow one another and are as long together as the payload.
    ///
    /// The common case, exactly a block we asked for, costs one comparison when it is the oldest
    /// one, and allocates nothing.
    pub fn arriving(&self, header: BlockHeader) -> Parts {
        let BlockHeader { piece, offset, len } = header;
        let exact = BlockRequest { piece, offset, len };
        if self.contains(&exact) {
            return Parts::exactly(exact);
        }
        Parts::cut(header, self.asked.iter().map(|asked| asked.request))
    }
    // ANCHOR_END: arriving

    // ANCHOR: landed
    /// Notes that `len` bytes have arrived at `target`, which came from
    /// [`arriving`](Outstanding::arriving): a part, or the first bytes of one (then the next
    /// target begins `len` bytes further on).
    pub fn landed(&mut self, target: Target, len: u32) -> Landed {
        let Target { request, offset } = target;
        let Some(place) = self.place(&request) else {
            return Landed::Forgotten;
        };
        let at_once = offset == 0 && len >= request.len;
        if at_once || self.asked[place].arrived.add(offset, len, request.len) {
            self.asked.remove(place);
            Landed::Whole(request)
        } else {
            Landed::Partial
        }
    }
    // ANCHOR_END: landed

    /// Forgets a request, because it was cancelled: its block is read past if it comes all the
    /// same. True when it was outstanding.
    pub fn cancel(&mut self, request: &BlockRequest) -> bool {
        let before = self.asked.len();
        self.asked.retain(|asked| asked.request != *request);
        self.asked.len() < before
    }

    /// Forgets all requests. A choke does this: without the fast extension (BEP 6) the peer drops
    /// what it was asked, and says no more about it.
    pub fn clear(&mut self) {
        self.asked.clear();
    }

    /// How many requests are outstanding.
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether nothing is outstanding.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Whether this block was asked for and is not whole.
    pub fn contains(&self, request: &BlockRequest) -> bool {
        self.place(request).is_some()
    }

    /// The outstanding requests, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = BlockRequest> + '_ {
        self.asked.iter().map(|asked| asked.request)
    }

    /// Where a request stands in the row. Answers come in order but for a few, so the search ends
    /// near the front.
    fn place(&self, request: &BlockRequest) -> Option<usize> {
        self.asked
            .iter()
            .position(|asked| asked.request == *request)
    }
}

#[cfg(test)]
mod tests;
