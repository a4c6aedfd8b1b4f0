//! Text whose parts have roles, and what a terminal makes of them.

use crate::width::columns;

/// What a part of a text is for. What that looks like is decided in one place: [`Text::ansi`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// Nothing special.
    #[default]
    Plain,
    /// What is to be seen first: a name, a key.
    Title,
    /// What stands beside what matters: labels, signs of separation.
    Quiet,
    /// What is here.
    Here,
    /// What is on its way.
    InFlight,
    /// What is missing, and what few peers have.
    Rare,
    /// What is missing.
    Missing,
    /// What nobody asked for.
    Unwanted,
}

/// Which letters a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Letters {
    /// Those of Unicode, blocks and Braille among them.
    #[default]
    Unicode,
    /// ASCII alone.
    Ascii,
}

/// Whether roles are shown in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Colour {
    /// They are: on a terminal.
    #[default]
    Ansi,
    /// They are not: in a file, or where `NO_COLOR` is set.
    None,
}

/// A line, in parts that each have a role. It holds no codes of a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text {
    parts: Vec<(Role, String)>,
}

impl Text {
    /// An empty line.
    pub fn new() -> Text {
        Text::default()
    }

    /// Adds a part at the end.
    pub fn push(&mut self, role: Role, text: &str) {
        match self.parts.last_mut() {
            Some((last, before)) if *last == role => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push((role, text.to_owned())),
        }
    }

    /// Adds all parts of another line at the end.
    pub fn extend(&mut self, other: &Text) {
        for (role, text) in &other.parts {
            self.push(*role, text);
        }
    }

    /// The parts, in order; neighbours have different roles.
    pub fn parts(&self) -> impl Iterator<Item = (Role, &str)> {
        self.parts.iter().map(|(role, text)| (*role, &**text))
    }

    /// The letters alone.
    pub fn plain(&self) -> String {
        self.parts.iter().map(|(_, text)| &**text).collect()
    }

    /// How many columns it takes.
    pub fn columns(&self) -> usize {
        columns(&self.plain())
    }

    // ANCHOR: ansi
    /// The line for a terminal.
    pub fn ansi(&self, colour: Colour) -> String {
        if colour == Colour::None {
            return self.plain();
        }
        let mut out = String::new();
        for (role, text) in &self.parts {
            // ECMA-48, "select graphic rendition": 1 is bold, 2 is faint, 3x are colours, 0 ends all.
            // Yellow and cyan cannot be read on white; magenta can, on white and on black.
            let code = match role {
                Role::Plain => None,
                Role::Title => Some("1"),
                Role::Quiet | Role::Missing | Role::Unwanted => Some("2"),
                Role::Here => Some("32"),
                Role::InFlight => Some("35"),
                Role::Rare => Some("31"),
            };
            match code {
                Some(code) => out += &format!("\x1b[{code}m{text}\x1b[0m"),
                None => out += text,
            }
        }
        out
    }
    // ANCHOR_END: ansi
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn text() -> Text {
        let mut text = Text::new();
        text.push(Role::Here, "##");
        text.push(Role::Here, "#");
        text.push(Role::Plain, "");
        text.push(Role::Rare, "!");
        text.push(Role::Plain, " 3");
        text
    }

    #[test]
    fn neighbours_of_one_role_are_one_part() {
        let text = text();
        let parts: Vec<_> = text.parts().collect();
        assert_eq!(
            parts,
            [(Role::Here, "###"), (Role::Rare, "!"), (Role::Plain, " 3")]
        );
        assert_eq!(text.columns(), 6);
    }

    #[test]
    fn colours_are_for_terminals_alone() {
        let text = text();
        assert_eq!(
            text.ansi(Colour::Ansi),
            "\x1b[32m###\x1b[0m\x1b[31m!\x1b[0m 3"
        );
        assert_eq!(text.ansi(Colour::None), "###! 3");
    }
}
