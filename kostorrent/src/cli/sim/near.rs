//! What somebody may have meant.

/// `; did you mean …?`, if one of these is near to what was written.
pub(super) fn near(written: &str, known: &[&str]) -> String {
    let nearest = known.iter().min_by_key(|name| distance(written, name));
    match nearest.filter(|name| distance(written, name) <= 1 + written.len() / 4) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::new(),
    }
}

/// How many signs have to be put in, taken out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_near_is_named_and_what_is_not_is_not() {
        let known = ["latency", "leaves", "down"];
        assert_eq!(near("latncy", &known), "; did you mean `latency`?");
        assert_eq!(near("leave", &known), "; did you mean `leaves`?");
        assert_eq!(near("donw", &known), "; did you mean `down`?");
        assert_eq!(near("colour", &known), "");
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
