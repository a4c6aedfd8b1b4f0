//! Exercise 15c: patterns by hand.

// ANCHOR: answer
/// Whether a path matches a pattern: `?` is a character and `*` are some, both within a folder; `**`
/// are some, whatever they are, and `**/` may be nothing.
fn matches(pattern: &[char], path: &[char]) -> bool {
    match pattern {
        [] => path.is_empty(),
        ['*', '*', '/', rest @ ..] if matches(rest, path) => true,
        ['*', '*', rest @ ..] => (0..=path.len()).any(|n| matches(rest, &path[n..])),
        ['*', rest @ ..] => {
            let name = path.iter().position(|&c| c == '/').unwrap_or(path.len());
            (0..=name).any(|n| matches(rest, &path[n..]))
        }
        ['?', rest @ ..] => path.first().is_some_and(|&c| c != '/') && matches(rest, &path[1..]),
        [letter, rest @ ..] => path.first() == Some(letter) && matches(rest, &path[1..]),
    }
}
// ANCHOR_END: answer

fn is_match(pattern: &str, path: &str) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<char>>();
    matches(&chars(pattern), &chars(path))
}

fn main() {
    for pattern in ["*.pdf", "**/*.pdf", "cd?/*", "cd1/**"] {
        let paths = ["a.pdf", "cd1/b.pdf", "cd1/x/c.pdf", "cd1/d.flac"];
        let found = paths.into_iter().filter(|path| is_match(pattern, path));
        println!("{pattern:<9} {}", found.collect::<Vec<_>>().join("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_its_folder_and_two_do_not() {
        for (pattern, path) in [
            ("*.pdf", "a.pdf"),
            ("**/*.pdf", "a.pdf"),
            ("**/*.pdf", "x/y/a.pdf"),
            ("cd?/*.flac", "cd1/ä.flac"),
            ("**", "x/y"),
            ("", ""),
            ("a*", "a"),
        ] {
            assert!(is_match(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("*.pdf", "x/a.pdf"),
            ("cd?/*", "cd/a"),
            ("?", "/"),
            ("a", "ab"),
            ("", "a"),
            ("A", "a"),
        ] {
            assert!(!is_match(pattern, path), "{pattern} {path}");
        }
        main();
    }
}
