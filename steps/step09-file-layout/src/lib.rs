//! Pieces over files, and paths that stay in their folder.
//!
//! A torrent is one long run of bytes. Pieces cut it at equal lengths; files cut it wherever one
//! file ends and the next begins. [`Layout`] holds both cuts and answers the question that stands
//! between them: which bytes of which files are this piece? Source: BEP 3, "info dictionary";
//! padding files and symlinks from BEP 47.

#![forbid(unsafe_code)]

mod error;
mod layout;
mod paths;

pub use error::LayoutError;
pub use layout::{Entry, Kind, Layout, Span};
