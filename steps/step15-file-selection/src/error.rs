//! What can be wrong with a list of files.

use thiserror::Error;

/// Why a list of files cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    /// There is nothing between two commas, or in the whole list.
    #[error(
        "an entry of the list of files is empty: write numbers, names or patterns with commas \
         between them, as in 1,3-5,**/*.pdf"
    )]
    Empty,
    /// A quote is not closed, or something follows it.
    #[error(
        "the quote of {entry} is not closed, or more follows it than a priority; a name that begins \
         with a quote is written with \\ before it"
    )]
    Quote {
        /// The entry.
        entry: String,
    },
    /// There is no file of this number.
    #[error(
        "there is no file {number}: the torrent has {files}, numbered from 1 in the order in which \
         they are shown"
    )]
    NoSuchNumber {
        /// As it was written.
        number: String,
        /// How many there are, in words.
        files: String,
    },
    /// A range that ends before it begins.
    #[error("the range {entry} ends before it begins")]
    Backwards {
        /// The range.
        entry: String,
    },
    /// It may be a range, and it may be a name.
    #[error(
        "{entry} is a range of numbers, and a file has this name too: write \"{entry}\" in quotes \
         for the file, and both ends of the range for the numbers"
    )]
    Ambiguous {
        /// The entry.
        entry: String,
    },
    /// A pattern that is none.
    #[error(
        "{entry} is no pattern: {why}; a name with one of * ? [ ] {{ }} in it can be written in quotes"
    )]
    Pattern {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
    /// What follows the colon is no priority.
    #[error("{word} is no priority (in {entry}): there are high, normal, low and skip")]
    Priority {
        /// The entry.
        entry: String,
        /// What follows its last colon.
        word: String,
    },
    /// `!` and a priority at once.
    #[error("{entry} takes files away, so it cannot give them a priority")]
    TakesAndGives {
        /// The entry.
        entry: String,
    },
    /// No file matches.
    #[error("no file matches '{entry}'{}", near_text(.near))]
    NoMatch {
        /// The entry.
        entry: String,
        /// Names that are like it, the likest first.
        near: Vec<String>,
    },
}

fn near_text(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let quotes = match near.iter().any(|name| name.contains(',')) {
        true => " (a name with a comma in it is written in quotes)",
        false => "",
    };
    format!("; near: {}{quotes}", near.join(", "))
}
