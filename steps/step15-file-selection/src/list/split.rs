//! Where one entry ends and the next begins.

use crate::error::ListError;
use crate::selection::Priority;

/// One entry, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// As it was written.
    pub text: String,
    /// It begins with `!`.
    pub takes: bool,
    /// What is named, without backslashes.
    pub name: String,
    /// The same as a pattern: backslashes are where a pattern needs them. `None` if it is a plain
    /// name.
    pub pattern: Option<String>,
    /// Nothing in it was quoted or escaped, so it may be a number.
    pub is_bare: bool,
    /// What it ends with, if that is a priority.
    pub priority: Option<Priority>,
    /// What follows its last colon, if that is no priority.
    pub word: Option<String>,
}

/// Characters that make a pattern of a name.
const MEANT: &str = "*?[{";

/// Cuts a list into its entries.
pub fn split(list: &str) -> Result<Vec<Raw>, ListError> {
    let chars: Vec<char> = list.chars().collect();
    let mut entries = Vec::new();
    let mut at = 0;
    loop {
        let end = end_of(&chars, at);
        entries.push(take_apart(&chars[at..end])?);
        if end == chars.len() {
            return Ok(entries);
        }
        at = end + 1;
    }
}

// ANCHOR: end_of
/// Where the entry ends that begins at `at`: at a comma that is not quoted, escaped, or between
/// braces.
fn end_of(chars: &[char], at: usize) -> usize {
    let mut here = at;
    while chars
        .get(here)
        .is_some_and(|c| c.is_whitespace() || *c == '!')
    {
        here += 1;
    }
    if let Some(quote @ ('"' | '\'')) = chars.get(here)
        && let Some(close) = close_of(chars, here + 1, *quote)
    {
        here = close + 1;
    }
    while here < chars.len() && chars[here] != ',' {
        here = match chars[here] {
            '\\' => here + 2,
            '{' => close_of(chars, here + 1, '}').unwrap_or(here) + 1,
            _ => here + 1,
        };
    }
    here.min(chars.len())
}
// ANCHOR_END: end_of

/// The next of these characters that is not escaped.
fn close_of(chars: &[char], from: usize, close: char) -> Option<usize> {
    let mut at = from;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            c if c == close => return Some(at),
            _ => at += 1,
        }
    }
    None
}

fn take_apart(chars: &[char]) -> Result<Raw, ListError> {
    let text: String = chars.iter().collect();
    let text = end_trimmed(text.trim_start()).to_owned();
    let mut rest = text.as_str();
    let takes = rest.starts_with('!');
    if takes {
        rest = rest[1..].trim_start();
    }
    if rest.is_empty() {
        return Err(ListError::Empty);
    }
    let raw = Raw {
        text: text.clone(),
        takes,
        ..Raw::default()
    };
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(raw, &rest[1..], quote),
        _ => Ok(unquoted(raw, rest)),
    }
}

/// A name in quotes, and perhaps a priority.
fn quoted(raw: Raw, rest: &str, quote: char) -> Result<Raw, ListError> {
    let unclosed = || ListError::Quote {
        entry: raw.text.clone(),
    };
    let chars: Vec<char> = rest.chars().collect();
    let close = close_of(&chars, 0, quote).ok_or_else(unclosed)?;
    let after: String = chars[close + 1..].iter().collect();
    let priority = match after.trim() {
        "" => None,
        after => {
            let word = after.strip_prefix(':').ok_or_else(unclosed)?.trim();
            let named = Priority::named(word);
            Some(named.ok_or_else(|| ListError::Priority {
                entry: raw.text.clone(),
                word: word.to_owned(),
            })?)
        }
    };
    let name = plain(&chars[..close].iter().collect::<String>());
    if name.is_empty() {
        return Err(ListError::Empty);
    }
    Ok(Raw {
        name,
        priority,
        ..raw
    })
}

fn unquoted(raw: Raw, rest: &str) -> Raw {
    let (mut body, mut priority, mut word) = (rest, None, None);
    if let Some(colon) = last_colon(rest) {
        let after = &rest[colon + 1..];
        priority = Priority::named(after.trim());
        match priority {
            Some(_) => body = end_trimmed(&rest[..colon]),
            None => word = Some(after.trim().to_owned()),
        }
    }
    let mut is_pattern = false;
    let (mut pattern, mut chars) = (String::new(), body.chars());
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some(next)) => {
                chars.next();
                // A pattern keeps a backslash before what it would take for its own.
                if "*?[]{}\\!".contains(next) {
                    pattern.push('\\');
                }
                pattern.push(next);
            }
            _ => {
                is_pattern |= MEANT.contains(c);
                pattern.push(c);
            }
        }
    }
    Raw {
        name: plain(body),
        is_bare: !body.contains('\\'),
        pattern: is_pattern.then_some(pattern),
        priority,
        word,
        ..raw
    }
}

/// The text without the white space at its end; one that is escaped belongs to the name.
fn end_trimmed(text: &str) -> &str {
    let trimmed = text.trim_end();
    let backslashes = trimmed.bytes().rev().take_while(|byte| *byte == b'\\');
    let escaped = match backslashes.count() % 2 {
        1 => text[trimmed.len()..].chars().next(),
        _ => None,
    };
    &text[..trimmed.len() + escaped.map_or(0, char::len_utf8)]
}

/// The last colon that is not escaped.
fn last_colon(text: &str) -> Option<usize> {
    let (mut last, mut is_escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match c {
            ':' if !is_escaped => last = Some(at),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    last
}

/// The text with every backslash's next character in its place.
fn plain(text: &str) -> String {
    let (mut plain, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next().or(Some(c))),
            _ => plain.push(c),
        }
    }
    plain
}
