//! The annotated tree: for each value its offset, its first bytes, and what it means.

use std::io::{self, Write};

use bencode::{Document, Kind, Value};

use super::hex;

/// So many bytes of a value are shown in the middle column.
const BYTES: usize = 8;
/// So many characters of a text are shown, and bytes of what is no text.
const CHARACTERS: usize = 60;
const BINARY: usize = 20;
/// Deeper than this the tree is not moved to the right any more.
const DEEPEST: usize = 30;

/// Prints the tree. `size` is that of the whole input.
pub fn print(document: &Document<'_>, size: usize, out: &mut impl Write) -> io::Result<()> {
    let mut lines = Lines {
        width: size.to_string().len().max(6),
        depth: 0,
        out,
    };
    lines.print(document.root())?;
    for quirk in document.quirks() {
        writeln!(lines.out, "odd: {quirk}")?;
    }
    Ok(())
}

struct Lines<'o, W> {
    /// Of the offsets.
    width: usize,
    /// How many lists and dictionaries are open.
    depth: usize,
    out: &'o mut W,
}

impl<W: Write> Lines<'_, W> {
    /// Walks the tree with a list of what is open: as deep as a file likes to be.
    fn print(&mut self, root: Value<'_, '_>) -> io::Result<()> {
        self.value(root, false)?;
        let mut open = vec![(root, root.children())];
        while let Some((parent, children)) = open.last_mut() {
            let is_key = parent.kind() == Kind::Dict;
            let Some(child) = children.next() else {
                let (ended, _) = (*parent, open.pop());
                self.end(ended, open.len())?;
                continue;
            };
            self.depth = open.len();
            self.value(child, is_key)?;
            // In a dictionary a key's value follows at once.
            let value = match is_key {
                true => open.last_mut().and_then(|(_, children)| children.next()),
                false => Some(child),
            };
            if let Some(value) = value {
                if is_key {
                    self.value(value, false)?;
                }
                open.push((value, value.children()));
            }
        }
        Ok(())
    }

    fn value(&mut self, value: Value<'_, '_>, is_key: bool) -> io::Result<()> {
        let raw = match value.kind() {
            // The bytes inside have lines of their own.
            Kind::List | Kind::Dict => &value.raw()[..1],
            Kind::Int | Kind::Bytes => value.raw(),
        };
        let meaning = match is_key {
            true => format!("key {}", meaning(value)),
            false => meaning(value),
        };
        self.line(value.span().start, raw, &meaning)
    }

    fn end(&mut self, value: Value<'_, '_>, depth: usize) -> io::Result<()> {
        self.depth = depth;
        let end = match value.kind() {
            Kind::List => "end of the list",
            Kind::Dict => "end of the dictionary",
            Kind::Int | Kind::Bytes => return Ok(()),
        };
        self.line(value.span().end - 1, b"e", end)
    }

    fn line(&mut self, offset: usize, raw: &[u8], meaning: &str) -> io::Result<()> {
        let mut bytes = hex(&raw[..raw.len().min(BYTES)]);
        if raw.len() > BYTES {
            bytes.push_str(" …");
        }
        let indent = "  ".repeat(self.depth.min(DEEPEST));
        let (width, column) = (self.width, 3 * BYTES + 2);
        writeln!(
            self.out,
            "{offset:>width$}  {bytes:<column$} {indent}{meaning}"
        )
    }
}

/// What a value means, in one line.
pub fn meaning(value: Value<'_, '_>) -> String {
    match value.kind() {
        Kind::List => "list".into(),
        Kind::Dict => "dictionary".into(),
        Kind::Int => format!("number {}", cut(value.digits().unwrap_or_default())),
        Kind::Bytes => string(value.as_bytes().unwrap_or_default()),
    }
}

/// A string as text where it is text, and as hex where it is not.
fn string(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text)
            if !text
                .chars()
                .any(|char| char.is_control() && !"\t\r\n".contains(char)) =>
        {
            let shown = cut(text);
            let more = match shown.len() < text.len() {
                true => format!("… ({} bytes)", bytes.len()),
                false => String::new(),
            };
            format!("\"{}\"{more}", shown.escape_debug())
        }
        _ => {
            let more = if bytes.len() > BINARY { " …" } else { "" };
            let shown = hex(&bytes[..bytes.len().min(BINARY)]);
            format!("{} bytes: {shown}{more}", bytes.len())
        }
    }
}

fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(CHARACTERS).map(|(index, _)| index);
    &text[..end.unwrap_or(text.len())]
}
