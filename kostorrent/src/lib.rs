//! The engine, its shell and its faces.

pub mod check;
pub mod cli;
pub mod create;
pub mod lab;
pub mod node;
