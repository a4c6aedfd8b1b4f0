//! Pieces over files, and paths that stay in their folder.
