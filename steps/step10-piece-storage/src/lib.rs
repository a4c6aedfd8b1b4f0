//! Pieces on disk as soon as they are whole.
