//! The workbook: the steps of the book with their main functions left for the reader to write.
//!
//! It is made from the steps themselves, by [`marks`] in their source. [`folder`] is the reader's copy, [`cargo`] and
//! [`outcome`] run the tests in it and read what they say, [`check`] tells it in a person's words, and [`client`]
//! builds kostorrent from what the reader wrote.

pub mod cargo;
pub mod check;
pub mod client;
pub mod folder;
pub mod marks;
pub mod needs;
pub mod outcome;
mod pages;
mod problem;
pub mod proof;
pub mod source;

pub use folder::Workbook;
pub use problem::Problem;
pub use source::{Marked, Source, Step};
