//! The whole picture, from its parts.

use std::collections::VecDeque;

use progress::{Letters, Role, Text};

use super::choosing::Choosing;
use super::pages::{self, FLAGS, Page};
use super::panel::{Frame, fit, panel};
use super::shown::Shown;
use crate::node::TorrentState;

/// Lines that stay free for messages, unless a page is open.
const FREE: usize = 2;

/// A panel has no more lines than this; with a page below it, than that.
const PANEL: [usize; 2] = [10, 6];

/// A page is no higher: what is above it is wanted, too.
const PAGE: usize = 24;

/// What is to be drawn.
pub(super) struct Picture<'a> {
    pub torrents: &'a [Shown],
    pub chosen: usize,
    pub page: Option<Page>,
    pub choosing: Option<&'a Choosing>,
    pub scroll: usize,
    /// How high the page was before: it grows and does not shrink.
    pub page_height: usize,
    pub log: &'a VecDeque<(String, String)>,
    pub has_keys: bool,
}

impl Picture<'_> {
    /// The lines for a terminal with so many rows, of at most `width` columns; how far the page is
    /// scrolled in the end, and how high it is.
    pub fn draw(&self, width: usize, rows: usize, letters: Letters) -> (Vec<Text>, [usize; 2]) {
        let frame = |height| Frame {
            width,
            height,
            letters,
        };
        let Some(shown) = self.torrents.get(self.chosen) else {
            return (Vec::new(), [0, 0]);
        };
        let is_open = self.page.is_some() || self.choosing.is_some();
        let free = if is_open { 0 } else { FREE };
        let mut left = rows.saturating_sub(free).max(1);
        // Who chooses has other keys.
        let has_keys = self.has_keys && self.choosing.is_none();
        let keys = (has_keys && left > 2).then(|| self.keys(shown, frame(1)));
        left -= usize::from(keys.is_some());
        let mut lines = self.list(frame(left / 3));
        left -= lines.len();
        let mut view = [0, 0];
        if let Some(choosing) = self.choosing {
            let head = if left < 8 { 0 } else { PANEL[1].min(left / 3) };
            if head > 0 {
                lines.extend(panel(shown, frame(head), false));
            }
            let height = (left - head).min(PAGE);
            lines.extend(choosing.draw(frame(height)));
            let lines = lines.into_iter().map(|line| fit(line, width));
            return (lines.collect(), [self.scroll, height]);
        }
        match self.page.filter(|_| left >= 5) {
            None => lines.extend(panel(shown, frame(left.min(PANEL[0])), true)),
            Some(page) => {
                let head = PANEL[1].min(left / 2);
                lines.extend(panel(shown, frame(head), false));
                let height = (left - head - 1).min(PAGE);
                let (rows, from) = self.page(page, shown, frame(height));
                view = [from, rows.len() - 1];
                lines.extend(rows);
            }
        }
        lines.extend(keys);
        let lines = lines.into_iter().map(|line| fit(line, width));
        (lines.collect(), view)
    }

    /// A line for each torrent, where there are several: those around the chosen one.
    fn list(&self, frame: Frame) -> Vec<Text> {
        let count = self.torrents.len();
        if count < 2 {
            return Vec::new();
        }
        let height = frame.height.min(count);
        let from = self.chosen.saturating_sub(height / 2).min(count - height);
        let shown = self.torrents.iter().enumerate().skip(from).take(height);
        let line = |(at, shown): (usize, &Shown)| {
            let figures = shown.figures();
            let width = frame.width.saturating_sub(2);
            let text = match frame.letters {
                Letters::Unicode => progress::line(&figures, width),
                Letters::Ascii => progress::line_ascii(&figures, width),
            };
            let mut line = Text::new();
            match at == self.chosen {
                true => {
                    line.push(Role::Title, frame.sign("▸ ", "> "));
                    line.push(Role::Title, &text);
                }
                false => line.push(Role::Plain, &format!("  {text}")),
            }
            line
        };
        shown.map(line).collect()
    }

    /// The names of the pages, and as much of the open one as there is room for. It does not shrink, or
    /// the lines above would go up and down.
    fn page(&self, page: Page, shown: &Shown, frame: Frame) -> (Vec<Text>, usize) {
        let count = pages::count(page, shown, self.log);
        let height = frame.height.min(count.max(self.page_height));
        let from = self.scroll.min(count.saturating_sub(height));
        let note = match count > height {
            true => format!("{}-{} of {count}", from + 1, from + height),
            false if page == Page::Peers => FLAGS.to_owned(),
            false => String::new(),
        };
        let mut lines = vec![pages::tabs(page, &note, frame)];
        lines.extend(pages::rows(
            page,
            shown,
            self.log,
            frame,
            from..from + height,
        ));
        lines.resize(height + 1, Text::new());
        (lines, from)
    }

    /// The keys, those that matter most first.
    fn keys(&self, shown: &Shown, frame: Frame) -> Text {
        let pause = match shown.now.state {
            TorrentState::Paused => "resume",
            _ => "pause",
        };
        let arrows = frame.sign("↑↓", "jk");
        let mut keys = vec![("p", pause)];
        match self.page {
            None => keys.extend([("f", "files"), ("m", "more"), ("q", "quit")]),
            Some(page) => {
                if page == Page::Files && shown.can_be_chosen_of() {
                    keys.push(("c", "choose"));
                }
                let next = if page.next().is_some() {
                    "next page"
                } else {
                    "close"
                };
                keys.extend([
                    ("m", next),
                    ("q", "quit"),
                    ("esc", "close"),
                    (arrows, "scroll"),
                ]);
            }
        }
        if self.torrents.len() > 1 {
            let other = match self.page {
                None => arrows,
                Some(_) => frame.sign("←→", "arrows"),
            };
            keys.push((other, "torrent"));
        }
        let mut line = Text::new();
        for (key, what) in keys {
            let gap = if line.columns() == 0 { "" } else { "   " };
            let more = progress::columns(gap) + progress::columns(key) + 1 + what.len();
            if line.columns() + more > frame.width {
                break;
            }
            line.push(Role::Quiet, gap);
            line.push(Role::Title, key);
            line.push(Role::Quiet, &format!(" {what}"));
        }
        line
    }
}
