//! The live view: what a terminal shows while torrents are at work.
//!
//! Messages scroll by as usual, and the last lines of the terminal are a picture that is drawn anew
//! in its place: a torrent's [`panel`], or a line for each of several with the chosen one's panel
//! below; the page that a key has opened ([`pages`]); and what keys there are. It is drawn ten times
//! a second at most, and not at all while nothing changes.
//!
//! What is to be seen is made by pure functions, of which each line is a [`Text`]. The [`screen`]
//! alone writes, and [`tty`] alone changes how the terminal behaves, and changes it back.

mod choosing;
mod draw;
mod files;
mod keys;
mod pages;
mod panel;
mod screen;
mod shown;
#[cfg_attr(windows, path = "console.rs")]
mod tty;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use progress::{Colour, Letters};
use tokio::sync::mpsc;

use super::{Face, Looking, Said, Subject, Summary, Want, about, complete_sentence, sentence};
use crate::cli::text::one_line;
use crate::cli::{clock, output, terminal};
use crate::node::{Command, Details, Notice, Snapshot, TorrentState};

pub(crate) use keys::Input;

use keys::Key;

use choosing::{Choosing, Made};
use draw::Picture;
use pages::Page;
use screen::Screen;
use shown::Shown;
use tty::Tty;

/// The least time between two pictures.
const REDRAW: Duration = Duration::from_millis(100);

/// The time between two pictures while only the clock moves.
const TICK: Duration = Duration::from_secs(1);

/// How many lines the log keeps.
const LOG: usize = 500;

/// The live view.
pub(super) struct Live {
    tty: Tty,
    inputs: Option<mpsc::UnboundedReceiver<Input>>,
    screen: Screen,
    letters: Letters,
    subjects: Vec<Subject>,
    torrents: Vec<Shown>,
    chosen: usize,
    page: Option<Page>,
    /// Other files of the chosen torrent are being chosen.
    choosing: Option<Choosing>,
    scroll: usize,
    page_height: usize,
    /// Lines that are to stay, and are not written yet.
    stay: Vec<String>,
    log: VecDeque<(String, String)>,
    began: Instant,
    drawn: Instant,
    changed: bool,
    /// The terminal was a shell's when it was last to be drawn on.
    in_background: bool,
    /// It stood still because of Ctrl-Z, and knows that it goes on.
    stood_still: bool,
}

impl Live {
    pub(super) fn new() -> Live {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let (sender, inputs) = mpsc::unbounded_channel();
        Live {
            tty: Tty::new(sender),
            inputs: Some(inputs),
            screen: Screen::new(match no_colour {
                true => Colour::None,
                false => Colour::Ansi,
            }),
            letters: match terminal::shows_unicode() {
                true => Letters::Unicode,
                false => Letters::Ascii,
            },
            subjects: Vec::new(),
            torrents: Vec::new(),
            chosen: 0,
            page: None,
            choosing: None,
            scroll: 0,
            page_height: 0,
            stay: Vec::new(),
            log: VecDeque::new(),
            began: Instant::now(),
            drawn: Instant::now(),
            changed: true,
            in_background: false,
            stood_still: false,
        }
    }

    /// Tells something that stays.
    fn say(&mut self, sentence: String) {
        let stamp = clock::stamp(clock::now());
        let time = stamp.split('T').nth(1).unwrap_or(&stamp).to_owned();
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back((time, sentence.clone()));
        self.stay.push(sentence);
        self.changed = true;
    }

    /// Draws what is to be seen now.
    fn draw(&mut self) {
        self.drawn = Instant::now();
        let now = self.began.elapsed();
        for shown in &mut self.torrents {
            shown.tick(now);
        }
        if !self.tty.take() {
            // The terminal belongs to a shell: nothing is drawn, and what is said is said plainly.
            self.screen.abandon();
            for line in self.stay.drain(..) {
                output::error(&line);
            }
            self.changed = false;
            self.in_background = true;
            return;
        }
        self.in_background = false;
        let (columns, rows) = terminal::size();
        let picture = Picture {
            torrents: &self.torrents,
            chosen: self.chosen,
            page: self.page,
            choosing: self.choosing.as_ref(),
            scroll: self.scroll,
            page_height: self.page_height,
            log: &self.log,
            has_keys: self.tty.has_keys(),
        };
        let (lines, [scroll, height]) = picture.draw(columns - 1, rows, self.letters);
        match &mut self.choosing {
            Some(choosing) => choosing.fit(height),
            None => self.page_height = height,
        }
        self.scroll = scroll;
        self.screen.show(&self.stay, lines, columns);
        self.stay.clear();
        self.changed = false;
    }

    /// Writes what is to stay, and takes the picture away.
    fn clear(&mut self) {
        if !self.stay.is_empty() {
            self.draw();
        }
        self.screen.clear();
        self.changed = true;
    }

    fn press(&mut self, key: Key) -> Option<Want> {
        if let Some(choosing) = &mut self.choosing
            && key != Key::Interrupt
        {
            let made = choosing.press(key);
            return self.chose(made);
        }
        let page = self.page;
        match key {
            Key::Char('q' | 'Q') | Key::Interrupt => return Some(Want::Stop),
            Key::Char('p' | ' ') => return self.pause(),
            Key::Char('r') => return self.command(Command::Resume),
            Key::Char('c') => self.begin_to_choose(),
            Key::Char('f') => self.open((page != Some(Page::Files)).then_some(Page::Files)),
            Key::Char('m') | Key::Tab => match page {
                None => self.open(Some(Page::Peers)),
                Some(page) => self.open(page.next()),
            },
            Key::Escape => self.open(None),
            Key::Left => self.choose(self.chosen.saturating_sub(1)),
            Key::Right => self.choose(self.chosen + 1),
            Key::Up | Key::Char('k') if page.is_some() => self.go(self.scroll.saturating_sub(1)),
            Key::Down | Key::Char('j') if page.is_some() => self.go(self.scroll + 1),
            Key::Up | Key::Char('k') => self.choose(self.chosen.saturating_sub(1)),
            Key::Down | Key::Char('j') => self.choose(self.chosen + 1),
            Key::PageUp => self.go(self.scroll.saturating_sub(10)),
            Key::PageDown => self.go(self.scroll + 10),
            Key::Home => self.go(0),
            Key::End => self.go(usize::MAX),
            Key::Char(_) | Key::Enter | Key::Backspace => {}
        }
        None
    }

    fn begin_to_choose(&mut self) {
        let shown = self.torrents.get(self.chosen);
        let shown = shown.filter(|shown| shown.can_be_chosen_of());
        self.choosing = shown.and_then(|shown| Choosing::new(&shown.subject, self.letters));
        self.changed = true;
    }

    fn chose(&mut self, made: Made) -> Option<Want> {
        self.changed = true;
        match made {
            Made::Nothing => return None,
            Made::Empty => {
                self.say(
                    "nothing is chosen: mark a file, or leave it as it was with esc".to_owned(),
                );
                return None;
            }
            Made::Closed => self.choosing = None,
            Made::Chosen(selection) => {
                self.choosing = None;
                return Some(Want::Choose(self.chosen, selection));
            }
        }
        None
    }

    fn open(&mut self, page: Option<Page>) {
        self.page = page;
        self.page_height = 0;
        self.go(0);
    }

    fn go(&mut self, scroll: usize) {
        self.scroll = scroll;
        self.changed = true;
    }

    fn choose(&mut self, torrent: usize) {
        self.chosen = torrent.min(self.torrents.len().saturating_sub(1));
        self.changed = true;
    }

    fn pause(&self) -> Option<Want> {
        let state = self.torrents.get(self.chosen)?.now.state;
        match state {
            TorrentState::Paused => self.command(Command::Resume),
            _ => self.command(Command::Pause),
        }
    }

    fn command(&self, command: Command) -> Option<Want> {
        let shown = self.torrents.get(self.chosen)?;
        let checking = shown.now.state == TorrentState::Checking;
        (!checking).then_some(Want::Command(self.chosen, command))
    }
}

impl Face for Live {
    fn started(&mut self, subjects: &[Subject]) -> Said {
        self.subjects = subjects.to_vec();
        self.torrents = subjects.iter().map(Shown::new).collect();
        self.changed = true;
        Ok(())
    }

    fn looks(&self) -> Looking {
        match self.in_background {
            true => Looking::Nobody,
            false => Looking::One(self.chosen),
        }
    }

    fn inputs(&mut self) -> Option<mpsc::UnboundedReceiver<Input>> {
        self.inputs.take()
    }

    fn input(&mut self, input: Input) -> Option<Want> {
        match input {
            Input::Key(key) => return self.press(key),
            Input::Resized => self.changed = true,
            Input::Suspend => {
                self.clear();
                self.tty.give_back();
                self.stood_still = true;
                self.tty.stand_still();
            }
            Input::Continued => {
                if !std::mem::take(&mut self.stood_still) {
                    self.screen.abandon();
                    self.tty.continued();
                }
                self.changed = true;
            }
        }
        None
    }

    fn redraw_at(&self) -> Option<Instant> {
        if self.changed {
            Some(self.drawn + REDRAW)
        } else if self.in_background || self.torrents.iter().any(Shown::moves) {
            Some(self.drawn + TICK)
        } else {
            None
        }
    }

    fn redraw(&mut self) {
        self.draw();
    }

    fn snapshot(&mut self, _: Duration, torrent: usize, snapshot: &Snapshot) -> Said {
        if let Some(shown) = self.torrents.get_mut(torrent) {
            self.changed |= shown.take(snapshot);
        }
        Ok(())
    }

    fn details(&mut self, _: Duration, torrent: usize, details: &Arc<Details>) -> Said {
        if let Some(shown) = self.torrents.get_mut(torrent) {
            self.changed |= shown.details != *details;
            shown.details = details.clone();
        }
        Ok(())
    }

    fn known(&mut self, torrent: usize, subject: &Subject) -> Said {
        if let Some(known) = self.subjects.get_mut(torrent) {
            *known = subject.clone();
        }
        self.chosen(torrent, subject);
        Ok(())
    }

    fn chosen(&mut self, torrent: usize, subject: &Subject) {
        if let Some(shown) = self.torrents.get_mut(torrent) {
            shown.know(subject);
            self.changed = true;
        }
    }

    fn notice(&mut self, torrent: usize, notice: &Notice) -> Said {
        if let Some(sentence) = sentence(notice) {
            self.say(about(&self.subjects, torrent, &sentence));
        }
        Ok(())
    }

    fn stopping(&mut self) -> Said {
        self.say("stopping; once more Ctrl-C to end at once".to_owned());
        Ok(())
    }

    fn complete(&mut self, torrent: usize, summary: &Summary) -> Said {
        let Some(subject) = self.subjects.get(torrent) else {
            return Ok(());
        };
        let sentence = complete_sentence(subject, summary);
        self.clear();
        output::result(|out| writeln!(out, "{sentence}"))
    }

    fn given_enough(&mut self, torrent: usize, sentence: &str) -> Said {
        self.say(about(&self.subjects, torrent, sentence));
        Ok(())
    }

    fn stopped(&mut self, torrent: usize, last: &Snapshot) -> Said {
        if self.subjects.len() > 1 {
            // The others may go on.
            let (have, pieces) = (last.pieces_have, last.pieces);
            let sentence = format!("stopped with {have} of {pieces} pieces");
            self.say(about(&self.subjects, torrent, &sentence));
        }
        if let Some(shown) = self.torrents.get_mut(torrent) {
            shown.take(last);
            shown.ended = true;
        }
        self.changed = true;
        Ok(())
    }

    fn failed(&mut self, torrent: usize, why: &str) -> Said {
        if let Some(shown) = self.torrents.get_mut(torrent) {
            shown.ended = true;
        }
        let sentence = format!("failed: {}", one_line(why));
        self.say(about(&self.subjects, torrent, &sentence));
        Ok(())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests;
