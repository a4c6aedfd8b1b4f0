//! Help text that is laid out in columns for a terminal, as lists that a page can fill anew.
//!
//! A line at the margin is prose. An indented one is an entry: a term, and after two spaces or more
//! what it means. That goes on in the lines below it that begin in the same column. Entries that are
//! indented further belong to the one before them.

use clap_mangen::roff::{Roff, bold, roman};

#[derive(PartialEq, Eq, Debug)]
struct Entry<'a> {
    indent: usize,
    /// Empty for prose.
    term: &'a str,
    text: String,
}

pub(super) fn render(text: &str, roff: &mut Roff) {
    let mut outer = Vec::new();
    for entry in entries(text) {
        while outer.last().is_some_and(|&indent| indent > entry.indent) {
            outer.pop();
            if !outer.is_empty() {
                roff.control("RE", []);
            }
        }
        if entry.indent == 0 {
            roff.control("PP", []).text([roman(entry.text)]);
            continue;
        }
        if outer.last() != Some(&entry.indent) {
            if !outer.is_empty() {
                roff.control("RS", []);
            }
            outer.push(entry.indent);
        }
        roff.control("TP", []).text([bold(entry.term)]);
        if !entry.text.is_empty() {
            roff.text([roman(entry.text)]);
        }
    }
    for _ in outer.iter().skip(1) {
        roff.control("RE", []);
    }
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    // Where the last entry goes on, if anywhere.
    let mut column = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let goes_on = column == Some(indent);
        match entries.last_mut() {
            _ if trimmed.is_empty() => column = None,
            Some(last) if goes_on => {
                last.text.push(' ');
                last.text.push_str(trimmed);
            }
            _ => {
                let (term, rest) = match indent {
                    0 => ("", trimmed),
                    _ => trimmed.split_once("  ").unwrap_or((trimmed, "")),
                };
                let text = rest.trim_start();
                column = (!text.is_empty()).then(|| line.len() - text.len());
                entries.push(Entry {
                    indent,
                    term,
                    text: text.to_owned(),
                });
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const TEXT: &str = "\
Prose that
goes on.

More.
    name    what it is
            in two lines
    list    of these:
        inner, other  deep
        alone
    last    the end
After.";

    #[test]
    fn lines_belong_to_prose_or_to_an_entry() {
        let found: Vec<(usize, &str, String)> = entries(TEXT)
            .into_iter()
            .map(|entry| (entry.indent, entry.term, entry.text))
            .collect();
        let wanted = [
            (0, "", "Prose that goes on."),
            (0, "", "More."),
            (4, "name", "what it is in two lines"),
            (4, "list", "of these:"),
            (8, "inner, other", "deep"),
            (8, "alone", ""),
            (4, "last", "the end"),
            (0, "", "After."),
        ];
        assert_eq!(
            found,
            wanted.map(|(n, term, text)| (n, term, text.to_owned()))
        );
    }

    #[test]
    fn lists_are_opened_and_closed() {
        let mut roff = Roff::new();
        render(TEXT, &mut roff);
        render(
            "    one  x\n        two  y\n            three  z",
            &mut roff,
        );
        let text = roff.to_roff();
        let requests: Vec<&str> = text.lines().filter(|line| line.starts_with('.')).collect();
        let wanted = ".PP .PP .TP .TP .RS .TP .TP .RE .TP .PP .TP .RS .TP .RS .TP .RE .RE";
        assert_eq!(requests.join(" "), wanted);
    }
}
