//! What a terminal makes of bytes: a screen of a few columns, by hand.
//!
//! `cargo run -p step13-progress --example escapes`

// ANCHOR: screen
/// A screen: its cells, and where the cursor stands.
struct Screen {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    /// Takes a text in, as a terminal does: letters, line ends, and three of the escape sequences.
    fn take(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(letter) = rest.next() {
            match letter {
                '\r' => self.column = 0,
                '\n' => self.row = (self.row + 1).min(self.rows.len() - 1),
                '\x1b' => self.escape(&mut rest),
                letter => {
                    self.rows[self.row][self.column] = letter;
                    self.column = (self.column + 1).min(self.rows[0].len() - 1);
                }
            }
        }
    }

    /// What follows `ESC`: `[`, perhaps a number, and a letter that says what to do.
    fn escape(&mut self, rest: &mut std::str::Chars<'_>) {
        let mut number = 0;
        for letter in rest.by_ref().skip(1) {
            match letter {
                '0'..='9' => number = number * 10 + letter as usize - '0' as usize,
                ';' => number = 0, // one more number
                'A' => return self.row = self.row.saturating_sub(number.max(1)),
                'K' => return self.rows[self.row][self.column..].fill(' '),
                'J' => {
                    self.rows[self.row][self.column..].fill(' ');
                    return self.rows[self.row + 1..]
                        .iter_mut()
                        .for_each(|row| row.fill(' '));
                }
                _ => return, // a colour: it moves nothing
            }
        }
    }
}
// ANCHOR_END: screen

/// The lines of a small screen after this.
fn shown(text: &str) -> Vec<String> {
    let mut screen = Screen {
        rows: vec![vec![' '; 30]; 3],
        row: 0,
        column: 0,
    };
    screen.take(text);
    let lines = screen.rows.iter().map(|row| row.iter().collect::<String>());
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// What is sent, as one can read it.
fn visible(text: &str) -> String {
    let named = text
        .replace('\x1b', " ESC ")
        .replace('\r', " CR ")
        .replace('\n', " LF ");
    named.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn main() {
    for sent in [
        "\r9% 10 m 05 s left\r10% 9 m left",
        "\r9% 10 m 05 s left\r\x1b[K10% 9 m left",
        "9%\r\n#...\r\n\x1b[2A\x1b[J50%\r\n##..\r\n",
        "\x1b[32m100%\x1b[0m done",
    ] {
        println!("sent:   {}", visible(sent));
        for line in shown(sent).iter().filter(|line| !line.is_empty()) {
            println!("        |{line:<30}|");
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_shorter_line_leaves_the_end_of_the_longer_one() {
        assert_eq!(
            shown("\r9% 10 m 05 s left\r10% 9 m left")[0],
            "10% 9 m left left"
        );
        assert_eq!(
            shown("\r9% 10 m 05 s left\r10% 9 m left\x1b[K")[0],
            "10% 9 m left"
        );
    }

    #[test]
    fn two_lines_are_replaced() {
        assert_eq!(shown("a\r\nbb\r\n\x1b[2A\x1b[Jc\r\nd")[..2], ["c", "d"]);
        assert_eq!(shown("\x1b[1;31mred\x1b[0m")[0], "red");
        main();
    }
}
