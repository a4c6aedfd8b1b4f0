//! The client's way in: one digest, or many, by whatever is fastest here.

use sha1::Digest as _;
use sha1::block_api::compress as compress_one;

use crate::Digest;
use crate::choice::lanes_for;
use crate::compress::{INITIAL, State};
use crate::lanes::{Block, run_4, run_8, run_16};
use crate::sha1::{padding, to_digest};

/// SHA-1 of one message, given in parts of any size.
pub fn digest(parts: &[&[u8]]) -> Digest {
    let mut hash = sha1::Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// SHA-1 of many messages, each in parts of any size: the digests in the order of the messages.
///
/// It is fastest when the messages are cut alike, as pieces are cut into blocks.
pub fn digest_many(messages: &[Vec<&[u8]>]) -> Vec<Digest> {
    let mut batch = Batch::new(messages.len());
    let parts = messages.iter().map(Vec::len).max().unwrap_or(0);
    for part in 0..parts {
        let chunks: Vec<&[u8]> = messages
            .iter()
            .map(|message| message.get(part).copied().unwrap_or_default())
            .collect();
        batch.update(&chunks);
    }
    batch.finish()
}

// ANCHOR: batch
/// Many messages that grow side by side, as when pieces are read from a disk in chunks.
#[derive(Clone, Debug)]
pub struct Batch {
    states: Vec<State>,
    tails: Vec<Tail>,
}

/// The end of a message so far: a block that is not whole yet.
#[derive(Clone, Debug)]
struct Tail {
    /// `length % 64` bytes of it are in use.
    partial: Block,
    /// Bytes of the message so far.
    length: u64,
}

// ANCHOR_END: batch

impl Batch {
    /// `count` messages of no bytes yet.
    pub fn new(count: usize) -> Batch {
        Batch {
            states: vec![INITIAL; count],
            tails: vec![
                Tail {
                    partial: [0; 64],
                    length: 0
                };
                count
            ],
        }
    }

    // ANCHOR: update
    /// Adds `chunks[i]` to the end of message `i`. Chunks may differ in length, and may be empty;
    /// equal ones are hashed fastest.
    ///
    /// # Panics
    ///
    /// When there are not as many chunks as messages.
    pub fn update(&mut self, chunks: &[&[u8]]) {
        assert_eq!(
            chunks.len(),
            self.states.len(),
            "one chunk for each message"
        );
        let mut waiting = Vec::with_capacity(chunks.len());
        for ((state, tail), chunk) in self.states.iter_mut().zip(&mut self.tails).zip(chunks) {
            let blocks = tail.take(chunk, state);
            if !blocks.is_empty() {
                waiting.push((state, blocks));
            }
        }
        compress_all(waiting);
    }

    /// The digests, in the order of the messages.
    pub fn finish(mut self) -> Vec<Digest> {
        let ends: Vec<Vec<u8>> = self.tails.iter().map(|tail| padding(tail.length)).collect();
        let ends: Vec<&[u8]> = ends.iter().map(Vec::as_slice).collect();
        self.update(&ends);
        self.states.iter().map(to_digest).collect()
    }
    // ANCHOR_END: update
}

impl Tail {
    /// Takes the bytes that make no whole block; a block that becomes whole by them is mixed into
    /// `state`. The rest, whole blocks, comes back.
    fn take<'c>(&mut self, chunk: &'c [u8], state: &mut State) -> &'c [Block] {
        let used = (self.length % 64) as usize;
        self.length += chunk.len() as u64;
        let mut rest = chunk;
        if used > 0 {
            let (now, later) = chunk.split_at(chunk.len().min(64 - used));
            self.partial[used..used + now.len()].copy_from_slice(now);
            if used + now.len() < 64 {
                return &[];
            }
            compress_one(state, &[self.partial]);
            rest = later;
        }
        let (blocks, partial) = rest.as_chunks();
        self.partial[..partial.len()].copy_from_slice(partial);
        blocks
    }
}

/// Mixes blocks into states, side by side while enough messages have some left.
fn compress_all(mut waiting: Vec<(&mut State, &[Block])>) {
    loop {
        match lanes_for(waiting.len()) {
            16 => side_by_side(&mut waiting, run_16),
            8 => side_by_side(&mut waiting, run_8),
            4 => side_by_side(&mut waiting, run_4),
            _ => break,
        }
        waiting.retain(|(_, blocks)| !blocks.is_empty());
    }
    for (state, blocks) in waiting {
        compress_one(state, blocks);
    }
}

/// Takes the first `N` messages as far as the shortest of them goes. Lanes without a message repeat
/// the first one's blocks, and what comes of them is dropped.
fn side_by_side<const N: usize>(
    waiting: &mut [(&mut State, &[Block])],
    run: fn(&mut [State; N], [&[Block]; N]),
) {
    let used = waiting.len().min(N);
    let count = waiting[..used]
        .iter()
        .map(|(_, blocks)| blocks.len())
        .min()
        .unwrap_or(0);
    let message = |lane: usize| if lane < used { lane } else { 0 };
    let mut states = std::array::from_fn(|lane| *waiting[message(lane)].0);
    let blocks = std::array::from_fn(|lane| &waiting[message(lane)].1[..count]);
    run(&mut states, blocks);
    for ((state, blocks), mixed) in waiting.iter_mut().zip(states) {
        **state = mixed;
        *blocks = &blocks[count..];
    }
}

#[cfg(test)]
mod tests;
