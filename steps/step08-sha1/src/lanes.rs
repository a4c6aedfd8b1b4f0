//! The same compression for many messages at once.
//!
//! Every message takes the same 80 rounds, whatever its bytes are. So the words of 16 messages can
//! lie side by side, and one instruction of the processor works on all of them: on 16 words with
//! AVX-512, on 8 with AVX2, on 4 with what every 64-bit processor has. Nothing here says so; the
//! compiler sees a loop in which no turn depends on another.

use multiversion::multiversion;

use crate::compress::{State, compress};

/// A block as it stands in the message.
pub type Block = [u8; 64];

// ANCHOR: compress_lanes
/// Mixes one block of each of `N` messages into its state. Lane `i` of every word belongs to
/// message `i`.
#[inline(always)]
fn compress_lanes<const N: usize>(states: &mut [[u32; N]; 5], words: &[[u32; N]; 16]) {
    // ANCHOR: yours_compress_lanes (chapter 8, "Side by side")
    for lane in 0..N {
        let mut state = std::array::from_fn(|word| states[word][lane]);
        let block = std::array::from_fn(|word| words[word][lane]);
        compress(&mut state, &block);
        for word in 0..5 {
            states[word][lane] = state[word];
        }
    }
    // ANCHOR_END: yours_compress_lanes
}
// ANCHOR_END: compress_lanes

// ANCHOR: transpose
/// Block `index` of each message, turned on its side: word `t` of all messages together.
///
/// Four words of four messages are turned at a time, which compilers know how to do without
/// touching memory in between.
#[inline(always)]
fn words<const N: usize>(blocks: &[&[Block]; N], index: usize) -> [[u32; N]; 16] {
    let mut words = [[0; N]; 16];
    for lane in (0..N).step_by(4) {
        for t in (0..16).step_by(4) {
            let row = |i: usize| &blocks[lane + i][index].as_chunks().0[t..t + 4];
            let square: [[u32; 4]; 4] =
                std::array::from_fn(|i| std::array::from_fn(|j| u32::from_be_bytes(row(i)[j])));
            for i in 0..4 {
                for j in 0..4 {
                    words[t + j][lane + i] = square[i][j];
                }
            }
        }
    }
    words
}
// ANCHOR_END: transpose

// ANCHOR: run
/// Mixes all `blocks` of each of `N` messages into its state; every message has as many as the
/// first.
#[inline(always)]
fn run<const N: usize>(states: &mut [State; N], blocks: [&[Block]; N]) {
    let count = blocks[0].len();
    let blocks = blocks.map(|blocks| &blocks[..count]);
    let mut lanes: [[u32; N]; 5] = std::array::from_fn(|word| states.map(|state| state[word]));
    for index in 0..count {
        compress_lanes(&mut lanes, &words(&blocks, index));
    }
    *states = std::array::from_fn(|lane| lanes.map(|word| word[lane]));
}

/// `run` for 16 messages.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
pub fn run_16(states: &mut [State; 16], blocks: [&[Block]; 16]) {
    run(states, blocks);
}

/// `run` for 8 messages.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
pub fn run_8(states: &mut [State; 8], blocks: [&[Block]; 8]) {
    run(states, blocks);
}

/// `run` for 4 messages.
pub fn run_4(states: &mut [State; 4], blocks: [&[Block]; 4]) {
    run(states, blocks);
}
// ANCHOR_END: run
