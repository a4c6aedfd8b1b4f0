//! The book's figures that show bytes, measurements or behaviour: drawn from the real code.
//!
//! Unlike the rest of this crate they call the libraries of the steps: a figure is to show what those do. Every figure is
//! the same to the byte each time it is drawn, on every machine; `tests/refresh-book` writes them, and a test compares.
//!
//! To add one: write a function that returns a [`Figure`] (see [`bytes`], [`chart`] and [`svg`] for what draws), and put
//! it into [`all`]. Its name is `NN-what`, by the chapter that shows it.

mod allowed_set;
mod arrival;
mod bitfield_bits;
pub mod bytes;
mod channel;
pub mod chart;
mod choking;
mod chosen;
mod compact;
mod crossing;
mod datagrams;
mod dealing;
mod end_game;
mod estimates;
mod fast_messages;
mod handshake_bytes;
mod lookup;
mod messages_bytes;
mod news;
mod notes;
mod orders;
mod parts;
mod peer_id_bytes;
mod pieces_blocks;
mod pipeline;
mod reserved_bits;
mod sample;
mod sha1_pictures;
mod slow_disk;
pub mod svg;
mod two_cuts;
mod window;

use std::fs;
use std::io;
use std::path::Path;

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name: that of its file, without `.svg`.
    pub name: &'static str,
    /// The text of its file.
    pub svg: String,
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Figure> {
    vec![
        arrival::figure(),
        peer_id_bytes::figure(),
        compact::figure(),
        handshake_bytes::figure(),
        reserved_bits::figure(),
        messages_bytes::figure(),
        bitfield_bits::figure(),
        pieces_blocks::figure(),
        pipeline::figure(),
        parts::figure(),
        window::figure(),
        sha1_pictures::padding(),
        sha1_pictures::round(),
        sha1_pictures::avalanche(),
        sha1_pictures::lanes(),
        two_cuts::letters(),
        two_cuts::sample(),
        slow_disk::figure(),
        estimates::rates(),
        estimates::left(),
        choking::trade(),
        choking::turns(),
        choking::free_riders(),
        notes::moments(),
        notes::ledger(),
        chosen::shared(),
        chosen::along(),
        dealing::figure(),
        orders::out(),
        orders::leaves(),
        end_game::figure(),
        channel::figure(),
        datagrams::way(),
        datagrams::bytes(),
        datagrams::waits(),
        news::spread(),
        news::message(),
        news::near(),
        lookup::figure(),
        fast_messages::figure(),
        crossing::figure(),
        allowed_set::figure(),
    ]
}

impl Figure {
    /// Whether the file in this folder is this figure.
    #[must_use]
    pub fn is_in(&self, folder: &Path) -> bool {
        fs::read_to_string(folder.join(self.file())).is_ok_and(|text| text == self.svg)
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join(self.file()), &self.svg)
    }

    fn file(&self) -> String {
        format!("{}.svg", self.name)
    }
}
