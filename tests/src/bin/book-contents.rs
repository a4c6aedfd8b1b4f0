//! Counts what is on each page of the book: words of prose, figures, listings, transcripts, answers; and lists the
//! anchors that no page shows yet.

use kostorrent_tests::book::{Book, anchors, tally};
use kostorrent_tests::programs;

fn main() -> std::io::Result<()> {
    let book = Book::open(&programs::root())?;
    println!("{}", tally::table(&book));
    for anchor in anchors::not_yet(&book) {
        println!("not yet: {anchor}");
    }
    Ok(())
}
