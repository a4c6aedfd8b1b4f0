//! Text that fits into the columns of a terminal.

use metainfo::text::is_obeyed;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns that a text takes: two for a Chinese character, none for an accent that combines.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// A name without what a terminal would obey.
pub fn printable(text: &str) -> String {
    let plain = |c| if is_obeyed(c) { '?' } else { c };
    text.chars().map(plain).collect()
}

/// The text in exactly `width` columns: cut off with `more` at its end, or filled up with spaces.
pub fn fit(text: &str, width: usize, more: &str) -> String {
    let mut fitted = text.to_owned();
    if columns(text) > width {
        let room = width.saturating_sub(columns(more));
        let (mut end, mut used) = (0, 0);
        for (at, c) in text.char_indices() {
            used += c.width().unwrap_or(0);
            if used > room {
                break;
            }
            end = at + c.len_utf8();
        }
        fitted.truncate(end);
        // Where there is not even room for the sign, there is nothing.
        if columns(more) <= width {
            fitted.push_str(more);
        }
    }
    let rest = width.saturating_sub(columns(&fitted));
    fitted.extend(std::iter::repeat_n(' ', rest));
    fitted
}
