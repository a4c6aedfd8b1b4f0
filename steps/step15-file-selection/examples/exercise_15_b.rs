//! Exercise 15b: how much comes along with one file, for several piece lengths.

// ANCHOR: answer
/// The bytes of other files in the pieces of a file from `begin` to `end`, in a torrent of `total`
/// bytes.
fn along(begin: u64, end: u64, length: u64, total: u64) -> u64 {
    let first = begin / length * length;
    let last = end.next_multiple_of(length).min(total);
    (last - first) - (end - begin)
}

/// The mean over all files, of which none is empty.
fn mean(files: &[u64], length: u64) -> u64 {
    let total = files.iter().sum();
    let mut begin = 0;
    let mut sum = 0;
    for size in files {
        sum += along(begin, begin + size, length, total);
        begin += size;
    }
    sum / files.len() as u64
}
// ANCHOR_END: answer

/// A thousand files, of three megabytes on average; no two neighbours are alike.
fn files() -> Vec<u64> {
    (0..1_000)
        .map(|n| 1_000_000 + n * 7_919 % 4_000_003)
        .collect()
}

fn main() {
    for kib in [16, 256, 4_096] {
        let along = mean(&files(), kib * 1024) / 1024;
        println!("pieces of {kib:>4} KiB: {along:>4} KiB come along");
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn about_a_piece_comes_along() {
        assert_eq!(along(5, 21, 8, 27), 8);
        assert_eq!(along(22, 27, 8, 27), 6);
        assert_eq!(along(8, 24, 8, 27), 0);
        for kib in [16, 256, 4_096] {
            let (mean, length) = (mean(&files(), kib * 1024), kib * 1024);
            assert!(
                (length * 9 / 10..length * 11 / 10).contains(&mean),
                "{mean}"
            );
        }
        main();
    }
}
