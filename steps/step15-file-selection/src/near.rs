//! Names that are like one that nobody has.

use std::collections::BTreeSet;

use crate::files::{Files, heads};

/// How many are offered.
const OFFERED: usize = 3;

/// The distance up to which two names are the same but for capitals and folders.
const SAME: usize = 1;

/// Names longer than this are not compared letter by letter.
const LONGEST: usize = 300;

/// Up to three paths, without the torrent's name, that are like this one, the likest first: with
/// other capitals, in another folder, or with a few letters wrong.
pub fn near(files: &Files, name: &str) -> Vec<String> {
    let small = name.trim_end_matches('/').to_lowercase();
    let name = small
        .strip_prefix(&files.top().to_lowercase())
        .unwrap_or(&small);
    let mut found: Vec<(usize, &str)> = Vec::new();
    let mut folders = BTreeSet::new();
    for file in files.listed() {
        for path in heads(files.inner(&file.path)) {
            let is_new = path.len() == files.inner(&file.path).len() || folders.insert(path);
            if let Some(distance) = is_new.then(|| distance_of(name, path)).flatten() {
                found.push((distance, path));
            }
        }
        // The best are kept; the order of the torrent decides between equals.
        if found.len() > 64 {
            found.sort_by_key(|&(distance, _)| distance);
            found.truncate(OFFERED);
        }
    }
    found.sort_by_key(|&(distance, _)| distance);
    // The very name, but for capitals or its folder, is what was meant.
    if found.first().is_some_and(|&(distance, _)| distance <= SAME) {
        found.retain(|&(distance, _)| distance <= SAME);
    }
    let best = found.into_iter().take(OFFERED);
    best.map(|(_, path)| path.to_owned()).collect()
}

/// How far a path is from what was asked for, if it is near at all.
fn distance_of(name: &str, path: &str) -> Option<usize> {
    let path = path.to_lowercase();
    if path == name {
        return Some(0);
    }
    let last = |path: &str| path[Files::last_name(path)].to_owned();
    let (asked, there) = (last(name), last(&path));
    if asked == there {
        return Some(SAME);
    }
    // Half a name is near to what it is half of.
    if asked.chars().count() >= 3 && there.contains(&asked) {
        return Some(40 + there.len() - asked.len());
    }
    let most = (asked.chars().count() / 4).clamp(1, 4);
    let distance = letters_apart(&asked, &there, most)?;
    Some(1 + 10 * distance)
}

// ANCHOR: letters
/// How many letters have to be changed, put in, taken out or swapped with their neighbour to make
/// one word of the other, if it is no more than `most`.
fn letters_apart(one: &str, other: &str, most: usize) -> Option<usize> {
    // ANCHOR: yours_letters_apart (chapter 15, "Near misses")
    let one: Vec<char> = one.chars().take(LONGEST).collect();
    let other: Vec<char> = other.chars().take(LONGEST).collect();
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = last[j] + usize::from(a != b);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        if row.iter().min().is_some_and(|&least| least > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&apart| apart <= most)
    // ANCHOR_END: yours_letters_apart
}
// ANCHOR_END: letters

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_is_missing_at_the_beginning_counts_like_any() {
        assert_eq!(letters_apart("xread", "read", 2), Some(1));
        assert_eq!(letters_apart("read", "xread", 2), Some(1));
    }

    #[test]
    fn a_few_wrong_letters_are_counted() {
        assert_eq!(letters_apart("chapter", "chapter", 2), Some(0));
        assert_eq!(letters_apart("chapter1.pfd", "chapter1.pdf", 2), Some(1));
        assert_eq!(letters_apart("chpter", "chapter", 2), Some(1));
        assert_eq!(letters_apart("chapter", "capital", 2), None);
        assert_eq!(letters_apart("", "ab", 2), Some(2));
    }
}
