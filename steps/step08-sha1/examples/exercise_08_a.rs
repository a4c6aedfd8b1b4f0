//! Exercise 8a: which pieces are bad.

// ANCHOR: answer
/// The numbers of the pieces of `data` that do not have their hash.
fn bad_pieces(data: &[u8], piece_length: usize, hashes: &[[u8; 20]]) -> Vec<usize> {
    let count = data.len().div_ceil(piece_length).max(hashes.len());
    let piece = |number: usize| {
        let begin = (number * piece_length).min(data.len());
        let end = (begin + piece_length).min(data.len());
        &data[begin..end]
    };
    (0..count)
        .filter(|&number| hashes.get(number) != Some(&hashing::sha1(piece(number))))
        .collect()
}
// ANCHOR_END: answer

fn main() {
    let mut data = vec![7; 100];
    let hashes: Vec<_> = data.chunks(30).map(hashing::sha1).collect();
    println!("{:?}", bad_pieces(&data, 30, &hashes));
    data[99] ^= 1;
    println!("{:?}", bad_pieces(&data, 30, &hashes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flipped_bits_missing_ends_and_missing_hashes_are_bad() {
        let mut data = vec![7; 100];
        let hashes: Vec<_> = data.chunks(30).map(hashing::sha1).collect();
        assert!(bad_pieces(&data, 30, &hashes).is_empty());
        assert_eq!(bad_pieces(&data[..95], 30, &hashes), [3]);
        assert_eq!(bad_pieces(&data, 30, &hashes[..2]), [2, 3]);
        data[31] ^= 1;
        data[99] ^= 128;
        assert_eq!(bad_pieces(&data, 30, &hashes), [1, 3]);
        main();
    }
}
