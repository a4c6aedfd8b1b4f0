//! Exercise 1a: the keys of a torrent file, and how many bytes each of their values takes.

use bencode::Error;

// ANCHOR: answer
/// The keys of the outermost dictionary, each with the size of its value in bytes.
fn sizes(input: &[u8]) -> Result<Vec<(String, usize)>, Error> {
    let document = bencode::decode_lenient(input)?;
    let mut sizes = Vec::new();
    for (key, value) in document.root().dict().into_iter().flatten() {
        sizes.push((String::from_utf8_lossy(key).into_owned(), value.raw().len()));
    }
    Ok(sizes)
}
// ANCHOR_END: answer

fn main() {
    let path = "kostorrent/sample/kostorrent-sample.torrent";
    let input = std::fs::read(path).unwrap_or_default();
    match sizes(&input) {
        Ok(sizes) => sizes
            .iter()
            .for_each(|(key, size)| println!("{size:>6}  {key}")),
        Err(error) => eprintln!("error: {path}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_count_every_byte_of_a_value() {
        let sizes = sizes(b"d1:ai1e2:bbl4:spamee").unwrap();
        assert_eq!(sizes, [("a".into(), 3), ("bb".into(), 8)]);
    }

    #[test]
    fn what_is_no_dictionary_has_no_keys() {
        assert_eq!(sizes(b"i1e").unwrap(), []);
    }
}
