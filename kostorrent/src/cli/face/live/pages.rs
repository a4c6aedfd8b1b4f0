//! What a key opens: peers, files, trackers, what has happened.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

use engine::{Encryption, PeerDetails, TrackerDetails, TrackerWord};
use peer_id::PeerId;
use progress::{Role, Text, bytes, columns, duration, rate};

use super::files;
use super::panel::{Frame, bar, ends, line, tail};
use super::shown::Shown;
use crate::cli::counts;
use crate::cli::text::{one_line, printable};

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Page {
    Peers,
    Files,
    Trackers,
    Log,
}

impl Page {
    const ALL: [Page; 4] = [Page::Peers, Page::Files, Page::Trackers, Page::Log];

    fn name(self) -> &'static str {
        match self {
            Page::Peers => "peers",
            Page::Files => "files",
            Page::Trackers => "trackers",
            Page::Log => "log",
        }
    }

    /// The one after it; after the last there is none.
    pub fn next(self) -> Option<Page> {
        let at = Page::ALL.iter().position(|&page| page == self)?;
        Page::ALL.get(at + 1).copied()
    }
}

/// The names of all pages, the open one marked.
pub(super) fn tabs(open: Page, note: &str, frame: Frame) -> Text {
    let mut tabs = Text::new();
    for page in Page::ALL {
        if tabs.columns() > 0 {
            tabs.push(Role::Quiet, "  ");
        }
        match page == open {
            true => tabs.push(Role::Title, &format!("[{}]", page.name())),
            false => tabs.push(Role::Quiet, page.name()),
        }
    }
    if tabs.columns() + 2 + columns(note) <= frame.width {
        let gap = frame.width - tabs.columns() - columns(note);
        tabs.push(Role::Quiet, &format!("{}{note}", " ".repeat(gap)));
    }
    tabs
}

/// How many rows a page has.
pub(super) fn count(page: Page, shown: &Shown, log: &VecDeque<(String, String)>) -> usize {
    let count = match page {
        // Under a line that names the columns.
        Page::Peers => match shown.details.peers.len() {
            0 => 0,
            peers => peers + 1,
        },
        Page::Files => shown.subject.files.len(),
        Page::Trackers => shown.details.trackers.len(),
        Page::Log => log.len(),
    };
    // Or a sentence that there is nothing.
    count.max(1)
}

/// A part of the rows of a page.
pub(super) fn rows(
    page: Page,
    shown: &Shown,
    log: &VecDeque<(String, String)>,
    frame: Frame,
    part: Range<usize>,
) -> Vec<Text> {
    let (from, most) = (part.start, part.len());
    let rows: Vec<Text> = match page {
        Page::Peers => peers(shown, frame)
            .into_iter()
            .skip(from)
            .take(most)
            .collect(),
        // A torrent may have a hundred thousand files: how far each is costs a look at its pieces.
        Page::Files => {
            let files = shown.subject.files.iter().skip(from).take(most);
            files
                .map(|span| file(&files::progress(shown, span), frame))
                .collect()
        }
        Page::Trackers => {
            let trackers = shown.details.trackers.iter().skip(from).take(most);
            trackers.map(|one| tracker(one, frame)).collect()
        }
        // The newest first.
        Page::Log => {
            let said = log.iter().rev().skip(from).take(most);
            said.map(|said| happened(said, frame)).collect()
        }
    };
    if rows.is_empty() {
        let nothing = match page {
            Page::Peers => "nobody is connected",
            Page::Files => "no files",
            Page::Trackers => "no tracker that can be asked",
            Page::Log => "nothing to tell so far",
        };
        return vec![line(Role::Quiet, nothing)];
    }
    rows
}

/// A row for each peer, those with most traffic first.
fn peers(shown: &Shown, frame: Frame) -> Vec<Text> {
    let mut peers: Vec<&PeerDetails> = shown.details.peers.iter().collect();
    if peers.is_empty() {
        return Vec::new();
    }
    peers.sort_by_key(|peer| Reverse(peer.downloaded + peer.uploaded));
    let header = Row {
        addr: "address".to_owned(),
        client: "client".to_owned(),
        flags: "flags".to_owned(),
        has: "has".to_owned(),
        down: format!("{} in", frame.sign("↓", "")).trim().to_owned(),
        up: format!("{} out", frame.sign("↑", "")).trim().to_owned(),
        doing: "doing".to_owned(),
    };
    let mut rows = vec![header.draw(Role::Quiet, frame)];
    rows.extend(
        peers
            .into_iter()
            .map(|peer| row(peer).draw(Role::Plain, frame)),
    );
    rows
}

/// The columns of a peer.
struct Row {
    addr: String,
    client: String,
    flags: String,
    has: String,
    down: String,
    up: String,
    doing: String,
}

fn row(peer: &PeerDetails) -> Row {
    let client = PeerId(peer.id).client();
    let percent = u64::from(peer.has) * 100 / u64::from(peer.of.max(1));
    let moved = |per_second: u64, total: u64| match (per_second, total) {
        (0, 0) => "-".to_owned(),
        (0, total) => bytes(total),
        (per_second, _) => rate(per_second),
    };
    Row {
        addr: peer.addr.to_string(),
        client: client.map_or_else(
            || "unknown".to_owned(),
            |client| printable(&client.to_string()).into_owned(),
        ),
        flags: flags(peer),
        has: format!("{percent} %"),
        down: moved(peer.down_rate, peer.downloaded),
        up: moved(peer.up_rate, peer.uploaded),
        doing: doing(peer),
    }
}

/// Who wants what of whom, and gets it, in letters that other clients use, too.
fn flags(peer: &PeerDetails) -> String {
    let mut flags = String::new();
    match (peer.am_interested, peer.peer_choking) {
        (true, true) => flags.push('d'),
        (true, false) => flags.push('D'),
        _ => {}
    }
    match (peer.peer_interested, peer.am_choking) {
        (true, true) => flags.push('u'),
        (true, false) => flags.push('U'),
        _ => {}
    }
    if peer.incoming {
        flags.push('I');
    }
    match peer.encryption {
        Encryption::None => {}
        Encryption::Greeting => flags.push('e'),
        Encryption::All => flags.push('E'),
    }
    flags
}

/// What the letters mean.
pub(super) const FLAGS: &str =
    "D it serves us  d it chokes us  U we serve it  u we choke it  I it called  E encrypted";

/// What it does for us, and why we serve it or do not, if it wants anything.
fn doing(peer: &PeerDetails) -> String {
    let doing = peer.doing.to_string();
    let Some(reason) = peer.reason.filter(|_| peer.peer_interested) else {
        return doing;
    };
    format!("{doing}; {reason}")
}

impl Row {
    fn draw(&self, role: Role, frame: Frame) -> Text {
        let wide = frame.width >= 60;
        let wider = frame.width >= 100;
        let mut line = Text::new();
        let mut column = |text: &str, width: usize, right: bool| {
            let text = frame.clip(text, width);
            let space = " ".repeat(width.saturating_sub(columns(&text)));
            let padded = if right { space + &text } else { text + &space };
            line.push(role, &padded);
            line.push(role, " ");
        };
        column(&self.addr, if wider { 22 } else { 15 }, false);
        if wide {
            column(&self.client, if wider { 18 } else { 12 }, false);
            column(&self.flags, 5, false);
        }
        if wider {
            column(&self.has, 5, true);
        }
        column(&self.down, 10, true);
        if wide {
            column(&self.up, 10, true);
        }
        let room = frame.width.saturating_sub(line.columns() + 1);
        line.push(role, " ");
        line.push(role, &frame.clip(&self.doing, room));
        line
    }
}

fn file(progress: &files::Progress<'_>, frame: Frame) -> Text {
    let length = progress.file.length;
    let percent = match length {
        0 => 100,
        length => progress.done.saturating_mul(100) / length,
    };
    let mut right = Text::new();
    match progress.file.wanted {
        false => right.push(Role::Quiet, "not wanted"),
        true if frame.width >= 60 => {
            right.extend(&bar(percent as usize, 12, frame));
            right.push(Role::Plain, &format!(" {percent:>3} %"));
        }
        true => right.push(Role::Plain, &format!("{percent:>3} %")),
    }
    right.push(Role::Quiet, &format!(" {:>8}", bytes(length)));
    let role = match (progress.arriving, progress.file.wanted) {
        (_, false) => Role::Quiet,
        (true, true) => Role::InFlight,
        _ => Role::Plain,
    };
    let room = frame.width.saturating_sub(right.columns() + 2);
    ends(
        (role, &tail(&progress.file.path, room, frame)),
        &right,
        frame,
    )
}

fn tracker(tracker: &TrackerDetails, frame: Frame) -> Text {
    let mut said = match &tracker.word {
        _ if tracker.asked => "is being asked".to_owned(),
        None | Some(TrackerWord::None | TrackerWord::Nothing) => "not asked so far".to_owned(),
        Some(TrackerWord::Addresses(count)) => match (counts::words(tracker.counts), count) {
            (Some(counts), _) => format!("knows {counts}"),
            (None, 1) => "knows one address".to_owned(),
            (None, count) => format!("knows {count} addresses"),
        },
        Some(TrackerWord::Failed(why)) => one_line(&why.to_string()),
    };
    if let Some(next) = tracker.next.filter(|next| !next.is_zero()) {
        said = format!("{said}, asked again in {}", duration(next));
    }
    let host = frame.clip(&printable(&tracker.host), frame.width / 2);
    let mut line = line(Role::Plain, &host);
    let room = frame.width.saturating_sub(line.columns() + 2);
    line.push(Role::Quiet, &format!("  {}", frame.clip(&said, room)));
    line
}

fn happened((when, what): &(String, String), frame: Frame) -> Text {
    let mut line = line(Role::Quiet, &format!("{when} "));
    let room = frame.width.saturating_sub(line.columns());
    line.push(Role::Plain, &frame.clip(what, room));
    line
}
