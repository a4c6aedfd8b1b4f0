//! A torrent on a few lines: what is to be seen without pressing a key.

use progress::{Letters, Role, Text, clip, columns, duration, map, part, rate, ratio, sparkline};

use super::files::{self, Progress};
use super::shown::Shown;
use crate::node::{Snapshot, TorrentState};

/// How many files that are arriving are shown.
const FILES: usize = 3;

/// Between two things on a line.
const GAP: &str = "  ";

/// What a picture is drawn with, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    /// Columns that a line may fill.
    pub width: usize,
    /// Lines that the picture may have.
    pub height: usize,
    pub letters: Letters,
}

impl Frame {
    pub fn sign(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.letters {
            Letters::Unicode => unicode,
            Letters::Ascii => ascii,
        }
    }

    pub fn clip(self, text: &str, width: usize) -> String {
        clip(text, width, self.sign("…", ".."))
    }
}

/// The line, or as much of it as fits: for terminals that are narrower than anybody reads.
pub(super) fn fit(line: Text, width: usize) -> Text {
    if line.columns() <= width {
        return line;
    }
    let mut fitting = Text::new();
    for (role, text) in line.parts() {
        let room = width.saturating_sub(fitting.columns());
        fitting.push(role, &clip(text, room, ""));
    }
    fitting
}

/// A line with one part.
pub(super) fn line(role: Role, text: &str) -> Text {
    let mut line = Text::new();
    line.push(role, text);
    line
}

/// A left part and a right one, with what is left of the width between them. The left one is
/// clipped where there is no room for both.
pub(super) fn ends(left: (Role, &str), right: &Text, frame: Frame) -> Text {
    let room = frame.width.saturating_sub(right.columns());
    let name = match room {
        0..=2 => String::new(),
        room => frame.clip(left.1, room - GAP.len()),
    };
    let mut line = Text::new();
    line.push(left.0, &name);
    line.push(
        Role::Plain,
        &" ".repeat(room.saturating_sub(columns(&name))),
    );
    line.extend(right);
    line
}

/// Draws a torrent in at most `frame.height` lines; what matters least is left out first.
pub(super) fn panel(shown: &Shown, frame: Frame, with_files: bool) -> Vec<Text> {
    let mut rows = vec![title(shown, frame)];
    let stream = stream(shown, frame);
    let company = company(shown, frame);
    // From here on in the order of importance; the places are another matter.
    let has_map = frame.height >= 3;
    let has_company = frame.height >= 4;
    let fixed = 1 + usize::from(has_map) + 1 + usize::from(has_company);
    let mut left = frame.height.saturating_sub(fixed);
    let bound = wrapped(&shown.bound, frame, sentence_rows(frame).min(left));
    left -= bound.len();
    let most = match shown.subject.files.len() {
        0 | 1 => 0,
        files if with_files && shown.is_fetching() => files.min(FILES).min(left),
        _ => 0,
    };
    left -= most;
    if has_map {
        let extra = usize::from(left > 0 && frame.height >= 9);
        rows.extend(picture(shown, 1 + extra, frame));
    }
    rows.push(stream);
    if has_company {
        rows.push(company);
    }
    rows.extend(bound);
    let files = files::arriving(shown, most);
    let drawn = files.len();
    rows.extend(files.iter().map(|file| arriving(file, frame)));
    // The picture keeps its height: else the lines above it would go up and down.
    rows.extend((drawn..most).map(|_| Text::new()));
    rows.truncate(frame.height);
    rows
}

/// How many rows the sentence about the speed has.
fn sentence_rows(frame: Frame) -> usize {
    match frame.width {
        0..70 => 2,
        _ => 1,
    }
}

fn title(shown: &Shown, frame: Frame) -> Text {
    let figures = shown.figures();
    let mut right = Text::new();
    let now = &shown.now;
    let word = match now.state {
        TorrentState::Metadata => "finding metadata",
        TorrentState::Checking => "checking",
        TorrentState::Seeding => "seeding",
        TorrentState::Paused => "paused",
        TorrentState::Waiting => "disk fault",
        TorrentState::Ended if shown.ended || now.left == 0 => "complete",
        TorrentState::Ended => "stopping",
        TorrentState::Downloading => "",
    };
    let role = match now.state {
        TorrentState::Waiting => Role::Rare,
        TorrentState::Paused => Role::InFlight,
        TorrentState::Seeding => Role::Here,
        _ => Role::Plain,
    };
    let percent = match now.state {
        TorrentState::Seeding | TorrentState::Metadata => String::new(),
        _ => format!("{} %", figures.percent()),
    };
    let size = match figures.done == figures.total {
        _ if now.state == TorrentState::Metadata => String::new(),
        true => progress::bytes(figures.total),
        false => part(figures.done, figures.total),
    };
    for (role, text) in [(role, word), (Role::Title, &percent), (Role::Quiet, &size)] {
        let more = columns(text) + GAP.len();
        if !text.is_empty() && right.columns() + more + 14 <= frame.width {
            if right.columns() > 0 {
                right.push(Role::Plain, GAP);
            }
            right.push(role, text);
        }
    }
    ends((Role::Title, &shown.subject.name), &right, frame)
}

/// The map of the pieces, as wide as the terminal; while they are checked, how far that is.
fn picture(shown: &Shown, rows: usize, frame: Frame) -> Vec<Text> {
    let pieces = shown.pieces();
    if pieces.is_empty() {
        let percent = shown.figures().percent() as usize;
        return vec![bar(percent, frame.width, frame)];
    }
    // A few pieces are drawn as wide as many: no line is left half empty.
    let (count, width) = (pieces.len(), frame.width);
    let rows = match count < width || shown.now.left == 0 {
        true => 1,
        false => rows,
    };
    let cells = rows * width;
    if count < cells {
        let stretched: Vec<_> = (0..cells).map(|at| pieces[at * count / cells]).collect();
        return map(&stretched, width, rows, frame.letters);
    }
    map(pieces, width, rows, frame.letters)
}

/// A bar of so many columns.
pub(super) fn bar(percent: usize, width: usize, frame: Frame) -> Text {
    let filled = width * percent.min(100) / 100;
    let mut bar = Text::new();
    bar.push(Role::Here, &frame.sign("━", "#").repeat(filled));
    let rest = width - filled;
    bar.push(Role::Missing, &frame.sign("─", ".").repeat(rest));
    bar
}

/// What comes in, or goes out when everything is here; how that was; and how long the rest takes.
fn stream(shown: &Shown, frame: Frame) -> Text {
    let now = &shown.now;
    let gives = matches!(now.state, TorrentState::Seeding);
    let (sign, speed, history) = match gives {
        true => (frame.sign("↑", "up"), now.up_rate, &shown.up),
        false => (frame.sign("↓", "down"), now.down_rate, &shown.down),
    };
    let speed = format!("{sign} {:>10}", rate(speed));
    let outlook = outlook(shown);
    let used = columns(&speed) + GAP.len();
    let right = match outlook.is_empty() {
        true => 0,
        false => columns(&outlook) + GAP.len(),
    };
    let mut line = Text::new();
    line.push(Role::Plain, &speed);
    line.push(Role::Plain, GAP);
    let room = frame.width.saturating_sub(used + right);
    if room >= 4 {
        let spark = sparkline(history, room, frame.letters);
        line.push(Role::Here, &spark);
        line.push(Role::Plain, &" ".repeat(room - columns(&spark)));
    }
    if right > 0 && frame.width >= used + right {
        line.push(Role::Plain, GAP);
        line.push(Role::Plain, &outlook);
    }
    line
}

/// How long the rest takes, or why nobody knows.
fn outlook(shown: &Shown) -> String {
    let now = &shown.now;
    match (now.state, shown.left) {
        (TorrentState::Downloading, Some(left)) => format!("{:>9} left", duration(left)),
        (TorrentState::Downloading, None) if now.peers == 0 => "no peers yet".to_owned(),
        (TorrentState::Downloading, None) if now.down_rate == 0 => "waiting".to_owned(),
        _ => String::new(),
    }
}

/// The other direction, the ratio, and who is there.
fn company(shown: &Shown, frame: Frame) -> Text {
    let now = &shown.now;
    let other = match now.state {
        TorrentState::Seeding => format!("{} {:>10}", frame.sign("↓", "down"), rate(now.down_rate)),
        _ => format!("{} {:>10}", frame.sign("↑", "up"), rate(now.up_rate)),
    };
    // The one that `--seed-ratio` and `status` mean.
    let given = now.earlier.uploaded.saturating_add(now.uploaded);
    let ratio = ratio(given, now.total.saturating_sub(now.left));
    let mut words = vec![
        peers(now),
        format!("ratio {ratio}"),
        format!("{} sent", progress::bytes(now.uploaded)),
        format!("{}/{} pieces", now.pieces_have, shown.subject.pieces),
    ];
    let wasted = now.waste.total();
    if wasted > 0 {
        words.push(format!("{} in vain", progress::bytes(wasted)));
    }
    let mut line = line(Role::Plain, &other);
    for (at, word) in words.iter().enumerate() {
        if line.columns() + GAP.len() + columns(word) <= frame.width {
            line.push(Role::Quiet, GAP);
            let role = if at == 0 { Role::Plain } else { Role::Quiet };
            line.push(role, word);
        }
    }
    line
}

fn peers(now: &Snapshot) -> String {
    let seeds = match now.seeds {
        0 => String::new(),
        1 => ", 1 seed".to_owned(),
        seeds => format!(", {seeds} seeds"),
    };
    match now.peers {
        1 => format!("1 peer{seeds}"),
        peers => format!("{peers} peers{seeds}"),
    }
}

/// A file that is arriving.
fn arriving(progress: &Progress<'_>, frame: Frame) -> Text {
    let percent = progress.done.saturating_mul(100) / progress.file.length.max(1);
    let bar_width = match frame.width {
        0..50 => 8,
        50..100 => 16,
        _ => 24,
    };
    let mut right = bar(percent as usize, bar_width, frame);
    right.push(Role::Quiet, &format!(" {percent:>3} %"));
    let name = tail(
        &progress.file.path,
        frame.width.saturating_sub(right.columns() + 4),
        frame,
    );
    ends((Role::Quiet, &format!("  {name}")), &right, frame)
}

/// The end of a path, which says more than its beginning.
pub(super) fn tail(path: &str, width: usize, frame: Frame) -> String {
    if columns(path) <= width {
        return path.to_owned();
    }
    let more = frame.sign("…", "..");
    let mut at = path.char_indices().map(|(at, _)| at);
    let fits = at.find(|&at| columns(&path[at..]) + columns(more) <= width);
    match fits {
        Some(at) => format!("{more}{}", &path[at..]),
        None => String::new(),
    }
}

/// A sentence in exactly so many rows, broken between words; what is too long is clipped.
fn wrapped(sentence: &str, frame: Frame, rows: usize) -> Vec<Text> {
    let mut lines = vec![String::new()];
    if rows == 0 {
        return Vec::new();
    }
    for word in sentence.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        let fits = columns(line) + 1 + columns(word) <= frame.width;
        if line.is_empty() || fits || last + 1 == rows {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.resize(rows, String::new());
    let clipped = |text: String| line(Role::Quiet, &frame.clip(&text, frame.width));
    lines.into_iter().map(clipped).collect()
}
