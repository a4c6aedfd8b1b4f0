//! What was asked of one peer and has not arrived.

use std::collections::BTreeMap;

use messages::{BlockHeader, BlockRequest, MAX_BLOCK};

use self::arrived::Arrived;

mod arrived;
mod parts;

pub use self::parts::{Part, Parts, Target};

/// The most requests that are remembered for one peer. More are never kept on their way (see
/// [`Window`](crate::Window)), so what falls out has been given up long ago.
pub const MAX_OUTSTANDING: usize = 1024;

// ANCHOR: outstanding
/// The requests on their way to one peer.
///
/// Most peers answer them in order, each with exactly its block. BEP 3 promises neither: an answer
/// is known by its piece and offset alone, and some clients send 32 KiB where 16 were asked for. So
/// the payload that arrives is cut along the blocks that were asked for
/// ([`arriving`](Outstanding::arriving)), and each block is whole when all its bytes have landed
/// ([`landed`](Outstanding::landed)), in whatever cuts and order they came.
///
/// The requests stand in the order of their blocks, so that those that a payload touches stand side
/// by side. In the order of asking, each answer that is not the next one would cost a walk, and a
/// peer can send a million tiny ones a second.
#[derive(Clone, Debug, Default)]
pub struct Outstanding {
    asked: BTreeMap<BlockRequest, Asked>,
    /// How many requests are on their way.
    len: usize,
    /// How many were noted since the connection began.
    noted: u64,
}

/// One request, and what has arrived of its block.
#[derive(Clone, Debug)]
struct Asked {
    /// Its number among all requests of the connection.
    number: u64,
    /// How often it was sent and not answered: mostly once.
    times: usize,
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
        let full = self.len >= MAX_OUTSTANDING;
        let forgotten = if full { self.oldest() } else { None };
        if let Some(oldest) = &forgotten {
            self.cancel(oldest);
        }
        let number = self.noted;
        let asked = self.asked.entry(request).or_insert_with(|| Asked {
            number,
            times: 0,
            arrived: Arrived::default(),
        });
        asked.times += 1;
        self.len += 1;
        self.noted += 1;
        forgotten
    }

    // ANCHOR: arriving
    /// How the payload of a block that begins to arrive divides into the blocks asked for. The
    /// parts follow one another and are as long together as the payload.
    ///
    /// The common case, exactly a block we asked for, allocates nothing.
    pub fn arriving(&self, header: BlockHeader) -> Parts {
        let BlockHeader { piece, offset, len } = header;
        let exact = BlockRequest { piece, offset, len };
        if self.contains(&exact) {
            return Parts::exactly(exact);
        }
        // A block that begins further ahead than any is long ends before the payload.
        let from = BlockRequest {
            piece,
            offset: offset.saturating_sub(MAX_BLOCK),
            len: 0,
        };
        let to = BlockRequest {
            offset: offset.saturating_add(len),
            ..from
        };
        let near = self.asked.range(from..to);
        Parts::cut(header, near.map(|(&request, _)| request))
    }
    // ANCHOR_END: arriving

    // ANCHOR: landed
    /// Notes that `len` bytes have arrived at `target`, which came from
    /// [`arriving`](Outstanding::arriving): a part, or the first bytes of one (then the next
    /// target begins `len` bytes further on).
    pub fn landed(&mut self, target: Target, len: u32) -> Landed {
        // ANCHOR: yours_landed (chapter 7, "The puzzle of the 32 KiB")
        let Target { request, offset } = target;
        let Some(asked) = self.asked.get_mut(&request) else {
            return Landed::Forgotten;
        };
        let at_once = offset == 0 && len >= request.len;
        if !at_once && !asked.arrived.add(offset, len, request.len) {
            return Landed::Partial;
        }
        asked.times -= 1;
        asked.arrived = Arrived::default();
        if asked.times == 0 {
            self.asked.remove(&request);
        }
        self.len -= 1;
        Landed::Whole(request)
        // ANCHOR_END: yours_landed
    }
    // ANCHOR_END: landed

    /// Forgets a request, because it was cancelled: its block is read past if it comes all the
    /// same. True when it was outstanding.
    pub fn cancel(&mut self, request: &BlockRequest) -> bool {
        let asked = self.asked.remove(request);
        self.len -= asked.as_ref().map_or(0, |asked| asked.times);
        asked.is_some()
    }

    /// Forgets all requests. A choke does this: without the fast extension (BEP 6) the peer drops
    /// what it was asked, and says no more about it.
    pub fn clear(&mut self) {
        self.asked.clear();
        self.len = 0;
    }

    /// How many requests are outstanding.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is outstanding.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Whether this block was asked for and is not whole.
    pub fn contains(&self, request: &BlockRequest) -> bool {
        self.asked.contains_key(request)
    }

    /// The blocks that were asked for, in the order of the torrent.
    pub fn iter(&self) -> impl Iterator<Item = BlockRequest> + '_ {
        self.asked.keys().copied()
    }

    /// The request that has waited longest. It is looked for only when there are too many.
    fn oldest(&self) -> Option<BlockRequest> {
        let oldest = self.asked.iter().min_by_key(|(_, asked)| asked.number);
        oldest.map(|(&request, _)| request)
    }
}

#[cfg(test)]
mod tests;
