//! How wide a text is on a terminal.

use unicode_width::UnicodeWidthStr;

// ANCHOR: width
/// The columns that a text takes: two for a Chinese character, none for an accent that combines.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text without anything that could move the cursor: control characters and Unicode's own ends
/// of lines and paragraphs become `?`.
pub(crate) fn printable(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{2028}' | '\u{2029}' => '?',
        c if c.is_control() => '?',
        c => c,
    };
    text.chars().map(plain).collect()
}

/// The text in at most `width` columns, with `more` in place of what is cut off at its end.
pub fn clip(text: &str, width: usize, more: &str) -> String {
    // ANCHOR: yours_clip (chapter 13, "How wide is a text?")
    if columns(text) <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(columns(more)) else {
        return String::new();
    };
    let mut clipped = String::new();
    for c in text.chars() {
        clipped.push(c);
        if columns(&clipped) > room {
            clipped.pop();
            break;
        }
    }
    clipped + more
    // ANCHOR_END: yours_clip
}
// ANCHOR_END: width

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_take_two_columns() {
        assert_eq!(columns("日本"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(clip("日本語", 5, "…"), "日本…");
    }
}
