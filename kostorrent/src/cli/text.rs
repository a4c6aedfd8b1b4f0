//! Text from a torrent, a tracker or a peer, on its way to a terminal.
//!
//! A name may hold escape sequences that clear the screen, or marks that turn the reading order
//! round so that `gpj.exe` reads as `exe.jpg`. Both are shown as what they are.

use std::borrow::Cow;
use std::fmt::Write as _;

use metainfo::text::is_obeyed;

/// The text with everything a terminal obeys instead of showing written as `\u{…}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_obeyed) {
        Cow::Owned(escape(text))
    } else {
        text.into()
    }
}

/// The same, and a multi-line text on one line.
pub(crate) fn one_line(text: &str) -> String {
    let joined = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let joined = joined.collect::<Vec<_>>().join(" ");
    printable(&joined).into_owned()
}

/// JSON text, in which a terminal finds nothing to obey: serde_json escapes the controls up to
/// U+001F, this the rest. Both spellings mean the same string.
pub(crate) fn json_printable(json: String) -> String {
    if !json.chars().any(is_obeyed) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        // All of them lie in the first plane: four digits are enough.
        if is_obeyed(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_obeyed(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelled_out() {
        assert_eq!(printable("plain übung ✓"), "plain übung ✓");
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable("a\u{9b}b\u{7f}"), "a\\u{9b}b\\u{7f}");
        assert_eq!(printable("exe.\u{202e}gpj"), "exe.\\u{202e}gpj");
        assert_eq!(one_line(" two\r\n  lines\n"), "two lines");
    }

    #[test]
    fn json_stays_the_same_value() {
        let text = "a\u{9b}b\u{202e}\n\u{7f}ü\u{1b}";
        let json = json_printable(serde_json::to_string(text).unwrap());
        assert_eq!(json, r#""a\u009bb\u202e\n\u007fü\u001b""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
