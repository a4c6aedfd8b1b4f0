//! What a person presses, and what comes beside it.

/// Something that happens at the terminal.
#[cfg_attr(not(unix), allow(dead_code))] // only Unix stops a program and lets it go on
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// A key.
    Key(Key),
    /// The window has another size.
    Resized,
    /// Ctrl-Z: the program is to stand still.
    Suspend,
    /// It goes on after it stood still.
    Continued,
}

/// A key that may mean something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    Char(char),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Tab,
    Enter,
    Backspace,
    Escape,
    /// Ctrl-C, where it comes as a key and not as a signal.
    #[cfg_attr(unix, allow(dead_code))]
    Interrupt,
}

/// The keys in what a terminal sent at once. What it sends for other keys is passed over.
#[cfg_attr(windows, allow(dead_code))]
pub(super) fn parse(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            0x1b => match after.split_first() {
                // ECMA-48: a control sequence, or the older form of cursor keys.
                Some((b'[' | b'O', sequence)) => {
                    let end = sequence
                        .iter()
                        .position(|byte| (0x40..=0x7e).contains(byte));
                    let used = end.map_or(sequence.len(), |end| end + 1);
                    keys.extend(special(&sequence[..used]));
                    rest = &sequence[used..];
                }
                // Alt and a key.
                Some((_, after)) => rest = after,
                None => keys.push(Key::Escape),
            },
            b'\t' => keys.push(Key::Tab),
            b'\r' | b'\n' => keys.push(Key::Enter),
            0x08 | 0x7f => keys.push(Key::Backspace),
            byte if byte.is_ascii_graphic() || byte == b' ' => keys.push(Key::Char(byte.into())),
            _ => {
                if let Some(letter) = letter(&bytes[bytes.len() - rest.len() - 1..]) {
                    rest = &rest[letter.len_utf8() - 1..];
                    keys.push(Key::Char(letter));
                }
            }
        }
    }
    keys
}

/// The letter that these bytes begin with, if it is one beyond ASCII, in UTF-8.
fn letter(bytes: &[u8]) -> Option<char> {
    let whole = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
    };
    whole.chars().next().filter(|letter| !letter.is_control())
}

fn special(sequence: &[u8]) -> Option<Key> {
    Some(match sequence {
        b"A" => Key::Up,
        b"B" => Key::Down,
        b"C" => Key::Right,
        b"D" => Key::Left,
        b"H" | b"1~" | b"7~" => Key::Home,
        b"F" | b"4~" | b"8~" => Key::End,
        b"5~" => Key::PageUp,
        b"6~" => Key::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_arrows_and_a_lone_escape_are_told_apart() {
        let keys = parse(b"p\x1b[A\x1bOB\x1b[6~\tq");
        let expected = [
            Key::Char('p'),
            Key::Up,
            Key::Down,
            Key::PageDown,
            Key::Tab,
            Key::Char('q'),
        ];
        assert_eq!(keys, expected);
        assert_eq!(parse(b"\x1b"), [Key::Escape]);
        let typed = [Key::Char('ä'), Key::Char('水'), Key::Backspace, Key::Enter];
        assert_eq!(parse("ä水\x7f\r".as_bytes()), typed);
        assert_eq!(parse(b"\xe6\xb0"), [], "half a letter");
    }

    #[test]
    fn what_means_nothing_is_passed_over_whole() {
        // Ctrl and an arrow, a function key, Alt-q, a control character beyond ASCII.
        assert_eq!(parse("\u{1b}[1;5A\u{1b}[15~\u{1b}q\u{85}".as_bytes()), []);
        assert_eq!(parse(b"\x1b["), []);
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_sends_is_too_much(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(parse(&bytes).len() <= bytes.len());
        }
    }
}
