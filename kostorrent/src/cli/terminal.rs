//! The terminal on stderr.

use std::io;

/// The columns of a terminal that does not tell.
const COLUMNS: u16 = 80;

/// The rows of a terminal that does not tell.
const ROWS: u16 = 24;

/// How many columns and rows there are, at least two and one. Asked anew each time: windows change.
pub(crate) fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(io::stderr());
    let (columns, rows) = size.map_or((COLUMNS, ROWS), |(columns, rows)| (columns.0, rows.0));
    // A terminal that says 0 does not know.
    let known = |number: u16, usual: u16| if number == 0 { usual } else { number };
    (
        usize::from(known(columns, COLUMNS).max(2)),
        usize::from(known(rows, ROWS)),
    )
}

/// How many columns a line may fill. Asked anew each time: windows change.
pub(crate) fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    let columns = size.map_or(COLUMNS, |(terminal_size::Width(columns), _)| columns);
    // The last column stays free: some terminals break the line after it.
    usize::from(columns.saturating_sub(1).max(1))
}

/// On Windows the console takes Unicode; elsewhere the locale says what the terminal shows.
pub(crate) fn shows_unicode() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"))
    {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(windows) || cfg!(target_os = "macos"),
    }
}
