//! Which bytes of a block have arrived, when they come in other cuts than were asked for.

/// One bit for each byte of a block, so that bytes sent twice count once. It is 2 KiB, however
/// finely a hostile peer cuts; a list of ranges would grow with every cut. A block that arrives
/// whole never makes one.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrived(Option<Box<Map>>);

#[derive(Clone, Debug)]
struct Map {
    words: Vec<u64>,
    missing: u32,
}

impl Arrived {
    /// Marks `len` bytes from `offset` on, of a block of `block_len`. True when nothing is missing
    /// any more.
    pub(super) fn add(&mut self, offset: u32, len: u32, block_len: u32) -> bool {
        let map = self.0.get_or_insert_with(|| Map::new(block_len));
        let from = offset.min(block_len);
        let to = offset.saturating_add(len).min(block_len);
        map.mark(from, to);
        map.missing == 0
    }
}

impl Map {
    fn new(len: u32) -> Box<Map> {
        let words = vec![0; len.div_ceil(u64::BITS) as usize];
        Box::new(Map {
            words,
            missing: len,
        })
    }

    /// Sets the bits `from..to`, a word at a time, and counts those that are new.
    fn mark(&mut self, mut from: u32, to: u32) {
        while from < to {
            let first = from % u64::BITS;
            let count = (u64::BITS - first).min(to - from);
            let bits = (u64::MAX >> (u64::BITS - count)) << first;
            let word = &mut self.words[(from / u64::BITS) as usize];
            self.missing -= (bits & !*word).count_ones();
            *word |= bits;
            from += count;
        }
    }
}
