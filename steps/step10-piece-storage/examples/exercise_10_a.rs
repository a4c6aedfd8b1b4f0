//! Exercise 10a: how much room a file with holes takes.

// ANCHOR: answer
/// How many bytes of the disk a file takes, of which these stretches were written. The disk gives
/// room in blocks of `block` bytes.
fn room(written: &[(u64, u64)], block: u64) -> u64 {
    let mut blocks = std::collections::BTreeSet::new();
    for &(from, len) in written {
        if len > 0 {
            blocks.extend(from / block..=(from + len - 1) / block);
        }
    }
    blocks.len() as u64 * block
}
// ANCHOR_END: answer

fn main() {
    for written in [&[(0, 1)][..], &[(4095, 2)], &[(0, 4096), (8192, 4096)]] {
        println!("{written:?}: {} bytes", room(written, 4096));
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_byte_takes_a_block_and_two_may_take_two() {
        assert_eq!(room(&[], 4096), 0);
        assert_eq!(room(&[(9, 0)], 4096), 0);
        assert_eq!(room(&[(0, 1)], 4096), 4096);
        assert_eq!(room(&[(4095, 2)], 4096), 8192);
        assert_eq!(room(&[(0, 100), (50, 4000)], 4096), 4096);
        main();
    }

    #[cfg(unix)]
    #[test]
    fn the_disk_says_so_too() {
        use std::os::unix::fs::{FileExt, MetadataExt};
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 20).unwrap();
        let taken = |file: &File| file.metadata().unwrap().blocks() * 512;
        // Of a disk that knows no holes, or packs what it holds, nothing is to be said.
        let before = taken(&file);
        let written = [(0, 1), (100_000, 9_000)];
        for (from, len) in written {
            file.write_all_at(&vec![7; len], from).unwrap();
        }
        file.sync_all().unwrap();
        let written = written.map(|(from, len)| (from, len as u64));
        let block = file.metadata().unwrap().blksize();
        if before == 0 && block == 4096 {
            assert!(taken(&file) <= room(&written, block), "{}", taken(&file));
        }
    }
}
