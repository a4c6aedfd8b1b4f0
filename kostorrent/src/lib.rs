//! The engine, its shell and its faces.

pub mod check;
pub mod engine;
pub mod session;
