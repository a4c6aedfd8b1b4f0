//! The terminal while it is ours, where it is Windows' console: crossterm does it.

use std::io;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use crossterm::execute;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use selection::terminal::Hook;
use std::io::IsTerminal;
use tokio::sync::mpsc::UnboundedSender;

use super::keys::{Input, Key};

/// The console; given back when it is dropped, and before a panic speaks.
pub(super) struct Tty {
    has_keys: bool,
    taken: bool,
    _hook: Hook,
}

impl Tty {
    /// Keys, if there is a keyboard, and everything else that happens go to `inputs`.
    pub fn new(inputs: UnboundedSender<Input>) -> Tty {
        let has_keys = io::stdin().is_terminal();
        if has_keys {
            // It ends with the program: nothing can be waited for while a read waits for a key.
            let thread = std::thread::Builder::new().name("keys".to_owned());
            let _ = thread.spawn(move || listen(&inputs));
        }
        Tty {
            has_keys,
            taken: false,
            _hook: Hook::before_a_panic(give_back),
        }
    }

    /// Whether a person can press keys.
    pub fn has_keys(&self) -> bool {
        self.has_keys
    }

    /// Takes the console; whether it is ours.
    pub fn take(&mut self) -> bool {
        if !std::mem::replace(&mut self.taken, true) {
            let _ = execute!(io::stderr(), Hide);
            if self.has_keys {
                let _ = enable_raw_mode();
            }
        }
        true
    }

    /// Gives the console back.
    pub fn give_back(&mut self) {
        if std::mem::take(&mut self.taken) {
            give_back();
        }
    }

    /// There is no such thing here.
    pub fn stand_still(&self) {}

    /// Nor this.
    pub fn continued(&mut self) {}
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn give_back() {
    let _ = execute!(io::stderr(), Show);
    let _ = disable_raw_mode();
}

fn listen(inputs: &UnboundedSender<Input>) {
    while let (false, Ok(event)) = (inputs.is_closed(), read()) {
        let input = match event {
            Event::Resize(..) => Some(Input::Resized),
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                let control = key.modifiers.contains(KeyModifiers::CONTROL);
                let key = match key.code {
                    KeyCode::Char('c' | 'C') if control => Some(Key::Interrupt),
                    KeyCode::Char(_) if control => None,
                    KeyCode::Char(letter) => Some(Key::Char(letter)),
                    KeyCode::Up => Some(Key::Up),
                    KeyCode::Down => Some(Key::Down),
                    KeyCode::Left => Some(Key::Left),
                    KeyCode::Right => Some(Key::Right),
                    KeyCode::PageUp => Some(Key::PageUp),
                    KeyCode::PageDown => Some(Key::PageDown),
                    KeyCode::Home => Some(Key::Home),
                    KeyCode::End => Some(Key::End),
                    KeyCode::Tab => Some(Key::Tab),
                    KeyCode::Enter => Some(Key::Enter),
                    KeyCode::Backspace => Some(Key::Backspace),
                    KeyCode::Esc => Some(Key::Escape),
                    _ => None,
                };
                key.map(Input::Key)
            }
            _ => None,
        };
        if let Some(input) = input {
            let _ = inputs.send(input);
        }
    }
}
