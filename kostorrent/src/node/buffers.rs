//! The block buffers that the torrent task holds while the engine decides about them.

use std::collections::BTreeMap;

use blocks::{BlockBuf, Geometry};
use connection::Pool;

use engine::BufKey;

/// Blocks that have arrived, by number; then by piece and place.
pub(super) struct Buffers {
    geometry: Geometry,
    pool: Pool,
    arrived: Vec<Option<BlockBuf>>,
    free: Vec<u32>,
    open: BTreeMap<u32, Vec<Option<BlockBuf>>>,
}

impl Buffers {
    pub fn new(geometry: Geometry, pool: Pool) -> Buffers {
        Buffers {
            geometry,
            pool,
            arrived: Vec::new(),
            free: Vec::new(),
            open: BTreeMap::new(),
        }
    }

    /// Takes a block in and numbers it.
    pub fn arrived(&mut self, data: BlockBuf) -> BufKey {
        match self.free.pop() {
            Some(number) => {
                self.arrived[number as usize] = Some(data);
                BufKey(number)
            }
            None => {
                self.arrived.push(Some(data));
                BufKey(self.arrived.len() as u32 - 1)
            }
        }
    }

    fn take(&mut self, key: BufKey) -> Option<BlockBuf> {
        let data = self.arrived.get_mut(key.0 as usize)?.take()?;
        self.free.push(key.0);
        Some(data)
    }

    /// Puts an arrived block in its place.
    pub fn keep(&mut self, key: BufKey, piece: u32, block: u32) {
        let Some(data) = self.take(key) else {
            return;
        };
        let places = self.geometry.blocks_in(piece) as usize;
        let open = self
            .open
            .entry(piece)
            .or_insert_with(|| (0..places).map(|_| None).collect());
        if let Some(old) = open.get_mut(block as usize).and_then(|p| p.replace(data)) {
            self.pool.give(old);
        }
    }

    /// Drops an arrived block.
    pub fn drop(&mut self, key: BufKey) {
        if let Some(data) = self.take(key) {
            self.pool.give(data);
        }
    }

    /// Lends out all blocks of a whole piece; `None` if it is not whole.
    pub fn lend(&mut self, piece: u32) -> Option<Vec<BlockBuf>> {
        let whole = self.open.get(&piece)?.iter().all(Option::is_some);
        let blocks = whole.then(|| self.open.remove(&piece))??;
        Some(blocks.into_iter().flatten().collect())
    }

    /// Takes lent blocks back.
    pub fn back(&mut self, piece: u32, blocks: Vec<BlockBuf>) {
        self.open
            .insert(piece, blocks.into_iter().map(Some).collect());
    }

    /// Drops the blocks of a piece.
    pub fn forget(&mut self, piece: u32) {
        for data in self.open.remove(&piece).into_iter().flatten().flatten() {
            self.pool.give(data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_piece_is_lent() {
        let pool = Pool::new(4);
        let geometry = Geometry::new(40_000, 40_000).unwrap();
        let mut buffers = Buffers::new(geometry, pool.clone());
        assert!(buffers.lend(0).is_none());
        for block in [2, 0, 1] {
            assert!(buffers.lend(0).is_none());
            let key = buffers.arrived(pool.take());
            buffers.keep(key, 0, block);
        }
        let blocks = buffers.lend(0).unwrap();
        assert_eq!(blocks.len(), 3);
        assert!(buffers.lend(0).is_none(), "it is lent already");
        buffers.back(0, blocks);
        assert!(buffers.lend(0).is_some());
    }
}
