//! What a terminal makes of it.

use pretty_assertions::assert_eq;
use progress::Role;
use proptest::prelude::*;

use super::*;

/// A terminal of so many columns that understands what is written here.
struct Terminal {
    columns: usize,
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Terminal {
    fn new(columns: usize) -> Terminal {
        Terminal {
            columns,
            rows: vec![Vec::new()],
            row: 0,
            column: 0,
        }
    }

    fn take(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => self.column = 0,
                '\n' => self.down(),
                '\u{1b}' => {
                    assert_eq!(chars.next(), Some('['));
                    let mut sequence = String::new();
                    let end = loop {
                        let c = chars.next().expect("a whole sequence");
                        if c.is_ascii_alphabetic() {
                            break c;
                        }
                        sequence.push(c);
                    };
                    self.control(&sequence, end);
                }
                c => self.print(c),
            }
        }
    }

    fn control(&mut self, sequence: &str, end: char) {
        match end {
            'A' => {
                let up: usize = sequence.parse().unwrap();
                assert!(up <= self.row, "above the first line");
                self.row -= up;
            }
            'K' => self.rows[self.row].truncate(self.column),
            'J' => {
                self.rows[self.row].truncate(self.column);
                self.rows.truncate(self.row + 1);
            }
            'm' | 'h' | 'l' => {}
            other => panic!("{sequence}{other}"),
        }
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Vec::new());
        }
    }

    fn print(&mut self, c: char) {
        if self.column == self.columns {
            self.column = 0;
            self.down();
        }
        let row = &mut self.rows[self.row];
        row.resize(row.len().max(self.column + 1), ' ');
        row[self.column] = c;
        self.column += 1;
    }

    fn text(&self) -> Vec<String> {
        let line = |row: &Vec<char>| row.iter().collect::<String>().trim_end().to_owned();
        self.rows.iter().map(line).collect()
    }
}

fn picture(lines: &[String]) -> Vec<Text> {
    let text = |line: &String| {
        let mut text = Text::new();
        text.push(Role::Here, line);
        text
    };
    lines.iter().map(text).collect()
}

fn lines(of: &str) -> Vec<String> {
    of.split('/').map(str::to_owned).collect()
}

#[test]
fn what_stays_scrolls_by_above_the_picture() {
    let mut screen = Screen::new(Colour::Ansi);
    let mut terminal = Terminal::new(10);
    for (stay, shown) in [
        (&[][..], "one/two/three"),
        (&["said".to_owned()], "one/2/three"),
        (&["more".to_owned()], "1/2"),
        (&[], "1/2/3/4"),
        (&[], "1"),
    ] {
        terminal.take(&screen.update(stay, picture(&lines(shown)), 10));
    }
    assert_eq!(terminal.text(), ["said", "more", "1"]);
}

#[test]
fn nothing_is_written_where_nothing_has_changed_and_no_more_than_what_has() {
    let mut screen = Screen::new(Colour::Ansi);
    let shown = picture(&lines("one/two/three"));
    screen.update(&[], shown.clone(), 80);
    assert_eq!(screen.update(&[], shown, 80), "");
    let changed = screen.update(&[], picture(&lines("one/2/three")), 80);
    assert!(
        !changed.contains("one") && !changed.contains("three"),
        "{changed:?}"
    );
}

#[test]
fn a_picture_that_a_narrower_terminal_has_wrapped_goes_away_whole() {
    let mut screen = Screen::new(Colour::None);
    screen.update(&[], picture(&lines("123456789/123456789/12")), 10);
    // As it is after the terminal has become five columns wide: the first two take two rows each.
    let mut terminal = Terminal::new(5);
    terminal.take("before\r\n123456789\r\n123456789\r\n12\r");
    terminal.take(&screen.update(&[], picture(&lines("1234/12")), 5));
    assert_eq!(terminal.text(), ["befor", "e", "1234", "12"]);
}

proptest! {
    #[test]
    fn the_last_picture_is_to_be_seen_below_all_that_was_said(
        steps in prop::collection::vec(
            (
                prop::collection::vec("[a-z]{0,30}", 0..3),
                prop::collection::vec("[A-Z]{0,11}", 1..6),
            ),
            1..12,
        )
    ) {
        let mut screen = Screen::new(Colour::Ansi);
        let mut terminal = Terminal::new(12);
        let mut expected = Terminal::new(12);
        for (stay, shown) in &steps {
            terminal.take(&screen.update(stay, picture(shown), 12));
            for line in stay {
                expected.take(&format!("{line}\r\n"));
            }
        }
        let (_, last) = steps.last().unwrap();
        expected.take(&last.join("\r\n"));
        prop_assert_eq!(terminal.text(), expected.text());
    }
}
