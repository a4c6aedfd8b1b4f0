//! A stranger's text, made fit for a terminal.

use metainfo::text::is_obeyed;

use crate::limits::MAX_TEXT;

/// What a tracker says, as text that does no harm where it is shown: invalid UTF-8 replaced,
/// control characters (with which a terminal can be steered) as spaces, cut at
/// [`MAX_TEXT`](crate::limits::MAX_TEXT) characters.
pub fn printable(bytes: &[u8]) -> String {
    // No character takes more than four bytes: what comes later is not looked at.
    let bytes = &bytes[..bytes.len().min(4 * MAX_TEXT + 4)];
    let clean = |c: char| if is_obeyed(c) { ' ' } else { c };
    let text: String = String::from_utf8_lossy(bytes).chars().map(clean).collect();
    let text = text.trim();
    let mut shown: String = text.chars().take(MAX_TEXT).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(
            printable("Torrent nicht gefunden: ä".as_bytes()),
            "Torrent nicht gefunden: ä"
        );
    }

    #[test]
    fn terminal_commands_lose_their_power() {
        assert_eq!(printable(b"\x1b[2Jgone\r\nx\x07"), "[2Jgone  x");
        assert_eq!(printable("a\u{202e}b".as_bytes()), "a b");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(printable(b"caf\xe9"), "caf\u{fffd}");
    }

    #[test]
    fn a_long_text_is_cut() {
        let shown = printable("ä".repeat(100_000).as_bytes());
        assert_eq!(shown.chars().count(), MAX_TEXT + 1);
        assert!(shown.ends_with('…'));
    }
}
