//! Other files are chosen while the torrent is at work: step 15's picker, in the place of a page.

use progress::{Letters, Role, Text};
use selection::{Files, Key as Press, Outcome, Part, Picker, Role as Kind, Selection};
use storage::Names;

use super::keys::Key;
use super::panel::Frame;
use crate::cli::face::Subject;

/// A choice that is being made.
pub(super) struct Choosing {
    picker: Picker,
    before: Selection,
}

/// What came of a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It goes on.
    Nothing,
    /// It cannot end so: nothing is chosen.
    Empty,
    /// Nothing is to be changed.
    Closed,
    /// These files are wanted.
    Chosen(Selection),
}

impl Choosing {
    /// What is wanted of this torrent now, to be changed; nothing, if it cannot be.
    pub fn new(subject: &Subject, letters: Letters) -> Option<Choosing> {
        let names = Names::of(subject.choosable.as_ref()?).ok()?;
        let files = Files::new(names.own());
        let selection = subject.selection.clone();
        let before = selection.unwrap_or_else(|| Selection::all(&files));
        let picker = Picker::new(files, before.clone());
        let picker = match letters {
            Letters::Unicode => picker,
            Letters::Ascii => picker.ascii(),
        };
        Some(Choosing { picker, before })
    }

    /// A key is pressed.
    pub fn press(&mut self, key: Key) -> Made {
        let Some(press) = press(key) else {
            return Made::Nothing;
        };
        match self.picker.press(press) {
            Outcome::Goes => Made::Nothing,
            Outcome::GivenUp => Made::Closed,
            Outcome::Made if *self.picker.selection() == self.before => Made::Closed,
            Outcome::Made if self.picker.selection().count() == 0 => Made::Empty,
            Outcome::Made => Made::Chosen(self.picker.selection().clone()),
        }
    }

    /// The next key is about a screen of so many rows.
    pub fn fit(&mut self, height: usize) {
        self.picker.fit(height);
    }

    /// The picture.
    pub fn draw(&self, frame: Frame) -> Vec<Text> {
        let lines = self.picker.draw(frame.width, frame.height).into_iter();
        let line = |parts: Vec<Part>| {
            let mut line = Text::new();
            for part in parts {
                line.push(role(part.role), &part.text);
            }
            line
        };
        lines.map(line).collect()
    }
}

fn press(key: Key) -> Option<Press> {
    Some(match key {
        Key::Char(letter) => Press::Char(letter),
        Key::Up => Press::Up,
        Key::Down => Press::Down,
        Key::Left => Press::Left,
        Key::Right => Press::Right,
        Key::PageUp => Press::PageUp,
        Key::PageDown => Press::PageDown,
        Key::Home => Press::Home,
        Key::End => Press::End,
        Key::Enter => Press::Enter,
        Key::Backspace => Press::Backspace,
        Key::Escape => Press::Escape,
        Key::Tab | Key::Interrupt => return None,
    })
}

fn role(kind: Kind) -> Role {
    match kind {
        Kind::Title | Kind::Cursor => Role::Title,
        Kind::Folder | Kind::Filter => Role::Plain,
        Kind::Wanted => Role::Here,
        Kind::Unwanted | Kind::Help => Role::Quiet,
    }
}
