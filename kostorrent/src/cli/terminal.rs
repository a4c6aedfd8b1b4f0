//! The terminal on stderr.

use std::io;

/// The columns of a terminal that does not tell.
const COLUMNS: u16 = 80;

/// How many columns a line may fill. Asked anew each time: windows change.
pub(crate) fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    let columns = size.map_or(COLUMNS, |(terminal_size::Width(columns), _)| columns);
    // The last column stays free: some terminals break the line after it.
    usize::from(columns.saturating_sub(1).max(1))
}
