//! Seeders that have different parts, so that some pieces are rarer than others.

use messages::Bitfield;

/// What each of so many seeders has: all of them have the first pieces, and of the last ones there is
/// one copy, as in a swarm where everybody fetches from front to back. Together they have everything.
pub fn parts(seeders: u8, pieces: u32) -> Vec<Bitfield> {
    let count = u32::from(seeders);
    let mut parts = vec![Bitfield::new(pieces); usize::from(seeders)];
    for piece in 0..pieces {
        let without = (u64::from(piece) * u64::from(count) / u64::from(pieces)) as u32;
        // Those that have it sit side by side; who is the first of them goes round.
        for copy in 0..count - without {
            parts[((piece + copy) % count) as usize].set(piece);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_third_is_had_by_all_a_third_by_two_and_the_last_third_by_one() {
        let parts = parts(3, 22);
        let copies = |piece| parts.iter().filter(|has| has.get(piece)).count();
        let all: Vec<usize> = (0..22).map(copies).collect();
        assert_eq!(all, [vec![3; 8], vec![2; 7], vec![1; 7]].concat());
        assert!(
            !parts.iter().any(Bitfield::is_full),
            "nobody has everything"
        );
    }

    #[test]
    fn any_number_of_seeders_and_pieces_will_do() {
        for (seeders, pieces) in [(0, 5), (1, 5), (50, 5), (3, 0)] {
            let parts = parts(seeders, pieces);
            let everywhere = |piece| parts.iter().any(|has| has.get(piece));
            assert!(seeders == 0 || (0..pieces).all(everywhere), "{seeders}");
        }
    }
}
