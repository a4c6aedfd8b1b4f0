//! Exercise 9a: where one byte lives.

// ANCHOR: answer
/// The file that holds this byte of the torrent, and the byte's offset in it.
fn locate(lengths: &[u64], mut byte: u64) -> Option<(usize, u64)> {
    for (file, &length) in lengths.iter().enumerate() {
        if byte < length {
            return Some((file, byte));
        }
        byte -= length;
    }
    None
}
// ANCHOR_END: answer

fn main() {
    let lengths = [5, 0, 16, 1, 5];
    for byte in [0, 5, 20, 21, 22, 27] {
        println!("byte {byte}: {:?}", locate(&lengths, byte));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_files_hold_nothing() {
        let lengths = [5, 0, 16, 1, 5];
        assert_eq!(locate(&lengths, 4), Some((0, 4)));
        assert_eq!(locate(&lengths, 5), Some((2, 0)));
        assert_eq!(locate(&lengths, 21), Some((3, 0)));
        assert_eq!(locate(&lengths, 26), Some((4, 4)));
        assert_eq!(locate(&lengths, 27), None);
        assert_eq!(locate(&[0, 0], 0), None);
        main();
    }
}
