//! What was asked of one peer and has not arrived.

use std::collections::BTreeMap;

use messages::{BlockHeader, BlockRequest, MAX_BLOCK};

use self::arrived::Arrived;

mod arrived;
mod parts;

pub use self::parts::{Part, Parts, Target};

/// The most requests that are remembered for one peer. A [`Window`](crate::Window) never keeps more
/// than that on their way, so a request that has to be forgotten was given up long ago.
pub const MAX_OUTSTANDING: usize = 1024;

// ANCHOR: outstanding
/// The requests on their way to one peer.
///
/// Most peers answer in the order of asking, and send exactly the block that they were asked for.
/// BEP 3 promises neither. An answer does not say which request it is for: it has a piece, an
/// offset and bytes. And some clients send 32 KiB where 16 KiB were asked for. So an answer is
/// taken in two steps:
///
/// 1. [`arriving`](Outstanding::arriving) cuts it where the blocks that we asked for begin and end.
/// 2. [`landed`](Outstanding::landed) notes which bytes of a block have come. When all have, the
///    block is whole, however it was cut and in whatever order its parts came.
///
/// The requests are sorted by piece and offset. So those that an answer touches are neighbours, and
/// found at once. In a list in the order of asking they would have to be searched for, and a peer
/// can send a million tiny answers a second.
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
    /// Its number among all requests of the connection: the older, the smaller.
    number: u64,
    /// How many times it was sent and has not been answered yet: mostly once.
    times: usize,
    /// Which of its bytes have come.
    arrived: Arrived,
}
// ANCHOR_END: outstanding

/// What became of a block when more of it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// It is whole, and the request is answered. If the same bytes come again, they are read past.
    Whole(BlockRequest),
    /// Some of it is still missing.
    Partial,
    /// Its request was cancelled, or was the oldest of too many, while the payload was being read.
    Forgotten,
}

impl Outstanding {
    /// Nothing asked.
    pub fn new() -> Outstanding {
        Outstanding::default()
    }

    /// Notes that a block was asked for. A request that is sent twice is noted twice, and waits for
    /// two answers.
    ///
    /// Only [`MAX_OUTSTANDING`] are kept. When there are that many already, the oldest is forgotten
    /// and returned.
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
    /// A payload begins to arrive: which of its bytes belong to which block that was asked for? The
    /// parts come in order, without a gap, and together they are as long as the payload.
    ///
    /// Nearly always the payload is exactly one block that we asked for. That allocates nothing.
    pub fn arriving(&self, header: BlockHeader) -> Parts {
        let BlockHeader { piece, offset, len } = header;
        let exact = BlockRequest { piece, offset, len };
        if self.contains(&exact) {
            return Parts::exactly(exact);
        }
        // No block is longer than MAX_BLOCK. One that begins that much before the payload, or
        // earlier, ends before the payload begins.
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
    /// Notes that `len` bytes have arrived at `target`, which is where
    /// [`arriving`](Outstanding::arriving) said that this part belongs. A part may come a few bytes
    /// at a time: then the target of the next ones is `len` bytes further on.
    pub fn landed(&mut self, target: Target, len: u32) -> Landed {
        // ANCHOR: yours_landed (chapter 7, "The puzzle of the 32 KiB")
        let Target { request, offset } = target;
        let Some(asked) = self.asked.get_mut(&request) else {
            return Landed::Forgotten;
        };
        // A block that came in one go is whole: nothing needs to be noted of its bytes.
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

    /// Forgets a request, because it was cancelled. If its block comes all the same, it is read
    /// past. True when it was outstanding.
    pub fn cancel(&mut self, request: &BlockRequest) -> bool {
        let asked = self.asked.remove(request);
        self.len -= asked.as_ref().map_or(0, |asked| asked.times);
        asked.is_some()
    }

    /// Forgets all requests. A choke does this: a peer that chokes us drops what it was asked, and
    /// says nothing about it (unless both know the fast extension, BEP 6).
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

    /// The request that has waited longest. All are walked through for it, but only when there are
    /// too many.
    fn oldest(&self) -> Option<BlockRequest> {
        let oldest = self.asked.iter().min_by_key(|(_, asked)| asked.number);
        oldest.map(|(&request, _)| request)
    }
}

#[cfg(test)]
mod tests;
