//! The compression function: 64 bytes of message mixed into a state of five words.
//! Source: FIPS 180-4, sections 4.1.1, 4.2.1, 5.3.1 and 6.1.2. The names are the standard's.

/// What SHA-1 carries from one block to the next: a, b, c, d and e.
pub type State = [u32; 5];

// ANCHOR: initial
/// The state before the first block.
pub const INITIAL: State = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];
// ANCHOR_END: initial

// ANCHOR: functions
/// Each bit of `b` chooses the bit of `c` or that of `d`.
#[inline(always)]
fn choose(b: u32, c: u32, d: u32) -> u32 {
    // ANCHOR: yours_choose (chapter 8, "The client's own")
    (b & c) ^ (!b & d)
    // ANCHOR_END: yours_choose
}

/// Each bit says whether an odd number of the three are set.
#[inline(always)]
fn parity(b: u32, c: u32, d: u32) -> u32 {
    b ^ c ^ d
}

/// Each bit is what at least two of the three say.
#[inline(always)]
fn majority(b: u32, c: u32, d: u32) -> u32 {
    // ANCHOR: yours_majority (chapter 8, "The client's own")
    (b & c) ^ (b & d) ^ (c & d)
    // ANCHOR_END: yours_majority
}
// ANCHOR_END: functions

// ANCHOR: compress
/// Mixes one block, as 16 words, into the state: 80 rounds.
#[inline(always)]
pub fn compress(state: &mut State, block: &[u32; 16]) {
    let mut mixed = *state;
    let mut words = *block;
    twenty(&mut mixed, &mut words, 0, 0x5a82_7999, choose);
    twenty(&mut mixed, &mut words, 20, 0x6ed9_eba1, parity);
    twenty(&mut mixed, &mut words, 40, 0x8f1b_bcdc, majority);
    twenty(&mut mixed, &mut words, 60, 0xca62_c1d6, parity);
    for (word, mixed) in state.iter_mut().zip(mixed) {
        *word = word.wrapping_add(mixed);
    }
}

/// Twenty rounds, from number `first` on, with one constant and one function.
#[inline(always)]
fn twenty(
    state: &mut State,
    w: &mut [u32; 16],
    first: usize,
    k: u32,
    f: impl Fn(u32, u32, u32) -> u32,
) {
    // Compilers unroll a loop of ten rounds, but not one of twenty, and only then does all of `w`
    // stay in registers.
    ten(state, w, first, k, &f);
    ten(state, w, first + 10, k, &f);
}

#[inline(always)]
fn ten(
    state: &mut State,
    w: &mut [u32; 16],
    first: usize,
    k: u32,
    f: impl Fn(u32, u32, u32) -> u32,
) {
    // ANCHOR: yours_ten (chapter 8, "The client's own")
    for t in first..first + 10 {
        // The block has 16 words. Each later word is made of four before it; only the last 16 are
        // ever needed, so word t takes the place of word t - 16.
        if t >= 16 {
            let mix = w[(t - 3) % 16] ^ w[(t - 8) % 16] ^ w[(t - 14) % 16] ^ w[t % 16];
            w[t % 16] = mix.rotate_left(1);
        }
        let [a, b, c, d, e] = *state;
        let next = a
            .rotate_left(5)
            .wrapping_add(f(b, c, d))
            .wrapping_add(e)
            .wrapping_add(k)
            .wrapping_add(w[t % 16]);
        *state = [next, a, b.rotate_left(30), c, d];
    }
    // ANCHOR_END: yours_ten
}
// ANCHOR_END: compress
