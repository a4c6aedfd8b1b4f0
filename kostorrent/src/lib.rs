//! The engine, its shell and its faces.
