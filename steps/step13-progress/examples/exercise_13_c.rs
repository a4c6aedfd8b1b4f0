//! Exercise 13c: from one picture to the next with as few bytes as possible.

// ANCHOR: answer
/// What is to be sent so that a terminal which shows `before`, with the cursor at the beginning of the
/// line below it, shows `after`, and the cursor stands below that. Lines that stay are not sent.
fn update(before: &[&str], after: &[&str]) -> String {
    if before == after {
        return String::new();
    }
    let mut out = String::new();
    if !before.is_empty() {
        out += &format!("\x1b[{}A", before.len());
    }
    for (at, line) in after.iter().enumerate() {
        if before.get(at) != Some(line) {
            out += &format!("{line}\x1b[K");
        }
        out += "\r\n";
    }
    if after.len() < before.len() {
        out += "\x1b[J";
    }
    out
}
// ANCHOR_END: answer

fn main() {
    let pictures: [&[&str]; 4] = [&["10%", "#..."], &["20%", "#..."], &["done"], &["done"]];
    let mut before: &[&str] = &[];
    for after in pictures {
        println!("{:?}", update(before, after));
        before = after;
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn only_what_has_changed_is_sent() {
        assert_eq!(update(&[], &["a", "b"]), "a\x1b[K\r\nb\x1b[K\r\n");
        assert_eq!(update(&["a", "b"], &["a", "c"]), "\x1b[2A\r\nc\x1b[K\r\n");
        assert_eq!(update(&["a", "b"], &["a"]), "\x1b[2A\r\n\x1b[J");
        assert_eq!(update(&["a"], &["a"]), "");
        main();
    }
}
