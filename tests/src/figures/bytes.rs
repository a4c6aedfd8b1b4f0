//! Bytes and what they mean, as boxes.

use super::Figure;
use super::svg::{Svg, Width};

/// Some bytes that belong together.
#[derive(Clone, Debug)]
pub struct Field {
    /// What they are called.
    pub name: &'static str,
    /// A few words about them; empty, or up to 40 letters.
    pub about: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How they look: an accent `a` to `d`, or `box`.
    pub class: &'static str,
    /// Whether their characters are shown below them.
    pub text: bool,
}

impl Field {
    /// A field that shows bytes only.
    #[must_use]
    pub fn new(name: &'static str, class: &'static str, bytes: &[u8]) -> Field {
        Field {
            name,
            about: String::new(),
            bytes: bytes.to_vec(),
            class,
            text: false,
        }
    }

    /// The same with a few words about it.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Field {
        self.about = about.into();
        self
    }

    /// The same with the characters below the bytes.
    #[must_use]
    pub fn as_text(mut self) -> Field {
        self.text = true;
        self
    }
}

/// Bytes in a row.
const ROW: usize = 8;
/// Where the first byte of a row begins; the offset stands before it.
const LEFT: f64 = 46.0;
/// A byte's box.
const CELL: f64 = 52.0;

/// Many bytes, eight a row, each field below its name: a hex dump that tells what it says.
#[must_use]
pub fn dump(name: &'static str, title: &str, fields: &[Field]) -> Figure {
    let mut svg = Svg::new(name, title, Width::Narrow);
    let mut y = 0.0;
    let mut offset = 0;
    for field in fields {
        y += 20.0;
        heading(&mut svg, field, LEFT, y);
        y += 8.0;
        let height = if field.text { 46.0 } else { 28.0 };
        for row in field.bytes.chunks(ROW) {
            svg.text("mono small end", LEFT - 8.0, y + 20.0, &offset.to_string());
            for (i, byte) in row.iter().enumerate() {
                let x = LEFT + CELL * i as f64;
                svg.rect(field.class, x, y, CELL - 3.0, height - 3.0);
                let middle = x + (CELL - 3.0) / 2.0;
                svg.text("mono mid", middle, y + 19.0, &format!("{byte:02x}"));
                if field.text {
                    svg.text("mono small mid", middle, y + 37.0, &character(*byte));
                }
            }
            y += height;
            offset += row.len();
        }
        y += 6.0;
    }
    svg.finish(y)
}

fn heading(svg: &mut Svg, field: &Field, x: f64, y: f64) {
    let accent = match field.class {
        "box" => "bold",
        "a" => "bold a",
        "b" => "bold b",
        "c" => "bold c",
        _ => "bold d",
    };
    if field.about.is_empty() {
        svg.text(accent, x, y, field.name);
    } else {
        svg.spans(x, y, &[(accent, field.name), ("small", &field.about)]);
    }
}

/// As it is printed, or a dot in its place.
fn character(byte: u8) -> String {
    match byte {
        0x20 => "space".to_owned(),
        0x21..=0x7e => char::from(byte).to_string(),
        _ => "·".to_owned(),
    }
}

/// One message, or another short string of bytes, for [`rows`].
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// A few words about it.
    pub about: String,
    /// Its fields, of at most 17 bytes in all.
    pub fields: Vec<Field>,
    /// What follows and is not shown.
    pub then: Option<String>,
}

/// A character of 14 units in the font for code.
const CHAR: f64 = 8.4;

/// Several short strings of bytes below each other, with the fields' names below their boxes.
#[must_use]
pub fn rows(name: &'static str, title: &str, rows: &[Row]) -> Figure {
    let mut svg = Svg::new(name, title, Width::Narrow);
    let mut y = 0.0;
    for row in rows {
        y += 20.0;
        if row.about.is_empty() {
            svg.text("bold", 2.0, y, row.name);
        } else {
            svg.spans(2.0, y, &[("bold", row.name), ("small", &row.about)]);
        }
        y += 8.0;
        let mut x = 2.0;
        for field in &row.fields {
            let hex: Vec<String> = field
                .bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let hex = hex.join(" ");
            let width = (CHAR * hex.len() as f64 + 12.0).max(6.6 * field.name.len() as f64 + 6.0);
            svg.rect(field.class, x, y, width, 26.0);
            svg.text("mono small mid", x + width / 2.0, y + 18.0, &hex);
            svg.text("small mid", x + width / 2.0, y + 41.0, field.name);
            x += width + 4.0;
        }
        if let Some(then) = &row.then {
            let width = (480.0 - x - 2.0).max(40.0);
            svg.rect("box dash", x, y, width, 26.0);
            svg.text("small mid", x + width / 2.0, y + 18.0, then);
        }
        y += 54.0;
    }
    svg.finish(y - 8.0)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_dump_shows_every_byte_and_where_rows_begin() {
        let fields = [
            Field::new("one", "a", &[1]).about("the first"),
            Field::new("nine", "box", b"123456 <\0").as_text(),
        ];
        let svg = dump("99-dump", "A dump", &fields).svg;
        assert_eq!(svg.matches("<rect").count(), 10);
        for offset in [">0<", ">1<", ">9<"] {
            assert!(svg.contains(offset), "{svg}");
        }
        assert!(svg.contains(">space<") && svg.contains(">&lt;<") && svg.contains(">·<"));
        assert!(!svg.contains("\n\n"));
    }

    #[test]
    fn rows_name_their_fields() {
        let row = Row {
            name: "have",
            about: "a piece more".to_owned(),
            fields: vec![
                Field::new("length", "a", &[0, 0, 0, 5]),
                Field::new("id", "b", &[4]),
            ],
            then: Some("…".to_owned()),
        };
        let svg = rows("99-rows", "Rows", &[row]).svg;
        assert!(svg.contains(">00 00 00 05<") && svg.contains(">04<") && svg.contains(">id<"));
    }
}
