//! Chapters 1 and 2: any bytes as a tree, what is wrong with them, and what they say as a torrent.

// The words that the step's own program finds for a value.
#[path = "../../../steps/step01-bencode/src/program/mod.rs"]
#[allow(dead_code, reason = "here they are drawn in another way")]
mod program;

use bencode::{Kind, Mode, Options, Value};
use metainfo::{Metainfo, Version};
use program::tree::meaning;
use serde::{Deserialize, Serialize};

/// So many rows are told, files and warnings: a page shows no more.
const ROWS: usize = 1_000;
const FILES: usize = 20;

#[derive(Deserialize)]
pub(crate) struct Question {
    /// The bytes, as pairs of hex digits.
    hex: String,
    /// Whether nothing is forgiven.
    #[serde(default)]
    strict: bool,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    bytes: usize,
    /// How many values there are, keys included.
    values: usize,
    rows: Vec<Row>,
    /// What is wrong, if it cannot be read, and at which byte.
    broken: Option<(usize, String)>,
    /// What was forgiven, and where.
    odd: Vec<(usize, String)>,
    /// What it is as a torrent; `None` if it has no `info` and does not look like one.
    torrent: Option<Torrent>,
}

/// A value, a key, or the end of a list or dictionary.
#[derive(Serialize)]
struct Row {
    /// Its bytes.
    from: usize,
    to: usize,
    /// How many lists and dictionaries are open.
    depth: usize,
    says: String,
}

#[derive(Serialize)]
struct Torrent {
    /// Why it is none.
    refused: Option<String>,
    /// The bytes of the value of `info`.
    info: (usize, usize),
    about: Vec<(&'static str, String)>,
    warnings: Vec<String>,
}

pub(crate) fn look(question: Question) -> Result<Answer, String> {
    let input = hex::decode(&question.hex).map_err(|error| error.to_string())?;
    let mode = match question.strict {
        true => Mode::Strict,
        false => Mode::Lenient,
    };
    let mut answer = Answer {
        bytes: input.len(),
        values: 0,
        rows: Vec::new(),
        broken: None,
        odd: Vec::new(),
        torrent: None,
    };
    match Options::new(mode).decode(&input) {
        Err(error) => answer.broken = Some((error.offset, error.problem.to_string())),
        Ok(document) => {
            let quirks = document.quirks().iter();
            answer.odd = quirks
                .map(|quirk| (quirk.offset, quirk.flaw.to_string()))
                .collect();
            answer.values = document.value_count();
            answer.rows = rows(document.root());
            answer.torrent = document
                .root()
                .get("info")
                .map(|info| torrent(&input, info));
        }
    }
    Ok(answer)
}

/// The tree, in the order of the bytes.
fn rows(root: Value<'_, '_>) -> Vec<Row> {
    let mut rows = vec![row(root, 0, meaning(root))];
    let mut open = vec![(root, root.children(), true)];
    while let Some((parent, children, is_key)) = open.last_mut() {
        if rows.len() >= ROWS {
            break;
        }
        let Some(child) = children.next() else {
            let parent = *parent;
            open.pop();
            rows.extend(end(parent, open.len()));
            continue;
        };
        let says = match parent.kind() == Kind::Dict && *is_key {
            true => format!("key {}", meaning(child)),
            false => meaning(child),
        };
        *is_key = !*is_key;
        rows.push(row(child, open.len(), says));
        open.push((child, child.children(), true));
    }
    rows
}

fn row(value: Value<'_, '_>, depth: usize, says: String) -> Row {
    let span = value.span();
    Row {
        from: span.start,
        to: span.end,
        depth,
        says,
    }
}

fn end(value: Value<'_, '_>, depth: usize) -> Option<Row> {
    let says = match value.kind() {
        Kind::List => "end of the list",
        Kind::Dict => "end of the dictionary",
        Kind::Int | Kind::Bytes => return None,
    };
    let to = value.span().end;
    Some(Row {
        from: to - 1,
        to,
        depth,
        says: says.to_owned(),
    })
}

fn torrent(input: &[u8], info: Value<'_, '_>) -> Torrent {
    let span = info.span();
    let mut told = Torrent {
        refused: None,
        info: (span.start, span.end),
        about: Vec::new(),
        warnings: Vec::new(),
    };
    match Metainfo::parse(input) {
        Err(error) => told.refused = Some(error.to_string()),
        Ok(torrent) => {
            told.about = about(&torrent);
            let warnings = torrent.warnings.iter().take(FILES);
            told.warnings = warnings.map(ToString::to_string).collect();
        }
    }
    told
}

fn about(torrent: &Metainfo) -> Vec<(&'static str, String)> {
    let grouped = metainfo::text::grouped;
    let mut about = vec![("name", torrent.name.clone())];
    if let Some(hash) = torrent.info_hash_v1 {
        about.push(("info-hash", hash.to_string()));
    }
    if let Some(hash) = torrent.info_hash_v2 {
        about.push(("info-hash v2", hex::encode(hash)));
    }
    let version = match torrent.version() {
        Version::V1 => "1",
        Version::V2 => "2",
        Version::Hybrid => "1 and 2 (hybrid)",
    };
    about.push(("version", version.to_owned()));
    about.push(("size", format!("{} bytes", grouped(torrent.total_length))));
    let (count, length) = (torrent.piece_count(), torrent.piece_length);
    let pieces = format!("{} of {} bytes", grouped(count.into()), grouped(length));
    about.push(("pieces", pieces));
    if torrent.private {
        about.push(("private", "yes".to_owned()));
    }
    for url in torrent.announce.iter().flatten().take(FILES) {
        about.push(("tracker", url.clone()));
    }
    for file in torrent.files.iter().take(FILES) {
        let path = file.path.join("/");
        about.push(("file", format!("{path}, {} bytes", grouped(file.length))));
    }
    let more = torrent.files.len().saturating_sub(FILES);
    if more > 0 {
        about.push(("and", format!("{} files more", grouped(more as u64))));
    }
    about
}
