//! Bytes in rows, each with what it means.

use std::io::{self, Write};

use bencode::{Kind, Value};
use tracker::printable;

/// How many bytes stand in a row.
const ROW: usize = 10;

/// The bytes of a message, and how far they have been shown.
pub struct Fields<'a, W> {
    pub out: &'a mut W,
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<W: Write> Fields<'_, W> {
    /// Shows the next so many bytes, with a comment on the first row of them.
    pub fn next(&mut self, len: usize, comment: &str) -> io::Result<()> {
        let end = (self.at + len).min(self.bytes.len());
        for (index, row) in self.bytes[self.at..end].chunks(ROW).enumerate() {
            let comment = if index == 0 { comment } else { "" };
            let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            let at = self.at + ROW * index;
            let line = format!("  {at:4}  {:29}   {comment}", digits.join(" "));
            writeln!(self.out, "{}", line.trim_end())?;
        }
        self.at = end;
        Ok(())
    }

    /// Shows a dictionary, of which the next byte is the first: a row for each of its pairs, and those
    /// of a dictionary in it as well.
    pub fn dictionary(&mut self, value: Value<'_, '_>, indent: &str) -> io::Result<()> {
        self.next(1, &format!("{indent}d: a dictionary"))?;
        let children: Vec<Value<'_, '_>> = value.children().collect();
        for pair in children.chunks_exact(2) {
            let [key, value] = pair else { continue };
            let name = text(*key);
            if value.kind() == Kind::Dict && indent.is_empty() {
                self.next(key.raw().len(), &format!("{indent}  {name}"))?;
                self.dictionary(*value, &format!("{indent}    "))?;
            } else {
                let len = key.raw().len() + value.raw().len();
                self.next(len, &format!("{indent}  {name}: {}", text(*value)))?;
            }
        }
        self.next(1, &format!("{indent}e: its end"))
    }
}

/// A value in a few words.
fn text(value: Value<'_, '_>) -> String {
    match value.kind() {
        Kind::Int => value.digits().unwrap_or_default().to_owned(),
        Kind::List => "a list".to_owned(),
        Kind::Dict => "a dictionary".to_owned(),
        Kind::Bytes => {
            let bytes = value.as_bytes().unwrap_or_default();
            match bytes
                .iter()
                .all(|byte| byte.is_ascii_graphic() || *byte == b' ')
            {
                true => printable(bytes),
                false => format!("{} bytes", bytes.len()),
            }
        }
    }
}
