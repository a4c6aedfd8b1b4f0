//! What comes along when files are chosen.

use std::path::PathBuf;

use layout::{Kind, Layout};
use selection::{Files, List, Needs, Priority};

use super::svg::{Svg, Width};
use super::{Figure, sample};

/// The letters of the chapter's example, in pieces of eight.
const STRING: &str = "HELLOTHEQUICKBROWNFOX.JUMPS";
const FILES: [(&str, u64); 4] = [
    ("hello.txt", 5),
    ("fox.txt", 16),
    ("dot", 1),
    ("end.txt", 5),
];

fn needs(layout: &Layout, list: &str) -> Needs {
    let files = Files::new(layout);
    let list: List = list.parse().expect("a list");
    let selection = list.select(&files, None).expect("files that are there");
    Needs::of(layout, &selection)
}

pub(super) fn shared() -> Figure {
    let executable = false;
    let files =
        FILES.map(|(name, length)| (PathBuf::from(name), length, Kind::Regular { executable }));
    let layout = Layout::new(files, 8).expect("a small torrent");
    let needs = needs(&layout, "fox.txt");
    let title = format!(
        "A string of 27 letters. Above it four files: hello.txt, fox.txt, dot and end.txt. Below it four pieces of eight \
         letters. fox.txt lies in pieces 0, 1 and 2, which are fetched; its {} letters are wanted, and {} come along. \
         Piece 3 is not fetched.",
        needs.wanted, needs.along
    );
    let mut svg = Svg::new("15-shared", &title, Width::Narrow);
    let cell = 474.0 / STRING.len() as f64;
    let x = |byte: u64| 3.0 + cell * byte as f64;
    for (index, file) in layout.files().iter().enumerate() {
        let (left, right) = (x(file.offset), x(file.end()));
        let class = if index == 1 { "a solid" } else { "box" };
        svg.rect(class, left, 26.0, right - left - 2.0, 28.0);
        let name = file.path.display().to_string();
        let text = if index == 1 {
            "small mid on"
        } else {
            "small mid"
        };
        let y = if file.length == 1 { 19.0 } else { 45.0 };
        svg.text(text, (left + right) / 2.0, y, &name);
    }
    for (byte, letter) in (0..).zip(STRING.chars()) {
        let piece = byte / 8;
        let entry = &layout.files()[1];
        let is_needed = needs.pieces[piece as usize] != Priority::Skip;
        let class = match (entry.offset..entry.end()).contains(&byte) {
            true => "a",
            false if is_needed => "b",
            false => "box",
        };
        svg.rect(class, x(byte), 74.0, cell - 1.5, 30.0);
        svg.text(
            "mono mid",
            x(byte) + cell / 2.0 - 0.7,
            95.0,
            &letter.to_string(),
        );
    }
    for (piece, priority) in needs.pieces.iter().enumerate() {
        let begin = piece as u64 * 8;
        let end = (begin + 8).min(STRING.len() as u64);
        let is_needed = *priority != Priority::Skip;
        let class = if is_needed { "c" } else { "box" };
        svg.rect(class, x(begin), 124.0, x(end) - x(begin) - 2.0, 28.0);
        let text = match (is_needed, piece) {
            (true, _) => format!("piece {piece}"),
            _ => format!("{piece}: not"),
        };
        svg.text("small mid", (x(begin) + x(end)) / 2.0, 143.0, &text);
    }
    svg.rect("a", 3.0, 172.0, 24.0, 16.0);
    svg.text("small", 34.0, 185.0, "wanted");
    svg.rect("b", 120.0, 172.0, 24.0, 16.0);
    svg.text("small", 151.0, 185.0, "comes along");
    svg.rect("box", 270.0, 172.0, 24.0, 16.0);
    svg.text("small", 301.0, 185.0, "not fetched");
    svg.finish(196.0)
}

pub(super) fn along() -> Figure {
    let torrent = sample::torrent();
    let layout = Layout::from_metainfo(&torrent).expect("the sample");
    let files = Files::new(&layout);
    let rows: Vec<(String, Needs)> = files
        .listed()
        .iter()
        .zip(1..)
        .map(|(file, number)| {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            (name.to_owned(), needs(&layout, &format!("{number}")))
        })
        .collect();
    let most = rows
        .iter()
        .map(|(_, needs)| needs.wanted + needs.along)
        .max();
    let scale = 300.0 / most.unwrap_or(1) as f64;
    let told: Vec<String> = rows
        .iter()
        .map(|(name, needs)| format!("{name}: {} wanted, {} along", needs.wanted, needs.along))
        .collect();
    let title = format!(
        "For each file of the sample, in bytes, its own length and what comes along with it. {}.",
        told.join("; ")
    );
    let mut svg = Svg::new("15-along", &title, Width::Narrow);
    let mut y = 0.0;
    for (name, needs) in rows {
        svg.text("small", 2.0, y + 15.0, &name);
        let words = match needs.wanted + needs.along {
            0 => "no piece".to_owned(),
            _ => format!("{} + {}", kib(needs.wanted), kib(needs.along)),
        };
        let (wanted, along) = (needs.wanted as f64 * scale, needs.along as f64 * scale);
        svg.rect("a solid", 2.0, y + 21.0, wanted.max(1.0), 13.0);
        if along > 0.0 {
            svg.rect("b solid", 3.0 + wanted.max(1.0), y + 21.0, along, 13.0);
        }
        svg.text("small end", 478.0, y + 33.0, &words);
        y += 42.0;
    }
    svg.rect("a solid", 2.0, y + 8.0, 24.0, 14.0);
    svg.text("small", 33.0, y + 20.0, "wanted");
    svg.rect("b solid", 120.0, y + 8.0, 24.0, 14.0);
    svg.text("small", 151.0, y + 20.0, "comes along");
    svg.finish(y + 28.0)
}

/// A length for people.
fn kib(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        _ => format!("{:.1} KiB", bytes as f64 / 1_024.0),
    }
}
