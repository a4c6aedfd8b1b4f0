//! In which order pieces are opened.

use messages::Bitfield;

use crate::Picker;

/// In which order pieces are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// The rarest first, after [a few](crate::RANDOM_FIRST) by chance.
    #[default]
    Rarest,
    /// From the first to the last. What stands at the end of the torrent is the last to be copied,
    /// by everybody, and is lost first.
    Sequential,
    /// By chance alone.
    Random,
}

impl Picker {
    /// Opens pieces in this order from now on.
    pub fn set_order(&mut self, order: Order) {
        self.order = order;
    }

    /// Opens pieces of the first class before all others, whatever their rarity, then those of the
    /// second, and so on; those of no class come last. It costs a walk through a bitfield for each
    /// class and each piece that is opened.
    pub fn prefer(&mut self, classes: Vec<Bitfield>) {
        self.classes = classes;
        self.news += 1;
        self.returned += 1;
    }

    /// The first class of which something is missing still; `None` where nothing is to be fetched before
    /// anything else.
    pub fn first_class(&self) -> Option<&Bitfield> {
        let mut classes = self.classes.iter();
        classes.find(|class| class.has_any_missing_from(self.have()))
    }

    /// How many connected peers have this piece. Kept, not counted.
    pub fn copies(&self, piece: u32) -> u32 {
        self.rarity.copies(piece)
    }
}

#[cfg(test)]
mod tests {
    use blocks::{BLOCK, Geometry};
    use messages::Bitfield;
    use pretty_assertions::assert_eq;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::PeerKey;

    /// Ten pieces of one block; of piece 8 there is one copy, of the others there are two.
    fn picker(order: Order) -> (Picker, Bitfield) {
        let geometry = Geometry::new(10 * u64::from(BLOCK), BLOCK.into()).unwrap();
        let mut picker = Picker::new(geometry, 10);
        picker.set_order(order);
        let everything = Bitfield::full(10);
        let mut without = everything.clone();
        without.clear(8);
        picker.peer_joined(&everything);
        picker.peer_joined(&without);
        (picker, everything)
    }

    fn asked(picker: &mut Picker, has: &Bitfield, seed: u64) -> Vec<u32> {
        let mut out = Vec::new();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        picker.pick(PeerKey(1), has, 10, &mut rng, &mut out);
        out.iter().map(|block| block.piece).collect()
    }

    #[test]
    fn sequential_is_from_the_first_to_the_last() {
        let (mut picker, has) = picker(Order::Sequential);
        assert_eq!(asked(&mut picker, &has, 1), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn by_chance_a_rare_piece_is_like_any_other() {
        let place_of_the_rare = |seed| {
            let (mut picker, has) = picker(Order::Random);
            // So many that rarest first would be at work.
            (0..5).for_each(|piece| picker.set_have(piece));
            let asked = asked(&mut picker, &has, seed);
            asked.iter().position(|&piece| piece == 8).unwrap()
        };
        let places: Vec<usize> = (0..50).map(place_of_the_rare).collect();
        assert!((0..5).all(|place| places.contains(&place)), "{places:?}");
    }

    #[test]
    fn what_is_preferred_comes_first_and_the_rarest_of_it_before_the_rest() {
        let (mut picker, has) = picker(Order::Rarest);
        (0..4).for_each(|piece| picker.set_have(piece));
        let class = |pieces: &[u32]| {
            let mut class = Bitfield::new(10);
            pieces.iter().for_each(|&piece| {
                class.set(piece);
            });
            class
        };
        picker.prefer(vec![class(&[2, 7]), class(&[4, 5, 8])]);
        for seed in 0..20 {
            let asked = asked(&mut picker.clone(), &has, seed);
            assert_eq!(asked[..2], [7, 8], "{asked:?}");
            assert!([4, 5].contains(&asked[2]) && [4, 5].contains(&asked[3]));
            assert_eq!(asked.len(), 6);
        }
        // A peer that has nothing of the first class is asked for the next.
        let asked = asked(&mut picker, &class(&[5, 6]), 1);
        assert_eq!(asked, [5, 6]);
    }

    #[test]
    fn copies_are_those_of_the_peers_that_are_here() {
        let (mut picker, everything) = picker(Order::Rarest);
        assert_eq!((picker.copies(7), picker.copies(8)), (2, 1));
        picker.peer_has(8);
        assert_eq!(picker.copies(8), 2);
        picker.peer_left(PeerKey(1), &everything);
        assert_eq!((picker.copies(7), picker.copies(99)), (1, 0));
    }
}
