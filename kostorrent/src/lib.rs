//! The engine, its shell and its faces.

pub mod check;
pub mod cli;
mod control;
pub mod create;
pub mod examine;
pub mod file_id;
pub mod lab;
pub mod node;
pub mod whole_file;
