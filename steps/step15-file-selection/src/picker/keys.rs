//! What a key does.

use super::Picker;
use crate::selection::Priority;

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// Folds a folder, or goes to the one above.
    Left,
    /// Unfolds a folder, or goes into it.
    Right,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// The choice is made; while a filter is typed, that is.
    Enter,
    /// Away with the filter; without one, with the choice.
    Escape,
    /// Takes the last letter of the filter back.
    Backspace,
    /// A letter.
    Char(char),
    /// Away with the choice, whatever is being done.
    Interrupt,
}

/// What came of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Goes,
    /// The choice is made.
    Made,
    /// The choice is given up.
    GivenUp,
}

impl Picker {
    /// A key is pressed.
    pub fn press(&mut self, key: Key) -> Outcome {
        match key {
            Key::Interrupt => return Outcome::GivenUp,
            Key::Up => self.go(self.cursor.saturating_sub(1)),
            Key::Down => self.go(self.cursor + 1),
            Key::PageUp => self.go(self.cursor.saturating_sub(self.page)),
            Key::PageDown => self.go(self.cursor + self.page),
            Key::Home => self.go(0),
            Key::End => self.go(usize::MAX),
            _ if self.is_typing => self.type_filter(key),
            Key::Enter => return Outcome::Made,
            Key::Escape if self.filter.is_empty() => return Outcome::GivenUp,
            Key::Escape => self.set_filter(String::new()),
            Key::Left => self.fold(),
            Key::Right => self.unfold(),
            Key::Char(letter) => return self.command(letter),
            Key::Backspace => {}
        }
        Outcome::Goes
    }

    fn command(&mut self, letter: char) -> Outcome {
        match letter {
            'k' => self.go(self.cursor.saturating_sub(1)),
            'j' => self.go(self.cursor + 1),
            'h' => self.fold(),
            'l' => self.unfold(),
            'g' => self.go(0),
            'G' => self.go(usize::MAX),
            ' ' => self.toggle(),
            'a' => self.mark_all(|_| Priority::Normal),
            'n' => self.mark_all(|_| Priority::Skip),
            'i' => self.mark_all(|mark| match mark {
                Priority::Skip => Priority::Normal,
                _ => Priority::Skip,
            }),
            '+' | '=' => self.mark_here(more),
            '-' => self.mark_here(less),
            '/' => self.is_typing = true,
            'q' => return Outcome::GivenUp,
            _ => {}
        }
        Outcome::Goes
    }

    fn type_filter(&mut self, key: Key) {
        match key {
            Key::Char(letter) => {
                let mut filter = self.filter.clone();
                filter.push(letter);
                self.set_filter(filter);
            }
            Key::Backspace if self.filter.is_empty() => self.is_typing = false,
            Key::Backspace => {
                let mut filter = self.filter.clone();
                filter.pop();
                self.set_filter(filter);
            }
            Key::Escape => {
                self.is_typing = false;
                self.set_filter(String::new());
            }
            Key::Enter => self.is_typing = false,
            _ => {}
        }
    }
}

/// Wanted one step more; from nothing to the usual.
fn more(mark: Priority) -> Priority {
    match mark {
        Priority::Skip | Priority::Low => Priority::Normal,
        Priority::Normal | Priority::High => Priority::High,
    }
}

/// Wanted one step less, but not nothing: that is another key.
fn less(mark: Priority) -> Priority {
    match mark {
        Priority::Skip => Priority::Skip,
        Priority::Low | Priority::Normal => Priority::Low,
        Priority::High => Priority::Normal,
    }
}
