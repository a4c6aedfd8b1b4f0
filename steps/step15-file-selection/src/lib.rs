//! From the files that are wanted to the pieces they need.
//!
//! A person chooses files; peers give pieces. [`Files`] are the torrent's files as a person knows
//! them, by number and by name. A [`List`] is what the person writes (`--files '1,3-5,**/*.pdf'`), a
//! [`Selection`] what it comes to, and [`Needs`] the pieces that have to be fetched for it, with
//! what comes along because pieces do not end where files do. A [`Picker`] is the same choice made
//! on a screen: its state and its picture, without a terminal.

#![forbid(unsafe_code)]

mod error;
mod files;
mod list;
mod near;
mod needs;
mod picker;
mod selection;
#[cfg(feature = "terminal")]
pub mod terminal;
mod what;

#[cfg(test)]
mod testing;

pub use error::ListError;
pub use files::{Files, Listed};
pub use list::List;
pub use needs::{Along, Needs};
pub use picker::{Key, Marked, Outcome, Part, Picker, Role};
pub use selection::{Priority, Selection};
