//! The picker on a real terminal: keys in, coloured lines out, and everything as it was afterwards.
//!
//! It draws on stderr, so that what a program prints on stdout can go elsewhere.

use std::io::{self, IsTerminal, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use crossterm::style::{Attribute, Color, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    BeginSynchronizedUpdate, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};
use thiserror::Error;

use crate::picker::{Key, Outcome, Part, Picker, Role};
use crate::selection::Selection;

mod hook;

pub use hook::Hook;

/// Why there is no choice.
#[derive(Debug, Error)]
pub enum ChooseError {
    /// There is nobody to choose.
    #[error("there is no terminal to choose files on: say which with --files")]
    NoTerminal,
    /// The person does not want to.
    #[error("the choice of files was given up, and nothing is downloaded")]
    GivenUp,
    /// The terminal does not work.
    #[error("cannot choose files on this terminal: {0}; say which with --files")]
    Terminal(#[from] io::Error),
}

/// Lets a person choose. With `colours` the picture has some; without, signs say the same.
///
/// The terminal is given back as it was: when the choice is made or given up (Ctrl-C too), on an
/// error, and on a panic, whose message can then be read.
///
/// # Errors
///
/// [`ChooseError`] when there is no terminal, the person gives up, or the terminal fails.
pub fn choose(mut picker: Picker, colours: bool) -> Result<Selection, ChooseError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(ChooseError::NoTerminal);
    }
    let _screen = Screen::enter()?;
    loop {
        draw(&mut picker, colours)?;
        let Some(key) = next_key()? else {
            continue; // drawn again: the size may be another
        };
        match picker.press(key) {
            Outcome::Goes => {}
            Outcome::Made => return Ok(picker.selection().clone()),
            Outcome::GivenUp => return Err(ChooseError::GivenUp),
        }
    }
}

/// The terminal while it is ours.
struct Screen {
    _hook: Hook,
}

impl Screen {
    fn enter() -> io::Result<Screen> {
        // From here on it is given back, whatever comes.
        let screen = Screen {
            _hook: Hook::before_a_panic(give_back),
        };
        enable_raw_mode()?;
        execute!(io::stderr(), EnterAlternateScreen, Hide, DisableLineWrap)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back. If a part of that fails, the rest is done all the same.
fn give_back() {
    let _ = execute!(
        io::stderr(),
        ResetColor,
        EnableLineWrap,
        Show,
        LeaveAlternateScreen
    );
    let _ = disable_raw_mode();
}

fn draw(picker: &mut Picker, colours: bool) -> io::Result<()> {
    let (width, height) = size()?;
    picker.fit(height.into());
    let mut out = Vec::new();
    queue!(out, BeginSynchronizedUpdate)?;
    for (y, line) in (0..height).zip(picker.draw(width.into(), height.into())) {
        queue!(out, MoveTo(0, y))?;
        for part in &line {
            print(&mut out, part, colours)?;
        }
    }
    queue!(out, EndSynchronizedUpdate)?;
    let mut terminal = io::stderr().lock();
    terminal.write_all(&out)?;
    terminal.flush()
}

fn print(out: &mut Vec<u8>, part: &Part, colours: bool) -> io::Result<()> {
    if !colours {
        return out.write_all(part.text.as_bytes());
    }
    match part.role {
        Role::Title => queue!(out, SetAttribute(Attribute::Bold))?,
        Role::Cursor => queue!(out, SetAttribute(Attribute::Reverse))?,
        Role::Folder => queue!(out, SetForegroundColor(Color::Blue))?,
        Role::Wanted => queue!(out, SetForegroundColor(Color::Green))?,
        Role::Unwanted | Role::Help => queue!(out, SetAttribute(Attribute::Dim))?,
        Role::Filter => queue!(out, SetForegroundColor(Color::Yellow))?,
    }
    out.write_all(part.text.as_bytes())?;
    queue!(out, SetAttribute(Attribute::Reset), ResetColor)
}

/// The next key that means something; `None` when the picture has to be drawn again.
fn next_key() -> io::Result<Option<Key>> {
    loop {
        match read()? {
            Event::Key(event) => {
                if let Some(key) = key(event) {
                    return Ok(Some(key));
                }
            }
            Event::Resize(..) => return Ok(None),
            _ => {}
        }
    }
}

/// What a key means.
fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let with = |modifier| event.modifiers.contains(modifier);
    Some(match event.code {
        KeyCode::Char('c' | 'C') if with(KeyModifiers::CONTROL) => Key::Interrupt,
        KeyCode::Char('f') if with(KeyModifiers::CONTROL) => Key::PageDown,
        KeyCode::Char('b') if with(KeyModifiers::CONTROL) => Key::PageUp,
        KeyCode::Char(_) if with(KeyModifiers::CONTROL) || with(KeyModifiers::ALT) => return None,
        KeyCode::Char(letter) => Key::Char(letter),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn keys_mean_what_the_help_says() {
        let plain = |code| key(KeyEvent::new(code, KeyModifiers::NONE));
        let control = |letter| key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
        assert_eq!(plain(KeyCode::Char('ä')), Some(Key::Char('ä')));
        assert_eq!(plain(KeyCode::PageUp), Some(Key::PageUp));
        assert_eq!(control('c'), Some(Key::Interrupt));
        assert_eq!((control('x'), plain(KeyCode::F(1))), (None, None));
        let up = KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(key(up), None);
    }

    #[test]
    fn without_colours_there_is_nothing_but_the_text() {
        let part = Part {
            text: "[x] a".into(),
            role: Role::Wanted,
        };
        let mut out = Vec::new();
        print(&mut out, &part, false).unwrap();
        assert_eq!(out, b"[x] a");
        print(&mut out, &part, true).unwrap();
        assert!(out.len() > 20 && out.ends_with(b"\x1b[0m"));
    }
}
