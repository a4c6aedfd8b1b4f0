//! What somebody may have meant.

/// `; did you mean …?`, if one of these is near to what was written.
pub fn near(written: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .min_by_key(|name| strsim::levenshtein(written, name));
    match nearest.filter(|name| strsim::levenshtein(written, name) <= 1 + written.len() / 4) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::new(),
    }
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
    }
}
