//! Texts from strangers and large numbers, for a person at a terminal.

/// Whether a terminal obeys a character instead of showing it: control characters, the ends of
/// lines and paragraphs that only Unicode knows, and the marks that turn the direction of reading,
/// with which `exe.txt` can be made to look like `txt.exe`.
pub fn is_obeyed(char: char) -> bool {
    char.is_control() || turns_direction(char) || matches!(char, '\u{2028}' | '\u{2029}')
}

/// The invisible characters that turn the direction of reading.
pub(crate) fn turns_direction(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number with a comma between each three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn what_steers_a_terminal_is_told_from_what_is_shown() {
        let obeyed = "\n\t\x1b\x7f\u{9b}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\u{2029}";
        assert!(obeyed.chars().all(is_obeyed));
        assert!(!"aé 断\u{301}\u{200d}\u{a0}".chars().any(is_obeyed));
    }
}
