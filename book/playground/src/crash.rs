//! Chapter 14: the power is cut, and some of what was not synced has luck.

// The chapter's own download with its note, on the disk that forgets.
#[path = "../../../steps/step14-pause-resume/examples/common/notes.rs"]
#[allow(dead_code, reason = "one cut is looked at here, and not all")]
mod notes;

use notes::disk::Disk;
use notes::{Do, FILE, Found, NEW, NOTE, ORDERS, SECTOR, download, find};
use serde::{Deserialize, Serialize};

use crate::within;

#[derive(Deserialize)]
pub(crate) struct Question {
    /// Which of the six orders, from 0 on.
    order: usize,
    /// How many calls were done before the cut.
    done: usize,
    /// Which of the changes that were not synced have reached the disk, by their places.
    lucky: Vec<usize>,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    orders: Vec<&'static str>,
    /// All calls of the program, in their order.
    calls: Vec<String>,
    /// What was not synced when the power was cut. The times of files are not among it: here nothing
    /// is judged by them.
    pending: Vec<Change>,
    /// What a program saw before the cut, and what is there after it.
    before: Vec<File>,
    after: Vec<File>,
    /// What the next start finds: `honest`, `torn` or `lie`, and a sentence.
    found: &'static str,
    says: String,
}

#[derive(Serialize)]
struct Change {
    place: usize,
    what: String,
}

#[derive(Serialize)]
struct File {
    name: &'static str,
    /// What is in each of its sectors; `None` if there is no such file.
    sectors: Option<Vec<String>>,
}

pub(crate) fn cut(question: Question) -> Result<Answer, String> {
    let order = within("order", question.order, [0, ORDERS.len() - 1])?;
    let order = ORDERS[order].1;
    let calls = calls(order);
    let mut disk = Disk::new();
    disk.crash_at = within("calls", question.done, [0, calls.len()])?;
    // It ends with the crash, as it should.
    let _ = download(&mut disk, order);
    let pending = (0..disk.pending()).map(|place| Change {
        place,
        what: disk.describe(place),
    });
    let pending: Vec<Change> = pending
        .filter(|change| !change.what.starts_with("the time of "))
        .collect();
    let is_lucky = |change: &&Change| question.lucky.contains(&change.place);
    let survivors = pending.iter().filter(is_lucky).map(|change| change.place);
    let after = disk.power_cut(survivors);
    let (found, says) = verdict(&after);
    Ok(Answer {
        orders: ORDERS.iter().map(|(name, _)| *name).collect(),
        calls,
        pending,
        before: files(&disk),
        after: files(&after),
        found,
        says,
    })
}

/// The calls that [`download`] makes, in words.
fn calls(order: &[Do]) -> Vec<String> {
    let mut calls = vec![format!("make {FILE}")];
    for piece in 0..notes::PIECES {
        let (number, letter) = (piece + 1, char::from(b'A' + piece));
        for step in order {
            match step {
                Do::Piece => calls.push(format!("write piece {number} ({letter}) to {FILE}")),
                Do::SyncFile => calls.push(format!("sync {FILE}")),
                Do::SyncFolder => calls.push("sync the folder data".to_owned()),
                Do::Over => {
                    calls.push(format!("open {NOTE}, or make it"));
                    calls.push(format!("write \"{number}\" over {NOTE}"));
                }
                Do::Beside => {
                    calls.push(format!("open {NEW}, or make it"));
                    calls.push(format!("write \"{number}\" to {NEW}"));
                }
                Do::SyncNew => calls.push(format!("sync {NEW}")),
                Do::Rename => calls.push(format!("rename {NEW} to {NOTE}")),
                Do::SyncNote => calls.push(format!("sync {NOTE}")),
                Do::SyncState => calls.push("sync the folder state".to_owned()),
            }
        }
    }
    calls
}

fn files(disk: &Disk) -> Vec<File> {
    [FILE, NOTE, NEW]
        .map(|name| File {
            name,
            sectors: disk.read(name).map(sectors),
        })
        .into()
}

/// Each sector is full of one byte: a letter in the torrent's file, a number in a note.
fn sectors(bytes: &[u8]) -> Vec<String> {
    let sector = |sector: &[u8]| match sector[0] {
        0 => "zeros".to_owned(),
        letter @ b'A'..=b'Z' => char::from(letter).to_string(),
        number => number.to_string(),
    };
    bytes.chunks(SECTOR).map(sector).collect()
}

fn verdict(disk: &Disk) -> (&'static str, String) {
    let note = disk.read(NOTE).and_then(|note| note.first().copied());
    match (find(disk), note) {
        (Found::Torn, _) => (
            "torn",
            "The note is torn: it is of no use, and everything has to be read.".to_owned(),
        ),
        (Found::Lie(claimed), _) => (
            "lie",
            format!(
                "The note lies: it claims {claimed} of {} pieces, and not all of them are there.",
                notes::PIECES
            ),
        ),
        (Found::Honest, None) => (
            "honest",
            "There is no note: everything has to be read, and nothing is believed.".to_owned(),
        ),
        (Found::Honest, Some(claimed)) => (
            "honest",
            format!(
                "The note is honest: it claims {claimed} of {} pieces, and they are there.",
                notes::PIECES
            ),
        ),
    }
}
