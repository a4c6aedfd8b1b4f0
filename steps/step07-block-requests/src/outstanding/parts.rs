//! A payload, cut along the blocks that were asked for.

use std::vec;

use messages::{BlockHeader, BlockRequest};

// ANCHOR: part
/// A part of a payload that is arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many bytes.
    pub len: u32,
    /// Where they belong. `None`: nobody asked for them, they are read past.
    pub target: Option<Target>,
}

/// A place in a block that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The block, as it was asked for.
    pub request: BlockRequest,
    /// Where in the block, in bytes. (In the piece it is `request.offset` more.)
    pub offset: u32,
}
// ANCHOR_END: part

/// The parts of one payload, in order. See [`Outstanding::arriving`](crate::Outstanding::arriving).
#[derive(Clone, Debug)]
pub struct Parts(Cut);

#[derive(Clone, Debug)]
enum Cut {
    /// Exactly one block, or none any more.
    Exactly(Option<Part>),
    /// Any other cut.
    Otherwise(vec::IntoIter<Part>),
}

impl Parts {
    /// The payload is just this block.
    pub(super) fn exactly(request: BlockRequest) -> Parts {
        let target = Some(Target { request, offset: 0 });
        let len = request.len;
        Parts(Cut::Exactly(Some(Part { len, target })))
    }

    // ANCHOR: cut
    /// Cuts a payload along those of the blocks `near` it that it touches; they come in the order
    /// of their offsets.
    pub(super) fn cut(header: BlockHeader, near: impl Iterator<Item = BlockRequest>) -> Parts {
        // ANCHOR: yours_cut (chapter 7, "The puzzle of the 32 KiB")
        let end = u64::from(header.offset) + u64::from(header.len);
        let mut parts = Vec::new();
        let mut at = u64::from(header.offset);
        for request in near {
            // What the payload does not touch, or what the block before has taken, is passed by.
            let from = at.max(request.offset.into());
            let to = end.min(end_of(&request));
            if from >= to {
                continue;
            }
            push(&mut parts, from - at, None);
            let offset = (from - u64::from(request.offset)) as u32;
            push(&mut parts, to - from, Some(Target { request, offset }));
            at = to;
        }
        push(&mut parts, end - at, None);
        Parts(Cut::Otherwise(parts.into_iter()))
        // ANCHOR_END: yours_cut
    }
    // ANCHOR_END: cut
}

/// Where a block ends in its piece. It can be past what 32 bits hold: a header may name any offset.
fn end_of(block: &BlockRequest) -> u64 {
    u64::from(block.offset) + u64::from(block.len)
}

/// Adds a part, unless it is empty.
fn push(parts: &mut Vec<Part>, len: u64, target: Option<Target>) {
    if len > 0 {
        let len = len as u32;
        parts.push(Part { len, target });
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        match &mut self.0 {
            Cut::Exactly(part) => part.take(),
            Cut::Otherwise(parts) => parts.next(),
        }
    }
}
