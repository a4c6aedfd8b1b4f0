//! A torrent is one long string of bytes that is cut two ways.

use std::path::Path;

use layout::{Entry, Kind, Layout};

use super::svg::{Svg, Width};
use super::{Figure, sample};

/// The bytes of a small torrent; `|` is where a file ends.
const FILES: [(&str, &str); 5] = [
    ("hello.txt", "HELLO"),
    ("none.txt", ""),
    ("fox.txt", "THEQUICKBROWNFOX"),
    ("dot", "."),
    ("end.txt", "JUMPS"),
];

const PIECE: u64 = 8;
const ACCENTS: [&str; 4] = ["a", "b", "c", "d"];

/// The small one, byte by byte.
pub(super) fn letters() -> Figure {
    let executable = false;
    let files = FILES.map(|(name, bytes)| {
        let kind = Kind::Regular { executable };
        (name.into(), bytes.len() as u64, kind)
    });
    let layout = Layout::new(files, PIECE).expect("a small torrent");
    let string: String = FILES.map(|(_, bytes)| bytes).concat();

    let mut svg = Svg::new(
        "09-cuts",
        "A string of 27 letters. Above it five files cut it: hello.txt has 5 letters, none.txt none, fox.txt 16, dot one, \
         end.txt 5. Below it pieces of 8 letters cut it: three whole ones and one of 3. Piece 2 holds the end of fox.txt, \
         all of dot and the beginning of end.txt.",
        Width::Narrow,
    );
    let cell = 474.0 / string.len() as f64;
    let x = |byte: u64| 3.0 + cell * byte as f64;
    let (files_y, string_y, pieces_y) = (60.0, 104.0, 158.0);
    svg.text("bold", 3.0, 18.0, "cut into files");
    for (i, file) in layout.files().iter().enumerate() {
        let (left, right) = (x(file.offset), x(file.end()));
        let accent = ACCENTS[i % 4];
        let name = file.path.display().to_string();
        let middle = (left + right) / 2.0;
        if file.length > 1 {
            svg.rect(accent, left, files_y - 22.0, right - left - 2.0, 30.0);
            svg.text("small mid", middle, files_y - 2.0, &name);
        } else if file.length == 1 {
            svg.rect(accent, left, files_y - 22.0, right - left - 2.0, 30.0);
            svg.text("small mid", middle, files_y - 28.0, &name);
        } else {
            svg.line(
                "b",
                (left - 1.0, files_y - 24.0),
                (left - 1.0, files_y + 10.0),
            );
            svg.text("small b", left + 2.0, files_y - 28.0, &name);
        }
    }
    for (byte, letter) in (0..).zip(string.chars()) {
        let file = layout.spans(byte, 1).next().expect("a file").file;
        svg.rect(
            ACCENTS[file % 4],
            x(byte),
            string_y - 18.0,
            cell - 2.0,
            28.0,
        );
        svg.text(
            "mono small mid",
            x(byte) + cell / 2.0 - 1.0,
            string_y + 1.0,
            &letter.to_string(),
        );
    }
    let geometry = layout.geometry();
    for piece in 0..geometry.pieces() {
        let begin = geometry.piece_offset(piece);
        let end = begin + u64::from(geometry.piece_len(piece));
        svg.rect(
            "box",
            x(begin),
            pieces_y - 30.0,
            x(end) - x(begin) - 2.0,
            30.0,
        );
        svg.text(
            "small mid",
            (x(begin) + x(end)) / 2.0,
            pieces_y - 10.0,
            &format!("piece {piece}"),
        );
    }
    svg.text("bold", 3.0, pieces_y + 22.0, "cut into pieces of 8");
    let mut y = pieces_y + 56.0;
    svg.text("bold", 3.0, y, "piece 2, in files:");
    for span in layout.piece_spans(2) {
        y += 24.0;
        let Entry { path, .. } = &layout.files()[span.file];
        let text = format!(
            "{} {} at {} of {}",
            span.len,
            if span.len == 1 { "byte" } else { "bytes" },
            span.offset,
            path.display()
        );
        let class = format!("mono small {}", ACCENTS[span.file % 4]);
        svg.text(&class, 20.0, y, &text);
    }
    svg.finish(y + 10.0)
}

/// The sample: a row for each piece, a colour for each file.
pub(super) fn sample() -> Figure {
    let torrent = sample::torrent();
    let layout = Layout::from_metainfo(&torrent).expect("the sample can be laid out");
    let geometry = layout.geometry();
    let mut svg = Svg::new(
        "09-sample",
        "The 22 pieces of the sample as rows, coloured by file. Piece 0 holds three small files and the beginning of \
         evening.bmp, which fills all of pieces 1 to 17; in piece 18 it ends, and two drawings and the beginning of \
         handshake.wav follow; piece 21, which is short, holds the end of the sound and five texts.",
        Width::Narrow,
    );
    let (left, row) = (38.0, 19.0);
    let scale = 436.0 / f64::from(geometry.piece_length());
    for piece in 0..geometry.pieces() {
        let y = 4.0 + row * f64::from(piece);
        svg.text("mono small end", left - 8.0, y + 13.0, &piece.to_string());
        let mut x = left;
        for span in layout.piece_spans(piece) {
            let width = span.len as f64 * scale;
            svg.rect(
                ACCENTS[color(&layout, span.file)],
                x,
                y,
                width.max(1.0),
                row - 3.0,
            );
            x += width;
        }
    }
    let mut y = 4.0 + row * f64::from(geometry.pieces()) + 20.0;
    for (i, file) in layout.files().iter().enumerate() {
        let path = file
            .path
            .strip_prefix(Path::new(&torrent.name))
            .unwrap_or(&file.path);
        let class = match file.length {
            0 => "small mute".to_owned(),
            _ => format!("small {}", ACCENTS[color(&layout, i)]),
        };
        let text = format!("{}: {}", path.display(), file.length);
        svg.text(&class, left, y, &text);
        y += 20.0;
    }
    svg.finish(y - 10.0)
}

/// Neighbours differ: the colours go round among the files that have bytes.
fn color(layout: &Layout, file: usize) -> usize {
    let before = layout.files()[..file].iter();
    before.filter(|file| file.length > 0).count() % 4
}
