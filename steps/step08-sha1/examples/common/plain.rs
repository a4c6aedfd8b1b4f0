//! SHA-1 in its plainest form, with a word for each of the 80 rounds: to be watched, not to be fast.

/// The state before the first block: a, b, c, d, e.
#[allow(dead_code, reason = "not every example begins at the beginning")]
pub const START: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

// ANCHOR: pad
/// The message with its padding: a multiple of 64 bytes. `before` bytes have been hashed already.
pub fn pad(message: &[u8], before: u64) -> Vec<u8> {
    let bits = (before + message.len() as u64) * 8;
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend(bits.to_be_bytes());
    padded
}
// ANCHOR_END: pad

// ANCHOR: schedule
/// One word for each round: the block's own 16, and 64 that are made of them.
pub fn schedule(block: &[u8]) -> [u32; 80] {
    let mut w = [0; 80];
    for t in 0..16 {
        let bytes = [0, 1, 2, 3].map(|i| block[4 * t + i]);
        w[t] = u32::from_be_bytes(bytes);
    }
    for t in 16..80 {
        w[t] = (w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16]).rotate_left(1);
    }
    w
}
// ANCHOR_END: schedule

// ANCHOR: rounds
/// 80 rounds. `watch` is told the round and the state after it.
pub fn rounds(state: [u32; 5], w: &[u32; 80], mut watch: impl FnMut(usize, [u32; 5])) -> [u32; 5] {
    let [mut a, mut b, mut c, mut d, mut e] = state;
    for (t, &word) in w.iter().enumerate() {
        let (f, k) = match t {
            0..20 => ((b & c) ^ (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) ^ (b & d) ^ (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = [f, e, k, word]
            .into_iter()
            .fold(a.rotate_left(5), u32::wrapping_add);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        watch(t, [a, b, c, d, e]);
    }
    [a, b, c, d, e]
}
// ANCHOR_END: rounds

/// Mixes padded bytes into a state, block by block.
#[allow(dead_code, reason = "not every example hashes")]
pub fn mix(mut state: [u32; 5], padded: &[u8]) -> [u32; 5] {
    for block in padded.chunks(64) {
        let mixed = rounds(state, &schedule(block), |_, _| {});
        for (word, mixed) in state.iter_mut().zip(mixed) {
            *word = word.wrapping_add(mixed);
        }
    }
    state
}
