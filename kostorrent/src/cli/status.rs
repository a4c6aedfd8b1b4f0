//! `kostorrent status`: how the running torrents stand.

use std::time::Duration;

use serde::Serialize;

use super::args::Status;
use super::failure::Failure;
use super::text::printable;
use super::which::{self, Meant, NOTHING};
use super::{output, running};
use crate::control::{Standing, State};

/// Asks all, and prints what they say.
pub(crate) fn run(args: &Status) -> Result<(), Failure> {
    running::told_in_json(args.json, || {
        let which = &args.which;
        let all = running::block_on(which::all(which))?;
        let mut meant = which::fitting(which, all)?;
        if which.name.is_some() {
            meant = vec![which::only(which, meant)?];
        }
        if args.json {
            for meant in &meant {
                output::json(&Event::new(meant))?;
            }
            return Ok(());
        }
        if meant.is_empty() {
            return output::result(|out| writeln!(out, "{NOTHING}"));
        }
        let table = table(&meant);
        output::result(|out| out.write_all(table.as_bytes()))
    })
}

/// One torrent as an event.
#[derive(Serialize)]
struct Event<'a> {
    event: &'static str,
    pid: u32,
    #[serde(flatten)]
    torrent: &'a Standing,
}

impl Event<'_> {
    fn new(meant: &Meant) -> Event<'_> {
        Event {
            event: "status",
            pid: meant.process.pid,
            torrent: &meant.torrent,
        }
    }
}

const HEAD: [&str; 9] = [
    "NAME", "STATE", "DONE", "DOWN", "UP", "RATIO", "LEFT", "PID", "FOLDER",
];

/// The longest name that is shown, in characters: what is longer ends with `...`.
const LONGEST_NAME: usize = 40;

/// A line for each, in columns.
fn table(meant: &[Meant]) -> String {
    let rows: Vec<[String; 9]> = meant.iter().map(row).collect();
    let mut widths = HEAD.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut table = String::new();
    for row in [HEAD.map(str::to_owned)].iter().chain(&rows) {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        table.push_str(cells.join("  ").trim_end());
        table.push('\n');
    }
    table
}

fn row(meant: &Meant) -> [String; 9] {
    let torrent = &meant.torrent;
    let dash = || "-".to_owned();
    let moves = !torrent.state.is_over();
    let rate = |rate: u64| match moves {
        true => progress::rate(rate),
        false => dash(),
    };
    let folder = std::path::Path::new(&torrent.path).parent();
    let folder = folder.map_or_else(dash, |folder| match folder.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => printable(&folder.to_string_lossy()).into_owned(),
    });
    [
        short(&printable(&torrent.name)),
        word(torrent.state).to_owned(),
        format!("{} %", percent(torrent)),
        rate(torrent.down_rate),
        rate(torrent.up_rate),
        torrent
            .ratio
            .map_or_else(dash, |ratio| format!("{ratio:.2}")),
        torrent
            .eta
            .filter(|_| torrent.state == State::Downloading)
            .map_or_else(dash, |eta| progress::duration(Duration::from_secs(eta))),
        meant.process.pid.to_string(),
        folder,
    ]
}

/// What it does, in a word.
pub(crate) fn word(state: State) -> &'static str {
    match state {
        State::Metadata => "finding metadata",
        State::Checking => "checking",
        State::Downloading => "downloading",
        State::Seeding => "seeding",
        State::Paused => "paused",
        State::Waiting => "waiting for the disk",
        State::Ending => "ending",
        State::Complete => "complete",
        State::Stopped => "stopped",
        State::Failed => "failed",
    }
}

/// Rounded down: 100 only when all of it is there, or has been looked at.
fn percent(torrent: &Standing) -> u32 {
    let (done, all) = match torrent.state {
        State::Checking => (torrent.checked.into(), torrent.pieces.into()),
        _ => (
            torrent.total_length.saturating_sub(torrent.left),
            torrent.total_length,
        ),
    };
    progress::percent(done, all)
}

fn short(name: &str) -> String {
    match name.chars().count() > LONGEST_NAME {
        false => name.to_owned(),
        true => {
            let begin: String = name.chars().take(LONGEST_NAME - 3).collect();
            format!("{begin}...")
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::control::Running;

    fn meant() -> Meant {
        Meant {
            process: Running {
                socket: "/run/x".into(),
                pid: 77,
                torrents: Vec::new(),
            },
            torrent: Standing {
                name: "film".into(),
                info_hash: "0123456789012345678901234567890123456789".into(),
                state: State::Downloading,
                checked: 10,
                pieces_have: 7,
                pieces: 10,
                left: 300,
                total_length: 1000,
                downloaded: 720,
                uploaded: 350,
                down_rate: 2048,
                up_rate: 0,
                peers: 3,
                seeds: 1,
                known_seeders: Some(5),
                known_leechers: None,
                ratio: Some(0.5),
                eta: Some(65),
                path: "/home/me/film".into(),
                listening: "0.0.0.0:6881".into(),
            },
        }
    }

    #[test]
    fn a_person_reads_a_table() {
        let mut seeder = meant();
        seeder.process.pid = 8;
        seeder.torrent = Standing {
            name: "a\u{1b}[2J".repeat(10),
            state: State::Seeding,
            left: 0,
            path: "film".into(),
            ratio: None,
            eta: None,
            ..seeder.torrent
        };
        assert_eq!(
            table(&[meant(), seeder]),
            "NAME                                      STATE        DONE   DOWN       UP     RATIO  LEFT      PID  FOLDER\n\
             film                                      downloading  70 %   2.0 KiB/s  0 B/s  0.50   1 m 05 s  77   /home/me\n\
             a\\u{1b}[2Ja\\u{1b}[2Ja\\u{1b}[2Ja\\u{1b}...  seeding      100 %  2.0 KiB/s  0 B/s  -      -         8    .\n"
        );
    }

    #[test]
    fn a_program_reads_these_fields() {
        let event = serde_json::to_value(Event::new(&meant())).unwrap();
        assert_eq!(
            event,
            serde_json::json!({
                "event": "status",
                "pid": 77,
                "name": "film",
                "info_hash": "0123456789012345678901234567890123456789",
                "state": "downloading",
                "checked": 10,
                "pieces_have": 7,
                "pieces": 10,
                "left": 300,
                "total_length": 1000,
                "downloaded": 720,
                "uploaded": 350,
                "down_rate": 2048,
                "up_rate": 0,
                "peers": 3,
                "seeds": 1,
                "known_seeders": 5,
                "known_leechers": null,
                "ratio": 0.5,
                "eta": 65,
                "path": "/home/me/film",
                "listening": "0.0.0.0:6881",
            })
        );
    }

    #[test]
    fn a_hundred_percent_is_all() {
        let mut torrent = meant().torrent;
        torrent.left = 1;
        assert_eq!(percent(&torrent), 99);
        torrent.left = 0;
        assert_eq!(percent(&torrent), 100);
        torrent.total_length = 0;
        assert_eq!(percent(&torrent), 100);
    }
}
