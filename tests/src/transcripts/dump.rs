//! Peer ids inside hex dumps: twelve random bytes that may go on in the next line.

/// The first eight bytes of our peer ids: `-KO` and four digits and `-`.
fn begins_our_peer_id(bytes: &[Byte]) -> bool {
    bytes.len() >= 20
        && bytes[..3]
            .iter()
            .map(|byte| byte.value)
            .eq(b"-KO".iter().copied())
        && bytes[3..7].iter().all(|byte| byte.value.is_ascii_digit())
        && bytes[7].value == b'-'
}

/// Replaces the random bytes of our peer ids in hex dumps by `··`.
pub(super) fn mask_peer_ids(text: &str) -> String {
    let bytes = dumped(text);
    let mut masked = text.to_owned();
    // From the end, for `··` is longer than what it replaces.
    for start in (0..bytes.len()).rev() {
        if begins_our_peer_id(&bytes[start..]) {
            for byte in bytes[start + 8..start + 20].iter().rev() {
                masked.replace_range(byte.at..byte.at + 2, "··");
            }
        }
    }
    masked
}

/// A byte of a dump, and where it stands in the text.
struct Byte {
    at: usize,
    value: u8,
}

/// The bytes of all dumps in a text, line after line.
fn dumped(text: &str) -> Vec<Byte> {
    let mut bytes = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        bytes.extend(in_line(line).into_iter().map(|(at, value)| Byte {
            at: start + at,
            value,
        }));
        start += line.len();
    }
    bytes
}

/// The first run of bytes in a line: words of two hex digits with one or two spaces between them. A first word that
/// stands apart is the offset.
fn in_line(line: &str) -> Vec<(usize, u8)> {
    let words = words(line);
    let mut run: Vec<(usize, u8)> = Vec::new();
    for (i, &(at, word)) in words.iter().enumerate() {
        let value = (word.len() == 2)
            .then(|| u8::from_str_radix(word, 16).ok())
            .flatten();
        let gap_before = i.checked_sub(1).map(|j| at - words[j].0 - words[j].1.len());
        let gap_after = words.get(i + 1).map(|next| next.0 - at - 2);
        match value {
            Some(_) if i == 0 && gap_after.is_some_and(|gap| gap > 1) => {} // the offset
            Some(value) if run.is_empty() || gap_before.is_some_and(|gap| gap <= 2) => {
                run.push((at, value));
            }
            _ if run.is_empty() => {}
            _ => break,
        }
    }
    run
}

/// The words of a line and where they begin.
fn words(line: &str) -> Vec<(usize, &str)> {
    line.split_ascii_whitespace()
        .map(|word| (word.as_ptr() as usize - line.as_ptr() as usize, word))
        .collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn an_id_may_go_on_in_the_next_line() {
        let text = "\
  38  d4 da 5e a9 30 55 6e 19 01 84
  48  2d 4b 4f 30 31 30 30 2d 74 56   peer id: 30 31 something
  58  6e 71 51 4b 39 37 6e 48 39 38
  68  00 00
";
        let masked = "\
  38  d4 da 5e a9 30 55 6e 19 01 84
  48  2d 4b 4f 30 31 30 30 2d ·· ··   peer id: 30 31 something
  58  ·· ·· ·· ·· ·· ·· ·· ·· ·· ··
  68  00 00
";
        assert_eq!(mask_peer_ids(text), masked);
    }

    #[test]
    fn groups_of_eight_and_long_offsets_are_understood() {
        let text = "\
bytes     2d 4b 4f 30 31 30 30 2d  52 77 31 52 79 79 68 79 50 48 42 4c
00000030  84 00 00 00 00 00 00 00  2d 4b 4f 30 31 30 30 2d  |........-KO0100-|
00000040  74 56 6e 71 51 4b 39 37  6e 48 39 38              |tVnqQK97nH98|
";
        let masked = "\
bytes     2d 4b 4f 30 31 30 30 2d  ·· ·· ·· ·· ·· ·· ·· ·· ·· ·· ·· ··
00000030  84 00 00 00 00 00 00 00  2d 4b 4f 30 31 30 30 2d  |........-KO0100-|
00000040  ·· ·· ·· ·· ·· ·· ·· ··  ·· ·· ·· ··              |tVnqQK97nH98|
";
        assert_eq!(mask_peer_ids(text), masked);
    }

    #[test]
    fn other_bytes_stay() {
        for text in [
            "2d 54 52 34 30 36 30 2d 6b 38 68 6a 30 77 67 65 6a 36 63 68\n",
            "2d 4b 4f 30 31 30 30 2d 52\n",
            "no bytes at all\n",
            "",
        ] {
            assert_eq!(mask_peer_ids(text), text);
        }
    }
}
